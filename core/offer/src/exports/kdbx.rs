//! KeePass databases (KDBX 3.1 and 4), as far as their password and content. Described at keepass.info, "KDBX file format".
//!
//! Everything that a file asks for is bounded before it is spent. Of version 4 nothing is decrypted before its MAC was
//! checked; version 3 has none, and tells a wrong password by what comes out.

use std::collections::HashMap;
use std::io::Read;

use aes::Aes256;
use aes::cipher::{BlockCipherEncrypt, KeyInit, KeyIvInit, StreamCipher};
use chacha20::ChaCha20;
use flate2::read::GzDecoder;
use ring::digest::{SHA256, SHA512, digest};
use ring::hmac;
use salsa20::Salsa20;
use zeroize::Zeroizing;

use super::crypto::{Argon2Cost, Key, Variant, argon2, open_cbc};
use super::{Import, ImportError, ImportFormat};
use countersign_otp::Secret;

pub(super) const MAGIC: &[u8] = b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5";
const FORMAT: ImportFormat = ImportFormat::KeePass;

const CIPHER_AES: &[u8] = b"\x31\xc1\xf2\xe6\xbf\x71\x43\x50\xbe\x58\x05\x21\x6a\xfc\x5a\xff";
const CIPHER_CHACHA20: &[u8] = b"\xd6\x03\x8a\x2b\x8b\x6f\x4c\xb5\xa5\x24\x33\x9a\x31\xdb\xb5\x9a";
const KDF_AES_3: &[u8] = b"\xc9\xd9\xf3\x9a\x62\x8a\x44\x60\xbf\x74\x0d\x08\xc1\x8a\x4f\xea";
const KDF_AES_4: &[u8] = b"\x7c\x02\xbb\x82\x79\xa7\x4a\xc0\x92\x7d\x11\x4a\x00\x64\x82\x38";
const KDF_ARGON2D: &[u8] = b"\xef\x63\x6d\xdf\x8c\x29\x44\x4b\x91\xf7\xa9\xa4\x03\xe3\x0a\x0c";
const KDF_ARGON2ID: &[u8] = b"\x9e\x29\x8b\x19\x56\xdb\x47\x73\xb2\x3d\xfc\x3e\xc6\xf0\xa1\xe6";
const SALSA20_NONCE: [u8; 8] = [0xe8, 0x30, 0x09, 0x4b, 0x97, 0x20, 0x5d, 0x2a];

/// Some seconds; KeePass sets what takes one second on the computer of its owner.
const MAX_AES_ROUNDS: u64 = 100_000_000;
/// Attachments are in it, too.
const MAX_CONTENT_BYTES: usize = 2 * Import::MAX_FILE_BYTES;

/// The XML document of a database, and the stream that its protected values are encrypted with.
pub(super) struct Content {
    pub(super) xml: Zeroizing<Vec<u8>>,
    pub(super) protection: Protection,
}

/// The stream that protected values are encrypted with, one after the other.
pub(super) enum Protection {
    Salsa20(Box<Salsa20>),
    ChaCha20(Box<ChaCha20>),
}

impl Protection {
    fn new(kind: u32, key: &[u8]) -> Result<Self, ImportError> {
        let damaged = |_| ImportError::Damaged;
        match kind {
            2 => {
                let key = digest(&SHA256, key);
                Salsa20::new_from_slices(key.as_ref(), &SALSA20_NONCE)
                    .map(Box::new)
                    .map(Self::Salsa20)
                    .map_err(damaged)
            }
            3 => {
                let digest = digest(&SHA512, key);
                let (key, rest) = digest.as_ref().split_at_checked(32).ok_or(ImportError::Damaged)?;
                let nonce = rest.get(..12).ok_or(ImportError::Damaged)?;
                ChaCha20::new_from_slices(key, nonce).map(Box::new).map(Self::ChaCha20).map_err(damaged)
            }
            _ => Err(ImportError::UnknownEncryption(FORMAT)),
        }
    }

    pub(super) fn apply(&mut self, bytes: &mut [u8]) -> Result<(), ImportError> {
        let applied = match self {
            Self::Salsa20(stream) => stream.try_apply_keystream(bytes),
            Self::ChaCha20(stream) => stream.try_apply_keystream(bytes),
        };
        applied.map_err(|_| ImportError::TooMuch)
    }
}

/// Opens a database.
pub(super) fn open(file: &[u8], password: &Secret) -> Result<Content, ImportError> {
    let mut reader = Reader(file);
    reader.expect(MAGIC)?;
    let (_minor, major) = (reader.u16()?, reader.u16()?);
    let is_new = match major {
        3 => false,
        4 => true,
        version if version > 4 => return Err(ImportError::UnknownVersion(FORMAT)),
        _ => return Err(ImportError::OldVersion(FORMAT)),
    };
    let fields = reader.fields(if is_new { Width::Four } else { Width::Two })?;
    let header_len = file.len() - reader.0.len();
    let header = file.get(..header_len).ok_or(ImportError::Damaged)?;
    let field = |id: u8| fields.get(&id).copied().ok_or(ImportError::Damaged);

    let password = digest(&SHA256, password.expose());
    let composite = Secret::from(digest(&SHA256, password.as_ref()).as_ref());
    let transformed = if is_new {
        derive(&Parameters::read(field(11)?)?, &composite)?
    } else {
        aes_kdf(field(5)?, u64_of(field(6)?)?, &composite)?
    };
    let seed = field(4)?;
    let key = sha256(&[seed, &*transformed]);

    let sealed = if is_new {
        Zeroizing::new(checked_blocks(reader, header, seed, &*transformed)?)
    } else {
        Zeroizing::new(reader.0.to_vec())
    };
    let opened = match field(2)? {
        cipher if cipher == CIPHER_AES => open_cbc(&key, field(7)?, &sealed),
        cipher if cipher == CIPHER_CHACHA20 => {
            let stream = ChaCha20::new_from_slices(&*key, field(7)?);
            let mut bytes = sealed.clone();
            stream.ok().and_then(|mut stream| stream.try_apply_keystream(&mut bytes).ok()).map(|()| bytes)
        }
        _ => return Err(ImportError::UnknownEncryption(FORMAT)),
    };
    let content = if is_new {
        opened.ok_or(ImportError::Damaged)?
    } else {
        let opened = opened.ok_or(ImportError::WrongPassword(FORMAT))?;
        let content = opened.strip_prefix(field(9)?).ok_or(ImportError::WrongPassword(FORMAT))?;
        hashed_blocks(Reader(content))?
    };
    let content = match u32_of(field(3)?)? {
        0 => content,
        1 => inflate(&content)?,
        _ => return Err(ImportError::UnknownEncryption(FORMAT)),
    };
    if !is_new {
        let protection = Protection::new(u32_of(field(10)?)?, field(8)?)?;
        return Ok(Content { xml: content, protection });
    }
    let mut reader = Reader(&content);
    let inner = reader.fields(Width::Four)?;
    let field = |id: u8| inner.get(&id).copied().ok_or(ImportError::Damaged);
    let protection = Protection::new(u32_of(field(1)?)?, field(2)?)?;
    Ok(Content { xml: Zeroizing::new(reader.0.to_vec()), protection })
}

/// What the key derivation of version 4 asks for: a dictionary of typed values.
struct Parameters<'a>(HashMap<&'a [u8], &'a [u8]>);

impl<'a> Parameters<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, ImportError> {
        let mut reader = Reader(bytes);
        reader.u16()?;
        let mut values = HashMap::new();
        while reader.take(1)? != [0] {
            let name = reader.sized()?;
            values.insert(name, reader.sized()?);
        }
        Ok(Self(values))
    }

    fn bytes(&self, name: &str) -> Result<&'a [u8], ImportError> {
        self.0.get(name.as_bytes()).copied().ok_or(ImportError::Damaged)
    }
}

fn derive(parameters: &Parameters<'_>, composite: &Secret) -> Result<Key, ImportError> {
    let salt = parameters.bytes("S")?;
    let variant = match parameters.bytes("$UUID")? {
        kdf if kdf == KDF_AES_3 || kdf == KDF_AES_4 => {
            return aes_kdf(salt, u64_of(parameters.bytes("R")?)?, composite);
        }
        kdf if kdf == KDF_ARGON2D => Variant::Argon2d,
        kdf if kdf == KDF_ARGON2ID => Variant::Argon2id,
        _ => return Err(ImportError::UnknownEncryption(FORMAT)),
    };
    if u32_of(parameters.bytes("V")?)? != 0x13 {
        return Err(ImportError::UnknownEncryption(FORMAT));
    }
    let cost = Argon2Cost {
        memory_kib: u64_of(parameters.bytes("M")?)? / 1024,
        passes: u64_of(parameters.bytes("I")?)?,
        lanes: u32_of(parameters.bytes("P")?)?.into(),
    };
    argon2(FORMAT, variant, composite, salt, cost)
}

fn aes_kdf(seed: &[u8], rounds: u64, composite: &Secret) -> Result<Key, ImportError> {
    if rounds > MAX_AES_ROUNDS {
        return Err(ImportError::TooCostly(FORMAT));
    }
    let cipher = Aes256::new_from_slice(seed).map_err(|_| ImportError::Damaged)?;
    let mut halves = Zeroizing::new([[0; 16]; 2]);
    for (half, bytes) in halves.iter_mut().zip(composite.expose().chunks_exact(16)) {
        half.copy_from_slice(bytes);
        for _ in 0..rounds {
            cipher.encrypt_block(half.into());
        }
    }
    Ok(sha256(&[halves.as_flattened()]))
}

/// The blocks of version 4, each of which has a MAC; the header has one, too, by which the password is told.
fn checked_blocks(
    mut reader: Reader<'_>,
    header: &[u8],
    seed: &[u8],
    transformed: &[u8],
) -> Result<Vec<u8>, ImportError> {
    let base = digest(&SHA512, &Zeroizing::new([seed, transformed, &[1]].concat()));
    let key = |index: u64| {
        let key = digest(&SHA512, &Zeroizing::new([&index.to_le_bytes(), base.as_ref()].concat()));
        hmac::Key::new(hmac::HMAC_SHA256, key.as_ref())
    };
    reader.expect(&*sha256(&[header]))?;
    let mac = reader.take(32)?;
    hmac::verify(&key(u64::MAX), header, mac).map_err(|_| ImportError::WrongPassword(FORMAT))?;
    let mut content = Vec::new();
    for index in 0_u64.. {
        let mac = reader.take(32)?;
        let block = reader.sized()?;
        let length = u32::try_from(block.len()).map_err(|_| ImportError::Damaged)?;
        let signed = [&index.to_le_bytes()[..], &length.to_le_bytes(), block].concat();
        hmac::verify(&key(index), &signed, mac).map_err(|_| ImportError::Damaged)?;
        if block.is_empty() {
            break;
        }
        content.extend_from_slice(block);
    }
    Ok(content)
}

/// The blocks of version 3, each of which has a hash.
fn hashed_blocks(mut reader: Reader<'_>) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    let mut content = Zeroizing::new(Vec::new());
    loop {
        reader.take(4)?;
        let hash = reader.take(32)?;
        let block = reader.sized()?;
        if block.is_empty() {
            return Ok(content);
        }
        if digest(&SHA256, block).as_ref() != hash {
            return Err(ImportError::Damaged);
        }
        content.extend_from_slice(block);
    }
}

fn inflate(content: &[u8]) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    let limit = u64::try_from(MAX_CONTENT_BYTES).map_err(|_| ImportError::TooMuch)?;
    let mut inflated = Zeroizing::new(Vec::new());
    let read = GzDecoder::new(content).take(limit + 1).read_to_end(&mut inflated);
    read.map_err(|_| ImportError::Damaged)?;
    if inflated.len() > MAX_CONTENT_BYTES { Err(ImportError::TooMuch) } else { Ok(inflated) }
}

fn sha256(parts: &[&[u8]]) -> Key {
    let mut key = Zeroizing::new([0; 32]);
    key.copy_from_slice(digest(&SHA256, &Zeroizing::new(parts.concat())).as_ref());
    key
}

fn u32_of(bytes: &[u8]) -> Result<u32, ImportError> {
    bytes.try_into().map(u32::from_le_bytes).map_err(|_| ImportError::Damaged)
}

fn u64_of(bytes: &[u8]) -> Result<u64, ImportError> {
    bytes.try_into().map(u64::from_le_bytes).map_err(|_| ImportError::Damaged)
}

/// How many bytes a field's length has.
#[derive(Clone, Copy)]
enum Width {
    Two,
    Four,
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], ImportError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(ImportError::Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn expect(&mut self, bytes: &[u8]) -> Result<(), ImportError> {
        if self.take(bytes.len())? == bytes { Ok(()) } else { Err(ImportError::Damaged) }
    }

    fn u16(&mut self) -> Result<u16, ImportError> {
        let bytes = self.take(2)?.try_into().map_err(|_| ImportError::Damaged)?;
        Ok(u16::from_le_bytes(bytes))
    }

    /// Four bytes of length, and so many bytes.
    fn sized(&mut self) -> Result<&'a [u8], ImportError> {
        let length = u32_of(self.take(4)?)?;
        self.take(usize::try_from(length).map_err(|_| ImportError::Damaged)?)
    }

    /// The fields of a header up to its end, which is the field 0.
    fn fields(&mut self, width: Width) -> Result<HashMap<u8, &'a [u8]>, ImportError> {
        let mut fields = HashMap::new();
        loop {
            let id = self.take(1)?.first().copied().unwrap_or_default();
            let value = match width {
                Width::Two => {
                    let length = self.u16()?.into();
                    self.take(length)?
                }
                Width::Four => self.sized()?,
            };
            if id == 0 {
                return Ok(fields);
            }
            fields.insert(id, value);
        }
    }
}
