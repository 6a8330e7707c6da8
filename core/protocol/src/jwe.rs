//! Compact JWE (RFC 7516) with ECDH-ES in direct key agreement mode (RFC 7518, section 4.6) and A256GCM.
//!
//! A device makes an [`EncryptionKey`] for one enrolment and drops it once the sealed secret has been opened.

use p256::elliptic_curve::Generate;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::digest;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::encoding::{decode_array, decode_base64url, encode_base64url};
use crate::limits::MAX_MESSAGE_BYTES;
use crate::{Jwk, ProtocolError, json};

/// A P-256 key pair that secrets can be sealed to. Wiped on drop.
pub struct EncryptionKey(p256::SecretKey);

impl EncryptionKey {
    /// Makes a new key pair from the system's random generator.
    #[must_use]
    pub fn make_random() -> Self {
        Self(p256::SecretKey::generate())
    }

    /// The pair with this 32-byte private scalar, as [`EncryptionKey::to_bytes`] gave it.
    ///
    /// # Errors
    ///
    /// [`ProtocolError::Malformed`] when it isn't a scalar of P-256.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProtocolError> {
        p256::SecretKey::from_slice(bytes).map(Self).map_err(|_| ProtocolError::Malformed("private key"))
    }

    /// The private scalar, 32 bytes, for a sealed record.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.to_bytes().to_vec())
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> Jwk {
        public_jwk(&self.0)
    }

    /// The secret that this key and `public` share: the x coordinate of ECDH (NIST SP 800-56A, section 5.7.1.2), 32
    /// bytes. It is no key yet: derive one from it.
    ///
    /// # Errors
    ///
    /// [`ProtocolError::Malformed`] when `public` isn't a point that can be agreed with.
    pub fn agree(&self, public: &Jwk) -> Result<Zeroizing<Vec<u8>>, ProtocolError> {
        Ok(Zeroizing::new(shared_secret(&self.0, public)?.raw_secret_bytes().to_vec()))
    }

    /// Opens what was sealed to this key.
    ///
    /// # Errors
    ///
    /// [`ProtocolError`]: too long, malformed, another algorithm or recipient, or altered.
    pub fn open(&self, compact: &str) -> Result<Zeroizing<Vec<u8>>, ProtocolError> {
        const MALFORMED: ProtocolError = ProtocolError::Malformed("JWE");
        if compact.len() > MAX_MESSAGE_BYTES {
            return Err(ProtocolError::TooLong);
        }
        let mut parts = compact.split('.');
        let mut next = || parts.next().ok_or(MALFORMED);
        let (protected, encrypted_key, nonce, ciphertext, tag) =
            (next()?, next()?, next()?, next()?, next()?);
        // Direct key agreement has no encrypted key (RFC 7518, section 4.6).
        if !encrypted_key.is_empty() || parts.next().is_some() {
            return Err(MALFORMED);
        }
        let header: Header = json::from_object(&decode_base64url(protected)?).map_err(|_| MALFORMED)?;
        if header.alg != ALG || header.enc != ENC || header.crit || header.zip {
            return Err(ProtocolError::Algorithm);
        }
        let key = agree(&self.0, &header.epk)?;
        let nonce = Nonce::assume_unique_for_key(decode_array(nonce, "JWE")?);
        let mut buffer = Zeroizing::new(decode_base64url(ciphertext)?);
        buffer.extend_from_slice(&decode_base64url(tag)?);
        let length = key
            .open_in_place(nonce, Aad::from(protected.as_bytes()), &mut buffer)
            .map_err(|_| ProtocolError::BadSignature)?
            .len();
        buffer.truncate(length);
        Ok(buffer)
    }
}

/// Seals `plaintext` to a public key, under an ephemeral key of its own.
///
/// # Errors
///
/// [`ProtocolError::TooLong`] when the result would be over the limit.
pub fn seal(recipient: &Jwk, plaintext: &[u8]) -> Result<String, ProtocolError> {
    let ephemeral = p256::SecretKey::generate();
    let header =
        Header { alg: ALG.into(), enc: ENC.into(), epk: public_jwk(&ephemeral), crit: false, zip: false };
    let protected =
        encode_base64url(serde_json::to_vec(&header).map_err(|_| ProtocolError::Malformed("JWE"))?);
    // The key is used once, so that the nonce may be constant; a random one costs nothing and forgives mistakes.
    let mut nonce = [0; 12];
    getrandom::fill(&mut nonce).map_err(|_| ProtocolError::Malformed("random generator"))?;
    let mut buffer = Zeroizing::new(plaintext.to_vec());
    let tag = agree(&ephemeral, recipient)?
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(protected.as_bytes()),
            &mut buffer,
        )
        .map_err(|_| ProtocolError::TooLong)?;
    let compact = format!(
        "{protected}..{}.{}.{}",
        encode_base64url(nonce),
        encode_base64url(&*buffer),
        encode_base64url(tag)
    );
    if compact.len() > MAX_MESSAGE_BYTES { Err(ProtocolError::TooLong) } else { Ok(compact) }
}

const ALG: &str = "ECDH-ES";
const ENC: &str = "A256GCM";

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    enc: String,
    epk: Jwk,
    /// Extensions that must be understood (RFC 7516, section 4.1.13). None are.
    #[serde(default, skip_serializing, deserialize_with = "json::is_present")]
    crit: bool,
    /// Compression (RFC 7516, section 4.1.3), which would make what is opened something else than what was sealed.
    #[serde(default, skip_serializing, deserialize_with = "json::is_present")]
    zip: bool,
}

/// Key agreement and the Concat KDF (RFC 7518, section 4.6.2) with empty party information.
fn agree(private: &p256::SecretKey, public: &Jwk) -> Result<LessSafeKey, ProtocolError> {
    let shared = shared_secret(private, public)?;
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&1_u32.to_be_bytes());
    context.update(shared.raw_secret_bytes());
    context.update(&7_u32.to_be_bytes());
    context.update(ENC.as_bytes());
    context.update(&0_u32.to_be_bytes());
    context.update(&0_u32.to_be_bytes());
    context.update(&256_u32.to_be_bytes());
    UnboundKey::new(&AES_256_GCM, context.finish().as_ref())
        .map(LessSafeKey::new)
        .map_err(|_| ProtocolError::Algorithm)
}

fn shared_secret(private: &p256::SecretKey, public: &Jwk) -> Result<p256::ecdh::SharedSecret, ProtocolError> {
    let public = p256::PublicKey::from_sec1_bytes(&public.to_point())
        .map_err(|_| ProtocolError::Malformed("public key"))?;
    Ok(private.diffie_hellman(&public))
}

#[expect(clippy::expect_used, reason = "a key pair's own public point is always valid")]
fn public_jwk(private: &p256::SecretKey) -> Jwk {
    Jwk::from_point(&private.public_key().to_sec1_bytes()).expect("a public key is a point on the curve")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_to_a_key_opens_with_it() {
        let key = EncryptionKey::make_random();
        let sealed = seal(&key.public(), b"the secret").unwrap();
        assert_eq!(*key.open(&sealed).unwrap(), b"the secret");
        let restored = EncryptionKey::from_bytes(&key.to_bytes()).unwrap();
        assert_eq!(*restored.open(&sealed).unwrap(), b"the secret");
    }

    #[test]
    fn two_keys_agree_on_one_secret_and_a_third_on_another() {
        let [one, two, third] = [(); 3].map(|()| EncryptionKey::make_random());
        let shared = one.agree(&two.public()).unwrap();
        assert_eq!((shared.len(), &shared), (32, &two.agree(&one.public()).unwrap()));
        assert_ne!(shared, third.agree(&one.public()).unwrap());
    }

    #[test]
    fn another_key_opens_nothing() {
        let sealed = seal(&EncryptionKey::make_random().public(), b"the secret").unwrap();
        assert_eq!(EncryptionKey::make_random().open(&sealed), Err(ProtocolError::BadSignature));
    }

    #[test]
    fn any_altered_character_is_refused() {
        let key = EncryptionKey::make_random();
        let sealed = seal(&key.public(), b"the secret").unwrap();
        for at in 0..sealed.len() {
            let mut bytes = sealed.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(bytes).unwrap();
            assert!(key.open(&altered).is_err(), "character {at}");
        }
    }

    #[test]
    fn headers_with_another_meaning_are_refused_although_the_seal_is_right() {
        let key = EncryptionKey::make_random();
        let sealed_under = |change: &dyn Fn(&str) -> String| {
            let ephemeral = p256::SecretKey::generate();
            let epk = serde_json::to_string(&public_jwk(&ephemeral)).unwrap();
            let header = change(&format!(r#"{{"alg":"ECDH-ES","enc":"A256GCM","epk":{epk}}}"#));
            let protected = encode_base64url(header);
            let mut buffer = b"the secret".to_vec();
            let nonce = [7; 12];
            let tag = agree(&ephemeral, &key.public())
                .unwrap()
                .seal_in_place_separate_tag(
                    Nonce::assume_unique_for_key(nonce),
                    Aad::from(protected.as_bytes()),
                    &mut buffer,
                )
                .unwrap();
            let parts = [&nonce[..], &buffer, tag.as_ref()].map(encode_base64url);
            key.open(&format!("{protected}..{}", parts.join(".")))
        };
        let with = |member: &str| {
            let member = member.to_owned();
            move |header: &str| header.replacen('{', &format!("{{{member},"), 1)
        };
        assert_eq!(sealed_under(&str::to_owned).as_deref().map(Vec::as_slice), Ok(&b"the secret"[..]));
        assert!(
            sealed_under(&with(r#""kid":"x""#)).is_ok(),
            "what says nothing about the content is ignored"
        );
        for member in
            [r#""crit":null"#, r#""crit":[]"#, r#""crit":["exp"]"#, r#""zip":"DEF""#, r#""zip":null"#]
        {
            assert_eq!(sealed_under(&with(member)), Err(ProtocolError::Algorithm), "{member}");
        }
        for member in [r#""alg":"ECDH-ES""#, r#""enc":"A128GCM""#, r#""x":1,"x":2"#] {
            assert_eq!(sealed_under(&with(member)), Err(ProtocolError::Malformed("JWE")), "{member}");
        }
        for (name, other) in [("ECDH-ES", "ECDH-ES+A256KW"), ("A256GCM", "A128GCM")] {
            assert_eq!(
                sealed_under(&|header: &str| header.replace(name, other)),
                Err(ProtocolError::Algorithm),
                "{other}"
            );
        }
    }

    #[test]
    fn truncated_and_padded_forms_are_refused() {
        let key = EncryptionKey::make_random();
        let sealed = seal(&key.public(), b"the secret").unwrap();
        for text in
            ["", "....", &sealed[..sealed.len() - 1], &format!("{sealed}."), &sealed.replace("..", ".AA.")]
        {
            assert!(key.open(text).is_err(), "{text}");
        }
    }
}
