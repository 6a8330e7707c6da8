//! Enrolling: from a scanned link to an account with keys, in two halves around one exchange.
//!
//! What the first half makes is kept in the vault until the second half has replaced it by the account. So a phone
//! that dies in between sends the very same bytes again, and the service, which may have bound them already, gives
//! the very same answer.

use countersign_protocol::jwe::EncryptionKey;
use countersign_protocol::jws::Unsigned;
use countersign_protocol::messages::{Enrol, Enrolled, Platform, TotpSecret, WakeUp, paths};
use countersign_protocol::{
    CheckValue, EnrolmentLink, Id, Jwk, ProtocolError, ServiceUrl, Thumbprint, Ticket, decode_base64url,
};
use serde::{Deserialize, Serialize};

use super::{Binding, BindingState, Exchange, NativeBinding, ReplyError};
use crate::otp::{Algorithm, CodeFormat, MovingFactor, OtpParameters};
use crate::vault::{Record, RecordKind};
use crate::{Account, Secret};

/// What a device says of itself when it enrols.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "shells fill it in")]
pub struct DeviceDescription {
    /// Its name, as its owner reads it in a list of devices.
    pub name: String,
    /// What kind of device it is.
    pub platform: Platform,
    /// How to wake it, if it can be.
    pub wake_up: Option<WakeUp>,
}

/// An enrolment between its two halves.
#[derive(Serialize, Deserialize)]
pub(crate) struct PendingEnrolment {
    /// The account's identifier here, and the name of its keys.
    pub(crate) account: Id,
    pub(crate) check_value: String,
    pub(crate) ticket: Ticket,
    service: ServiceUrl,
    service_key: Thumbprint,
    device_key: Thumbprint,
    approval_key: Thumbprint,
    #[serde(with = "crate::vault::sealed_secret")]
    encryption_key: Secret,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wake_up: Option<WakeUp>,
    /// The signed request. It holds the ticket, so it is kept in the vault alone.
    request: String,
}

impl Record for PendingEnrolment {
    const KIND: RecordKind = RecordKind::PendingEnrolment;
}

/// The two public keys that the platform has made for the account.
pub(crate) struct PublicKeys {
    pub(crate) device: Jwk,
    pub(crate) approval: Jwk,
}

/// An enrolment whose request waits for the device key's signature.
pub(crate) struct UnsignedEnrolment {
    pending: PendingEnrolment,
    unsigned: Unsigned,
}

impl UnsignedEnrolment {
    pub(crate) fn new(
        account: Id,
        link: &EnrolmentLink,
        device: DeviceDescription,
        keys: &PublicKeys,
        hardware_keys: bool,
    ) -> Result<Self, ProtocolError> {
        let encryption_key = EncryptionKey::make_random();
        let request = Enrol {
            aud: link.service_key,
            ticket: link.ticket.clone(),
            device_key: keys.device,
            approval_key: keys.approval,
            encryption_key: encryption_key.public(),
            name: device.name,
            platform: device.platform,
            hardware_keys,
            wake_up: device.wake_up.clone(),
        };
        let check_value = CheckValue::derive(
            link.ticket.enrolment(),
            link.service_key,
            &keys.device,
            &keys.approval,
            &request.encryption_key,
        );
        Ok(Self {
            unsigned: Unsigned::new(&request, keys.device.thumbprint())?,
            pending: PendingEnrolment {
                account,
                check_value: check_value.to_string(),
                ticket: link.ticket.clone(),
                service: link.service.clone(),
                service_key: link.service_key,
                device_key: keys.device.thumbprint(),
                approval_key: keys.approval.thumbprint(),
                encryption_key: Secret::from(encryption_key.to_bytes().as_slice()),
                wake_up: device.wake_up,
                request: String::new(),
            },
        })
    }

    pub(crate) fn signing_input(&self) -> &[u8] {
        self.unsigned.signing_input()
    }

    pub(crate) fn finish(self, signature: &[u8]) -> Result<PendingEnrolment, ProtocolError> {
        Ok(PendingEnrolment { request: self.unsigned.finish_der(signature)?, ..self.pending })
    }
}

impl PendingEnrolment {
    pub(crate) fn exchange(&self) -> Exchange {
        Exchange::new(&self.service, paths::ENROL, self.request.clone())
    }

    /// Reads the service's reply: the account as it is to be kept, and the service's time in milliseconds.
    pub(crate) fn finish(&self, exchange: &Exchange, reply: &str) -> Result<(Account, u64), ReplyError> {
        let trusted = exchange.read_pinned::<Enrolled>(reply, self.service_key)?;
        let enrolled = trusted.reply;
        let binding = NativeBinding {
            service: self.service.clone(),
            service_key: trusted.service_key,
            device: enrolled.device,
            device_key: self.device_key,
            approval_key: self.approval_key,
            user: enrolled.user.clone(),
            policy: enrolled.policy,
            state: BindingState::AwaitingActivation,
            wake_up: self.wake_up.clone(),
            wake_up_is_unsent: false,
            enrolment: Some(self.ticket.enrolment()),
            newer_devices: Vec::new(),
        };
        let account = Account {
            id: self.account,
            issuer: enrolled.organisation,
            name: enrolled.user,
            otp: Some(self.open_totp(&enrolled.totp)?),
            binding: Some(Box::new(Binding::Native(binding))),
            created_at: trusted.time / 1000,
            trashed_at: None,
            token: None,
            moved_at: None,
        };
        Ok((account, trusted.time))
    }

    fn open_totp(&self, sealed: &str) -> Result<OtpParameters, ReplyError> {
        let key =
            EncryptionKey::from_bytes(self.encryption_key.expose()).map_err(|_| ReplyError::Untrusted)?;
        let opened = key.open(sealed).map_err(|_| ReplyError::Untrusted)?;
        let totp: TotpSecret = serde_json::from_slice(&opened).map_err(|_| ReplyError::Untrusted)?;
        let secret = decode_base64url(&totp.secret).map(Secret::new).map_err(|_| ReplyError::Untrusted)?;
        OtpParameters::new(
            secret,
            Algorithm::Sha1,
            CodeFormat::Decimal { digits: totp.digits },
            MovingFactor::Time { period: totp.period },
        )
        .map_err(|_| ReplyError::Untrusted)
    }
}

#[cfg(test)]
mod tests {
    use countersign_protocol::jws;
    use countersign_protocol::messages::{Matching, Policy, Problem, ProblemCode, StormPolicy};
    use countersign_protocol::{encode_base64url, jwe};

    use super::*;
    use crate::approvals::testing::{NOW, TestKey};
    use crate::vault::{NewSlot, RecoveryCode, Vault};

    struct Enrolling {
        service: TestKey,
        pending: PendingEnrolment,
        exchange: Exchange,
        request: Enrol,
    }

    fn enrolling() -> Enrolling {
        let (service, device, approval) = (TestKey::make(), TestKey::make(), TestKey::make());
        let link = EnrolmentLink {
            service: "https://approve.example".parse().unwrap(),
            ticket: Ticket::new(Id::make_random(), [7; 16]),
            service_key: service.public.thumbprint(),
        };
        let description =
            DeviceDescription { name: "Phone".into(), platform: Platform::Other, wake_up: None };
        let keys = PublicKeys { device: device.public, approval: approval.public };
        let unsigned = UnsignedEnrolment::new(Id::make_random(), &link, description, &keys, false).unwrap();
        let signature = device.sign_der(unsigned.signing_input());
        let pending = unsigned.finish(&signature).unwrap();
        let exchange = pending.exchange();
        let request = jws::verify_self_signed(exchange.body(), |request: &Enrol| request.device_key).unwrap();
        Enrolling { service, pending, exchange, request }
    }

    impl Enrolling {
        fn enrolled(&self) -> Enrolled {
            let totp = TotpSecret { secret: encode_base64url([5; 20]), digits: 6, period: 30 };
            let totp = serde_json::to_vec(&totp).unwrap();
            Enrolled {
                re: countersign_protocol::sha256_base64url(self.exchange.body()),
                time: NOW * 1000,
                device: Id::make_random(),
                organisation: "North Trust".into(),
                user: "ada".into(),
                policy: Policy {
                    matching: Matching { digits: Some(6), scan: true },
                    tries: 1,
                    storm: StormPolicy::default(),
                    relay: 0,
                },
                totp: jwe::seal(&self.request.encryption_key, &totp).unwrap(),
            }
        }

        fn finish(&self, reply: &str) -> Result<(Account, u64), ReplyError> {
            self.pending.finish(&self.exchange, reply)
        }
    }

    #[test]
    fn an_enrolment_gives_an_account_with_the_pinned_key_and_the_sealed_secret() {
        let enrolling = enrolling();
        let reply = enrolling.service.sign_with_embedded_key(&enrolling.enrolled());
        let (account, time) = enrolling.finish(&reply).unwrap();
        assert_eq!(
            (account.issuer.as_str(), account.name.as_str(), time),
            ("North Trust", "ada", NOW * 1000)
        );
        assert_eq!(account.otp.unwrap().secret(), &Secret::new(vec![5; 20]));
        let Binding::Native(binding) = *account.binding.unwrap() else { panic!("bound by our own protocol") };
        assert_eq!(binding.service_key, enrolling.service.public);
        assert_eq!(binding.state, BindingState::AwaitingActivation);
    }

    #[test]
    fn another_key_than_the_links_is_refused() {
        let enrolling = enrolling();
        let reply = TestKey::make().sign_with_embedded_key(&enrolling.enrolled());
        assert_eq!(enrolling.finish(&reply).unwrap_err(), ReplyError::ServiceKeyChanged);
        let without_key = enrolling.service.sign(&enrolling.enrolled());
        assert_eq!(enrolling.finish(&without_key).unwrap_err(), ReplyError::ServiceKeyChanged);
    }

    #[test]
    fn a_secret_sealed_to_another_key_is_refused() {
        let enrolling = enrolling();
        let totp = jwe::seal(&TestKey::make().public, b"{}").unwrap();
        let reply = enrolling.service.sign_with_embedded_key(&Enrolled { totp, ..enrolling.enrolled() });
        assert_eq!(enrolling.finish(&reply).unwrap_err(), ReplyError::Untrusted);
    }

    #[test]
    fn parameters_that_would_give_wrong_codes_are_refused() {
        for (secret, digits, period) in [("", 6, 30), ("AAAA", 5, 30), ("AAAA", 6, 0), ("not base64!", 6, 30)]
        {
            let enrolling = enrolling();
            let totp = TotpSecret { secret: secret.into(), digits, period };
            let totp = serde_json::to_vec(&totp).unwrap();
            let totp = jwe::seal(&enrolling.request.encryption_key, &totp).unwrap();
            let reply = enrolling.service.sign_with_embedded_key(&Enrolled { totp, ..enrolling.enrolled() });
            assert_eq!(
                enrolling.finish(&reply).unwrap_err(),
                ReplyError::Untrusted,
                "{secret} {digits} {period}"
            );
        }
    }

    #[test]
    fn a_refused_ticket_is_told_under_the_pinned_key() {
        let enrolling = enrolling();
        let problem = Problem {
            re: enrolling.enrolled().re,
            time: NOW * 1000,
            code: ProblemCode::TicketExpired,
            outcome: None,
            retry_after: None,
        };
        let error = enrolling.finish(&enrolling.service.sign_with_embedded_key(&problem)).unwrap_err();
        assert!(matches!(error, ReplyError::Refused(refusal) if refusal.code == ProblemCode::TicketExpired));
    }

    #[test]
    fn the_request_is_the_same_bytes_after_a_restart() {
        let enrolling = enrolling();
        let folder = tempfile::tempdir().unwrap();
        let slot = NewSlot::from_recovery_code(&RecoveryCode::make_random());
        let vault = Vault::create(&folder.path().join("vault.db"), &[slot]).unwrap();
        vault.transaction(|tx| tx.insert(enrolling.pending.account, &enrolling.pending)).unwrap();
        let restored: PendingEnrolment = vault.get(enrolling.pending.account).unwrap().unwrap();
        assert_eq!(restored.exchange().body(), enrolling.exchange.body());
        let reply = enrolling.service.sign_with_embedded_key(&enrolling.enrolled());
        assert!(restored.finish(&restored.exchange(), &reply).is_ok());
    }
}
