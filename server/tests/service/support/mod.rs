//! A service in this process, with a clock that tests turn, and those who talk to it: a relying party and phones.

pub(crate) mod clock;
pub(crate) mod phone;

use std::sync::{Arc, Once};

use countersign_server::{API_KEY_FILE, Clock, Config, Service};
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
    service: Option<Service>,
    pub(crate) folder: tempfile::TempDir,
}

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
        Self { clock, http: http_client(), api_key, config, service: Some(service), folder }
    }

    /// Stops the service and starts it again on the same data.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        self.service = Some(start(&self.config, &self.clock).await);
    }

    pub(crate) async fn stop(&mut self) {
        self.service.take().unwrap().shutdown().await;
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.service.as_ref().unwrap().address())
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

    pub(crate) async fn state_of(&self, sign_in: &Value) -> String {
        let reply = self.get(&format!("/v1/sign-ins/{}", sign_in["id"].as_str().unwrap())).await;
        reply.ok()["state"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn enrolment(&self, id: &str) -> Value {
        self.get(&format!("/v1/enrolments/{id}")).await.ok()
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
