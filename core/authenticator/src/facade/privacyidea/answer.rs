//! Answering a challenge of a privacyIDEA server.

use countersign_protocol::Id;
use countersign_protocol::messages::{Decision, Outcome};

use super::super::answering::AnswerOutcome;
use super::super::inbox::{Entry, SignedAnswer, SignedRequest, Wish};
use super::super::{Authenticator, hold};
use crate::approvals::privacyidea::{
    Call, PushChallenge, PushError, PushToken, Say, answer_call, choice_mark,
};
use crate::approvals::{AnswerError, MatchProof};
use crate::keys::{KeyName, KeyRole, Prompt};
use crate::{Error, tasks};

impl Authenticator {
    pub(in super::super) async fn answer_push(
        &self,
        entry: &Entry,
        challenge: &PushChallenge,
        decision: Decision,
        proof: MatchProof,
        wish: Wish,
    ) -> Result<AnswerOutcome, Error> {
        let call = match &entry.signed {
            Some(SignedAnswer { request: SignedRequest::PrivacyIdea(call), .. })
                if entry.is_signed(decision, &proof, wish) =>
            {
                call.clone()
            }
            _ => self.sign_push_answer(entry, challenge, decision, &proof, wish).await?,
        };
        let id = challenge.id();
        // Kept before it is sent: whoever asks for the request after its reply got lost is told what became of it.
        let was_sent = self.set_sent(entry, id, true).await?;
        let mut is_lost = false;
        let reply = self.call_noting_loss(&entry.service, &call, &mut is_lost).await;
        if reply.is_err() && !is_lost && !was_sent {
            self.set_sent(entry, id, false).await?;
        }
        let answered = reply?.answered()?;
        let may_be_second = is_lost || was_sent;
        // Whatever the reply: the server takes no second answer, and where it would, the phone gives none.
        self.update_token(entry.account, move |token| token.see(id, 0).over = true).await?;
        hold(&self.parts.inbox).remove(id);
        if answered.taken {
            let outcome = match decision {
                Decision::Approve => Outcome::Approved,
                Decision::Report if challenge.takes_reason() => Outcome::Reported,
                Decision::Deny | Decision::Report => Outcome::Denied,
            };
            let (code, message) = (answered.code, answered.message);
            return Ok(AnswerOutcome { outcome, tries_left: 0, code, message, locked: false });
        }
        let chose = decision == Decision::Approve && challenge.has_options();
        if chose && self.was_still_open(challenge, entry).await {
            return Ok(AnswerOutcome {
                outcome: Outcome::WrongMatch,
                tries_left: 0,
                code: None,
                message: None,
                locked: false,
            });
        }
        Err(if may_be_second { PushError::Unconfirmed } else { PushError::NotTaken }.into())
    }

    /// Keeps whether an answer has been sent, and gives what was kept before.
    async fn set_sent(&self, entry: &Entry, challenge: Id, is_sent: bool) -> Result<bool, Error> {
        let now = self.seconds_at(&entry.service);
        self.update_token(entry.account, move |token| {
            std::mem::replace(&mut token.see(challenge, now).sent, is_sent)
        })
        .await
    }

    async fn sign_push_answer(
        &self,
        entry: &Entry,
        challenge: &PushChallenge,
        decision: Decision,
        proof: &MatchProof,
        wish: Wish,
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
        let say = match decision {
            Decision::Approve => Say::Approve(choice.as_deref()),
            Decision::Deny if wish == Wish::Own => Say::Cancel,
            Decision::Deny => Say::Deny,
            Decision::Report => Say::Report,
        };
        let unsigned = answer_call(challenge, say);
        let call = self.sign_push(entry.account, unsigned).await?;
        let request = SignedRequest::PrivacyIdea(call.clone());
        let signed = SignedAnswer { decision, proof: proof.clone(), wish, request };
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
        let (id, now, choice) = (challenge.id(), self.seconds_at(&entry.service), choice_mark(&choice));
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
        let unsigned = answer_call(challenge, Say::Deny);
        let Ok(call) = self.sign_push(entry.account, unsigned).await else { return false };
        match self.call_patiently(&entry.service, &call).await {
            Ok(sent) => sent.reply.answered().is_ok_and(|answered| answered.taken),
            Err(_) => false,
        }
    }

    /// Answers that were sent in the last minutes and whose replies never came: whether they have arrived, the sign-in page
    /// knows. A shell says so to a person who asks for such a request.
    ///
    /// # Errors
    ///
    /// [`Error::Vault`].
    pub fn unconfirmed_answers(&self) -> Result<Vec<Id>, Error> {
        let since = |account: Id| {
            let account = self.parts.vault.account(account).ok().flatten();
            let binding = account.as_ref().and_then(|account| account.binding.as_deref());
            binding.map(|binding| self.seconds_at(binding.service()).saturating_sub(TELLING_SECONDS))
        };
        let tokens = self.parts.vault.list::<PushToken>()?.items;
        let unconfirmed =
            tokens.iter().filter_map(|(account, token)| Some(token.unconfirmed_since(since(*account)?)));
        Ok(unconfirmed.flatten().collect())
    }

    /// Why there is no such request any more.
    pub(in super::super) async fn why_gone(&self, request: Id) -> Result<Error, Error> {
        let vault = self.parts.vault.clone();
        let tokens = tasks::blocking(move || vault.list::<PushToken>()).await?.items;
        let was_sent = tokens.iter().any(|(_, token)| token.is_unconfirmed(request));
        Ok(if was_sent { PushError::Unconfirmed.into() } else { Error::NoSuchRequest })
    }
}

/// Longer than a sign-in waits, and as long as a person remembers it.
const TELLING_SECONDS: u64 = 300;
