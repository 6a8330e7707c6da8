//! A phone: the real core on a vault of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use countersign_authenticator::approvals::{DeviceDescription, MatchProof};
use countersign_authenticator::backup::ExportFormat;
use countersign_authenticator::client::HttpTransportBuilder;
use countersign_authenticator::clock::SystemClock;
use countersign_authenticator::keys::{SoftwareKeys, UserCheck};
use countersign_authenticator::offer::Offer;
use countersign_authenticator::protocol::Id;
use countersign_authenticator::protocol::messages::{Outcome, Platform};
use countersign_authenticator::scan::FrameScanner;
use countersign_authenticator::vault::{NewSlot, RecoveryCode, Vault, VaultError};
use countersign_authenticator::{Authenticator, Secret, ShownCode};
use qrcode::{Color, QrCode};

use crate::{Failure, expect};

/// A phone whose vault opens with a passphrase and with a recovery code.
pub(crate) struct Phone {
    pub(crate) authenticator: Authenticator,
    path: PathBuf,
    code: RecoveryCode,
}

const PASSPHRASE: &[u8] = b"the story's passphrase";

impl Phone {
    pub(crate) fn new(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join("vault.db");
        let code = RecoveryCode::make_random();
        let slots =
            [NewSlot::from_passphrase(&Secret::from(PASSPHRASE))?, NewSlot::from_recovery_code(&code)];
        let vault = Vault::create(&path, &slots)?;
        Ok(Self { authenticator: authenticator(vault)?, path, code })
    }

    /// The phone after its app was ended and started again: nothing is left but what is on disk. The vault is opened by
    /// both of its slots in turn, and by nothing else.
    pub(crate) fn restarted(self) -> Result<Self, Failure> {
        let Self { authenticator: old, path, code } = self;
        drop(old);
        let vault = Vault::open(&path)?;
        let wrong = vault.unlock_with_passphrase(&Secret::from(&b"another passphrase"[..]));
        expect(matches!(wrong, Err(VaultError::WrongKey)), "a wrong passphrase opens the vault")?;
        vault.unlock_with_passphrase(&Secret::from(PASSPHRASE))?;
        vault.lock();
        vault.unlock_with_recovery_code(&code)?;
        Ok(Self { authenticator: authenticator(vault)?, path, code })
    }

    /// Enrols by what the camera sees.
    pub(crate) async fn enrol(&self, qr: &QrCode) -> Result<Id, Failure> {
        let (side, frame) = frame_of(qr);
        let scanned = FrameScanner::new().scan(&frame, side, side, side)?;
        let [code] = &scanned[..] else { return Err("the camera sees no code".into()) };
        let Offer::Enrolment(offer) = Offer::parse(code.text()?.expose())? else {
            return Err("the code isn't an enrolment".into());
        };
        let device =
            DeviceDescription { name: "Ada's phone".into(), platform: Platform::Android, wake_up: None };
        Ok(self.authenticator.enrol(&offer, device).await?.account)
    }

    /// Approves the one request that the account has, by its number.
    pub(crate) async fn approve(&self, account: Id, number: &str) -> Result<(), Failure> {
        let request = self.authenticator.fetch(account, Duration::from_secs(20)).await?;
        let [request] = &request[..] else { return Err("there isn't one request".into()) };
        let done = self.authenticator.approve(request.id, MatchProof::Number(number.to_owned())).await?;
        expect(done.outcome == Outcome::Approved, "the service doesn't take the approval")
    }

    /// The account's code of this moment.
    pub(crate) fn code(&self, account: Id) -> Result<String, Failure> {
        let codes = self.authenticator.codes()?;
        let row = codes.codes.iter().find(|row| row.account == account).ok_or("the account has no code")?;
        match row.code {
            ShownCode::Timed(timed) => Ok(timed.code.to_string()),
            _ => Err("the account's codes don't come from the time".into()),
        }
    }

    /// The accounts that other apps could take, as links, in order.
    pub(crate) fn links(&self) -> Result<Vec<String>, Failure> {
        let export = self.authenticator.export(ExportFormat::Links, None)?;
        let mut links: Vec<_> =
            String::from_utf8(export.content.to_vec())?.lines().map(str::to_owned).collect();
        links.sort();
        Ok(links)
    }
}

/// A camera's frame of a code, and its side: four pixels a module, and the quiet zone around it.
fn frame_of(qr: &QrCode) -> (usize, Vec<u8>) {
    let (modules, colors) = (qr.width(), qr.to_colors());
    let side = (modules + 8) * 4;
    let luma = |at: usize| {
        let (x, y) = ((at % side / 4).wrapping_sub(4), (at / side / 4).wrapping_sub(4));
        let is_dark = x < modules && y < modules && colors[y * modules + x] == Color::Dark;
        if is_dark { 0 } else { 255 }
    };
    (side, (0..side * side).map(luma).collect())
}

fn authenticator(vault: Vault) -> Result<Authenticator, Failure> {
    let vault = Arc::new(vault);
    let keys = Arc::new(SoftwareKeys::new(Arc::clone(&vault), UserCheck::Passphrase));
    let transport = Arc::new(HttpTransportBuilder::default().build()?);
    Ok(Authenticator::new(vault, keys, Arc::new(SystemClock::default()), transport)?)
}
