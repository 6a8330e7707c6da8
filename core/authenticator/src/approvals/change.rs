//! Changes in the device's own life cycle.

use countersign_protocol::jws::Unsigned;
use countersign_protocol::limits::MAX_WAKE_UP_BYTES;
use countersign_protocol::messages::{Change, DeviceChange, Relay, RelayAct, Replace, WakeUp};
use countersign_protocol::{Id, MailboxId, ProtocolError};

use super::NativeBinding;

/// The change, to be signed by the device key.
pub(crate) fn change_request(
    binding: &NativeBinding,
    change: DeviceChange,
    now: u64,
) -> Result<Unsigned, ProtocolError> {
    let change = Change {
        aud: binding.service_key.thumbprint(),
        device: binding.device,
        jti: Id::make_random(),
        iat: now,
        change,
    };
    Unsigned::new(&change, binding.device_key)
}

/// That another device is to take this one's place, to be signed by the approval key.
pub(crate) fn replace_request(binding: &NativeBinding, now: u64) -> Result<Unsigned, ProtocolError> {
    let replace = Replace {
        aud: binding.service_key.thumbprint(),
        device: binding.device,
        jti: Id::make_random(),
        iat: now,
    };
    Unsigned::new(&replace, binding.approval_key)
}

/// What is done with a move's mailbox, to be signed by the device key.
pub(crate) fn relay_request(
    binding: &NativeBinding,
    mailbox: MailboxId,
    act: RelayAct,
    now: u64,
) -> Result<Unsigned, ProtocolError> {
    let relay = Relay {
        aud: binding.service_key.thumbprint(),
        device: binding.device,
        jti: Id::make_random(),
        iat: now,
        mailbox,
        act,
    };
    Unsigned::new(&relay, binding.device_key)
}

/// Whether a service could use this address. Anything else isn't worth being kept until the service refuses it.
pub(crate) fn is_usable(wake_up: &WakeUp) -> bool {
    let (address, scheme) = match wake_up {
        WakeUp::UnifiedPush { endpoint } => (endpoint, "https://"),
        WakeUp::Fcm { token } | WakeUp::Apns { token } => (token, ""),
    };
    let rest = address.strip_prefix(scheme);
    rest.is_some_and(|rest| !rest.is_empty()) && address.len() <= MAX_WAKE_UP_BYTES
}
