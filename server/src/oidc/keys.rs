//! The keys that ID tokens are signed by: RSA, which every relying party takes, and P-256 for those that ask for it.
//!
//! A new key is published for [`LEAD`] before it signs, so that relying parties that fetch keys once a day have it by then,
//! and its predecessor stays published for [`KEPT`] after that. Both follow from when the keys were made, so that nothing
//! has to happen at the right moment. Each key has a self-signed certificate (`x5c`), which Microsoft Entra wants.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_protocol::encode_base64url;
use getrandom::SysRng;
use rcgen::{CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use rsa::PrivateKey;
use rsa::pkcs8::EncodePrivateKey;
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::app::App;
use crate::keys::SealError;
use crate::store::StoreError;
use crate::store::signing_keys::{self, Purpose};
use crate::time::Time;

/// How long a new key is published before it signs. Microsoft Entra looks once a day and asks for two.
pub(crate) const LEAD: Duration = Duration::from_hours(48);
/// How long a key stays published after the next one has begun to sign.
pub(crate) const KEPT: Duration = Duration::from_hours(48);
/// 112 bits of security, as long as keys are replaced by 2030 (NIST SP 800-57, part 1). Larger keys cost a sign-in more
/// than all the rest of it.
const RSA_BITS: usize = 2048;
/// How long a certificate says that it is good for. Nobody but its own key vouches for it, and no relying party asks.
const CERTIFICATE_LIFETIME: Duration = Duration::from_hours(24 * 365 * 10);

/// What an ID token is signed by (RFC 7518, section 3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[default]
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
}

/// A key as it is stored: its PKCS #8 document, to be sealed, and its certificate.
pub(crate) struct NewKey {
    pub(crate) purpose: Purpose,
    pub(crate) document: Zeroizing<Vec<u8>>,
    pub(crate) certificate: Vec<u8>,
}

/// One signing key.
pub(crate) struct OpenidKey {
    algorithm: Algorithm,
    pair: Pair,
    kid: String,
    jwk: Value,
    created: Time,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    P256(Box<EcdsaKeyPair>),
}

/// All keys of the OpenID door, oldest first.
#[derive(Default)]
pub(crate) struct OpenidKeys {
    keys: Vec<OpenidKey>,
}

/// The keys in use, made at first need.
#[derive(Default)]
pub(crate) struct KeyStore {
    /// With the number of the newest, by which another process's key is noticed.
    loaded: RwLock<(i64, Arc<OpenidKeys>)>,
    /// One makes them, others wait for it.
    making: tokio::sync::Mutex<()>,
}

impl Algorithm {
    /// Its name in a header.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }

    const fn of(purpose: Purpose) -> Option<Self> {
        match purpose {
            Purpose::OpenidRsa => Some(Self::Rs256),
            Purpose::OpenidP256 => Some(Self::Es256),
            Purpose::Device | Purpose::Assertion => None,
        }
    }
}

impl NewKey {
    /// A key of each kind. Takes a second or more: not for a thread that serves.
    pub(crate) fn make_all(now: Time) -> Result<[Self; 2], SealError> {
        let rsa = PrivateKey::new(&mut SysRng, RSA_BITS).map_err(|_| SealError)?;
        let rsa = Zeroizing::new(rsa.to_pkcs8_der().map_err(|_| SealError)?.as_bytes().to_vec());
        let p256 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .map_err(|_| SealError)?;
        let p256 = Zeroizing::new(p256.as_ref().to_vec());
        Ok([Self::certify(Purpose::OpenidRsa, rsa, now)?, Self::certify(Purpose::OpenidP256, p256, now)?])
    }

    fn certify(purpose: Purpose, document: Zeroizing<Vec<u8>>, now: Time) -> Result<Self, SealError> {
        let algorithm = match Algorithm::of(purpose) {
            Some(Algorithm::Rs256) => &rcgen::PKCS_RSA_SHA256,
            Some(Algorithm::Es256) => &rcgen::PKCS_ECDSA_P256_SHA256,
            None => return Err(SealError),
        };
        let pair =
            KeyPair::from_pkcs8_der_and_sign_algo(&PrivatePkcs8KeyDer::from(document.as_slice()), algorithm)
                .map_err(|_| SealError)?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Countersign ID tokens");
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.not_before = moment(now)?;
        params.not_after = moment(now + CERTIFICATE_LIFETIME)?;
        let certificate = params.self_signed(&pair).map_err(|_| SealError)?.der().to_vec();
        let new = Self { purpose, document, certificate };
        // What one crate has made must be usable by the other before anything is signed with it.
        OpenidKey::open(purpose, &new.document, &new.certificate, now)?.sign(&json!({}))?;
        Ok(new)
    }
}

fn moment(time: Time) -> Result<time::OffsetDateTime, SealError> {
    let seconds = i64::try_from(time.seconds()).map_err(|_| SealError)?;
    time::OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| SealError)
}

impl OpenidKey {
    pub(crate) fn open(
        purpose: Purpose,
        document: &[u8],
        certificate: &[u8],
        created: Time,
    ) -> Result<Self, SealError> {
        let algorithm = Algorithm::of(purpose).ok_or(SealError)?;
        let (pair, names) = match algorithm {
            Algorithm::Rs256 => {
                let pair = RsaKeyPair::from_pkcs8(document).map_err(|_| SealError)?;
                let public = PublicKeyComponents::<Vec<u8>>::from(pair.public());
                let names =
                    json!({ "e": encode_base64url(public.e), "kty": "RSA", "n": encode_base64url(public.n) });
                (Pair::Rsa(Box::new(pair)), names)
            }
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::from_pkcs8(
                    &ECDSA_P256_SHA256_FIXED_SIGNING,
                    document,
                    &SystemRandom::new(),
                )
                .map_err(|_| SealError)?;
                // 0x04, then both coordinates of 32 bytes.
                let (x, y) = pair.public_key().as_ref().get(1..).ok_or(SealError)?.split_at(32);
                let names = json!({
                    "crv": "P-256", "kty": "EC", "x": encode_base64url(x), "y": encode_base64url(y),
                });
                (Pair::P256(Box::new(pair)), names)
            }
        };
        // The thumbprint (RFC 7638) is over these members alone, in this order: that of their names.
        let kid = encode_base64url(digest(&SHA256, names.to_string().as_bytes()));
        let mut jwk = names;
        jwk["kid"] = kid.as_str().into();
        jwk["use"] = "sig".into();
        jwk["alg"] = algorithm.as_str().into();
        jwk["x5c"] = json!([STANDARD.encode(certificate)]);
        jwk["x5t"] = encode_base64url(digest(&SHA1_FOR_LEGACY_USE_ONLY, certificate)).into();
        Ok(Self { algorithm, pair, kid, jwk, created })
    }

    /// A JWT with these claims.
    pub(crate) fn sign(&self, claims: &impl Serialize) -> Result<String, SealError> {
        let header = json!({ "alg": self.algorithm.as_str(), "kid": self.kid, "typ": "JWT" });
        let claims = serde_json::to_vec(claims).map_err(|_| SealError)?;
        let mut token = format!("{}.{}", encode_base64url(header.to_string()), encode_base64url(claims));
        let signature = match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), token.as_bytes(), &mut signature)
                    .map_err(|_| SealError)?;
                signature
            }
            Pair::P256(pair) => {
                let signature = pair.sign(&SystemRandom::new(), token.as_bytes()).map_err(|_| SealError)?;
                signature.as_ref().to_vec()
            }
        };
        token.push('.');
        token.push_str(&encode_base64url(signature));
        Ok(token)
    }
}

impl OpenidKeys {
    pub(crate) const fn new(keys: Vec<OpenidKey>) -> Self {
        Self { keys }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The key that signs: the newest that has been published for long enough, or else the oldest.
    pub(crate) fn signing(&self, algorithm: Algorithm, now: Time) -> Option<&OpenidKey> {
        let ready = |key: &&OpenidKey| key.created + LEAD <= now;
        self.of(algorithm).filter(ready).last().or_else(|| self.of(algorithm).next())
    }

    /// The JWK set: keys that sign, will sign, or have signed what may still be looked at.
    pub(crate) fn published(&self, now: Time) -> Value {
        let keys: Vec<&Value> = [Algorithm::Rs256, Algorithm::Es256]
            .into_iter()
            .flat_map(|algorithm| {
                let next = self.of(algorithm).skip(1).map(Some).chain([None]);
                self.of(algorithm).zip(next).filter_map(|(key, next): (&OpenidKey, Option<&OpenidKey>)| {
                    let over = next.is_some_and(|next| next.created + LEAD + KEPT <= now);
                    (!over).then_some(&key.jwk)
                })
            })
            .collect();
        json!({ "keys": keys })
    }

    /// All keys there have ever been: what this service itself has signed stays its own.
    pub(crate) fn all(&self) -> Value {
        json!({ "keys": self.keys.iter().map(|key| &key.jwk).collect::<Vec<_>>() })
    }

    fn of(&self, algorithm: Algorithm) -> impl Iterator<Item = &OpenidKey> {
        self.keys.iter().filter(move |key| key.algorithm == algorithm)
    }
}

impl KeyStore {
    /// The keys, which are made if there are none yet.
    pub(crate) async fn obtain(&self, app: &Arc<App>) -> Result<Arc<OpenidKeys>, StoreError> {
        let known = self.known();
        if !known.is_empty() {
            return Ok(known);
        }
        let _one = self.making.lock().await;
        self.reload(app).await?;
        if !self.known().is_empty() {
            return Ok(self.known());
        }
        let now = app.now();
        let made = tokio::task::spawn_blocking(move || NewKey::make_all(now)).await;
        let made = made.map_err(|_| StoreError::Damaged("keys could not be made"))??;
        let writer = Arc::clone(app);
        app.store
            .write(move |transaction| {
                // The command line may have made some meanwhile.
                if signing_keys::newest_openid(transaction)? == 0 {
                    for key in &made {
                        signing_keys::add_openid(transaction, &writer.keys.sealer, key, now)?;
                    }
                }
                Ok(())
            })
            .await?;
        self.reload(app).await?;
        Ok(self.known())
    }

    /// Takes over keys that the command line has added.
    pub(crate) async fn reload(&self, app: &Arc<App>) -> Result<(), StoreError> {
        let newest = self.loaded.read().unwrap_or_else(PoisonError::into_inner).0;
        let reader = Arc::clone(app);
        let loaded = app
            .store
            .read(move |connection| {
                let found = signing_keys::newest_openid(connection)?;
                if found == newest {
                    return Ok(None);
                }
                Ok(Some((found, signing_keys::load_openid(connection, &reader.keys.sealer)?)))
            })
            .await?;
        if let Some((newest, keys)) = loaded {
            *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = (newest, Arc::new(keys));
            tracing::info!("the keys of ID tokens have changed");
        }
        Ok(())
    }

    fn known(&self) -> Arc<OpenidKeys> {
        Arc::clone(&self.loaded.read().unwrap_or_else(PoisonError::into_inner).1)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use ring::signature::{
        ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
    };

    use super::*;

    static MADE: LazyLock<[NewKey; 2]> = LazyLock::new(|| NewKey::make_all(at(0)).unwrap());

    fn at(hours: u64) -> Time {
        Time::from_seconds(1_800_000_000 + hours * 3600)
    }

    /// Keys with the same material and other times, which are told apart by those.
    fn keys(made_at: &[u64]) -> OpenidKeys {
        let open = |new: &NewKey, hours: u64| {
            let mut key = OpenidKey::open(new.purpose, &new.document, &new.certificate, at(hours)).unwrap();
            key.jwk["kid"] = hours.into();
            key
        };
        OpenidKeys::new(made_at.iter().flat_map(|hours| MADE.iter().map(|new| open(new, *hours))).collect())
    }

    fn decode(text: &Value) -> Vec<u8> {
        countersign_protocol::decode_base64url(text.as_str().unwrap()).unwrap()
    }

    #[test]
    fn tokens_verify_under_the_published_keys() {
        let keys = keys(&[0]);
        let published = keys.published(at(0));
        for (index, algorithm) in [Algorithm::Rs256, Algorithm::Es256].into_iter().enumerate() {
            let token = keys.signing(algorithm, at(0)).unwrap().sign(&json!({ "sub": "ada" })).unwrap();
            let (input, signature) = token.rsplit_once('.').unwrap();
            let (input, signature) = (input.as_bytes(), decode(&signature.into()));
            let jwk = &published["keys"][index];
            assert_eq!(jwk["alg"], algorithm.as_str());
            let verify = |input: &[u8]| match algorithm {
                Algorithm::Rs256 => RsaPublicKeyComponents { n: decode(&jwk["n"]), e: decode(&jwk["e"]) }
                    .verify(&RSA_PKCS1_2048_8192_SHA256, input, &signature),
                Algorithm::Es256 => {
                    let point = [&[4][..], &decode(&jwk["x"]), &decode(&jwk["y"])].concat();
                    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(input, &signature)
                }
            };
            assert!(verify(input).is_ok(), "{algorithm:?}");
            assert!(verify(&[input, b"x"].concat()).is_err(), "{algorithm:?}");
        }
    }

    #[test]
    fn a_certificate_is_of_its_own_key() {
        for jwk in keys(&[0]).published(at(0))["keys"].as_array().unwrap() {
            let certificate = STANDARD.decode(jwk["x5c"][0].as_str().unwrap()).unwrap();
            let number = if jwk["kty"] == "RSA" { decode(&jwk["n"]) } else { decode(&jwk["x"]) };
            let holds = certificate.windows(number.len()).any(|part| part == number);
            assert!(holds, "the certificate has another key: {jwk}");
            assert_eq!(decode(&jwk["x5t"]), digest(&SHA1_FOR_LEGACY_USE_ONLY, &certificate).as_ref());
        }
    }

    #[test]
    fn a_new_key_is_published_before_it_signs_and_the_old_one_is_kept_after() {
        let names = |keys: &OpenidKeys, now: Time| -> Vec<u64> {
            let published = keys.published(now);
            let names = published["keys"].as_array().unwrap().iter();
            names.filter(|key| key["kty"] == "RSA").map(|key| key["kid"].as_u64().unwrap()).collect()
        };
        let signs = |keys: &OpenidKeys, now| keys.signing(Algorithm::Rs256, now).unwrap().jwk["kid"].clone();
        let first = keys(&[0]);
        assert_eq!(
            (signs(&first, at(0)), names(&first, at(0))),
            (0.into(), vec![0]),
            "the first signs at once"
        );
        let both = keys(&[0, 100]);
        for (now, signing, published) in [
            (100, 0, vec![0, 100]),
            (147, 0, vec![0, 100]),
            (148, 100, vec![0, 100]),
            (195, 100, vec![0, 100]),
            (196, 100, vec![100]),
        ] {
            assert_eq!(
                (signs(&both, at(now)), names(&both, at(now))),
                (signing.into(), published),
                "{now} h"
            );
        }
        let quick = keys(&[0, 100, 101]);
        assert_eq!((signs(&quick, at(102)), names(&quick, at(102))), (0.into(), vec![0, 100, 101]));
        assert_eq!(signs(&quick, at(148)), 100);
        assert_eq!((signs(&quick, at(149)), names(&quick, at(197))), (101.into(), vec![101]));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let [rsa, p256] = &*MADE;
        assert!(OpenidKey::open(rsa.purpose, &p256.document, &rsa.certificate, at(0)).is_err());
        assert!(OpenidKey::open(p256.purpose, &rsa.document, &rsa.certificate, at(0)).is_err());
        assert!(OpenidKey::open(Purpose::Device, &p256.document, &rsa.certificate, at(0)).is_err());
        assert!(OpenidKey::open(rsa.purpose, &rsa.document[1..], &rsa.certificate, at(0)).is_err());
    }
}
