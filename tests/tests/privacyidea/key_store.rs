//! A phone whose key store makes RSA keys: no private key of a push token is ever outside it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use countersign_authenticator::approvals::{DeviceDescription, MatchProof};
use countersign_authenticator::client::HttpTransportBuilder;
use countersign_authenticator::clock::SystemClock;
use countersign_authenticator::keys::{
    DeviceKeys, KeyName, KeyRole, Prompt, RsaKeySize, SoftwareKeys, UserCheck,
};
use countersign_authenticator::offer::{EnrolmentOffer, Offer};
use countersign_authenticator::protocol::messages::{Outcome, Platform};
use countersign_authenticator::vault::{NewSlot, RecoveryCode, Vault};
use countersign_authenticator::{Authenticator, Enrolment, Error, KeyStoreError};
use countersign_tests::{Failure, PrivacyIdea};
use data_encoding::BASE64;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::RSA_PKCS1_SHA256;
use serde_json::json;

use crate::{refused_with, same};

/// A key store as Android's: RSA keys are made and used in it. (Each is the same key, since ring makes none.)
struct KeyStore {
    others: SoftwareKeys,
    rsa: Mutex<HashMap<KeyName, KeyPair>>,
    /// Whether it gives its public keys in another form than it should.
    is_wrong: AtomicBool,
}

impl KeyStore {
    fn names(&self) -> Vec<KeyName> {
        self.rsa.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }
}

#[async_trait]
impl DeviceKeys for KeyStore {
    async fn make(&self, key: KeyName) -> Result<Vec<u8>, KeyStoreError> {
        if key.role != KeyRole::Push {
            return self.others.make(key).await;
        }
        let pair = vector_key();
        let pkcs1 = pair.public().as_ref().to_vec();
        self.rsa.lock().unwrap_or_else(PoisonError::into_inner).insert(key, pair);
        if self.is_wrong.load(Ordering::SeqCst) {
            return Ok(pkcs1);
        }
        // `SubjectPublicKeyInfo` of a key of 2048 bits.
        let header = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A";
        Ok([BASE64.decode(header.as_bytes()).expect("base64"), pkcs1].concat())
    }

    async fn sign(
        &self,
        key: KeyName,
        message: &[u8],
        prompt: Option<Prompt>,
    ) -> Result<Vec<u8>, KeyStoreError> {
        if key.role != KeyRole::Push {
            return self.others.sign(key, message, prompt).await;
        }
        assert!(prompt.is_none(), "the background can't ask anybody");
        let keys = self.rsa.lock().unwrap_or_else(PoisonError::into_inner);
        let pair = keys.get(&key).ok_or(KeyStoreError::NotFound)?;
        let mut signature = vec![0; pair.public().modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).expect("it signs");
        Ok(signature)
    }

    async fn delete(&self, key: KeyName) -> Result<(), KeyStoreError> {
        if key.role == KeyRole::Push {
            self.rsa.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
            return Ok(());
        }
        self.others.delete(key).await
    }

    fn user_check(&self) -> UserCheck {
        UserCheck::Biometric
    }

    fn in_hardware(&self) -> bool {
        true
    }

    fn has_rsa(&self) -> bool {
        true
    }
}

fn vector_key() -> KeyPair {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../vectors/privacyidea/push.json")).expect("the vectors");
    let pem = vectors["phone_private_key_pem"].as_str().expect("a key");
    let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    KeyPair::from_pkcs8(&BASE64.decode(base64.as_bytes()).expect("base64")).expect("a key")
}

/// A phone with such a key store.
struct Phone {
    authenticator: Authenticator,
    keys: Arc<KeyStore>,
    _folder: tempfile::TempDir,
}

impl Phone {
    fn new() -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let slot = NewSlot::from_recovery_code(&RecoveryCode::make_random());
        let vault = Arc::new(Vault::create(&folder.path().join("vault.db"), &[slot])?);
        let keys = Arc::new(KeyStore {
            others: SoftwareKeys::new(Arc::clone(&vault), UserCheck::Biometric),
            rsa: Mutex::default(),
            is_wrong: AtomicBool::new(false),
        });
        let store: Arc<dyn DeviceKeys> = Arc::<KeyStore>::clone(&keys);
        let transport = Arc::new(HttpTransportBuilder::default().build()?);
        let authenticator = Authenticator::new(vault, store, Arc::new(SystemClock::default()), transport)?;
        Ok(Self { authenticator, keys, _folder: folder })
    }

    async fn enrol(&self, qr: &str, size: Option<RsaKeySize>) -> Result<Enrolment, Error> {
        let Offer::Enrolment(mut offer) = Offer::parse(qr)? else { panic!("an enrolment") };
        if let EnrolmentOffer::PrivacyIdea(offer) = &mut offer {
            offer.key_size = size;
        }
        let device = DeviceDescription { name: "Phone".into(), platform: Platform::Android, wake_up: None };
        self.authenticator.enrol(&offer, device).await
    }
}

pub(crate) async fn the_key_of_a_token_is_made_and_used_there(server: &PrivacyIdea) -> Result<(), Failure> {
    let (serial, qr) = server.make_push_token("alice").await?;
    let phone = Phone::new()?;
    let account = phone.enrol(&qr, None).await?.account;
    let first = phone.keys.names();
    same(first.len(), 1, "its key is in the key store")?;

    server.trigger("alice").await?;
    let request = phone.authenticator.fetch(account, Duration::ZERO).await?.pop().ok_or("a request")?;
    let answer = phone.authenticator.approve(request.id, MatchProof::None).await?;
    same(answer.outcome, Outcome::Approved, "the answer")?;

    // A code that the server doesn't take leaves the token as it was.
    let altered = qr.replace("enrollment_credential=", "enrollment_credential=00");
    refused_with(phone.enrol(&altered, None).await, "ticket_used")?;
    same(phone.keys.names(), first.clone(), "the key that is bound")?;
    phone.authenticator.fetch(account, Duration::ZERO).await?;

    let detail =
        server.make_token("alice", json!({ "type": "push", "serial": serial, "rollover": 1 })).await?;
    phone.enrol(detail["pushurl"]["value"].as_str().ok_or("a new QR")?, None).await?;
    let second = phone.keys.names();
    same((second.len(), second == first), (1, false), "the new key alone")?;
    phone.authenticator.fetch(account, Duration::ZERO).await?;

    phone.authenticator.delete(account).await?;
    same(phone.keys.names().len(), 0, "nothing is left")
}

pub(crate) async fn a_key_in_another_form_is_never_registered(server: &PrivacyIdea) -> Result<(), Failure> {
    let (_, qr) = server.make_push_token("alice").await?;
    let phone = Phone::new()?;
    phone.keys.is_wrong.store(true, Ordering::SeqCst);
    refused_with(phone.enrol(&qr, None).await, "key_store_unavailable")?;
    same(phone.keys.names().len(), 0, "nothing is left")?;
    same(phone.authenticator.accounts()?.accounts.len(), 0, "nothing is bound")?;
    // The code still works: by a key in software, if the shell prefers one.
    let account = phone.enrol(&qr, Some(RsaKeySize::Bits2048)).await?.account;
    same(phone.keys.names().len(), 0, "it is in the vault")?;
    phone.authenticator.fetch(account, Duration::ZERO).await.map(drop).map_err(Failure::from)
}
