//! The encrypted container: Argon2id, HKDF-SHA256, and AES-256-GCM in chunks. `docs/backup.md` has it byte for byte.
//!
//! ```text
//! magic (8) | version (1) | memory KiB (4) | passes (4) | lanes (1) | salt (16) | file salt (16) | chunks
//! ```
//!
//! Each chunk is up to 64 KiB of text and its tag; its nonce counts the chunks and marks the last one (the STREAM
//! construction), and its additional data is the header. So chunks can be written and read one after the other, and
//! none can be altered, moved, or cut off unnoticed.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use zeroize::Zeroizing;

use super::{Argon2Cost, ImportError, ImportFormat, argon2id};
use countersign_otp::Secret;

const MAGIC: &[u8; 8] = b"CSGNBKUP";
const VERSION: u8 = 1;
const HEADER_LEN: usize = 8 + 1 + 4 + 4 + 1 + 16 + 16;
const CHUNK_LEN: usize = 64 * 1024;
const TAG_LEN: usize = 16;
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u8 = 1;
const FORMAT: ImportFormat = ImportFormat::Countersign;

/// Whether these bytes begin as a backup of Countersign does.
#[must_use]
pub fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Encrypts a backup with a password, under salts of its own.
///
/// # Errors
///
/// [`ImportError::OutOfMemory`]; [`ImportError::TooMuch`] for more chunks than can be counted.
pub fn seal(text: &[u8], password: &Secret) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    let mut header = Vec::with_capacity(HEADER_LEN);
    header.extend_from_slice(MAGIC);
    header.push(VERSION);
    header.extend_from_slice(&MEMORY_KIB.to_be_bytes());
    header.extend_from_slice(&PASSES.to_be_bytes());
    header.push(LANES);
    header.extend_from_slice(Secret::make_random(32).expose());
    let key = derive(&header, password)?;

    let count = text.len().div_ceil(CHUNK_LEN).max(1);
    let mut sealed = Zeroizing::new(Vec::with_capacity(HEADER_LEN + text.len() + count * TAG_LEN));
    sealed.extend_from_slice(&header);
    for index in 0..count {
        let start = index * CHUNK_LEN;
        let chunk = text.get(start..text.len().min(start + CHUNK_LEN)).unwrap_or_default();
        let mut chunk = Zeroizing::new(chunk.to_vec());
        let nonce = nonce(index, index + 1 == count).ok_or(ImportError::TooMuch)?;
        let tag = key
            .seal_in_place_separate_tag(nonce, Aad::from(&header), &mut chunk)
            .map_err(|_| ImportError::TooMuch)?;
        sealed.extend_from_slice(&chunk);
        sealed.extend_from_slice(tag.as_ref());
    }
    Ok(sealed)
}

/// Decrypts all of a backup.
///
/// # Errors
///
/// [`ImportError::PasswordNeeded`], [`ImportError::WrongPassword`], [`ImportError::Damaged`], [`ImportError::UnknownVersion`],
/// [`ImportError::TooCostly`], [`ImportError::OutOfMemory`].
pub fn open(bytes: &[u8], password: Option<&Secret>) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    let (header, body) = bytes.split_at_checked(HEADER_LEN).ok_or(ImportError::Damaged)?;
    let key = derive(header, password.ok_or(ImportError::PasswordNeeded(FORMAT))?)?;
    let mut chunks = body.chunks(CHUNK_LEN + TAG_LEN).enumerate().peekable();
    let mut text = Zeroizing::new(Vec::with_capacity(body.len()));
    while let Some((index, chunk)) = chunks.next() {
        let mut chunk = Zeroizing::new(chunk.to_vec());
        let nonce = nonce(index, chunks.peek().is_none()).ok_or(ImportError::Damaged)?;
        let opened = key.open_in_place(nonce, Aad::from(header), &mut chunk);
        // What opens the first chunk is the right key, so anything wrong after it is damage. One chunk can't tell.
        let error = if index == 0 { ImportError::WrongPassword(FORMAT) } else { ImportError::Damaged };
        text.extend_from_slice(opened.map_err(|_| error)?);
    }
    if body.is_empty() { Err(ImportError::Damaged) } else { Ok(text) }
}

fn derive(header: &[u8], password: &Secret) -> Result<LessSafeKey, ImportError> {
    let rest = header.strip_prefix(MAGIC).ok_or(ImportError::Damaged)?;
    let (&version, rest) = rest.split_first().ok_or(ImportError::Damaged)?;
    if version != VERSION {
        return Err(ImportError::UnknownVersion(FORMAT));
    }
    let (memory, rest) = rest.split_first_chunk::<4>().ok_or(ImportError::Damaged)?;
    let (passes, rest) = rest.split_first_chunk::<4>().ok_or(ImportError::Damaged)?;
    let (&lanes, rest) = rest.split_first().ok_or(ImportError::Damaged)?;
    let (salt, file_salt) = rest.split_at_checked(16).ok_or(ImportError::Damaged)?;
    let cost = Argon2Cost {
        memory_kib: u32::from_be_bytes(*memory).into(),
        passes: u32::from_be_bytes(*passes).into(),
        lanes: lanes.into(),
    };
    let password_key = argon2id(FORMAT, password, salt, cost)?;
    let mut key = Zeroizing::new([0; 32]);
    let prk = Salt::new(HKDF_SHA256, file_salt).extract(&*password_key);
    let filled = prk.expand(&[b"countersign backup v1"], HKDF_SHA256).and_then(|okm| okm.fill(&mut *key));
    let key = filled.and_then(|()| UnboundKey::new(&AES_256_GCM, &*key));
    key.map(LessSafeKey::new).map_err(|_| ImportError::Damaged)
}

/// Seven zero bytes, the chunk's number, and whether it is the last one. The key is the file's own.
fn nonce(index: usize, is_last: bool) -> Option<Nonce> {
    let mut nonce = [0; 12];
    nonce[7..11].copy_from_slice(&u32::try_from(index).ok()?.to_be_bytes());
    nonce[11] = is_last.into();
    Some(Nonce::assume_unique_for_key(nonce))
}
