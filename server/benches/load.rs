//! The service under load, as its own process with a fresh database, over real HTTP connections of this machine:
//! full approvals per second, how fast old sign-ins go meanwhile, the time from a sign-in to a waiting phone, also while
//! others send nonsense, and memory for each phone that waits.
//!
//! `cargo bench -p countersign-server`. The phones' own signatures are in the figures: client and service share the
//! machine.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that fails ends")]

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

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

fn main() {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(measure());
}

async fn measure() {
    let service = Service::start();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let idle = service.memory();
    println!("memory, idle: {:.1} MB", idle / 1e6);
    let (counts, time, latencies, old): (&[usize], _, _, _) = if is_test() {
        (&[1, 2], Duration::from_millis(50), 3, 300)
    } else {
        (&[1, 16, 256], Duration::from_secs(4), 300, 150_000)
    };
    let mut phones = Vec::new();
    for index in 0..counts.iter().copied().max().unwrap_or_default() {
        phones.push(Phone::enrol(&service, &format!("user-{index}")).await);
    }
    println!("full approvals (create, fetch, answer, result) on one database:");
    for &count in counts {
        let rest = phones.split_off(count);
        let (rate, back) = approvals(phones, time).await;
        println!("  {count:3} phones: {rate:6.0} a second");
        phones = back;
        phones.extend(rest);
    }
    phones = pruning(&service, phones, old, time).await;
    println!("sign-in created to shown on a waiting phone:");
    latency("alone", &mut phones[0], latencies).await;
    for (what, nonsense) in [
        ("while six connections send what isn't HTTP", "nonsense \u{7f}\r\n\r\n"),
        (
            "while six send forged messages",
            "POST /v1/device/fetch HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\na.b",
        ),
    ] {
        let others: Vec<_> = (0..6).map(|_| tokio::spawn(send_nonsense(service.address, nonsense))).collect();
        latency(what, &mut phones[0], latencies).await;
        others.iter().for_each(tokio::task::JoinHandle::abort);
    }
    waiting(&service, &phones, 4000).await;
}

/// Without `--bench`, `cargo test` runs it: once, with little.
fn is_test() -> bool {
    let has = |argument: &str| std::env::args().any(|given| given == argument);
    has("--test") || !has("--bench")
}

async fn approvals(phones: Vec<Phone>, time: Duration) -> (f64, Vec<Phone>) {
    let began = Instant::now();
    let tasks: Vec<_> = phones
        .into_iter()
        .map(|mut phone| {
            tokio::spawn(async move {
                let mut done = 0_u32;
                while began.elapsed() < time {
                    phone.approve_once().await;
                    done += 1;
                }
                (phone, done)
            })
        })
        .collect();
    let mut phones = Vec::new();
    let mut done = 0;
    for task in tasks {
        let (phone, count) = task.await.unwrap();
        phones.push(phone);
        done += count;
    }
    (f64::from(done) / began.elapsed().as_secs_f64(), phones)
}

/// How many old sign-ins go in a second while others are made as fast as they can be: more than those that are made.
async fn pruning(service: &Service, phones: Vec<Phone>, old: u32, time: Duration) -> Vec<Phone> {
    let database = rusqlite::Connection::open(service.data.path().join("countersign.db")).unwrap();
    database.busy_timeout(Duration::from_secs(30)).unwrap();
    let two_days_ago = i64::try_from(now() - 2 * 86_400).unwrap() * 1000;
    let count = |database: &rusqlite::Connection| -> f64 {
        let query = "SELECT count(*) FROM sign_ins WHERE state <> 'pending' AND expires <= ?1";
        f64::from(database.query_row(query, [two_days_ago], |row| row.get::<_, u32>(0)).unwrap())
    };
    let columns: Vec<String> = database
        .prepare("SELECT name FROM pragma_table_info('sign_ins')")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let values = columns.iter().map(|column| match column.as_str() {
        "id" => "randomblob(16)".to_owned(),
        "expires" => two_days_ago.to_string(),
        other => other.to_owned(),
    });
    let values = values.collect::<Vec<_>>().join(", ");
    let statements = format!(
        "BEGIN IMMEDIATE;
         INSERT INTO sign_ins WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {old})
             SELECT {values} FROM n, (SELECT * FROM sign_ins WHERE state = 'approved' LIMIT 1);
         INSERT INTO challenges SELECT it.id, c.device, c.service_key, c.hash, c.jws
             FROM sign_ins AS it, (SELECT * FROM challenges LIMIT 1) AS c WHERE it.expires = {two_days_ago};
         COMMIT"
    );
    // As some are deleted while others are made, the insertion is waited for.
    tokio::task::spawn_blocking({
        let path = service.data.path().join("countersign.db");
        move || {
            let database = rusqlite::Connection::open(path).unwrap();
            database.busy_timeout(Duration::from_secs(30)).unwrap();
            database.execute_batch(&statements).unwrap();
        }
    })
    .await
    .unwrap();
    let (before, began) = (count(&database), Instant::now());
    let (rate, phones) = approvals(phones, time).await;
    let gone = before - count(&database);
    let seconds = began.elapsed().as_secs_f64();
    println!("old sign-ins deleted: {:.0} a second, beside {rate:.0} new ones a second", gone / seconds);
    phones
}

/// Sends the same bytes again and again, on as many connections as that takes, until it is aborted.
async fn send_nonsense(address: SocketAddr, bytes: &'static str) {
    loop {
        let Ok(mut stream) = TcpStream::connect(address).await else { continue };
        let mut reply = [0; 4096];
        while stream.write_all(bytes.as_bytes()).await.is_ok() {
            if !stream.read(&mut reply).await.is_ok_and(|count| count > 0) {
                break;
            }
        }
    }
}

/// From the relying party's request to the challenge in the hands of a phone that waits.
async fn latency(what: &str, phone: &mut Phone, count: usize) {
    let mut times = Vec::new();
    for _ in 0..count {
        let request = phone.fetch_request(30);
        phone.connection.send("POST", paths::FETCH, None, &request).await;
        tokio::time::sleep(Duration::from_millis(3)).await;
        let began = Instant::now();
        let mut other = Connection::open(phone.address).await;
        let create = json!({"user": phone.user, "application": "Ward portal", "show": "relying_party"});
        let create = create.to_string();
        let (created, delivered) = tokio::join!(
            other.exchange("POST", "/v1/sign-ins", Some(&phone.api_key), &create),
            phone.connection.receive()
        );
        times.push(began.elapsed());
        let (_, delivery) = peek::<Delivery>(&delivered).unwrap();
        let created: Value = serde_json::from_str(&created).unwrap();
        phone.answer(&delivery.challenges[0], created["number"].as_str().unwrap()).await;
    }
    times.sort();
    let at = |share: usize| times[(times.len() * share).div_ceil(100) - 1].as_secs_f64() * 1e3;
    println!("  {what}: median {:.2} ms, p99 {:.2} ms", at(50), at(99));
}

/// Memory that the service takes for each connection with a held fetch.
async fn waiting(service: &Service, phones: &[Phone], count: usize) {
    let before = service.memory();
    let mut held = Vec::new();
    for phone in phones.iter().cycle().take(count.min(phones.len() * 4)) {
        let mut connection = Connection::open(phone.address).await;
        let request = phone.fetch_request(60);
        connection.send("POST", paths::FETCH, None, &request).await;
        held.push(connection);
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let each = (service.memory() - before) / f64::from(u32::try_from(held.len()).unwrap());
    println!("memory for each of {} waiting phones: {:.1} kB", held.len(), each / 1e3);
}

struct Service {
    child: Child,
    address: SocketAddr,
    api_key: String,
    data: tempfile::TempDir,
}

impl Service {
    fn start() -> Self {
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

    /// Resident memory of the process, in bytes.
    fn memory(&self) -> f64 {
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

struct Key {
    pair: EcdsaKeyPair,
    public: Jwk,
}

impl Key {
    fn new() -> Self {
        let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
        let public = Jwk::from_point(pair.public_key().as_ref()).unwrap();
        Self { pair, public }
    }

    fn sign<M: Message>(&self, message: &M) -> String {
        let unsigned = Unsigned::new(message, self.public.thumbprint()).unwrap();
        let signature = self.pair.sign(&SystemRandom::new(), unsigned.signing_input()).unwrap();
        unsigned.finish(signature.as_ref().try_into().unwrap())
    }
}

struct Phone {
    user: String,
    address: SocketAddr,
    api_key: Arc<str>,
    connection: Connection,
    relying_party: Connection,
    service_key: Thumbprint,
    device_key: Key,
    approval_key: Key,
    id: Id,
}

impl Phone {
    async fn enrol(service: &Service, user: &str) -> Self {
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

    async fn approve_once(&mut self) {
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

    fn fetch_request(&self, wait: u32) -> String {
        self.device_key.sign(&Fetch {
            aud: self.service_key,
            device: self.id,
            jti: Id::make_random(),
            iat: now(),
            wait,
            known: Vec::new(),
        })
    }

    async fn fetch(&mut self) -> Delivery {
        let request = self.fetch_request(0);
        let reply = self.connection.exchange("POST", paths::FETCH, None, &request).await;
        peek::<Delivery>(&reply).unwrap().1
    }

    async fn answer(&mut self, challenge: &str, number: &str) {
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
struct Connection(TcpStream);

impl Connection {
    async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }

    async fn exchange(&mut self, method: &str, path: &str, api_key: Option<&str>, body: &str) -> String {
        self.send(method, path, api_key, body).await;
        self.receive().await
    }

    async fn send(&mut self, method: &str, path: &str, api_key: Option<&str>, body: &str) {
        let authorization = api_key.map(|key| format!("authorization: Bearer {key}\r\n")).unwrap_or_default();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\n{authorization}content-length: {length}\r\n\r\n{body}"
        );
        self.0.write_all(request.as_bytes()).await.unwrap();
    }

    async fn receive(&mut self) -> String {
        let mut reply = Vec::with_capacity(4096);
        loop {
            let text = std::str::from_utf8(&reply).unwrap();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
                if body.len() >= length.parse().unwrap() {
                    assert!(head.starts_with("HTTP/1.1 2"), "{text}");
                    return body.to_owned();
                }
            }
            assert_ne!(self.0.read_buf(&mut reply).await.unwrap(), 0, "the connection ended");
        }
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}
