//! What one approval takes a phone in Rust alone, over real HTTP: a fetch that brings the request, and the answer. The bar for
//! `cargo xtask kotlin --bench` and `cargo xtask swift --bench`, which run the same against the same service. It is the time
//! that this process has a processor for: most of what a clock would show is the service's and the disk's.
//!
//! `COUNTERSIGN_SERVER` names the service's program; without it nothing is measured.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a bench that fails should stop, and say why")]

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use countersign_authenticator::Authenticator;
use countersign_authenticator::approvals::{DeviceDescription, MatchProof};
use countersign_authenticator::client::HttpTransportBuilder;
use countersign_authenticator::clock::SystemClock;
use countersign_authenticator::keys::{SoftwareKeys, UserCheck};
use countersign_authenticator::offer::Offer;
use countersign_authenticator::protocol::Id;
use countersign_authenticator::protocol::messages::Platform;
use countersign_authenticator::vault::{NewSlot, RecoveryCode, Vault};
use cpu_time::ProcessTime;
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The real service in a process, and its relying party.
struct Service {
    process: Child,
    url: String,
    key: String,
    http: reqwest::Client,
    _data: TempDir,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Service {
    async fn start(program: &str) -> Self {
        let data = tempfile::tempdir().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let mut command = Command::new(program);
        command.arg("--data").arg(data.path()).args(["--listen", &address]);
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let (url, http) = (format!("http://{address}"), reqwest::Client::new());
        while http.get(format!("{url}/healthz")).send().await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let key = std::fs::read_to_string(data.path().join("api-key")).unwrap().trim().to_owned();
        Self { process, url, key, http, _data: data }
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let request = self.http.post(format!("{}{path}", self.url)).body(body.to_string());
        self.reply(request.header("Content-Type", "application/json")).await
    }

    async fn get(&self, path: &str) -> Value {
        self.reply(self.http.get(format!("{}{path}", self.url))).await
    }

    async fn reply(&self, request: reqwest::RequestBuilder) -> Value {
        let response = request.bearer_auth(&self.key).send().await.unwrap().error_for_status().unwrap();
        serde_json::from_str(&response.text().await.unwrap()).unwrap()
    }
}

fn phone(folder: &TempDir) -> Authenticator {
    let slot = NewSlot::from_recovery_code(&RecoveryCode::make_random());
    let vault = Arc::new(Vault::create(&folder.path().join("vault.db"), &[slot]).unwrap());
    let keys = Arc::new(SoftwareKeys::new(Arc::clone(&vault), UserCheck::None));
    let transport = Arc::new(HttpTransportBuilder::default().build().unwrap());
    Authenticator::new(vault, keys, Arc::new(SystemClock::default()), transport).unwrap()
}

async fn enrol(phone: &Authenticator, service: &Service) -> Id {
    let enrolment = service.post("/v1/enrolments", json!({"user": "ada", "show": "relying_party"})).await;
    let Ok(Offer::Enrolment(offer)) = Offer::parse(enrolment["link"].as_str().unwrap()) else {
        panic!("a link")
    };
    let device = DeviceDescription { name: "Phone".into(), platform: Platform::Other, wake_up: None };
    let account = phone.enrol(&offer, device).await.unwrap().account;
    let shown = service.get(&format!("/v1/enrolments/{}", enrolment["id"].as_str().unwrap())).await;
    approve(phone, account, &shown).await;
    account
}

async fn approve(phone: &Authenticator, account: Id, shown: &Value) -> Duration {
    let number = shown["number"].as_str().unwrap().to_owned();
    let started = ProcessTime::now();
    let open = phone.fetch(account, Duration::ZERO).await.unwrap();
    phone.approve(open.first().unwrap().id, MatchProof::Number(number)).await.unwrap();
    started.elapsed()
}

fn approval(criterion: &mut Criterion) {
    let Ok(program) = std::env::var("COUNTERSIGN_SERVER") else {
        eprintln!("SKIPPED: COUNTERSIGN_SERVER doesn't name the service's program");
        return;
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let service = runtime.block_on(Service::start(&program));
    let phone = phone(&folder);
    let account = runtime.block_on(enrol(&phone, &service));
    criterion.bench_function("fetch and approve", |bencher| {
        bencher.iter_custom(|times| {
            runtime.block_on(async {
                let mut sum = Duration::ZERO;
                for _ in 0..times {
                    let body = json!({"user": "ada", "application": "Ward portal", "show": "relying_party"});
                    let sign_in = service.post("/v1/sign-ins", body).await;
                    sum += approve(&phone, account, &sign_in).await;
                }
                sum
            })
        });
    });
}

criterion_group!(benches, approval);
criterion_main!(benches);
