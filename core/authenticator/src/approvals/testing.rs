//! A service's and a device's keys for tests of the protocol's logic.

use countersign_protocol::jws::{Message, Unsigned};
use countersign_protocol::messages::{Challenge, Matching, Policy, Purpose, StormPolicy};
use countersign_protocol::{Id, Jwk};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::Generate;

use super::{BindingState, NativeBinding, NativeChallenge};

/// Now, in seconds of the service's time, wherever a test needs one.
pub(super) const NOW: u64 = 1_800_000_000;

pub(super) struct TestKey {
    private: SigningKey,
    pub(super) public: Jwk,
}

impl TestKey {
    pub(super) fn make() -> Self {
        let private = SigningKey::generate();
        let public = Jwk::from_point(&private.verifying_key().to_sec1_point(false).to_bytes()).unwrap();
        Self { private, public }
    }

    pub(super) fn sign_der(&self, message: &[u8]) -> Vec<u8> {
        let signature: Signature = self.private.sign(message);
        signature.to_der().as_bytes().to_vec()
    }

    pub(super) fn sign<M: Message>(&self, message: &M) -> String {
        let unsigned = Unsigned::new(message, self.public.thumbprint()).unwrap();
        let signature = self.sign_der(unsigned.signing_input());
        unsigned.finish_der(&signature).unwrap()
    }

    pub(super) fn sign_with_embedded_key<M: Message>(&self, message: &M) -> String {
        let unsigned = Unsigned::with_embedded_key(message, &self.public).unwrap();
        let signature = self.sign_der(unsigned.signing_input());
        unsigned.finish_der(&signature).unwrap()
    }
}

/// A service and an enrolled device.
pub(super) struct World {
    pub(super) service: TestKey,
    pub(super) device: TestKey,
    pub(super) approval: TestKey,
    pub(super) binding: NativeBinding,
}

impl World {
    pub(super) fn make() -> Self {
        let (service, device, approval) = (TestKey::make(), TestKey::make(), TestKey::make());
        let binding = NativeBinding {
            service: "https://approve.example".parse().unwrap(),
            service_key: service.public,
            device: Id::make_random(),
            device_key: device.public.thumbprint(),
            approval_key: approval.public.thumbprint(),
            user: "ada".into(),
            policy: Policy {
                matching: Matching { digits: Some(6), scan: true },
                tries: 1,
                storm: StormPolicy::default(),
                relay: 0,
            },
            state: BindingState::Active,
            wake_up: None,
            wake_up_is_unsent: false,
            enrolment: None,
            newer_devices: Vec::new(),
        };
        Self { service, device, approval, binding }
    }

    /// A challenge that is in order.
    pub(super) fn challenge(&self) -> Challenge {
        Challenge {
            aud: self.binding.device_key,
            device: self.binding.device,
            id: Id::make_random(),
            iat: NOW,
            exp: NOW + 120,
            purpose: Purpose::SignIn,
            application: "Ward portal".into(),
            user: "ada".into(),
            place: Some("Leeds".into()),
            ip: Some("192.0.2.7".into()),
            client: Some("Firefox on Windows".into()),
            matching: self.binding.policy.matching,
        }
    }

    /// The challenge as the device holds it.
    pub(super) fn open(&self, challenge: &Challenge) -> NativeChallenge {
        NativeChallenge::verify(&self.service.sign(challenge), &self.binding, &self.service.public, NOW)
            .unwrap()
    }
}
