//! A challenge as the device holds it: verified, for this device, and valid now.

use countersign_protocol::limits::{MATCH_DIGITS, MAX_NAME_CHARS};
use countersign_protocol::messages::{Challenge, Purpose};
use countersign_protocol::{Id, Jwk, ProtocolError, jws, sha256_base64url};

use super::{ApprovalRequest, BindingState, Matching, NativeBinding, Unshown};

/// A verified challenge with the exact text that an answer's signature will cover.
#[derive(Clone, Debug)]
pub(crate) struct NativeChallenge {
    pub(crate) claims: Challenge,
    hash: String,
}

/// Why a challenge isn't shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChallengeError {
    #[error("the challenge does not verify: {0}")]
    Untrusted(ProtocolError),
    #[error("the challenge is for another device")]
    OtherDevice,
    #[error("the challenge is not valid yet")]
    NotYetValid,
    #[error("the challenge has expired")]
    Expired,
    #[error("the challenge asks for a number of {0} digits")]
    BadDigits(u8),
    #[error("a name in the challenge is too long")]
    LongName,
    #[error("the challenge activates a device that is active")]
    AlreadyActive,
}

impl ChallengeError {
    /// What a person is told; nothing of what is over, which is in order.
    pub(crate) const fn told(&self) -> Option<Unshown> {
        match self {
            Self::NotYetValid | Self::Expired => None,
            _ => Some(Unshown::Unverified),
        }
    }
}

impl NativeChallenge {
    /// Verifies the compact `challenge` for this binding, at the service's time `now` in seconds.
    pub(crate) fn verify(
        challenge: &str,
        binding: &NativeBinding,
        service_key: &Jwk,
        now: u64,
    ) -> Result<Self, ChallengeError> {
        let claims: Challenge = jws::verify(challenge, service_key).map_err(ChallengeError::Untrusted)?;
        if claims.device != binding.device || claims.aud != binding.device_key {
            return Err(ChallengeError::OtherDevice);
        }
        if claims.iat > now.saturating_add(LEEWAY_SECONDS) {
            return Err(ChallengeError::NotYetValid);
        }
        if now >= claims.exp {
            return Err(ChallengeError::Expired);
        }
        if let Some(digits) = claims.matching.digits
            && !MATCH_DIGITS.contains(&digits)
        {
            return Err(ChallengeError::BadDigits(digits));
        }
        let details = [&claims.place, &claims.ip, &claims.client].into_iter().flatten();
        if [&claims.application, &claims.user].into_iter().chain(details).any(is_too_long) {
            return Err(ChallengeError::LongName);
        }
        if claims.purpose == Purpose::Activation && binding.state == BindingState::Active {
            return Err(ChallengeError::AlreadyActive);
        }
        Ok(Self { claims, hash: sha256_base64url(challenge) })
    }

    pub(crate) const fn id(&self) -> Id {
        self.claims.id
    }

    /// The hash that binds an answer to this text.
    pub(crate) fn hash(&self) -> &str {
        &self.hash
    }

    pub(crate) const fn is_expired(&self, now: u64) -> bool {
        now >= self.claims.exp
    }

    pub(crate) fn request(&self, account: Id, organisation: &str) -> ApprovalRequest {
        let claims = self.claims.clone();
        ApprovalRequest {
            id: claims.id,
            account,
            organisation: organisation.to_owned(),
            purpose: claims.purpose,
            application: claims.application,
            user: claims.user,
            place: claims.place,
            ip: claims.ip,
            client: claims.client,
            message: None,
            matching: Matching::from(claims.matching),
            can_report: true,
            can_cancel: false,
            can_lock: claims.purpose == Purpose::SignIn,
            issued_at: claims.iat,
            expires_at: claims.exp,
        }
    }
}

#[expect(clippy::ptr_arg, reason = "it is mapped over strings")]
fn is_too_long(name: &String) -> bool {
    name.chars().count() > MAX_NAME_CHARS
}

/// Rounding of the service's clock to whole seconds, and half of a slow round trip.
const LEEWAY_SECONDS: u64 = 5;

#[cfg(test)]
mod tests {
    use countersign_protocol::messages;

    use super::*;
    use crate::approvals::testing::{NOW, TestKey, World};

    fn verify(world: &World, compact: &str, now: u64) -> Result<NativeChallenge, ChallengeError> {
        NativeChallenge::verify(compact, &world.binding, &world.service.public, now)
    }

    #[test]
    fn a_challenge_in_order_is_shown_in_full() {
        let world = World::make();
        let claims = world.challenge();
        let request = world.open(&claims).request(Id::from_bytes([1; 16]), "North Trust");
        assert_eq!(request.organisation, "North Trust");
        assert_eq!(request.application, claims.application);
        assert_eq!((request.place, request.ip, request.client), (claims.place, claims.ip, claims.client));
        assert_eq!((request.issued_at, request.expires_at), (claims.iat, claims.exp));
    }

    #[test]
    fn a_number_has_2_to_8_digits() {
        let world = World::make();
        for digits in 0..=u8::MAX {
            let matching = messages::Matching { digits: Some(digits), scan: true };
            let compact = world.service.sign(&Challenge { matching, ..world.challenge() });
            let expected =
                if (2..=8).contains(&digits) { None } else { Some(ChallengeError::BadDigits(digits)) };
            assert_eq!(verify(&world, &compact, NOW).err(), expected);
        }
    }

    #[test]
    fn a_name_has_128_characters_at_most() {
        type Set = fn(&mut Challenge, String);
        let world = World::make();
        let fields: [Set; 5] = [
            |claims, name| claims.application = name,
            |claims, name| claims.user = name,
            |claims, name| claims.place = Some(name),
            |claims, name| claims.ip = Some(name),
            |claims, name| claims.client = Some(name),
        ];
        for set in fields {
            for (characters, expected) in [(128, None), (129, Some(ChallengeError::LongName))] {
                let mut claims = world.challenge();
                set(&mut claims, "é".repeat(characters));
                assert_eq!(verify(&world, &world.service.sign(&claims), NOW).err(), expected);
            }
        }
    }

    #[test]
    fn an_active_device_is_not_activated_again() {
        let mut world = World::make();
        let claims = Challenge { purpose: Purpose::Activation, ..world.challenge() };
        let compact = world.service.sign(&claims);
        assert_eq!(verify(&world, &compact, NOW).err(), Some(ChallengeError::AlreadyActive));
        world.binding.state = BindingState::AwaitingActivation;
        assert_eq!(verify(&world, &compact, NOW).err(), None);
    }

    #[test]
    fn another_signer_is_refused() {
        let world = World::make();
        let compact = TestKey::make().sign(&world.challenge());
        let wrong_key = ChallengeError::Untrusted(ProtocolError::WrongKey);
        assert_eq!(verify(&world, &compact, NOW).unwrap_err(), wrong_key);
    }

    #[test]
    fn an_altered_challenge_is_refused() {
        let world = World::make();
        let (honest, altered) =
            (world.challenge(), Challenge { application: "Payroll".into(), ..world.challenge() });
        let (honest, altered) = (world.service.sign(&honest), world.service.sign(&altered));
        let mut parts: Vec<&str> = honest.split('.').collect();
        parts[1] = altered.split('.').nth(1).unwrap();
        let bad = ChallengeError::Untrusted(ProtocolError::BadSignature);
        assert_eq!(verify(&world, &parts.join("."), NOW).unwrap_err(), bad);
    }

    #[test]
    fn another_message_of_the_service_is_no_challenge() {
        let world = World::make();
        let change = messages::KeyChange { key: world.device.public, iat: NOW };
        let wrong_type = ChallengeError::Untrusted(ProtocolError::WrongType);
        assert_eq!(verify(&world, &world.service.sign(&change), NOW).unwrap_err(), wrong_type);
    }

    #[test]
    fn a_challenge_for_another_device_is_refused() {
        let world = World::make();
        for claims in [
            Challenge { device: Id::make_random(), ..world.challenge() },
            Challenge { aud: world.approval.public.thumbprint(), ..world.challenge() },
        ] {
            let compact = world.service.sign(&claims);
            assert_eq!(verify(&world, &compact, NOW).unwrap_err(), ChallengeError::OtherDevice);
        }
    }

    #[test]
    fn a_challenge_counts_from_its_beginning_to_its_end() {
        let world = World::make();
        let compact = world.service.sign(&world.challenge());
        assert_eq!(verify(&world, &compact, NOW - 6).unwrap_err(), ChallengeError::NotYetValid);
        assert!(verify(&world, &compact, NOW - 5).is_ok());
        assert!(verify(&world, &compact, NOW + 119).is_ok());
        assert_eq!(verify(&world, &compact, NOW + 120).unwrap_err(), ChallengeError::Expired);
    }
}
