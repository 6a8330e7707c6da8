//! A private key that signs tokens, right ones and wrong ones.

use countersign_protocol::encode_base64url;
use getrandom::SysRng;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPairComponents, PublicKeyComponents};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256};
use rsa::PrivateKey;
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use serde_json::{Value, json};

pub(super) struct Signer {
    pub(super) name: &'static str,
    pub(super) pair: Pair,
}

pub(super) enum Pair {
    Rsa(Box<ring::rsa::KeyPair>),
    P256(Box<EcdsaKeyPair>),
}

impl Signer {
    pub(super) fn rsa(name: &'static str) -> Self {
        let key = PrivateKey::new(&mut SysRng, 2048).unwrap();
        let unsigned =
            |bytes: &[u8]| bytes.iter().copied().skip_while(|byte| *byte == 0).collect::<Vec<u8>>();
        let [p, q] = key.primes() else { panic!("a key of two primes") };
        let pair = ring::rsa::KeyPair::from_components(&KeyPairComponents {
            public_key: PublicKeyComponents { n: unsigned(&key.n_bytes()), e: unsigned(&key.e_bytes()) },
            d: unsigned(&key.d().to_be_bytes()),
            p: unsigned(&p.to_be_bytes()),
            q: unsigned(&q.to_be_bytes()),
            dP: unsigned(&key.dp().unwrap().to_be_bytes()),
            dQ: unsigned(&key.dq().unwrap().to_be_bytes()),
            qInv: unsigned(&key.crt_coefficient().unwrap().to_be_bytes()),
        });
        Self { name, pair: Pair::Rsa(Box::new(pair.unwrap())) }
    }

    pub(super) fn p256(name: &'static str) -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        Self { name, pair: Pair::P256(Box::new(pair)) }
    }

    /// Its public half as a JWK.
    pub(super) fn public(&self) -> Value {
        match &self.pair {
            Pair::Rsa(pair) => {
                let public = PublicKeyComponents::<Vec<u8>>::from(pair.public());
                let (n, e) = (encode_base64url(public.n), encode_base64url(public.e));
                json!({ "kty": "RSA", "use": "sig", "kid": self.name, "n": n, "e": e })
            }
            Pair::P256(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = (encode_base64url(&point[1..33]), encode_base64url(&point[33..]));
                json!({ "kty": "EC", "crv": "P-256", "kid": self.name, "x": x, "y": y })
            }
        }
    }

    /// The algorithm that the key is for.
    pub(super) const fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Rsa(_) => "RS256",
            Pair::P256(_) => "ES256",
        }
    }

    pub(super) fn sign(&self, claims: &Value) -> String {
        let header = json!({ "alg": self.algorithm(), "kid": self.name, "typ": "JWT" });
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    /// Signs any header and claims, by what the key is for.
    pub(super) fn sign_text(&self, header: &str, claims: &str) -> String {
        let input = format!("{}.{}", encode_base64url(header), encode_base64url(claims));
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, input.as_bytes(), &mut signature).unwrap();
                signature
            }
            Pair::P256(pair) => pair.sign(&random, input.as_bytes()).unwrap().as_ref().to_vec(),
        };
        format!("{input}.{}", encode_base64url(signature))
    }
}
