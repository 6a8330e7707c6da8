//! Approve, deny, report.

use countersign_protocol::Id;
use countersign_protocol::messages::{Decision, Outcome, Purpose, PushStop, PushStopReason, Receipt};

use super::inbox::{Entry, SignedAnswer, SignedRequest, Wish};
use super::service::{RETRIES, is_revocation};
use super::{Authenticator, hold};
use crate::approvals::privacyidea::PushBinding;
use crate::approvals::{
    AnswerError, Binding, BindingState, Exchange, MatchProof, NativeBinding, NativeChallenge, OpenChallenge,
    PreparedAnswer, ReplyError,
};
use crate::keys::{KeyName, Prompt, UserCheck};
use crate::{Error, KeyStoreError};

/// What became of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnswerOutcome {
    /// What the service made of it.
    pub outcome: Outcome,
    /// After a wrong number: how often it may still be tried. With none left the sign-in has failed.
    pub tries_left: u8,
    /// A code that finishes the sign-in: the person types it on the sign-in page. Shown once, and never again.
    pub code: Option<String>,
    /// What the organisation says about that code, in its own words.
    pub message: Option<String>,
    /// Whether the service has locked push for the account, as a report has asked it to.
    pub locked: bool,
}

impl Authenticator {
    /// Approves a request, with the proof that the person sees the sign-in page. The platform checks the person before
    /// it releases the approval key.
    ///
    /// Calling it again after a failure of the network sends the same answer again: it has one effect at most.
    ///
    /// # Errors
    ///
    /// [`Error::Answer`] when the proof can't be right (no try is used up), [`Error::KeyStore`] when the person was not
    /// checked, [`Error::NoSuchRequest`], [`Error::Network`], [`Error::Reply`], [`Error::Vault`];
    /// [`crate::approvals::privacyidea::PushError::Unconfirmed`] when it was answered before and the reply got lost.
    pub async fn approve(&self, request: Id, proof: MatchProof) -> Result<AnswerOutcome, Error> {
        self.answer(request, Decision::Approve, proof, Wish::Nothing).await
    }

    /// Turns a request down.
    ///
    /// # Errors
    ///
    /// As [`Authenticator::approve`].
    pub async fn deny(&self, request: Id) -> Result<AnswerOutcome, Error> {
        self.answer(request, Decision::Deny, MatchProof::None, Wish::Nothing).await
    }

    /// Turns a request down and tells the organisation that somebody else is behind it; where that can't be told
    /// (`can_report`), it is denied.
    ///
    /// # Errors
    ///
    /// As [`Authenticator::approve`].
    pub async fn report(&self, request: Id) -> Result<AnswerOutcome, Error> {
        self.answer(request, Decision::Report, MatchProof::None, Wish::Nothing).await
    }

    pub(super) async fn answer(
        &self,
        request: Id,
        decision: Decision,
        proof: MatchProof,
        wish: Wish,
    ) -> Result<AnswerOutcome, Error> {
        let Some(entry) = hold(&self.parts.inbox).get(request).cloned() else {
            return Err(self.why_gone(request).await?);
        };
        if entry.challenge.is_expired(self.seconds_at(&entry.service)) {
            return Err(Error::NoSuchRequest);
        }
        let (_, binding) = self.bound(entry.account).await?;
        match decision {
            Decision::Approve => {
                self.check_unlock(&binding)?;
                self.check_storm(entry.account, &binding).await?;
            }
            // The person's own sign-ins are no storm.
            _ if wish == Wish::Own => {}
            // Counted once, however often it is sent. An activation is no sign-in, and there are no storms of them.
            _ if !entry.challenge.is_activation() && hold(&self.parts.inbox).set_counted(request) => {
                self.count_turned_down(entry.account, &binding, decision).await?;
            }
            _ => {}
        }
        let by_match = proof != MatchProof::None;
        let answered = match (&binding, &entry.challenge) {
            (Binding::Native(binding), OpenChallenge::Native(challenge)) => {
                self.answer_native(&entry, challenge, binding, decision, proof, wish).await
            }
            (Binding::PrivacyIdea(_), OpenChallenge::PrivacyIdea(challenge)) => {
                self.answer_push(&entry, challenge, decision, proof, wish).await
            }
            // Enrolled anew with another service since it came.
            _ => Err(Error::NoSuchRequest),
        }?;
        match (answered.outcome, &binding) {
            (Outcome::Approved, _) if by_match => self.calm(entry.account).await?,
            // Our own service counts wrong matches and locks the account; this one doesn't, so the phone rests.
            (Outcome::WrongMatch, Binding::PrivacyIdea(_)) => {
                self.count_turned_down(entry.account, &binding, Decision::Deny).await?;
            }
            _ => {}
        }
        Ok(answered)
    }

    /// Refuses an approval where the account's server wants a check of the person that this device doesn't make.
    fn check_unlock(&self, binding: &Binding) -> Result<(), AnswerError> {
        let Binding::PrivacyIdea(PushBinding { unlock: Some(wish), .. }) = binding else { return Ok(()) };
        match self.parts.keys.user_check() {
            check if wish.is_met_by(check) => Ok(()),
            UserCheck::None => Err(AnswerError::UnlockNeeded),
            _ => Err(AnswerError::BiometricNeeded),
        }
    }

    async fn answer_native(
        &self,
        entry: &Entry,
        challenge: &NativeChallenge,
        binding: &NativeBinding,
        decision: Decision,
        proof: MatchProof,
        wish: Wish,
    ) -> Result<AnswerOutcome, Error> {
        let exchange = match &entry.signed {
            Some(SignedAnswer { request: SignedRequest::Native(exchange), .. })
                if entry.is_signed(decision, &proof, wish) =>
            {
                exchange.clone()
            }
            _ => self.sign_answer(entry, challenge, binding, decision, proof, wish).await?,
        };
        let receipt = self
            .send(&exchange, RETRIES, |replied| self.read::<Receipt>(&exchange, replied, binding, |_| 0))
            .await;
        match receipt {
            Ok(trusted) => self.settle(entry, challenge, trusted.reply).await,
            Err(Error::Reply(ReplyError::Refused(refusal))) => {
                // Whatever the reason, the service won't take this answer any more.
                hold(&self.parts.inbox).remove(challenge.id());
                if is_revocation(&refusal) {
                    self.mark_revoked(entry.account).await?;
                }
                Err(ReplyError::Refused(refusal).into())
            }
            Err(error) => Err(error),
        }
    }

    async fn sign_answer(
        &self,
        entry: &Entry,
        challenge: &NativeChallenge,
        binding: &NativeBinding,
        decision: Decision,
        proof: MatchProof,
        wish: Wish,
    ) -> Result<Exchange, Error> {
        let user_check = self.parts.keys.user_check();
        let now = self.seconds_at(&binding.service);
        let prepared =
            PreparedAnswer::new(binding, challenge, decision, &proof, wish == Wish::Lock, user_check, now)?;
        let key = KeyName { account: entry.account, role: PreparedAnswer::key_role(decision) };
        let prompt = (decision == Decision::Approve).then(|| Prompt {
            application: challenge.claims.application.clone(),
            account: format!("{}: {}", entry.organisation, binding.user),
        });
        let signature = self.sign(key, prepared.signing_input(), prompt).await?;
        let exchange = prepared.finish(binding, &signature).map_err(|_| KeyStoreError::Unavailable)?;
        let request = SignedRequest::Native(exchange.clone());
        let signed = SignedAnswer { decision, proof, wish, request };
        hold(&self.parts.inbox).set_signed(challenge.id(), Some(signed));
        Ok(exchange)
    }

    async fn settle(
        &self,
        entry: &Entry,
        challenge: &NativeChallenge,
        receipt: Receipt,
    ) -> Result<AnswerOutcome, Error> {
        let id = challenge.id();
        let may_try_again = receipt.outcome == Outcome::WrongMatch && receipt.tries_left > 0;
        if may_try_again {
            hold(&self.parts.inbox).set_signed(id, None);
        } else {
            hold(&self.parts.inbox).remove(id);
        }
        if challenge.claims.purpose == Purpose::Activation && !may_try_again {
            if receipt.outcome == Outcome::Approved {
                self.update_binding(entry.account, |binding| binding.set_state(BindingState::Active)).await?;
            } else {
                // The service has revoked a device whose activation was turned down or failed.
                self.mark_revoked(entry.account).await?;
            }
        }
        if receipt.locked {
            let stop = PushStop { reason: PushStopReason::Lock, until: None };
            self.note_push_stop(entry.account, Some(stop)).await?;
        }
        let Receipt { outcome, tries_left, locked, .. } = receipt;
        Ok(AnswerOutcome { outcome, tries_left, code: None, message: None, locked })
    }
}
