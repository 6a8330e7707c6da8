//! A service in this process, with a clock that tests turn, and those who talk to it: a relying party and phones.

pub(crate) mod clock;
pub(crate) mod phone;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, Once};

use countersign_server::{API_KEY_FILE, Clock, Config, Service, SystemClock};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use self::clock::ManualClock;
use self::phone::Phone;

/// A running service and its relying party.
pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) http: Client,
    pub(crate) api_key: String,
    pub(crate) config: Config,
    pub(crate) address: SocketAddr,
    service: Mutex<Option<Service>>,
    pub(crate) folder: tempfile::TempDir,
}

/// A sign-in whose number the relying party sees.
pub(crate) struct SignIn(pub(crate) Value);

/// A relying party's reply.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(configure: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::new(folder.path().join("data"));
        config.listen = "127.0.0.1:0".parse().unwrap();
        config.public_url = Some("https://approve.example".parse().unwrap());
        configure(&mut config);
        let clock = Arc::new(ManualClock::new());
        let service = start(&config, &clock).await;
        let api_key = std::fs::read_to_string(config.data.join(API_KEY_FILE)).unwrap().trim().to_owned();
        Self {
            clock,
            http: http_client(),
            api_key,
            config,
            address: service.address(),
            service: Mutex::new(Some(service)),
            folder,
        }
    }

    /// The world around a service in another process.
    pub(crate) fn around(folder: tempfile::TempDir, config: Config, address: SocketAddr) -> Self {
        let api_key = std::fs::read_to_string(config.data.join(API_KEY_FILE)).unwrap().trim().to_owned();
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        Self { clock, http: http_client(), api_key, config, address, service: Mutex::new(None), folder }
    }

    /// Stops the service and starts it again on the same data.
    pub(crate) async fn restart(&mut self) {
        self.take_service().shutdown().await;
        let service = start(&self.config, &self.clock).await;
        self.address = service.address();
        self.service = Mutex::new(Some(service));
    }

    pub(crate) fn take_service(&self) -> Service {
        self.service.lock().unwrap().take().unwrap()
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn seconds(&self) -> u64 {
        self.clock.now().seconds()
    }

    pub(crate) async fn request(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        self.request_as(&self.api_key, method, path, body).await
    }

    pub(crate) async fn request_as(
        &self,
        api_key: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Reply {
        let mut request = self.http.request(method, format!("{}{path}", self.base())).bearer_auth(api_key);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        Reply { status, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.request(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.request(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.request(Method::DELETE, path, None).await
    }

    /// An enrolment whose link the relying party sees.
    pub(crate) async fn start_enrolment(&self, user: &str) -> Value {
        self.post("/v1/enrolments", json!({"user": user, "show": "relying_party"})).await.created()
    }

    /// A phone that has used a ticket, but not been activated.
    pub(crate) async fn enrol(&self, user: &str) -> Phone {
        let enrolment = self.start_enrolment(user).await;
        let mut phone = Phone::new(enrolment["link"].as_str().unwrap());
        phone.enrol(self).await.unwrap();
        phone
    }

    /// An active phone.
    pub(crate) async fn active_phone(&self, user: &str) -> Phone {
        let phone = self.enrol(user).await;
        let activation = phone.challenges(self).await.remove(0);
        let number = self.enrolment(&phone.enrolment).await["number"].as_str().unwrap().to_owned();
        let receipt = phone.approve(self, &activation, &number).await.unwrap();
        assert_eq!(receipt.outcome, countersign_protocol::messages::Outcome::Approved);
        phone
    }

    /// A sign-in whose number the relying party sees.
    pub(crate) async fn start_sign_in(&self, user: &str) -> Value {
        self.post(
            "/v1/sign-ins",
            json!({"user": user, "application": "Ward portal", "place": "Leeds", "ip": "192.0.2.7",
                   "client": "Firefox", "show": "relying_party"}),
        )
        .await
        .created()
    }

    /// A sign-in from a network address, whose number the relying party sees.
    pub(crate) async fn start_sign_in_from(&self, user: &str, ip: &str) -> SignIn {
        let body = json!({"user": user, "application": "Ward portal", "ip": ip, "show": "relying_party"});
        SignIn(self.post("/v1/sign-ins", body).await.created())
    }

    /// Gives a code for a sign-in.
    pub(crate) async fn give_code(&self, sign_in: &SignIn, code: &str) -> Reply {
        self.post(&format!("/v1/sign-ins/{}/code", sign_in.id()), json!({"code": code})).await
    }

    /// Sends a request that may be sent again.
    pub(crate) async fn post_with_key(&self, path: &str, key: &str, body: Value) -> Reply {
        let request = self.http.post(format!("{}{path}", self.base())).bearer_auth(&self.api_key);
        let response = request.header("idempotency-key", key).json(&body).send().await.unwrap();
        Reply { status: response.status(), body: response.json().await.unwrap() }
    }

    /// A sign-in and its challenge on a phone that has no other.
    pub(crate) async fn ask(&self, user: &str, phone: &Phone) -> (SignIn, phone::Shown) {
        let sign_in = SignIn(self.start_sign_in(user).await);
        let shown = phone.challenges(self).await;
        let shown = shown.into_iter().find(|shown| shown.claims.id.to_string() == sign_in.id()).unwrap();
        (sign_in, shown)
    }

    pub(crate) async fn audit_outcomes(&self, event: &str) -> Vec<String> {
        let log = self.get("/v1/audit?limit=1000").await.ok();
        let entries = log["entries"].as_array().unwrap().iter().filter(|entry| entry["event"] == event);
        entries.map(|entry| entry["outcome"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits for what another task of the service does by itself.
    pub(crate) async fn eventually(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        for _ in 0..1000 {
            if holds().await {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        panic!("{what} did not happen");
    }

    pub(crate) async fn state_of(&self, sign_in: &Value) -> String {
        let reply = self.get(&format!("/v1/sign-ins/{}", sign_in["id"].as_str().unwrap())).await;
        reply.ok()["state"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn enrolment(&self, id: &str) -> Value {
        self.get(&format!("/v1/enrolments/{id}")).await.ok()
    }
}

impl SignIn {
    pub(crate) fn id(&self) -> &str {
        self.0["id"].as_str().unwrap()
    }

    pub(crate) fn number(&self) -> &str {
        self.0["number"].as_str().unwrap()
    }

    /// Another number than the right one.
    pub(crate) fn wrong_number(&self) -> String {
        let number: u32 = self.number().parse().unwrap();
        format!("{:06}", (number + 1) % 1_000_000)
    }
}

impl Reply {
    pub(crate) fn created(self) -> Value {
        assert_eq!(self.status, StatusCode::CREATED, "{:?}", self.body);
        self.body
    }

    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{:?}", self.body);
        self.body
    }

    /// The error's code, with its status.
    pub(crate) fn refused(&self) -> (u16, &str) {
        (self.status.as_u16(), self.body["error"]["code"].as_str().unwrap_or(""))
    }
}

pub(crate) fn http_client() -> Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| rustls::crypto::ring::default_provider().install_default().unwrap());
    Client::new()
}

async fn start(config: &Config, clock: &Arc<ManualClock>) -> Service {
    let clock: Arc<dyn Clock> = clock.clone();
    Service::start_with_clock(config.clone(), clock).await.unwrap()
}
