//! Asking the service what is there, and believing only what verifies.

use countersign_protocol::jws::{self, Unsigned};
use countersign_protocol::messages::{Delivery, Fetch, KeyChange};
use countersign_protocol::{Id, Jwk, ProtocolError};

use super::{BindingState, ChallengeError, NativeBinding, NativeChallenge, ReplyError, Trusted};

/// The fetch of this moment, to be signed by the device key.
pub(crate) fn fetch_request(
    binding: &NativeBinding,
    known: Vec<Id>,
    wait_seconds: u32,
    now: u64,
) -> Result<Unsigned, ProtocolError> {
    let fetch = Fetch {
        aud: binding.service_key.thumbprint(),
        device: binding.device,
        jti: Id::make_random(),
        iat: now,
        wait: wait_seconds,
        known,
    };
    Unsigned::new(&fetch, binding.device_key)
}

/// What a delivery says, once verified.
#[derive(Debug)]
pub(crate) struct FetchOutcome {
    /// Every challenge that verifies and is valid now.
    pub(crate) open: Vec<NativeChallenge>,
    /// Why the others aren't shown.
    pub(crate) refused: Vec<ChallengeError>,
    /// The binding as the delivery leaves it, if it differs.
    pub(crate) binding: Option<NativeBinding>,
    /// Milliseconds to leave before the next fetch.
    pub(crate) next_fetch: u64,
}

/// Reads a trusted delivery at the service's time `now`, in seconds.
pub(crate) fn read_delivery(
    delivery: &Trusted<Delivery>,
    binding: &NativeBinding,
    now: u64,
) -> Result<FetchOutcome, ReplyError> {
    let mut changed = binding.clone();
    if let Some(key_change) = &delivery.reply.key_change {
        changed.service_key = read_key_change(key_change, &binding.service_key)?;
    }
    changed.policy = delivery.reply.policy.unwrap_or(binding.policy);
    changed.state =
        if delivery.reply.active { BindingState::Active } else { BindingState::AwaitingActivation };
    changed.take_newer_devices(&delivery.reply.newer_devices);

    let (mut open, mut refused) = (Vec::new(), Vec::new());
    for challenge in &delivery.reply.challenges {
        match NativeChallenge::verify(challenge, binding, &delivery.service_key, now) {
            Ok(challenge) => open.push(challenge),
            Err(error) => refused.push(error),
        }
    }
    Ok(FetchOutcome {
        open,
        refused,
        binding: (changed != *binding).then_some(changed),
        next_fetch: delivery.reply.next_fetch,
    })
}

fn read_key_change(compact: &str, pinned: &Jwk) -> Result<Jwk, ReplyError> {
    let change: KeyChange = jws::verify(compact, pinned).map_err(|_| ReplyError::Untrusted)?;
    Ok(change.key)
}

#[cfg(test)]
mod tests {
    use countersign_protocol::messages::NewerDevice;
    use countersign_protocol::messages::{Policy, StormPolicy};

    use super::*;
    use crate::approvals::testing::{NOW, TestKey, World};

    fn trusted(world: &World, challenges: Vec<String>, key_change: Option<String>) -> Trusted<Delivery> {
        let reply = Delivery {
            re: String::new(),
            time: NOW * 1000,
            held: 0,
            active: true,
            challenges,
            next_fetch: 500,
            key_change,
            policy: None,
            push_stop: None,
            newer_devices: Vec::new(),
        };
        Trusted { reply, service_key: world.binding.service_key, time: NOW * 1000 }
    }

    #[test]
    fn what_does_not_verify_is_left_out_and_the_rest_is_shown() {
        let world = World::make();
        let good = world.challenge();
        let challenges = vec![world.service.sign(&good), TestKey::make().sign(&good), "junk".into()];
        let outcome = read_delivery(&trusted(&world, challenges, None), &world.binding, NOW).unwrap();
        assert_eq!(outcome.open.iter().map(NativeChallenge::id).collect::<Vec<_>>(), [good.id]);
        assert_eq!(outcome.refused.len(), 2);
        assert_eq!(outcome.binding, None);
    }

    #[test]
    fn a_new_device_is_kept_until_the_person_was_told_and_told_once() {
        let world = World::make();
        let device = |name: &str| NewerDevice { id: Id::make_random(), name: name.into(), activated: NOW };
        let read = |binding: &NativeBinding, newer: &[NewerDevice]| {
            let mut delivery = trusted(&world, Vec::new(), None);
            delivery.reply.newer_devices = newer.to_vec();
            read_delivery(&delivery, binding, NOW).unwrap().binding
        };
        let (one, two) = (device("one"), device("two"));
        let mut binding = read(&world.binding, std::slice::from_ref(&one)).unwrap();
        assert_eq!(read(&binding, std::slice::from_ref(&one)), None, "nothing new");
        assert_eq!(read(&binding, &[]), None, "not told yet");
        binding.newer_devices[0].is_told = true;
        let both = read(&binding, &[one, two]).unwrap().newer_devices;
        assert_eq!(both.iter().map(|known| known.is_told).collect::<Vec<_>>(), [true, false]);
        let many: Vec<_> = (0..100).map(|_| device("many")).collect();
        assert!(read(&binding, &many).unwrap().newer_devices.len() <= 16);
    }

    #[test]
    fn the_old_key_hands_over_to_the_new_one() {
        let (world, new) = (World::make(), TestKey::make());
        let change = world.service.sign(&KeyChange { key: new.public, iat: NOW });
        let outcome = read_delivery(&trusted(&world, Vec::new(), Some(change)), &world.binding, NOW).unwrap();
        assert_eq!(outcome.binding.unwrap().service_key, new.public);
    }

    #[test]
    fn the_policy_of_a_delivery_takes_the_place_of_the_enrolments() {
        let world = World::make();
        let mut delivery = trusted(&world, Vec::new(), None);
        let policy = Policy { storm: StormPolicy { turned_down: 7, pause: 60 }, ..world.binding.policy };
        delivery.reply.policy = Some(policy);
        let outcome = read_delivery(&delivery, &world.binding, NOW).unwrap();
        assert_eq!(outcome.binding.unwrap().policy, policy);
    }

    #[test]
    fn nobody_else_can_hand_over_and_the_delivery_is_refused() {
        let (world, new) = (World::make(), TestKey::make());
        let change = new.sign(&KeyChange { key: new.public, iat: NOW });
        let error =
            read_delivery(&trusted(&world, Vec::new(), Some(change)), &world.binding, NOW).unwrap_err();
        assert_eq!(error, ReplyError::Untrusted);
    }
}
