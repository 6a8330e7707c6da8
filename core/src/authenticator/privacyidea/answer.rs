//! Answering a challenge of a privacyIDEA server.

use countersign_protocol::messages::{Decision, Outcome};

use super::super::answers::AnswerOutcome;
use super::super::inbox::{Entry, SignedAnswer, SignedRequest};
use super::super::{Authenticator, hold};
use super::Sent;
use crate::Error;
use crate::approvals::privacyidea::{Call, PushChallenge, PushError, answer_call};
use crate::approvals::{AnswerError, MatchProof};
use crate::keys::{KeyName, KeyRole, Prompt};

impl Authenticator {
    pub(in super::super) async fn answer_push(
        &self,
        entry: &Entry,
        challenge: &PushChallenge,
        decision: Decision,
        proof: MatchProof,
    ) -> Result<AnswerOutcome, Error> {
        let call = match &entry.signed {
            Some(SignedAnswer { request: SignedRequest::PrivacyIdea(call), .. })
                if entry.is_signed(decision, &proof, false) =>
            {
                call.clone()
            }
            _ => self.sign_push_answer(entry, challenge, decision, &proof).await?,
        };
        let Sent { reply, after_loss } = self.call_patiently(&entry.service, &call).await?;
        // Signed by an earlier call, it may have been sent by it, too.
        let may_be_second = after_loss || entry.is_signed(decision, &proof, false);
        let answered = reply.answered()?;
        // Whatever the reply: the server takes no second answer, and where it would, the phone gives none.
        let id = challenge.id();
        self.update_token(entry.account, move |token| token.see(id, 0).over = true).await?;
        hold(&self.parts.inbox).remove(id);
        if answered.taken {
            let outcome = match decision {
                Decision::Approve => Outcome::Approved,
                Decision::Report if challenge.takes_reason() => Outcome::Reported,
                Decision::Deny | Decision::Report => Outcome::Denied,
            };
            return Ok(AnswerOutcome { outcome, tries_left: 0, code: answered.code, locked: false });
        }
        let chose = decision == Decision::Approve && challenge.has_options();
        if chose && self.was_still_open(challenge, entry).await {
            return Ok(AnswerOutcome {
                outcome: Outcome::WrongMatch,
                tries_left: 0,
                code: None,
                locked: false,
            });
        }
        Err(if may_be_second { PushError::Unconfirmed } else { PushError::NotTaken }.into())
    }

    async fn sign_push_answer(
        &self,
        entry: &Entry,
        challenge: &PushChallenge,
        decision: Decision,
        proof: &MatchProof,
    ) -> Result<Call, Error> {
        let choice = match decision {
            Decision::Approve => challenge.choice(proof)?.map(str::to_owned),
            Decision::Deny | Decision::Report => None,
        };
        if decision == Decision::Approve {
            let shown = challenge.request(entry.account, &entry.organisation);
            let account = format!("{}: {}", shown.organisation, shown.user);
            let prompt = Prompt { application: shown.application, account };
            let key = KeyName { account: entry.account, role: KeyRole::Approval };
            // The signature goes nowhere: what counts is that the platform has checked the person before it made it.
            self.sign(key, challenge.id().as_bytes(), Some(prompt)).await?;
        }
        if let Some(choice) = choice.clone() {
            self.keep_choice(entry, challenge, choice).await?;
        }
        let unsigned = answer_call(challenge, decision, choice.as_deref());
        let call = self.sign_push(entry.account, unsigned).await?;
        let request = SignedRequest::PrivacyIdea(call.clone());
        let signed = SignedAnswer { decision, proof: proof.clone(), lock: false, request };
        hold(&self.parts.inbox).set_signed(challenge.id(), Some(signed));
        Ok(call)
    }

    /// Keeps the choice durably before it is sent. The server counts no wrong ones, so the phone does: one is all.
    async fn keep_choice(
        &self,
        entry: &Entry,
        challenge: &PushChallenge,
        choice: String,
    ) -> Result<(), Error> {
        let (id, now) = (challenge.id(), self.seconds_at(&entry.service));
        let is_first = self
            .update_token(entry.account, move |token| {
                let seen = token.see(id, now);
                *seen.choice.get_or_insert_with(|| choice.clone()) == choice
            })
            .await?;
        if is_first { Ok(()) } else { Err(AnswerError::AlreadyChosen.into()) }
    }

    /// After a choice that wasn't taken: ends the sign-in, which the server would keep open for the next guess. If it
    /// was still open, the choice was wrong; if not, something else was.
    async fn was_still_open(&self, challenge: &PushChallenge, entry: &Entry) -> bool {
        let unsigned = answer_call(challenge, Decision::Deny, None);
        let Ok(call) = self.sign_push(entry.account, unsigned).await else { return false };
        match self.call_patiently(&entry.service, &call).await {
            Ok(sent) => sent.reply.answered().is_ok_and(|answered| answered.taken),
            Err(_) => false,
        }
    }
}
