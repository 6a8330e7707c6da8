//! The service as a process, a phone and a relying party with as little of an HTTP client as they need.
#![allow(dead_code, reason = "no bench uses all of it")]

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use countersign_protocol::jwe::EncryptionKey;
use countersign_protocol::jws::{Message, Unsigned, peek};
use countersign_protocol::messages::{
    Answer, Challenge, Decision, Delivery, Enrol, Enrolled, Fetch, Platform, UserCheck, paths,
};
use countersign_protocol::{EnrolmentLink, Id, Jwk, Thumbprint, sha256_base64url};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) struct Service {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) api_key: String,
    pub(crate) data: tempfile::TempDir,
}

impl Service {
    pub(crate) fn start() -> Self {
        let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_countersign-server"))
            .args(["--listen", "127.0.0.1:0", "--log-format", "json", "--longest-wait", "60", "--data"])
            .arg(data.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines
            .by_ref()
            .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap())
            .find_map(|line| line["fields"]["address"].as_str().map(|address| address.parse().unwrap()))
            .unwrap();
        std::thread::spawn(move || lines.for_each(drop));
        let api_key = std::fs::read_to_string(data.path().join("api-key")).unwrap().trim().to_owned();
        Self { child, address, api_key, data }
    }

    /// Processor time that it has used, in seconds: to within a hundredth.
    pub(crate) fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(Path::new("/proc").join(self.child.id().to_string()).join("stat"));
        let stat = stat.unwrap();
        // The name may have spaces in it; what follows its parenthesis has none.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap() / 100.0).sum()
    }

    /// Resident memory of the process, in bytes.
    pub(crate) fn memory(&self) -> f64 {
        let status =
            std::fs::read_to_string(Path::new("/proc").join(self.child.id().to_string()).join("status"));
        let status = status.unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() * 1024.0
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) struct Key {
    pub(crate) pair: EcdsaKeyPair,
    pub(crate) public: Jwk,
}

impl Key {
    pub(crate) fn new() -> Self {
        let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
        let public = Jwk::from_point(pair.public_key().as_ref()).unwrap();
        Self { pair, public }
    }

    pub(crate) fn sign<M: Message>(&self, message: &M) -> String {
        let unsigned = Unsigned::new(message, self.public.thumbprint()).unwrap();
        let signature = self.pair.sign(&SystemRandom::new(), unsigned.signing_input()).unwrap();
        unsigned.finish(signature.as_ref().try_into().unwrap())
    }
}

pub(crate) struct Phone {
    pub(crate) user: String,
    pub(crate) address: SocketAddr,
    pub(crate) api_key: Arc<str>,
    pub(crate) connection: Connection,
    pub(crate) relying_party: Connection,
    pub(crate) service_key: Thumbprint,
    pub(crate) device_key: Key,
    pub(crate) approval_key: Key,
    pub(crate) id: Id,
}

impl Phone {
    pub(crate) async fn enrol(service: &Service, user: &str) -> Self {
        let mut relying_party = Connection::open(service.address).await;
        let body = json!({"user": user, "show": "relying_party"}).to_string();
        let enrolment = relying_party.exchange("POST", "/v1/enrolments", Some(&service.api_key), &body).await;
        let enrolment: Value = serde_json::from_str(&enrolment).unwrap();
        let link: EnrolmentLink = enrolment["link"].as_str().unwrap().parse().unwrap();
        let mut phone = Self {
            user: user.to_owned(),
            address: service.address,
            api_key: service.api_key.as_str().into(),
            connection: Connection::open(service.address).await,
            relying_party,
            service_key: link.service_key,
            device_key: Key::new(),
            approval_key: Key::new(),
            id: Id::make_random(),
        };
        let claims = Enrol {
            aud: link.service_key,
            ticket: link.ticket,
            device_key: phone.device_key.public,
            approval_key: phone.approval_key.public,
            encryption_key: EncryptionKey::make_random().public(),
            name: "Phone".into(),
            platform: Platform::Other,
            hardware_keys: false,
            wake_up: None,
        };
        let request = phone.device_key.sign(&claims);
        let reply = phone.connection.exchange("POST", paths::ENROL, None, &request).await;
        phone.id = peek::<Enrolled>(&reply).unwrap().1.device;
        let path = format!("/v1/enrolments/{}", enrolment["id"].as_str().unwrap());
        let number = phone.relying_party.exchange("GET", &path, Some(&service.api_key), "").await;
        let number: Value = serde_json::from_str(&number).unwrap();
        let challenge = phone.fetch().await.challenges.remove(0);
        phone.answer(&challenge, number["number"].as_str().unwrap()).await;
        phone
    }

    pub(crate) async fn approve_once(&mut self) {
        let body =
            json!({"user": self.user, "application": "Ward portal", "show": "relying_party"}).to_string();
        let created = self.relying_party.exchange("POST", "/v1/sign-ins", Some(&self.api_key), &body).await;
        let created: Value = serde_json::from_str(&created).unwrap();
        let challenge = self.fetch().await.challenges.remove(0);
        self.answer(&challenge, created["number"].as_str().unwrap()).await;
        let path = format!("/v1/sign-ins/{}", created["id"].as_str().unwrap());
        let result = self.relying_party.exchange("GET", &path, Some(&self.api_key), "").await;
        assert!(result.contains("\"state\":\"approved\""), "{result}");
    }

    pub(crate) fn fetch_request(&self, wait: u32) -> String {
        self.device_key.sign(&Fetch {
            aud: self.service_key,
            device: self.id,
            jti: Id::make_random(),
            iat: now(),
            wait,
            known: Vec::new(),
        })
    }

    pub(crate) async fn fetch(&mut self) -> Delivery {
        let request = self.fetch_request(0);
        let reply = self.connection.exchange("POST", paths::FETCH, None, &request).await;
        peek::<Delivery>(&reply).unwrap().1
    }

    pub(crate) async fn answer(&mut self, challenge: &str, number: &str) {
        let (_, claims) = peek::<Challenge>(challenge).unwrap();
        let request = self.approval_key.sign(&Answer {
            aud: self.service_key,
            device: self.id,
            challenge: claims.id,
            challenge_hash: sha256_base64url(challenge),
            decision: Decision::Approve,
            number: Some(number.to_owned()),
            scanned: None,
            lock: false,
            user_check: UserCheck::Biometric,
            iat: now(),
        });
        let reply = self.connection.exchange("POST", paths::ANSWER, None, &request).await;
        peek::<countersign_protocol::messages::Receipt>(&reply).unwrap();
    }
}

/// As little of an HTTP client as the service needs, so that its cost is small.
pub(crate) struct Connection(pub(crate) TcpStream);

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }

    pub(crate) async fn exchange(
        &mut self,
        method: &str,
        path: &str,
        api_key: Option<&str>,
        body: &str,
    ) -> String {
        self.send(method, path, api_key, body).await;
        self.receive().await
    }

    pub(crate) async fn send(&mut self, method: &str, path: &str, api_key: Option<&str>, body: &str) {
        let authorization = api_key.map(|key| format!("authorization: Bearer {key}\r\n")).unwrap_or_default();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\n{authorization}content-length: {length}\r\n\r\n{body}"
        );
        self.0.write_all(request.as_bytes()).await.unwrap();
    }

    /// The body of an accepted request.
    pub(crate) async fn receive(&mut self) -> String {
        let (head, body) = self.receive_any().await;
        assert!(head.starts_with("HTTP/1.1 2"), "{head}\n{body}");
        body
    }

    /// Head and body of any reply.
    pub(crate) async fn receive_any(&mut self) -> (String, String) {
        let mut reply = Vec::with_capacity(4096);
        loop {
            let text = std::str::from_utf8(&reply).unwrap();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
                if body.len() >= length.parse().unwrap() {
                    return (head.to_owned(), body.to_owned());
                }
            }
            assert_ne!(self.0.read_buf(&mut reply).await.unwrap(), 0, "the connection ended");
        }
    }
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Without `--bench`, `cargo test` runs a bench: once, with little.
pub(crate) fn is_test() -> bool {
    let has = |argument: &str| std::env::args().any(|given| given == argument);
    has("--test") || !has("--bench")
}
