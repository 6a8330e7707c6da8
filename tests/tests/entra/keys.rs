//! Keys of the stand-in: RSA, as Entra's are.

use countersign_authenticator::protocol::encode_base64url;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair, PublicKeyComponents};
use ring::signature::RSA_PKCS1_SHA256;
use rsa::PrivateKey;
use rsa::pkcs8::EncodePrivateKey;
use serde_json::{Value, json};

/// A key that signs hints.
pub(crate) struct Key {
    pub(crate) name: String,
    pair: KeyPair,
}

impl Key {
    pub(crate) fn make(name: &str) -> Self {
        let key = PrivateKey::new(&mut getrandom::SysRng, 2048).unwrap();
        let pair = KeyPair::from_pkcs8(key.to_pkcs8_der().unwrap().as_bytes()).unwrap();
        Self { name: name.to_owned(), pair }
    }

    /// As Entra publishes it: for the tokens of this issuer, or of all that fit a template.
    pub(crate) fn public(&self, issuer: &str) -> Value {
        let public = PublicKeyComponents::<Vec<u8>>::from(self.pair.public());
        json!({
            "kty": "RSA", "use": "sig", "kid": self.name, "x5t": self.name, "cloud_instance_name": "microsoftonline.com",
            "n": encode_base64url(public.n), "e": encode_base64url(public.e), "issuer": issuer,
        })
    }

    pub(crate) fn modulus(&self) -> Vec<u8> {
        PublicKeyComponents::<Vec<u8>>::from(self.pair.public()).n
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({ "typ": "JWT", "alg": "RS256", "kid": self.name });
        let input =
            format!("{}.{}", encode_base64url(header.to_string()), encode_base64url(claims.to_string()));
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input.as_bytes(), &mut signature).unwrap();
        format!("{input}.{}", encode_base64url(signature))
    }
}
