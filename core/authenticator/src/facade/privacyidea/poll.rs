//! Asking a privacyIDEA server for challenges. It holds nothing back, so waiting is asking again.

use std::time::Duration;

use countersign_protocol::limits::MAX_WAIT_SECONDS;
use tokio::time::Instant;

use super::super::{Authenticator, hold};
use crate::approvals::privacyidea::{Polled, PushBinding, PushReply, PushToken, poll_call, read_challenges};
use crate::approvals::{BindingState, OpenChallenge, Unshown};
use crate::{Account, Error, tasks};

impl Authenticator {
    /// Asks until there is something new, at most for `wait`. Says whether there was.
    pub(in super::super) async fn poll(
        &self,
        account: &Account,
        binding: &PushBinding,
        wait: Duration,
    ) -> Result<bool, Error> {
        let end = Instant::now() + wait.min(Duration::from_secs(MAX_WAIT_SECONDS.into()));
        loop {
            let is_news = self.poll_once(account, binding).await?;
            let interval = u64::try_from(INTERVAL.as_millis()).unwrap_or(u64::MAX);
            self.note_fetch(account.id, interval);
            if is_news || Instant::now() + INTERVAL > end {
                return Ok(is_news);
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    async fn poll_once(&self, account: &Account, binding: &PushBinding) -> Result<bool, Error> {
        let Polled { challenges } = self.ask(account, binding).await?.polled()?;
        if binding.state != BindingState::Active {
            self.update_binding(account.id, |binding| binding.set_state(BindingState::Active)).await?;
        }
        let (id, now, user) = (account.id, self.seconds_at(&binding.service), account.name.clone());
        let (vault, binding_of_token) = (self.parts.vault.clone(), binding.clone());
        let (open, refused) = tasks::blocking(move || {
            if challenges.is_empty() {
                return Ok((Vec::new(), Vec::new()));
            }
            vault.transaction(|tx| {
                let mut token = tx.get::<PushToken>(id)?.ok_or(crate::KeyStoreError::NotFound)?;
                let before = token.count();
                let read = read_challenges(challenges, &binding_of_token, &mut token, id, &user, now);
                if token.count() != before {
                    tx.update(id, &token)?;
                }
                Ok::<_, Error>(read)
            })
        })
        .await?;
        for error in &refused {
            tracing::warn!(%error, "a challenge was not shown");
        }
        let open = open.into_iter().map(OpenChallenge::PrivacyIdea).collect();
        let unshown = refused.into_iter().map(Unshown::from);
        Ok(hold(&self.parts.inbox).replace(id, &account.issuer, &binding.service, open, unshown))
    }

    pub(super) async fn ask(&self, account: &Account, binding: &PushBinding) -> Result<PushReply, Error> {
        let (service, serial) = (binding.service.clone(), binding.serial.clone());
        self.call_timed(account.id, &binding.service, move |unix_ms| poll_call(&service, &serial, unix_ms))
            .await
    }
}

/// Between two questions while somebody waits.
const INTERVAL: Duration = Duration::from_secs(3);
