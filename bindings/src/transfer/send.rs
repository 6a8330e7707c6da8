//! The old phone's side of a move.

use countersign_authenticator::tasks::blocking;

use super::{Sending, ShownAccounts};
use crate::convert::signed;
use crate::{Authenticator, AuthenticatorError, Id};

#[uniffi::export(async_runtime = "tokio")]
impl Authenticator {
    /// Takes up the invitation that a new phone shows. Nothing of any account is shown yet. Takes a core for some 0.2 s.
    ///
    /// Do it only for a person who has said that the new phone is in their hands.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Input`] when another move is under way (`move_under_way`), or the text is no invitation; when the
    /// vault can't be written.
    pub async fn send_accounts(&self, invitation: String) -> Result<Sending, AuthenticatorError> {
        let core = self.core.clone();
        Ok(blocking(move || core.send_accounts(&invitation)).await?.into())
    }

    /// Seals accounts to the new phone, once a person has typed the check value that they read *there*, in any case and with
    /// the dash or without. With no `accounts`, all that aren't in the trash go.
    ///
    /// Of each move one choice is sealed, and shown as often as it takes. To choose others, end the move and begin anew.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Input`]: `move_check_value_differs` and nothing is shown, `move_nothing`, `move_too_much`, and
    /// `move_out_of_turn` when they are sealed already; [`AuthenticatorError::Gone`] without a move, or for no such account;
    /// [`AuthenticatorError::Vault`] when an account wouldn't arrive as it is.
    #[uniffi::method(default(accounts = None))]
    pub async fn show_accounts(
        &self,
        check_value: String,
        accounts: Option<Vec<Id>>,
    ) -> Result<ShownAccounts, AuthenticatorError> {
        let core = self.core.clone();
        let shown = blocking(move || core.show_accounts(&check_value, accounts.as_deref())).await?;
        Ok(ShownAccounts { codes: shown.codes, rehearsal: shown.rehearsal.into() })
    }

    /// Takes in one code of the new phone's receipt. With the last one, the accounts that it proves are marked as moved
    /// ([`crate::AccountSummary::moved_at`]): they stay, and those whose codes come from a counter make none any more, since
    /// the new phone counts on.
    ///
    /// # Errors
    ///
    /// Nothing has changed. [`AuthenticatorError::Untrusted`] when the new phone holds something else than it was sent
    /// (`move_not_proven`), or the code wasn't made by it (`move_altered`); [`AuthenticatorError::Input`] when it isn't one of
    /// this move's receipt; [`AuthenticatorError::Gone`] without a move.
    pub async fn receive_receipt(&self, text: String) -> Result<Sending, AuthenticatorError> {
        let core = self.core.clone();
        self.changed_by(blocking(move || core.receive_receipt(&text)).await).map(Sending::from)
    }

    /// Puts the accounts that a new phone has proven to hold in the trash, and ends the move. Gives how many went.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Untrusted`] with `move_not_proven` while there is a move whose receipt wasn't scanned; when the
    /// vault can't be written.
    pub async fn remove_moved(&self) -> Result<i64, AuthenticatorError> {
        let core = self.core.clone();
        self.changed_by(blocking(move || core.remove_moved()).await).map(signed)
    }

    /// Makes codes of a moved account here again. Codes from a counter then come from two phones, of which the issuer refuses
    /// one's: do it when the new phone is gone, or has given the account up.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Gone`] when there is no such account.
    pub async fn take_back(&self, account: Id) -> Result<(), AuthenticatorError> {
        let core = self.core.clone();
        self.changed_by(blocking(move || core.take_back(account)).await)
    }
}
