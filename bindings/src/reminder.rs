//! The passphrase, asked for at growing intervals.

use std::sync::Arc;

use countersign_authenticator as core;
use countersign_authenticator::tasks::blocking;

use crate::convert::signed;
use crate::{Authenticator, AuthenticatorError, Passphrase};

/// When the person is to be asked for the passphrase, while something else still opens the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct PassphraseReminder {
    /// Whether it is time to ask.
    pub is_due: bool,
    /// When it was last typed rightly, Unix seconds; `None` if that isn't known.
    pub typed_at: Option<i64>,
    /// When it is time to ask, Unix seconds; `None` if it was never typed, which is now.
    pub due_at: Option<i64>,
}

#[uniffi::export(async_runtime = "tokio")]
impl Authenticator {
    /// When the person is to be asked for the passphrase; `None` if the vault has none. Ask when it is due and the person has
    /// a moment, and never insist.
    ///
    /// # Errors
    ///
    /// When the vault can't be read.
    pub async fn passphrase_reminder(&self) -> Result<Option<PassphraseReminder>, AuthenticatorError> {
        let core = self.core.clone();
        Ok(blocking(move || core.passphrase_reminder()).await?.map(PassphraseReminder::from))
    }

    /// Checks the passphrase that the person typed. Right and due, the time until the next reminder grows.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::WrongKey`]: reminders begin anew. The vault stays open, so let the person make another
    /// passphrase now ([`crate::Vault::replace_slot`]), once the platform has checked that it is them.
    pub async fn check_passphrase(
        &self,
        passphrase: Arc<Passphrase>,
    ) -> Result<PassphraseReminder, AuthenticatorError> {
        let core = self.core.clone();
        Ok(blocking(move || core.check_passphrase(passphrase.core())).await?.into())
    }
}

impl From<core::PassphraseReminder> for PassphraseReminder {
    fn from(reminder: core::PassphraseReminder) -> Self {
        Self {
            is_due: reminder.is_due,
            typed_at: reminder.typed_at.map(signed),
            due_at: reminder.due_at.map(signed),
        }
    }
}
