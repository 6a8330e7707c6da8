//! The approval service that carries a move's sealed parts, as the old phone's acceptance names it.

use countersign_protocol::{ServiceUrl, Thumbprint};
use serde::{Deserialize, Serialize};

use super::TransferError;

/// A service that carries the sealed parts. It can't read them, and what it says is believed as little as a camera.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Relay {
    /// Where it is: for both phones to tell their owner.
    pub service: ServiceUrl,
    /// Its signing key.
    pub service_key: Thumbprint,
}

impl Relay {
    /// Longest address, in bytes: with it the code is as large as one of the accounts.
    pub const MAX_ADDRESS_BYTES: usize = 255;

    /// Nothing if the address is too long to be named in a code.
    pub(crate) fn new(service: ServiceUrl, service_key: Thumbprint) -> Option<Self> {
        (service.to_string().len() <= Self::MAX_ADDRESS_BYTES).then_some(Self { service, service_key })
    }

    /// `service key's thumbprint (32) | address`, as it ends the acceptance.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.service_key.as_bytes().to_vec();
        bytes.extend_from_slice(self.service.to_string().as_bytes());
        bytes
    }

    /// Has one reading: an address that would be written otherwise is refused.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, TransferError> {
        let (key, address) = bytes.split_first_chunk::<32>().ok_or(TransferError::BadCode)?;
        if address.len() > Self::MAX_ADDRESS_BYTES {
            return Err(TransferError::BadCode);
        }
        let address = str::from_utf8(address).map_err(|_| TransferError::BadCode)?;
        let service: ServiceUrl = address.parse().map_err(|_| TransferError::BadRelay)?;
        if service.to_string() != address {
            return Err(TransferError::BadRelay);
        }
        Ok(Self { service, service_key: Thumbprint::from_bytes(*key) })
    }
}
