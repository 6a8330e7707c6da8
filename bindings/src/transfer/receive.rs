//! The new phone's side of a move.

use countersign_authenticator::tasks::blocking;

use super::{ReceivedAccounts, Receiving};
use crate::import::{core_options, preview_of};
use crate::{Authenticator, AuthenticatorError, ImportOptions, ImportPreview, Page};

#[uniffi::export(async_runtime = "tokio")]
impl Authenticator {
    /// Begins to receive accounts from an old phone, or takes up again what was begun.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Input`] with `move_under_way` while this phone sends accounts; when the vault can't be written.
    pub async fn receive_accounts(&self) -> Result<Receiving, AuthenticatorError> {
        let core = self.core.clone();
        Ok(blocking(move || core.receive_accounts()).await?.into())
    }

    /// Takes in one code that the old phone shows ([`crate::ScannedCode::Transfer`]). The same code again changes nothing.
    /// The old phone's first code takes a core for some 0.2 s.
    ///
    /// # Errors
    ///
    /// Nothing has changed. [`AuthenticatorError::Input`] when it isn't one of this move's, or not the one that comes next;
    /// [`AuthenticatorError::Untrusted`] when a second phone has answered (`move_second_answer`), or the code wasn't made by the
    /// old phone (`move_altered`); [`AuthenticatorError::Gone`] without a move.
    pub async fn receive_code(&self, text: String) -> Result<Receiving, AuthenticatorError> {
        let core = self.core.clone();
        Ok(blocking(move || core.receive_code(&text)).await?.into())
    }

    /// What [`Authenticator::store_received`] would make of every account. Changes nothing.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Input`] with `move_incomplete` while codes are missing, `move_out_of_turn` when they are stored
    /// already; [`AuthenticatorError::Gone`] without a move.
    #[uniffi::method(default(options = None, page = None))]
    pub async fn preview_received(
        &self,
        options: Option<ImportOptions>,
        page: Option<Page>,
    ) -> Result<ImportPreview, AuthenticatorError> {
        let (core, options) = (self.core.clone(), core_options(options));
        Ok(preview_of(blocking(move || core.preview_received(&options)).await?, page))
    }

    /// Stores the accounts, all of them or none, and reads them back. That it returns means that the vault holds what the old
    /// phone sent, and that the receipt says so.
    ///
    /// # Errors
    ///
    /// As [`Authenticator::preview_received`]; when the vault can't be read or written.
    #[uniffi::method(default(options = None))]
    pub async fn store_received(
        &self,
        options: Option<ImportOptions>,
    ) -> Result<ReceivedAccounts, AuthenticatorError> {
        let (core, options) = (self.core.clone(), core_options(options));
        let received = self.changed_by(blocking(move || core.store_received(&options)).await)?;
        Ok(ReceivedAccounts { report: received.report.into(), receipt: received.receipt })
    }
}
