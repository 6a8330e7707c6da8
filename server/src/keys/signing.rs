//! The P-256 keys that the service signs with.
//!
//! Devices pin one of the device-facing keys; after a rotation the old ones are kept, since devices that haven't
//! heard of the change yet still ask for them. Assertions are signed by a key of their own.

use std::collections::HashMap;
use std::sync::Arc;

use countersign_protocol::jws::{Message, Unsigned};
use countersign_protocol::{Jwk, ProtocolError, Thumbprint};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use zeroize::Zeroizing;

use super::SealError;
use crate::time::Time;

/// One signing key.
pub(crate) struct SigningKey {
    pair: EcdsaKeyPair,
    public: Jwk,
    thumbprint: Thumbprint,
    random: SystemRandom,
    /// When it was made: the `iat` of the change to it.
    pub(crate) created: Time,
}

/// All signing keys that the service has.
pub(crate) struct KeyRing {
    current: Arc<SigningKey>,
    device_facing: HashMap<Thumbprint, Arc<SigningKey>>,
    assertion: Arc<SigningKey>,
}

impl SigningKey {
    /// Makes a new key: its PKCS #8 document, to be sealed.
    pub(crate) fn make_pkcs8() -> Result<Zeroizing<Vec<u8>>, SealError> {
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .map(|document| Zeroizing::new(document.as_ref().to_vec()))
            .map_err(|_| SealError)
    }

    pub(crate) fn from_pkcs8(document: &[u8], created: Time) -> Result<Self, SealError> {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document, &random)
            .map_err(|_| SealError)?;
        let public = Jwk::from_point(pair.public_key().as_ref()).map_err(|_| SealError)?;
        Ok(Self { pair, public, thumbprint: public.thumbprint(), random, created })
    }

    pub(crate) const fn public(&self) -> &Jwk {
        &self.public
    }

    pub(crate) const fn thumbprint(&self) -> Thumbprint {
        self.thumbprint
    }

    /// Signs `message` as compact JWS.
    pub(crate) fn sign<M: Message>(&self, message: &M) -> Result<String, ProtocolError> {
        self.finish(Unsigned::new(message, self.thumbprint)?)
    }

    /// Signs `message` with the public half in the header, for a device that knows no more of it than its thumbprint.
    pub(crate) fn sign_embedded<M: Message>(&self, message: &M) -> Result<String, ProtocolError> {
        self.finish(Unsigned::with_embedded_key(message, &self.public)?)
    }

    fn finish(&self, unsigned: Unsigned) -> Result<String, ProtocolError> {
        const FAILED: ProtocolError = ProtocolError::Malformed("signature");
        let signature = self.pair.sign(&self.random, unsigned.signing_input()).map_err(|_| FAILED)?;
        Ok(unsigned.finish(signature.as_ref().try_into().map_err(|_| FAILED)?))
    }
}

impl KeyRing {
    /// The ring with these device-facing keys, oldest first. There is at least one in any database.
    pub(crate) fn new(device_facing: Vec<SigningKey>, assertion: SigningKey) -> Result<Self, SealError> {
        let device_facing: Vec<_> = device_facing.into_iter().map(Arc::new).collect();
        let current = device_facing.last().map(Arc::clone).ok_or(SealError)?;
        let device_facing = device_facing.into_iter().map(|key| (key.thumbprint, key)).collect();
        Ok(Self { current, device_facing, assertion: Arc::new(assertion) })
    }

    /// The key that new enrolments pin.
    pub(crate) const fn current(&self) -> &Arc<SigningKey> {
        &self.current
    }

    /// The device-facing key of this name, if the service has it.
    pub(crate) fn device_facing(&self, thumbprint: &Thumbprint) -> Option<&Arc<SigningKey>> {
        self.device_facing.get(thumbprint)
    }

    /// The key of the JWKS.
    pub(crate) const fn assertion(&self) -> &Arc<SigningKey> {
        &self.assertion
    }

    pub(crate) fn len(&self) -> usize {
        self.device_facing.len() + 1
    }
}

#[cfg(test)]
mod tests {
    use countersign_protocol::Id;
    use countersign_protocol::jws;
    use countersign_protocol::messages::KeyChange;

    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_pkcs8(&SigningKey::make_pkcs8().unwrap(), Time::from_seconds(1)).unwrap()
    }

    #[test]
    fn what_a_key_signs_verifies_under_its_public_half() {
        let (key, next) = (key(), key());
        let compact = key.sign(&KeyChange { key: *next.public(), iat: 1 }).unwrap();
        let change: KeyChange = jws::verify(&compact, key.public()).unwrap();
        assert_eq!(change.key.thumbprint(), next.thumbprint());
        assert!(jws::verify::<KeyChange>(&compact, next.public()).is_err());
    }

    #[test]
    fn the_last_key_is_the_current_one_and_the_others_stay() {
        let (old, new, assertion) = (key(), key(), key());
        let names = (old.thumbprint(), new.thumbprint(), assertion.thumbprint());
        let ring = KeyRing::new(vec![old, new], assertion).unwrap();
        assert_eq!(ring.current().thumbprint(), names.1);
        assert!(ring.device_facing(&names.0).is_some());
        assert!(ring.device_facing(&names.2).is_none(), "the assertion's key is none that devices may pin");
    }

    #[test]
    fn damaged_documents_are_refused() {
        let document = SigningKey::make_pkcs8().unwrap();
        assert!(SigningKey::from_pkcs8(&document[1..], Time::from_seconds(1)).is_err());
        assert!(SigningKey::from_pkcs8(Id::make_random().as_bytes(), Time::from_seconds(1)).is_err());
    }
}
