//! The new phone takes out what it misses, and leaves its receipt.

use countersign_protocol::MailboxName;
use countersign_protocol::limits::MAX_PARTS_IN_MESSAGE;
use countersign_protocol::messages::{Collect, Collected, SealedPart, paths};

use super::super::super::Authenticator;
use super::super::super::service::RETRIES;
use super::super::receive;
use super::of_relay;
use crate::approvals::Exchange;
use crate::transfer::{self, Kind, Part, Relay, StoredReceiving, TransferError};
use crate::{Error, tasks};

/// What comes next over the service.
enum Next {
    /// Take out parts from this one on.
    Take(MailboxName, u16),
    /// Leave the receipt.
    Leave(MailboxName, Vec<SealedPart>),
    /// Nothing.
    Nothing,
}

impl Authenticator {
    pub(super) async fn relay_receiving(&self) -> Result<(), Error> {
        loop {
            let (relay, next) = self.next_receiving().await?;
            match next {
                Next::Nothing => return Ok(()),
                Next::Leave(name, receipt) => {
                    if !self.collect(&relay, name, 1, receipt).await?.is_left {
                        return Err(TransferError::RelayOver.into());
                    }
                    self.note_left().await?;
                    return Ok(());
                }
                Next::Take(name, first) => {
                    let collected = self.collect(&relay, name, first, Vec::new()).await?;
                    if !self.take_parts(first, collected).await? {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn next_receiving(&self) -> Result<(Relay, Next), Error> {
        let vault = self.parts.vault.clone();
        tasks::blocking(move || {
            vault.read(|tx| {
                let state = StoredReceiving::load(tx)?;
                let relay = state.relay.as_ref().ok_or(TransferError::NoRelay)?;
                let name = state.session()?.mailbox(&relay.via)?;
                let next = match state.receipt {
                    Some(_) if relay.is_left => Next::Nothing,
                    Some(count) => Next::Leave(name, transfer::sealed(tx, Kind::Receipt, 1..=count)?),
                    None if state.accounts.is_complete() => Next::Nothing,
                    None => Next::Take(name, state.accounts.missing().first().copied().unwrap_or(1)),
                };
                Ok((relay.via.clone(), next))
            })
        })
        .await
    }

    async fn collect(
        &self,
        relay: &Relay,
        name: MailboxName,
        first: u16,
        receipt: Vec<SealedPart>,
    ) -> Result<Collected, Error> {
        let request = Collect { aud: relay.service_key, name, first, receipt };
        let body = serde_json::to_string(&request).map_err(|_| Error::Unacceptable)?;
        let exchange = Exchange::unsigned(&relay.service, paths::COLLECT, body);
        // No account of this phone is the service's, so its time isn't taken over.
        let replied = self
            .send(&exchange, RETRIES, |replied| {
                exchange.read_pinned::<Collected>(&replied.text, relay.service_key)
            })
            .await?;
        Ok(replied.reply)
    }

    /// Takes in parts as if they had been scanned, all of them or none. Says whether any was new.
    async fn take_parts(&self, first: u16, collected: Collected) -> Result<bool, Error> {
        let vault = self.parts.vault.clone();
        let taken = tasks::blocking(move || {
            vault.transaction(|tx| {
                let mut state = StoredReceiving::load(tx)?;
                let session = state.session()?;
                let mut is_any_new = false;
                let parts = collected.parts.into_iter().take(MAX_PARTS_IN_MESSAGE);
                for (number, sealed) in (first..).zip(parts) {
                    let part = Part::new(state.session, number, collected.count, sealed.0)?;
                    is_any_new |= receive::take(tx, &mut state, &session, &part)?;
                }
                if is_any_new {
                    state.save(tx)?;
                }
                Ok::<_, Error>(is_any_new)
            })
        })
        .await;
        taken.map_err(of_relay)
    }

    async fn note_left(&self) -> Result<(), Error> {
        let vault = self.parts.vault.clone();
        tasks::blocking(move || {
            vault.transaction(|tx| {
                let mut state = StoredReceiving::load(tx)?;
                if let Some(relay) = &mut state.relay {
                    relay.is_left = true;
                    state.save(tx)?;
                }
                Ok(())
            })
        })
        .await
    }
}
