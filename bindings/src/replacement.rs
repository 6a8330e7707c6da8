//! Another device takes this one's place at an approval service: no key is copied.

use std::fmt;
use std::sync::Arc;

use countersign_authenticator as core;
use countersign_authenticator::tasks::blocking;

use crate::cancel::{CancelHandle, cancellable};
use crate::convert::signed;
use crate::{Authenticator, AuthenticatorError, Id};

/// A device that is to take this one's place, from the ticket to its activation. To give it up, ask no more: the ticket ends
/// by itself, and this device stays as it is. It is in the vault, so that it goes on after the app was ended.
#[derive(uniffi::Object)]
pub struct Replacement(core::Replacement);

/// How far the other device is. Its debug text has neither number nor link in it.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum ReplacementStep {
    /// It has yet to scan the QR code.
    Waiting,
    /// It has scanned it. Compare the check value with its screen, then type the number there.
    Activating {
        /// What it shows too. Another value means that somebody else has scanned the code: type nothing.
        check_value: String,
        /// The number, where the organisation has number matching.
        number: Option<String>,
        /// Text of a QR code for its camera, where the organisation has scan matching.
        match_link: Option<String>,
    },
    /// It is active, and this device is revoked; the account is marked so.
    Done,
    /// It came to nothing, and this device is as it was. Begin again.
    Ended,
}

/// A device that can approve for an account beside this one, and became able to after it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct NewDevice {
    /// The account.
    pub account: Id,
    /// Its name, as its owner gave it.
    pub name: String,
    /// When it became active, Unix seconds.
    pub activated_at: i64,
}

#[uniffi::export]
impl Replacement {
    /// The account.
    #[must_use]
    pub fn account(&self) -> Id {
        self.0.account
    }

    /// The text of the QR to show, which the new device scans as an enrolment page's. It enrols nothing without the number.
    #[must_use]
    pub fn link(&self) -> String {
        self.0.link.expose_text()
    }

    /// When the link ends, Unix seconds.
    #[must_use]
    pub fn expires_at(&self) -> i64 {
        signed(self.0.expires_at)
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl Authenticator {
    /// Begins to let another device take this one's place for an account. The platform checks the person, as for an approval:
    /// the request is signed by the approval key.
    ///
    /// One that was begun before and isn't done ends with it, also for a device that has scanned its code:
    /// [`Authenticator::resume_replacement`] goes on with it instead.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Cancelled`] and [`AuthenticatorError::KeyStore`] when the person wasn't checked;
    /// [`AuthenticatorError::Gone`] when the account isn't enrolled; [`AuthenticatorError::Refused`] with `account_not_able`
    /// where the service has no such message; those of the network and the service.
    #[uniffi::method(default(cancel = None))]
    pub async fn replace_device(
        &self,
        account: Id,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Arc<Replacement>, AuthenticatorError> {
        let replacement = cancellable(cancel, self.core.replace_device(account)).await?;
        Ok(Arc::new(Replacement(replacement)))
    }

    /// Accounts with a replacement that was begun here and whose end isn't known here, as after the app was ended. Asks nobody.
    ///
    /// # Errors
    ///
    /// When the vault can't be read.
    pub async fn open_replacements(&self) -> Result<Vec<Id>, AuthenticatorError> {
        let core = self.core.clone();
        Ok(blocking(move || core.open_replacements()).await?)
    }

    /// Takes up the replacement of an account that was begun before: the same code, at the step that the service tells.
    /// Nothing if there is none, or the service doesn't know it any more.
    ///
    /// The key store asks for nobody here: check the person before you show the code or the number again.
    ///
    /// # Errors
    ///
    /// As [`Authenticator::replacement_step`]; [`AuthenticatorError::Gone`] when the account isn't enrolled.
    #[uniffi::method(default(cancel = None))]
    pub async fn resume_replacement(
        &self,
        account: Id,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Option<Arc<Replacement>>, AuthenticatorError> {
        let replacement = cancellable(cancel, self.core.resume_replacement(account)).await?;
        Ok(replacement.map(|replacement| Arc::new(Replacement(replacement))))
    }

    /// Asks how far the other device is: every two seconds or so, while this one shows the code or the number.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Network`], and it can be asked again; those of the service; when the vault can't be written.
    #[uniffi::method(default(cancel = None))]
    pub async fn replacement_step(
        &self,
        replacement: Arc<Replacement>,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<ReplacementStep, AuthenticatorError> {
        let step = cancellable(cancel, self.core.replacement_step(&replacement.0)).await;
        let step = step.map(ReplacementStep::from)?;
        if step == ReplacementStep::Done {
            return self.changed_by(Ok::<_, AuthenticatorError>(step));
        }
        Ok(step)
    }

    /// Devices that have become able to approve for an account of this one since, and that the person wasn't told of yet. Ask
    /// after a fetch, and tell: one that isn't theirs is somebody else's.
    ///
    /// # Errors
    ///
    /// When the vault can't be read.
    pub async fn new_devices(&self) -> Result<Vec<NewDevice>, AuthenticatorError> {
        let core = self.core.clone();
        let devices = blocking(move || core.new_devices()).await?.into_iter();
        Ok(devices
            .map(|device| NewDevice {
                account: device.account,
                name: device.name,
                activated_at: signed(device.activated_at),
            })
            .collect())
    }

    /// Notes that the person was told of an account's new devices.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Gone`] when there is no such account.
    pub async fn note_new_devices_told(&self, account: Id) -> Result<(), AuthenticatorError> {
        let core = self.core.clone();
        Ok(blocking(move || core.note_new_devices_told(account)).await?)
    }
}

impl From<core::ReplacementStep> for ReplacementStep {
    fn from(step: core::ReplacementStep) -> Self {
        match step {
            core::ReplacementStep::Waiting => Self::Waiting,
            core::ReplacementStep::Activating { check_value, number, match_link } => Self::Activating {
                check_value,
                number,
                match_link: match_link.map(|link| link.expose_text()),
            },
            core::ReplacementStep::Done => Self::Done,
            _ => Self::Ended,
        }
    }
}

impl fmt::Debug for ReplacementStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Waiting => "Waiting",
            Self::Activating { .. } => "Activating([redacted])",
            Self::Done => "Done",
            Self::Ended => "Ended",
        })
    }
}
