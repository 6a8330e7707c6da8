//! An issuer's public keys (RFC 7517).

use std::borrow::Cow;

use countersign_protocol::{decode_base64url, json};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::Value;

use super::error::{FetchError, ForeignError};
use super::token::{Algorithm, Token};

/// Keys that an issuer may have. Entra has some ten.
const MAX_KEYS: usize = 100;
/// What Entra writes in a key's issuer in place of a tenant's identifier.
const TENANT: &str = "{tenantid}";

/// The keys of an issuer that can verify a token.
#[derive(Debug)]
pub(super) struct KeySet(Vec<Key>);

#[derive(Debug)]
struct Key {
    name: String,
    /// Whose tokens it signs, if the set says so: an issuer, or a template for those of all tenants.
    issuer: Option<String>,
    material: Material,
}

#[derive(Debug)]
enum Material {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// Uncompressed, as SEC 1 has it.
    P256([u8; 65]),
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    issuer: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads a set. Keys for other algorithms and uses are passed over.
    pub(super) fn parse(text: &[u8]) -> Result<Self, FetchError> {
        let set: Jwks = json::from_object(text).map_err(|_| FetchError::Keys)?;
        if set.keys.len() > MAX_KEYS {
            return Err(FetchError::Keys);
        }
        let keys: Vec<_> = set.keys.into_iter().filter_map(Key::read).collect();
        if keys.is_empty() { Err(FetchError::Keys) } else { Ok(Self(keys)) }
    }

    /// Whether there is a key for the token, whatever its signature is worth.
    pub(super) fn has_key_of(&self, token: &Token<'_>) -> bool {
        self.keys_of(token).next().is_some()
    }

    pub(super) fn verify(&self, token: &Token<'_>) -> Result<(), ForeignError> {
        let mut last = ForeignError::UnknownKey;
        for key in self.keys_of(token) {
            match key.verify(token) {
                Ok(()) => return Ok(()),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn keys_of<'a>(&'a self, token: &'a Token<'_>) -> impl Iterator<Item = &'a Key> {
        self.0.iter().filter(|key| key.name == token.key && key.is_of(token))
    }
}

impl Key {
    fn read(value: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        let is_for = |algorithm: &str| {
            jwk.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
                && jwk.alg.as_deref().is_none_or(|alg| alg == algorithm)
        };
        let bytes = |text: &Option<String>| text.as_deref().and_then(|text| decode_base64url(text).ok());
        let material = match jwk.kty.as_str() {
            "RSA" if is_for("RS256") => {
                Material::Rsa { modulus: positive(bytes(&jwk.n)?), exponent: positive(bytes(&jwk.e)?) }
            }
            "EC" if is_for("ES256") && jwk.crv.as_deref() == Some("P-256") => {
                let (x, y) = (bytes(&jwk.x)?, bytes(&jwk.y)?);
                let point = [&[4], x.as_slice(), y.as_slice()].concat();
                Material::P256(point.try_into().ok()?)
            }
            _ => return None,
        };
        Some(Self { name: jwk.kid, issuer: jwk.issuer, material })
    }

    /// Whether it signs tokens of the token's issuer.
    fn is_of(&self, token: &Token<'_>) -> bool {
        let Some(issuer) = &self.issuer else { return true };
        let tenant = token.claims.all.get("tid").and_then(Value::as_str);
        let issuer = match tenant {
            Some(tenant) => Cow::Owned(issuer.replace(TENANT, tenant)),
            None => Cow::Borrowed(issuer.as_str()),
        };
        issuer == token.claims.issuer
    }

    fn verify(&self, token: &Token<'_>) -> Result<(), ForeignError> {
        let (input, signature) = (token.input.as_bytes(), token.signature.as_slice());
        let verified = match (&self.material, token.algorithm) {
            (Material::Rsa { modulus, exponent }, Algorithm::Rs256) => {
                RsaPublicKeyComponents { n: modulus, e: exponent }.verify(
                    &RSA_PKCS1_2048_8192_SHA256,
                    input,
                    signature,
                )
            }
            (Material::P256(point), Algorithm::Es256) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(input, signature)
            }
            _ => return Err(ForeignError::Algorithm),
        };
        verified.map_err(|_| ForeignError::Signature)
    }
}

/// Without leading zeros, as ring wants numbers. Some issuers write one.
fn positive(mut bytes: Vec<u8>) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.split_off(zeros)
}
