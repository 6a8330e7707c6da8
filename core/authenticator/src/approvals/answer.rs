//! The person's decision, checked before it is signed.

use countersign_protocol::jws::Unsigned;
use countersign_protocol::messages::{self, Answer, Decision, UserCheck, paths};
use countersign_protocol::{MatchLink, MatchSecret, ProtocolError, name};

use super::{Exchange, NativeBinding, NativeChallenge, ascii_digits};
use crate::keys::KeyRole;

/// How the person proves to have seen the sign-in page.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new way of matching is a new protocol version")]
pub enum MatchProof {
    /// The number on the page, as typed.
    Number(String),
    /// The secret of the page's QR.
    Scanned(MatchLink),
    /// The one of the request's options that the page shows.
    Choice(String),
    /// Nothing, where the organisation's policy asks for none.
    None,
}

/// Why an answer isn't sent. The sign-in is untouched: no try is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// Not a number of the right length: a slip of the finger, not a wrong number.
    #[error("type the {digits} digits that the sign-in page shows")]
    NotANumber {
        /// How many digits the page shows.
        digits: u8,
    },
    /// The sign-in page's number, or its QR, is needed.
    #[error("this request needs the number, or the QR code, of the sign-in page")]
    MatchNeeded,
    /// The challenge doesn't accept this way of matching.
    #[error("this request can't be approved in that way; use what the sign-in page shows")]
    MatchNotAccepted,
    /// The scanned QR belongs to another sign-in.
    #[error("that QR code belongs to another sign-in; deny this request if you did not start it")]
    OtherSignIn,
    /// Another option of this request was chosen before.
    #[error("a request takes one choice, and another was made before; deny it, and start the sign-in again")]
    AlreadyChosen,
    /// Too many requests were turned down for an approval without a check of the person.
    #[error(
        "so many requests were turned down that an approval needs a full check of who you are; \
         open the app in the way that asks for it, or end the account's pause"
    )]
    UserCheckNeeded,
    /// The account's server wants the person checked before each approval.
    #[error(
        "this account's server wants you checked before it is used, and nobody was; open the app in the way that asks \
         for your passphrase, PIN or fingerprint"
    )]
    UnlockNeeded,
    /// The account's server wants a check that this device doesn't make.
    #[error(
        "this account's server wants a fingerprint or a face before each approval, which this device doesn't ask for; use a \
         phone that does, or ask your organisation"
    )]
    BiometricNeeded,
}

impl AnswerError {
    /// A stable name for shells and scripts.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotANumber { .. } => "answer_not_a_number",
            Self::MatchNeeded => "answer_match_needed",
            Self::MatchNotAccepted => "answer_match_not_accepted",
            Self::OtherSignIn => "answer_other_sign_in",
            Self::AlreadyChosen => "answer_already_chosen",
            Self::UserCheckNeeded => "answer_user_check_needed",
            Self::UnlockNeeded => "answer_unlock_needed",
            Self::BiometricNeeded => "answer_biometric_needed",
        }
    }
}

/// An answer that waits for its signature.
#[derive(Debug)]
pub(crate) struct PreparedAnswer {
    unsigned: Unsigned,
}

impl PreparedAnswer {
    /// The answer to `challenge`, for a signature by the key of `key_role`.
    pub(crate) fn new(
        binding: &NativeBinding,
        challenge: &NativeChallenge,
        decision: Decision,
        proof: &MatchProof,
        lock: bool,
        user_check: UserCheck,
        now: u64,
    ) -> Result<Self, AnswerError> {
        let (number, scanned) = match decision {
            Decision::Approve => match_claims(binding, challenge, proof)?,
            Decision::Deny | Decision::Report => (None, None),
        };
        let answer = Answer {
            aud: binding.service_key.thumbprint(),
            device: binding.device,
            challenge: challenge.id(),
            challenge_hash: challenge.hash().to_owned(),
            decision,
            number,
            scanned,
            lock: lock && decision == Decision::Report,
            user_check: if decision == Decision::Approve { user_check } else { UserCheck::None },
            iat: now,
        };
        let signer = if decision == Decision::Approve { binding.approval_key } else { binding.device_key };
        // Never over the limit: the claims are a number, a hash and a few identifiers.
        let unsigned = Unsigned::new(&answer, signer).map_err(|_| AnswerError::MatchNotAccepted)?;
        Ok(Self { unsigned })
    }

    /// Which key signs a decision.
    pub(crate) const fn key_role(decision: Decision) -> KeyRole {
        match decision {
            Decision::Approve => KeyRole::Approval,
            Decision::Deny | Decision::Report => KeyRole::Device,
        }
    }

    /// The bytes to sign.
    pub(crate) fn signing_input(&self) -> &[u8] {
        self.unsigned.signing_input()
    }

    /// The exchange, once signed.
    pub(crate) fn finish(self, binding: &NativeBinding, signature: &[u8]) -> Result<Exchange, ProtocolError> {
        Ok(Exchange::new(&binding.service, paths::ANSWER, self.unsigned.finish_der(signature)?))
    }
}

type MatchClaims = (Option<String>, Option<MatchSecret>);

fn match_claims(
    binding: &NativeBinding,
    challenge: &NativeChallenge,
    proof: &MatchProof,
) -> Result<MatchClaims, AnswerError> {
    let messages::Matching { digits, scan } = challenge.claims.matching;
    match (proof, digits) {
        (MatchProof::Number(text), Some(digits)) => Ok((Some(read_number(text, digits)?), None)),
        (MatchProof::Scanned(link), _) if scan => {
            if link.challenge != challenge.id() || link.service != binding.service {
                return Err(AnswerError::OtherSignIn);
            }
            Ok((None, Some(link.secret.clone())))
        }
        (MatchProof::None, None) if !scan => Ok((None, None)),
        (MatchProof::None, _) => Err(AnswerError::MatchNeeded),
        (MatchProof::Number(_) | MatchProof::Scanned(_) | MatchProof::Choice(_), _) => {
            Err(AnswerError::MatchNotAccepted)
        }
    }
}

/// The digits of what a person typed, in any script's digits: the page writes them in groups, so spaces and dashes are
/// forgiven. So are the marks that keyboards and clipboards of scripts from right to left put around them.
fn read_number(text: &str, digits: u8) -> Result<String, AnswerError> {
    let error = AnswerError::NotANumber { digits };
    // Bounded before it is copied.
    if text.len() > MAX_TYPED_BYTES {
        return Err(error);
    }
    let is_between = |c: &char| {
        c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}') || name::turns_direction(*c)
    };
    let number: String = ascii_digits(text).chars().filter(|c| !is_between(c)).collect();
    if number.len() != usize::from(digits) || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(error);
    }
    Ok(number)
}

/// Eight digits of four bytes each, with a separator and a mark around each.
const MAX_TYPED_BYTES: usize = 96;

#[cfg(test)]
mod tests {
    use countersign_protocol::messages::Challenge;
    use countersign_protocol::{Id, jws, sha256_base64url};

    use super::*;
    use crate::approvals::testing::{NOW, World};

    fn prepare(world: &World, claims: &Challenge, proof: &MatchProof) -> Result<PreparedAnswer, AnswerError> {
        let challenge = world.open(claims);
        let (decision, check) = (Decision::Approve, UserCheck::Biometric);
        PreparedAnswer::new(&world.binding, &challenge, decision, proof, false, check, NOW)
    }

    fn number(text: &str) -> MatchProof {
        MatchProof::Number(text.into())
    }

    fn scanned(world: &World, challenge: Id) -> MatchProof {
        let service = world.binding.service.clone();
        MatchProof::Scanned(MatchLink { service, challenge, secret: MatchSecret::new([7; 16]) })
    }

    #[test]
    fn an_approval_is_signed_by_the_approval_key_over_the_exact_challenge() {
        let world = World::make();
        let claims = world.challenge();
        let compact = world.service.sign(&claims);
        let challenge =
            NativeChallenge::verify(&compact, &world.binding, &world.service.public, NOW).unwrap();
        let (decision, proof, check) = (Decision::Approve, number("012345"), UserCheck::Biometric);
        let prepared =
            PreparedAnswer::new(&world.binding, &challenge, decision, &proof, true, check, NOW).unwrap();
        let signature = world.approval.sign_der(prepared.signing_input());
        let exchange = prepared.finish(&world.binding, &signature).unwrap();
        let answer: Answer = jws::verify(exchange.body(), &world.approval.public).unwrap();
        assert_eq!(answer.challenge_hash, sha256_base64url(&compact));
        assert_eq!((answer.challenge, answer.number.as_deref()), (claims.id, Some("012345")));
        assert!(!answer.lock, "a lock goes with a report alone");
        assert_eq!(exchange.url(), "https://approve.example/v1/device/answer");
    }

    #[test]
    fn a_denial_and_a_report_need_no_person_and_carry_no_number() {
        let world = World::make();
        for decision in [Decision::Deny, Decision::Report] {
            let challenge = world.open(&world.challenge());
            let (proof, check) = (number("123456"), UserCheck::Biometric);
            let prepared =
                PreparedAnswer::new(&world.binding, &challenge, decision, &proof, true, check, NOW).unwrap();
            assert_eq!(PreparedAnswer::key_role(decision), KeyRole::Device);
            let signature = world.device.sign_der(prepared.signing_input());
            let exchange = prepared.finish(&world.binding, &signature).unwrap();
            let answer: Answer = jws::verify(exchange.body(), &world.device.public).unwrap();
            assert_eq!((answer.number, answer.user_check), (None, UserCheck::None));
            assert_eq!(answer.lock, decision == Decision::Report);
        }
    }

    #[test]
    fn a_slip_of_the_finger_uses_up_no_try() {
        let world = World::make();
        let long = "1".repeat(10_000_000);
        for text in ["", "12345", "1234567", "12345a", "+12345", "１２３４５", "²²²²²²", long.as_str()]
        {
            let error = prepare(&world, &world.challenge(), &number(text)).unwrap_err();
            assert_eq!(error, AnswerError::NotANumber { digits: 6 });
        }
        for text in ["123456", "123 456", " 12-34-56 ", "１２３４５６", "١٢٣ ٤٥٦", "\u{200f}۱۲۳–۴۵۶\u{200f}"]
        {
            assert!(prepare(&world, &world.challenge(), &number(text)).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_scanned_code_of_another_sign_in_or_service_is_refused() {
        let world = World::make();
        let claims = world.challenge();
        assert!(prepare(&world, &claims, &scanned(&world, claims.id)).is_ok());
        let other = scanned(&world, Id::make_random());
        assert_eq!(prepare(&world, &claims, &other).unwrap_err(), AnswerError::OtherSignIn);
        let MatchProof::Scanned(link) = scanned(&world, claims.id) else { unreachable!() };
        let elsewhere = MatchLink { service: "https://evil.example".parse().unwrap(), ..link };
        let error = prepare(&world, &claims, &MatchProof::Scanned(elsewhere)).unwrap_err();
        assert_eq!(error, AnswerError::OtherSignIn);
    }

    #[test]
    fn only_the_matchings_of_the_challenge_are_taken() {
        let world = World::make();
        let with =
            |digits, scan| Challenge { matching: messages::Matching { digits, scan }, ..world.challenge() };
        let error = |claims: &Challenge, proof: &MatchProof| prepare(&world, claims, proof).err();
        let claims = with(Some(2), false);
        assert_eq!(error(&claims, &number("42")), None);
        assert_eq!(error(&claims, &scanned(&world, claims.id)), Some(AnswerError::MatchNotAccepted));
        assert_eq!(error(&claims, &MatchProof::None), Some(AnswerError::MatchNeeded));
        let claims = with(None, true);
        assert_eq!(error(&claims, &number("123456")), Some(AnswerError::MatchNotAccepted));
        assert_eq!(error(&claims, &MatchProof::None), Some(AnswerError::MatchNeeded));
        let claims = with(None, false);
        assert_eq!(error(&claims, &MatchProof::None), None);
    }
}
