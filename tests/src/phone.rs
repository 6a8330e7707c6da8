//! A phone: the real core, with clocks that can be turned.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign_authenticator::approvals::{ApprovalRequest, DeviceDescription, MatchProof};
use countersign_authenticator::client::HttpTransportBuilder;
use countersign_authenticator::clock::{Clock, ClockReading, SystemClock};
use countersign_authenticator::keys::{RsaKeySize, SoftwareKeys, UserCheck};
use countersign_authenticator::offer::{EnrolmentOffer, Offer, OfferError};
use countersign_authenticator::protocol::messages::{Platform, WakeUp};
use countersign_authenticator::protocol::{EnrolmentLink, Id};
use countersign_authenticator::vault::{NewSlot, RecoveryCode, Vault};
use countersign_authenticator::{AnswerOutcome, Authenticator, Enrolment, Error, ShownCode};
use tempfile::TempDir;

/// Clocks as a phone's, whose wall clock somebody turns and which can be restarted.
#[derive(Default)]
pub struct TurnedClock {
    system: SystemClock,
    wall_ahead_ms: AtomicI64,
    /// The error of the clock that the platform sets, if it sets one.
    network_ahead_ms: Mutex<Option<i64>>,
    boot: AtomicU64,
}

impl TurnedClock {
    /// Sets the wall clock ahead by so much; behind, if it is negative.
    pub fn set_wall_ahead(&self, milliseconds: i64) {
        self.wall_ahead_ms.store(milliseconds, Ordering::SeqCst);
    }

    /// Gives the phone a clock that the platform sets from the network, ahead by so much; or takes it away.
    pub fn set_network_ahead(&self, milliseconds: Option<i64>) {
        *self.network_ahead_ms.lock().unwrap_or_else(PoisonError::into_inner) = milliseconds;
    }

    /// Restarts the phone, as far as its clocks are concerned.
    pub fn restart(&self) {
        self.boot.fetch_add(1, Ordering::SeqCst);
    }
}

impl Clock for TurnedClock {
    fn read(&self) -> ClockReading {
        let mut reading = self.system.read();
        let network = *self.network_ahead_ms.lock().unwrap_or_else(PoisonError::into_inner);
        reading.network = network.map(|ahead| reading.wall.saturating_add_signed(ahead));
        reading.wall = reading.wall.saturating_add_signed(self.wall_ahead_ms.load(Ordering::SeqCst));
        reading.boot = format!("boot {}", self.boot.load(Ordering::SeqCst));
        reading
    }
}

/// A phone with a vault of its own.
pub struct Phone {
    /// What the app drives.
    pub authenticator: Authenticator,
    /// Its clocks.
    pub clock: Arc<TurnedClock>,
    user_check: UserCheck,
    code: RecoveryCode,
    folder: TempDir,
}

impl Phone {
    /// A new phone, with its clocks right.
    ///
    /// # Panics
    ///
    /// When the machine can't give it a folder.
    #[must_use]
    pub fn new() -> Self {
        Self::that_checks(UserCheck::Passphrase)
    }

    /// A new phone that checks its owner in this way before an approval.
    ///
    /// # Panics
    ///
    /// When the machine can't give it a folder.
    #[must_use]
    pub fn that_checks(user_check: UserCheck) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let code = RecoveryCode::make_random();
        let path = folder.path().join("vault.db");
        let vault = Vault::create(&path, &[NewSlot::from_recovery_code(&code)]).expect("a new vault");
        let clock = Arc::new(TurnedClock::default());
        Self { authenticator: authenticator(vault, &clock, user_check), clock, user_check, code, folder }
    }

    /// The phone after its app has been ended and started again: nothing is left but what is on disk.
    ///
    /// # Panics
    ///
    /// When the vault doesn't open again.
    #[must_use]
    pub fn restarted(self) -> Self {
        let Self { authenticator: old, clock, user_check, code, folder } = self;
        drop(old);
        let vault = Vault::open(&folder.path().join("vault.db")).expect("the vault is there");
        vault.unlock_with_recovery_code(&code).expect("the code opens it");
        Self { authenticator: authenticator(vault, &clock, user_check), clock, user_check, code, folder }
    }

    /// The vault's file.
    #[must_use]
    pub fn vault_path(&self) -> PathBuf {
        self.folder.path().join("vault.db")
    }

    /// The folder that all of the phone's files are in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Enrols by a link.
    ///
    /// # Errors
    ///
    /// As [`Authenticator::enrol`].
    pub async fn enrol(&self, link: &EnrolmentLink) -> Result<Enrolment, Error> {
        let name = "Ada's phone".into();
        self.authenticator
            .enrol(&link.clone().into(), DeviceDescription { name, platform: Platform::Other, wake_up: None })
            .await
    }

    /// Enrols by what a QR says, with a key of 2048 bits where it is an RSA key.
    ///
    /// # Errors
    ///
    /// As [`Authenticator::enrol`], and when the text is no enrolment.
    pub async fn enrol_by(&self, qr: &str, wake_up: Option<WakeUp>) -> Result<Enrolment, Error> {
        let Offer::Enrolment(mut offer) = Offer::parse(qr)? else {
            return Err(OfferError::NotAnOffer.into());
        };
        if let EnrolmentOffer::PrivacyIdea(offer) = &mut offer {
            offer.key_size = Some(RsaKeySize::Bits2048);
        }
        let name = "Ada's phone".into();
        self.authenticator.enrol(&offer, DeviceDescription { name, platform: Platform::Other, wake_up }).await
    }

    /// What the service of this account asks now.
    ///
    /// # Errors
    ///
    /// As [`Authenticator::fetch`].
    pub async fn fetch(&self, account: Id) -> Result<Vec<ApprovalRequest>, Error> {
        self.authenticator.fetch(account, Duration::ZERO).await
    }

    /// Approves with a number.
    ///
    /// # Errors
    ///
    /// As [`Authenticator::approve`].
    pub async fn approve(&self, request: Id, number: &str) -> Result<AnswerOutcome, Error> {
        self.authenticator.approve(request, MatchProof::Number(number.to_owned())).await
    }

    /// The account's code of this moment.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[must_use]
    pub fn code(&self, account: Id) -> String {
        let codes = self.authenticator.codes().expect("the vault is open");
        let row = codes.codes.iter().find(|row| row.account == account).expect("the account has codes");
        match row.code {
            ShownCode::Timed(timed) => timed.code.to_string(),
            _ => panic!("the account's codes come from the time"),
        }
    }
}

impl Default for Phone {
    fn default() -> Self {
        Self::new()
    }
}

fn authenticator(vault: Vault, clock: &Arc<TurnedClock>, user_check: UserCheck) -> Authenticator {
    let vault = Arc::new(vault);
    let keys = Arc::new(SoftwareKeys::new(Arc::clone(&vault), user_check));
    let transport = Arc::new(HttpTransportBuilder::default().build().expect("TLS works here"));
    Authenticator::new(vault, keys, Arc::clone(clock) as Arc<dyn Clock>, transport)
        .expect("the vault is open")
}
