//! Device keys in software: P-256 private keys, sealed in the vault.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_protocol::Id;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::Generate;
use ring::digest;
use serde::{Deserialize, Serialize};

use super::{DeviceKeys, KeyName, KeyRole, Prompt, UserCheck};
use crate::vault::{Record, RecordKind, Vault, VaultError};
use crate::{KeyStoreError, Secret, tasks};

/// Device keys that are kept in the vault, as strong as what opens the vault.
///
/// The check of the person is the shell's: it says at construction how it was done when the vault was opened.
pub struct SoftwareKeys {
    vault: Arc<Vault>,
    user_check: UserCheck,
}

impl SoftwareKeys {
    /// Keys in `vault`; `user_check` is how the shell checks the person before it lets them approve.
    #[must_use]
    pub const fn new(vault: Arc<Vault>, user_check: UserCheck) -> Self {
        Self { vault, user_check }
    }
}

#[async_trait]
impl DeviceKeys for SoftwareKeys {
    async fn make(&self, key: KeyName) -> Result<Vec<u8>, KeyStoreError> {
        if key.role == KeyRole::Push {
            return Err(KeyStoreError::Unavailable);
        }
        let vault = Arc::clone(&self.vault);
        tasks::blocking(move || {
            let private = SigningKey::generate();
            let record = StoredKey { private: Secret::new(private.to_bytes().to_vec()) };
            vault.transaction(|tx| tx.put(record_id(key), &record)).map_err(unavailable)?;
            Ok(private.verifying_key().to_sec1_point(false).to_bytes().to_vec())
        })
        .await
    }

    async fn sign(&self, key: KeyName, message: &[u8], _: Option<Prompt>) -> Result<Vec<u8>, KeyStoreError> {
        let vault = Arc::clone(&self.vault);
        let message = message.to_vec();
        tasks::blocking(move || {
            let record = vault.get::<StoredKey>(record_id(key)).map_err(unavailable)?;
            let record = record.ok_or(KeyStoreError::NotFound)?;
            let private =
                SigningKey::from_slice(record.private.expose()).map_err(|_| KeyStoreError::Invalidated)?;
            let signature: Signature = private.sign(&message);
            Ok(signature.to_der().as_bytes().to_vec())
        })
        .await
    }

    async fn delete(&self, key: KeyName) -> Result<(), KeyStoreError> {
        let vault = Arc::clone(&self.vault);
        tasks::blocking(move || match vault.transaction(|tx| tx.delete::<StoredKey>(record_id(key))) {
            Err(VaultError::NotFound { .. }) => Ok(()),
            deleted => deleted.map_err(unavailable),
        })
        .await
    }

    fn user_check(&self) -> UserCheck {
        self.user_check
    }

    fn in_hardware(&self) -> bool {
        false
    }
}

#[derive(Serialize, Deserialize)]
struct StoredKey {
    #[serde(with = "crate::vault::sealed_secret")]
    private: Secret,
}

impl Record for StoredKey {
    const KIND: RecordKind = RecordKind::DeviceKey;
}

/// The record of a key: derived from its name, so that a key is found without a table of names.
fn record_id(key: KeyName) -> Id {
    let role: &[u8] = match key.role {
        KeyRole::Device => b"device",
        KeyRole::Approval => b"approval",
        KeyRole::Push => b"push",
    };
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"countersign-device-key");
    context.update(key.account.as_bytes());
    context.update(role);
    let mut id = [0; 16];
    id.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
    Id::from_bytes(id)
}

/// What the vault's failure is to a user of keys.
const fn unavailable(error: VaultError) -> KeyStoreError {
    match error {
        VaultError::Locked => KeyStoreError::Locked,
        VaultError::DamagedRecord { .. } => KeyStoreError::Invalidated,
        _ => KeyStoreError::Unavailable,
    }
}
