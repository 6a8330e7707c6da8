//! Changes in the device's own life cycle.

use countersign_protocol::jws::Unsigned;
use countersign_protocol::messages::{Change, DeviceChange};
use countersign_protocol::{Id, ProtocolError};

use super::Binding;

/// The change, to be signed by the device key.
pub(crate) fn change_request(
    binding: &Binding,
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
