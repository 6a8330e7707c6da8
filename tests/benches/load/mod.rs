//! Phones as lean as they get (ring's keys, no vault), so that the service is what is measured.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use countersign_core::protocol::jws::{self, Message, Unsigned};
use countersign_core::protocol::messages::{
    Answer, Challenge, Decision, Delivery, Enrol, Enrolled, Fetch, Outcome, Platform, Receipt, UserCheck,
    paths,
};
use countersign_core::protocol::{Id, Jwk, jwe, sha256_base64url};
use countersign_tests::{RelyingParty, ServiceProcess, SignIn};
use reqwest::Client;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// An enrolled phone, and the relying party of its user.
#[derive(Clone)]
pub(crate) struct LoadPhone {
    party: RelyingParty,
    user: String,
    client: Client,
    url: String,
    service_key: Jwk,
    device: Id,
    device_key: Arc<Key>,
    approval_key: Arc<Key>,
}

struct Key {
    private: EcdsaKeyPair,
    public: Jwk,
}

/// Enrols so many phones, each for a user of its own.
pub(crate) async fn enrol(service: &ServiceProcess, phones: usize) -> Vec<LoadPhone> {
    let party = service.relying_party().expect("an API key");
    let mut tasks = JoinSet::new();
    for user in 0..phones {
        let (party, url) = (party.clone(), service.url());
        tasks.spawn(LoadPhone::enrol(party, url, format!("user-{user}")));
    }
    tasks.join_all().await
}

/// Makes so many approvals in all, each phone one after the other, all phones at once.
pub(crate) async fn approve_many(phones: &[LoadPhone], approvals: u64) {
    let left = Arc::new(AtomicU64::new(approvals));
    let mut tasks = JoinSet::new();
    for phone in phones {
        let (phone, left) = (phone.clone(), Arc::clone(&left));
        tasks.spawn(async move {
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
            {
                phone.approve_one().await;
            }
        });
    }
    tasks.join_all().await;
}

/// Times from the start of a sign-in to its challenge on a phone that waits.
pub(crate) async fn time_to_phone(phones: &[LoadPhone], sign_ins: usize) -> Vec<Duration> {
    let mut times = Vec::new();
    for phone in phones.iter().cycle().take(sign_ins) {
        let waiting = tokio::spawn({
            let phone = phone.clone();
            async move {
                let challenges = phone.fetch(20).await.challenges;
                (Instant::now(), challenges.len())
            }
        });
        // Long enough for the fetch to be waiting; what is timed starts after it.
        tokio::time::sleep(Duration::from_millis(5)).await;
        let started = Instant::now();
        let sign_in = phone.party.sign_in(&phone.user).await;
        let (shown, challenges) = waiting.await.expect("the fetch ends");
        assert_eq!(challenges, 1);
        times.push(shown - started);
        phone.answer(&sign_in).await;
    }
    times
}

/// Opens so many connections, each with a fetch that waits.
pub(crate) async fn wait_many(phones: &[LoadPhone], connections: usize) -> Vec<TcpStream> {
    use tokio::io::AsyncWriteExt;

    let mut waiting = Vec::new();
    for phone in phones.iter().cycle().take(connections) {
        let address = phone.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).await.expect("the service listens");
        let body = phone.fetch_request(50);
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: {address}\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n",
            paths::FETCH,
            paths::MEDIA_TYPE,
            body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("the request is sent");
        stream.write_all(body.as_bytes()).await.expect("the request is sent");
        waiting.push(stream);
    }
    // Every request has to be in its wait before memory is looked at.
    tokio::time::sleep(Duration::from_secs(3)).await;
    waiting
}

impl LoadPhone {
    async fn enrol(party: RelyingParty, url: String, user: String) -> Self {
        let enrolment = party.enrolment(&user).await;
        let (device_key, approval_key) = (Key::make(), Key::make());
        let client = Client::new();
        let request = Enrol {
            aud: enrolment.link.service_key,
            ticket: enrolment.link.ticket.clone(),
            device_key: device_key.public,
            approval_key: approval_key.public,
            encryption_key: jwe::EncryptionKey::make_random().public(),
            name: "Load".into(),
            platform: Platform::Other,
            hardware_keys: false,
            wake_up: None,
        };
        let reply = post(&client, &url, paths::ENROL, device_key.sign(&request)).await;
        let (enrolled, service_key) =
            jws::verify_pinned::<Enrolled>(&reply, enrolment.link.service_key).expect("an enrolment");
        let device = enrolled.device;
        let keys = (Arc::new(device_key), Arc::new(approval_key));
        let phone =
            Self { party, user, client, url, service_key, device, device_key: keys.0, approval_key: keys.1 };
        let number = enrolment.number().await;
        assert_eq!(phone.approve(&number).await, Outcome::Approved);
        phone
    }

    /// Create, fetch, answer, result.
    async fn approve_one(&self) {
        let sign_in = self.party.sign_in(&self.user).await;
        self.answer(&sign_in).await;
        let result = self.party.get(&format!("/v1/sign-ins/{}", sign_in.id)).await.expect("a result");
        assert!(result["assertion"].is_string());
    }

    async fn answer(&self, sign_in: &SignIn) {
        assert_eq!(self.approve(&sign_in.number).await, Outcome::Approved);
    }

    async fn approve(&self, number: &str) -> Outcome {
        let delivery = self.fetch(0).await;
        let compact = delivery.challenges.last().expect("a challenge");
        let challenge: Challenge = jws::verify(compact, &self.service_key).expect("it verifies");
        let answer = Answer {
            aud: self.service_key.thumbprint(),
            device: self.device,
            challenge: challenge.id,
            challenge_hash: sha256_base64url(compact),
            decision: Decision::Approve,
            number: Some(number.to_owned()),
            scanned: None,
            user_check: UserCheck::Biometric,
            iat: now(),
        };
        let reply = post(&self.client, &self.url, paths::ANSWER, self.approval_key.sign(&answer)).await;
        jws::verify::<Receipt>(&reply, &self.service_key).expect("a receipt").outcome
    }

    async fn fetch(&self, wait: u32) -> Delivery {
        let reply = post(&self.client, &self.url, paths::FETCH, self.fetch_request(wait)).await;
        jws::verify(&reply, &self.service_key).expect("a delivery")
    }

    fn fetch_request(&self, wait: u32) -> String {
        let aud = self.service_key.thumbprint();
        let (device, jti) = (self.device, Id::make_random());
        self.device_key.sign(&Fetch { aud, device, jti, iat: now(), wait, known: Vec::new() })
    }
}

impl Key {
    fn make() -> Self {
        let random = SystemRandom::new();
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let private = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random);
        let private = private.expect("it was just made");
        let public = Jwk::from_point(private.public_key().as_ref()).expect("a point");
        Self { private, public }
    }

    fn sign<M: Message>(&self, message: &M) -> String {
        let unsigned = Unsigned::new(message, self.public.thumbprint()).expect("a short message");
        let signature =
            self.private.sign(&SystemRandom::new(), unsigned.signing_input()).expect("a signature");
        unsigned.finish(signature.as_ref().try_into().expect("64 bytes"))
    }
}

async fn post(client: &Client, url: &str, path: &str, body: String) -> String {
    let request = client.post(format!("{url}{path}")).header("Content-Type", paths::MEDIA_TYPE).body(body);
    request.send().await.expect("the service answers").text().await.expect("a whole reply")
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}
