//! A phone whose vault is in a temporary folder.

use std::sync::Arc;

use countersign_ffi::{Authenticator, NewSlot, Offer, RecoveryCode, UserCheck, Vault};

pub(crate) struct Phone {
    pub(crate) vault: Arc<Vault>,
    pub(crate) authenticator: Arc<Authenticator>,
    _folder: tempfile::TempDir,
}

impl Phone {
    /// With device keys in software, and a vault that a recovery code opens: a passphrase takes a while.
    pub(crate) async fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let slot = NewSlot::from_recovery_code(RecoveryCode::make_random());
        let vault = Vault::create(path(&folder), vec![slot]).await.unwrap();
        let authenticator = Authenticator::open_with_software_keys(
            Arc::clone(&vault),
            UserCheck::Passphrase,
            None,
            Vec::new(),
        )
        .await
        .unwrap();
        Self { vault, authenticator, _folder: folder }
    }

    pub(crate) async fn add_totp(&self, secret: &str) {
        let offer = Offer::parse(format!("otpauth://totp/North:ada?secret={secret}&issuer=North")).unwrap();
        self.authenticator.add(vec![offer]).await.unwrap();
    }
}

fn path(folder: &tempfile::TempDir) -> String {
    folder.path().join("vault.db").to_str().unwrap().to_owned()
}
