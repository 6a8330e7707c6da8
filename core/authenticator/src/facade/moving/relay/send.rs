//! The old phone puts its parts in, and asks for the receipt.

use countersign_protocol::MailboxId;
use countersign_protocol::limits::MAX_PARTS_IN_MESSAGE;
use countersign_protocol::messages::{ProblemCode, RelayAct, Relayed, SealedPart, paths};

use super::super::super::Authenticator;
use super::super::super::service::RETRIES;
use super::of_relay;
use crate::approvals::{Binding, ReplyError, relay_request};
use crate::transfer::{self, Kind, Part, SendingRelay, StoredSending, StoredTransfer, TransferError};
use crate::{Error, tasks};

impl Authenticator {
    /// Ends the move's mailbox at its service, so that nothing is left there; it ends by itself within minutes. Call it
    /// before [`Authenticator::end_transfer`]. Without one it does nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Network`], [`Error::Reply`], [`Error::NotEnrolled`], [`Error::KeyStore`], [`Error::Vault`].
    pub async fn end_relay(&self) -> Result<(), Error> {
        let Some(StoredTransfer::Sending(state)) = self.stored_transfer().await? else { return Ok(()) };
        match &state.relay {
            Some(relay) if state.accounts.is_some() && !relay.is_ended => {
                let mailbox = state.session()?.mailbox(&relay.via)?.id();
                self.send_relay(relay, mailbox, RelayAct::End).await?;
                self.note_relay(&state, |relay| relay.is_ended = true).await?;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn relay_sending(&self, state: StoredSending) -> Result<(), Error> {
        let relay = state.relay.clone().ok_or(TransferError::NoRelay)?;
        let count = state.accounts.ok_or(TransferError::OutOfTurn)?;
        let is_proven = state.proven.is_some() || self.carry(state, &relay, count).await?;
        // The proof is in the vault. What is left at the service is sealed, and ends by itself if this doesn't end it.
        if is_proven && let Err(error) = self.end_relay().await {
            tracing::warn!(code = error.code(), "the move's mailbox could not be ended");
        }
        Ok(())
    }

    /// Puts the accounts in and takes the receipt. Says whether it was there.
    async fn carry(&self, state: StoredSending, relay: &SendingRelay, count: u16) -> Result<bool, Error> {
        let mailbox = state.session()?.mailbox(&relay.via)?.id();
        let receipt = self.put_all(relay, mailbox, count).await?;
        if !relay.is_put {
            self.note_relay(&state, |relay| relay.is_put = true).await?;
        }
        if receipt.is_empty() {
            return Ok(false);
        }
        let (this, session) = (self.clone(), state.session);
        tasks::blocking(move || {
            let parts = u16::try_from(receipt.len()).map_err(|_| TransferError::RelayAltered)?;
            let part = |(number, sealed): (u16, SealedPart)| Part::new(session, number, parts, sealed.0);
            let receipt: Vec<Part> = (1..).zip(receipt).map(part).collect::<Result<_, _>>()?;
            this.take_receipt(&receipt)
        })
        .await
        .map_err(of_relay)?;
        Ok(true)
    }

    /// Puts in what isn't there, and gives the receipt, if there is one.
    async fn put_all(
        &self,
        relay: &SendingRelay,
        mailbox: MailboxId,
        count: u16,
    ) -> Result<Vec<SealedPart>, Error> {
        let mut next = if relay.is_put { count.saturating_add(1) } else { 1 };
        loop {
            let act = if next > count { RelayAct::Look } else { self.put(count, next).await? };
            let is_put = act != RelayAct::Look;
            let reply = self.send_relay(relay, mailbox, act).await?;
            match reply.next.max(1) {
                all if all > count => return Ok(reply.receipt),
                // A service that takes nothing in would be asked for ever.
                same if is_put && same <= next => return Err(ReplyError::Untrusted.into()),
                more => next = more,
            }
        }
    }

    async fn put(&self, count: u16, first: u16) -> Result<RelayAct, Error> {
        let vault = self.parts.vault.clone();
        let most = u16::try_from(MAX_PARTS_IN_MESSAGE).unwrap_or(u16::MAX);
        let last = count.min(first.saturating_add(most - 1));
        let parts =
            tasks::blocking(move || vault.read(|tx| transfer::sealed(tx, Kind::Accounts, first..=last)))
                .await?;
        Ok(RelayAct::Put { count, first, parts })
    }

    async fn send_relay(
        &self,
        relay: &SendingRelay,
        mailbox: MailboxId,
        act: RelayAct,
    ) -> Result<Relayed, Error> {
        match self.send_relay_once(relay, mailbox, act.clone()).await {
            // The refusal told the time; by it the service is asked once more.
            Err(Error::Reply(ReplyError::Refused(refusal))) if refusal.code == ProblemCode::ClockSkew => {
                self.send_relay_once(relay, mailbox, act).await
            }
            sent => sent,
        }
    }

    async fn send_relay_once(
        &self,
        relay: &SendingRelay,
        mailbox: MailboxId,
        act: RelayAct,
    ) -> Result<Relayed, Error> {
        let (_, binding) = self.bound(relay.account).await?;
        let Binding::Native(binding) = binding else { return Err(Error::NotAble) };
        let now = self.seconds_at(&binding.service);
        let unsigned = relay_request(&binding, mailbox, act, now).map_err(|_| TransferError::TooMuch)?;
        let exchange = self.sign_request(relay.account, &binding, paths::RELAY, unsigned).await?;
        let replied = self
            .send(&exchange, RETRIES, |replied| self.read::<Relayed>(&exchange, replied, &binding, |_| 0))
            .await?;
        Ok(replied.reply)
    }

    /// Notes how far the service is, if the move is still this one.
    async fn note_relay(&self, state: &StoredSending, note: fn(&mut SendingRelay)) -> Result<(), Error> {
        let (vault, session) = (self.parts.vault.clone(), state.session);
        tasks::blocking(move || {
            vault.transaction(|tx| {
                let mut state = StoredSending::load(tx)?;
                if let Some(relay) = state.relay.as_mut().filter(|_| state.session == session) {
                    note(relay);
                    state.save(tx)?;
                }
                Ok(())
            })
        })
        .await
    }
}
