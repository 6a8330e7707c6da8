//! Opening other apps' encrypted exports. Every cost that a file asks for is bounded before anything is allocated.

use std::num::NonZeroU32;

use aes::Aes256;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, KeyIvInit, StreamCipher, StreamCipherSeek};
pub(super) use argon2::Algorithm as Variant;
use argon2::{Argon2, Block, Params, Version};
use chacha20::{ChaCha20, R20, hchacha};
use poly1305::Poly1305;
use poly1305::universal_hash::KeyInit;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::pbkdf2;
use zeroize::{Zeroize, Zeroizing};

use super::{ImportError, ImportFormat};
use countersign_otp::Secret;

/// A key of 256 bits. Wiped on drop.
pub type Key = Zeroizing<[u8; 32]>;

/// The most that any app lets people choose (Bitwarden).
const MAX_PBKDF2_ITERATIONS: u64 = 2_000_000;
/// libsodium's SENSITIVE, which Ente Auth asks for.
const MAX_MEMORY_KIB: u64 = 1024 * 1024;
/// Passes times memory: some seconds on a phone.
const MAX_ARGON2_WORK_KIB: u64 = 4 * 1024 * 1024;
const MAX_SCRYPT_BYTES: u64 = 256 * 1024 * 1024;

/// PBKDF2 (RFC 8018, section 5.2) to 256 bits.
pub(super) fn pbkdf2(
    format: ImportFormat,
    algorithm: pbkdf2::Algorithm,
    password: &Secret,
    salt: &[u8],
    iterations: u64,
) -> Result<Key, ImportError> {
    if iterations > MAX_PBKDF2_ITERATIONS {
        return Err(ImportError::TooCostly(format));
    }
    let iterations = u32::try_from(iterations).ok().and_then(NonZeroU32::new).ok_or(ImportError::Damaged)?;
    let mut key = Zeroizing::new([0; 32]);
    pbkdf2::derive(algorithm, iterations, salt, password.expose(), &mut *key);
    Ok(key)
}

/// The cost of Argon2id.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "RFC 9106 has these three")]
pub struct Argon2Cost {
    /// Memory, in KiB.
    pub memory_kib: u64,
    /// Passes over it.
    pub passes: u64,
    /// Lanes that could run side by side.
    pub lanes: u64,
}

/// Argon2id 1.3 (RFC 9106) to 256 bits, for a file of `format`.
///
/// # Errors
///
/// [`ImportError::TooCostly`] for more than any app asks for, before anything is allocated; [`ImportError::OutOfMemory`].
pub fn argon2id(
    format: ImportFormat,
    password: &Secret,
    salt: &[u8],
    cost: Argon2Cost,
) -> Result<Key, ImportError> {
    argon2(format, Variant::Argon2id, password, salt, cost)
}

/// Argon2 1.3 (RFC 9106) to 256 bits.
pub(super) fn argon2(
    format: ImportFormat,
    variant: Variant,
    password: &Secret,
    salt: &[u8],
    cost: Argon2Cost,
) -> Result<Key, ImportError> {
    let Argon2Cost { memory_kib, passes, lanes } = cost;
    if memory_kib > MAX_MEMORY_KIB
        || passes.checked_mul(memory_kib).is_none_or(|work| work > MAX_ARGON2_WORK_KIB)
        || lanes > 16
    {
        return Err(ImportError::TooCostly(format));
    }
    let narrow = |value: u64| u32::try_from(value).map_err(|_| ImportError::Damaged);
    let params = Params::new(narrow(memory_kib)?, narrow(passes)?, narrow(lanes)?, Some(32))
        .map_err(|_| ImportError::Damaged)?;
    let mut memory = Memory(Vec::new());
    memory.0.try_reserve_exact(params.block_count()).map_err(|_| ImportError::OutOfMemory)?;
    memory.0.resize(params.block_count(), Block::default());
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(variant, Version::V0x13, params)
        .hash_password_into_with_memory(password.expose(), salt, &mut *key, &mut memory.0)
        .map_err(|_| ImportError::Damaged)?;
    Ok(key)
}

struct Memory(Vec<Block>);

impl Drop for Memory {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(Zeroize::zeroize);
    }
}

/// scrypt (RFC 7914) to 256 bits.
pub(super) fn scrypt(
    format: ImportFormat,
    password: &Secret,
    salt: &[u8],
    [n, r, p]: [u64; 3],
) -> Result<Key, ImportError> {
    let bytes = n.checked_mul(r).and_then(|blocks| blocks.checked_mul(128));
    if bytes.and_then(|bytes| bytes.checked_mul(p)).is_none_or(|work| work > MAX_SCRYPT_BYTES) {
        return Err(ImportError::TooCostly(format));
    }
    let log_n = n.is_power_of_two().then(|| n.trailing_zeros()).and_then(|log| u8::try_from(log).ok());
    let narrow = |value: u64| u32::try_from(value).map_err(|_| ImportError::Damaged);
    let params = scrypt::Params::new(log_n.ok_or(ImportError::Damaged)?, narrow(r)?, narrow(p)?)
        .map_err(|_| ImportError::Damaged)?;
    let mut key = Zeroizing::new([0; 32]);
    scrypt::scrypt(password.expose(), salt, &params, &mut *key).map_err(|_| ImportError::Damaged)?;
    Ok(key)
}

/// AES-256-GCM; `sealed` ends in the tag. Nothing if it doesn't open.
pub(super) fn open_gcm(key: &[u8], nonce: &[u8], aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?);
    let mut bytes = Zeroizing::new(sealed.to_vec());
    let length = key.open_in_place(nonce, Aad::from(aad), &mut bytes).ok()?.len();
    bytes.truncate(length);
    Some(bytes)
}

/// AES-256-CBC with PKCS #7 padding. It proves nothing about who wrote the text.
pub(super) fn open_cbc(key: &[u8; 32], iv: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let decryptor = cbc::Decryptor::<Aes256>::new_from_slices(key, iv).ok()?;
    let mut bytes = Zeroizing::new(sealed.to_vec());
    let length = decryptor.decrypt_padded::<Pkcs7>(&mut bytes).ok()?.len();
    bytes.truncate(length);
    Some(bytes)
}

/// The one message of libsodium's `crypto_secretstream_xchacha20poly1305` that is a whole export.
///
/// Its tag is that of a stream's last message, or that of any message: until November 2025 Ente's app wrote a stream of
/// two, and kept the first without the empty last one. Neither can be cut or continued unnoticed, since the MAC covers the
/// whole message and what follows it would be a part of that.
///
/// The MAC pads the text otherwise than RFC 8439 does, so no ready-made AEAD opens it.
pub(super) fn open_secretstream(key: &[u8; 32], header: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    const BLOCK: usize = 64;
    const TAGS: [u8; 2] = [0, 3];
    let (salt, inner): (&[u8; 16], &[u8; 8]) = match header.split_first_chunk::<16>() {
        Some((salt, inner)) => (salt, inner.try_into().ok()?),
        None => return None,
    };
    let (&tag, rest) = sealed.split_first()?;
    let (text, mac) = rest.split_last_chunk::<16>()?;

    let subkey = Zeroizing::new(hchacha::<R20>(key.into(), salt.into()));
    let mut nonce = [0; 12];
    nonce[0] = 1;
    nonce[4..].copy_from_slice(inner);
    let mut stream = ChaCha20::new(&subkey, &nonce.into());
    let mut mac_key = Zeroizing::new([0; BLOCK]);
    stream.apply_keystream(&mut *mac_key);

    // The tag fills a block of its own, of which the first byte is sent.
    let mut tag_block = [0; BLOCK];
    tag_block[0] = tag;
    stream.apply_keystream(&mut tag_block);
    let opened_tag = std::mem::replace(&mut tag_block[0], tag);

    let mut authenticated = tag_block.to_vec();
    authenticated.extend_from_slice(text);
    authenticated.resize(authenticated.len() + text.len() % 16, 0);
    authenticated.extend_from_slice(&0_u64.to_le_bytes());
    authenticated.extend_from_slice(&u64::try_from(BLOCK + text.len()).ok()?.to_le_bytes());
    let mac_key: [u8; 32] = mac_key[..32].try_into().ok()?;
    let expected = Poly1305::new(&mac_key.into()).compute_unpadded(&authenticated);
    let authentic: bool = subtle::ConstantTimeEq::ct_eq(expected.as_slice(), mac.as_slice()).into();
    if !authentic || !TAGS.contains(&opened_tag) {
        return None;
    }
    let mut bytes = Zeroizing::new(text.to_vec());
    stream.seek(2 * BLOCK);
    stream.apply_keystream(&mut bytes);
    Some(bytes)
}
