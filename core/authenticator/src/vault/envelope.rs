//! The envelope around every record, and the wiping buffers that plaintext passes through.
//!
//! ```text
//! version (1 byte) | nonce (12, random) | ciphertext | tag (16)       AES-256-GCM
//! additional data:   kind (1) | version (1) | record id (16)
//! ```
//!
//! An envelope therefore opens only in the row that it was made for. Random nonces under one key are safe for 2^32
//! envelopes of a kind (NIST SP 800-38D, section 8.3); a person would have to write one a second for 136 years.

use std::io;

use countersign_protocol::Id;
use ring::aead::{Aad, LessSafeKey, NONCE_LEN, Nonce};
use serde::Serialize;
use zeroize::Zeroizing;

use super::record::RecordKind;

/// Most bytes of a record before it is sealed.
pub const MAX_PAYLOAD_BYTES: usize = 64 * 1024;

/// Writes `payload` as MessagePack with named fields and seals it for one row.
pub(super) fn seal<T: Serialize>(
    key: &LessSafeKey,
    kind: RecordKind,
    id: Id,
    payload: &T,
) -> Result<Vec<u8>, TooLarge> {
    let nonce = make_nonce();
    let mut buffer = WipingBuffer::default();
    buffer.push(&[VERSION]);
    buffer.push(&nonce);
    rmp_serde::encode::write_named(&mut buffer, payload).map_err(|_| TooLarge)?;

    let mut envelope = buffer.0;
    let (_, payload) = envelope.split_at_mut(HEADER_LEN);
    let tag = key
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(additional_data(kind, id)),
            payload,
        )
        .map_err(|_| TooLarge)?;
    // What is left in the buffer is ciphertext.
    let mut sealed = std::mem::take(&mut *envelope);
    sealed.extend_from_slice(tag.as_ref());
    Ok(sealed)
}

/// Opens the envelope of one row into `plaintext` and returns the payload's bytes in it.
pub(super) fn open<'b>(
    key: &LessSafeKey,
    kind: RecordKind,
    id: Id,
    envelope: &[u8],
    plaintext: &'b mut OpenBuffer,
) -> Result<&'b [u8], BadEnvelope> {
    let (&[version], rest) = envelope.split_first_chunk::<1>().ok_or(BadEnvelope)?;
    let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>().ok_or(BadEnvelope)?;
    if version != VERSION {
        return Err(BadEnvelope);
    }
    let opened = key
        .open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(additional_data(kind, id)),
            plaintext.fill(sealed),
        )
        .map_err(|_| BadEnvelope)?;
    Ok(opened)
}

/// Random bytes for one nonce.
#[expect(clippy::expect_used, reason = "without the system's generator nothing can be sealed safely")]
pub(super) fn make_nonce() -> [u8; NONCE_LEN] {
    let mut nonce = [0; NONCE_LEN];
    getrandom::fill(&mut nonce).expect("the system's random generator works");
    nonce
}

/// The payload is larger than [`MAX_PAYLOAD_BYTES`].
#[derive(Debug)]
pub(super) struct TooLarge;

/// Altered, cut short, of an unknown version, or made for another row or under another key.
#[derive(Debug)]
pub(super) struct BadEnvelope;

/// A buffer to open envelopes in, one after the other; wiped when it grows and when it is dropped.
#[derive(Default)]
pub(super) struct OpenBuffer(Zeroizing<Vec<u8>>);

impl OpenBuffer {
    fn fill(&mut self, bytes: &[u8]) -> &mut [u8] {
        if self.0.capacity() < bytes.len() {
            self.0 = Zeroizing::new(Vec::with_capacity(bytes.len().next_power_of_two()));
        }
        self.0.clear();
        self.0.extend_from_slice(bytes);
        &mut self.0
    }
}

/// A growing buffer that leaves no unwiped copy behind when it moves.
#[derive(Default)]
struct WipingBuffer(Zeroizing<Vec<u8>>);

impl WipingBuffer {
    fn push(&mut self, bytes: &[u8]) {
        let length = self.0.len() + bytes.len();
        if self.0.capacity() < length + TAG_LEN {
            let capacity = (length + TAG_LEN).next_power_of_two().max(512);
            let mut larger = Zeroizing::new(Vec::with_capacity(capacity));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
    }
}

impl io::Write for WipingBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() - HEADER_LEN + bytes.len() > MAX_PAYLOAD_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.push(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn additional_data(kind: RecordKind, id: Id) -> [u8; 18] {
    let mut data = [0; 18];
    data[0] = kind.number();
    data[1] = VERSION;
    data[2..].copy_from_slice(id.as_bytes());
    data
}

const VERSION: u8 = 1;
const HEADER_LEN: usize = 1 + NONCE_LEN;
const TAG_LEN: usize = 16;

#[cfg(test)]
mod tests {
    use ring::aead::{AES_256_GCM, UnboundKey};

    use super::*;

    fn key(byte: u8) -> LessSafeKey {
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[byte; 32]).unwrap())
    }

    const ID: Id = Id::from_bytes([7; 16]);

    fn sealed() -> Vec<u8> {
        seal(&key(1), RecordKind::Account, ID, &"ward").unwrap()
    }

    fn opens(key: &LessSafeKey, kind: RecordKind, id: Id, envelope: &[u8]) -> bool {
        open(key, kind, id, envelope, &mut OpenBuffer::default()).is_ok()
    }

    #[test]
    fn an_envelope_opens_to_the_messagepack_that_was_sealed() {
        let mut buffer = OpenBuffer::default();
        let payload = open(&key(1), RecordKind::Account, ID, &sealed(), &mut buffer).unwrap();
        assert_eq!(payload, b"\xa4ward");
    }

    #[test]
    fn every_envelope_has_its_own_nonce() {
        assert_ne!(sealed(), sealed());
    }

    #[test]
    fn another_key_kind_or_identifier_does_not_open_it() {
        assert!(opens(&key(1), RecordKind::Account, ID, &sealed()));
        assert!(!opens(&key(2), RecordKind::Account, ID, &sealed()));
        assert!(!opens(&key(1), RecordKind::DeviceKey, ID, &sealed()));
        assert!(!opens(&key(1), RecordKind::Account, Id::from_bytes([8; 16]), &sealed()));
    }

    #[test]
    fn no_flipped_bit_and_no_shorter_envelope_opens() {
        let sealed = sealed();
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(!opens(&key(1), RecordKind::Account, ID, &flipped), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(!opens(&key(1), RecordKind::Account, ID, &sealed[..length]), "{length} bytes");
        }
    }

    #[test]
    fn payloads_are_bounded() {
        let fits = "x".repeat(MAX_PAYLOAD_BYTES - 3);
        let too_large = "x".repeat(MAX_PAYLOAD_BYTES - 2);
        assert!(seal(&key(1), RecordKind::Account, ID, &fits).is_ok());
        assert!(seal(&key(1), RecordKind::Account, ID, &too_large).is_err());
    }
}
