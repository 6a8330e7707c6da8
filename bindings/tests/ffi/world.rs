//! A service, and what a relying party asks of it.

use std::sync::{Arc, Once};

use countersign_ffi::{Authenticator, DeviceDescription, Id, MatchProof, Offer, Platform};
use countersign_server::{API_KEY_FILE, Config, Service};
use reqwest::{Client, Method};
use serde_json::{Value, json};

/// A service in this process, and a relying party that sees the numbers.
pub(crate) struct World {
    pub(crate) service: Service,
    http: Client,
    api_key: String,
    _folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn start() -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| rustls::crypto::ring::default_provider().install_default().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::new(folder.path().join("data"));
        config.listen = "127.0.0.1:0".parse().unwrap();
        config.public_url = None;
        let service = Service::start(config.clone()).await.unwrap();
        let api_key = std::fs::read_to_string(config.data.join(API_KEY_FILE)).unwrap().trim().to_owned();
        Self { service, http: Client::new(), api_key, _folder: folder }
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Value) -> Value {
        let url = format!("http://{}{path}", self.service.address());
        let request = self.http.request(method, url).bearer_auth(&self.api_key).json(&body);
        let text = request.send().await.unwrap().error_for_status().unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    pub(crate) async fn enrolment(&self) -> (String, Arc<Offer>) {
        let body = json!({"user": "ada", "show": "relying_party"});
        let enrolment = self.call(Method::POST, "/v1/enrolments", body).await;
        let offer = Offer::parse(enrolment["link"].as_str().unwrap().into()).unwrap();
        (enrolment["id"].as_str().unwrap().into(), offer)
    }

    /// Enrols a phone, with the activation that the service asks for at once.
    pub(crate) async fn enrolled(&self, authenticator: &Authenticator) -> Id {
        let (enrolment, offer) = self.enrolment().await;
        let account = authenticator.enrol(offer, device(), None).await.unwrap().account;
        let activation = authenticator.fetch(account, 0, None).await.unwrap().remove(0);
        let shown = self.number_of(&format!("/v1/enrolments/{enrolment}")).await;
        authenticator.approve(activation.id, number(&shown), None).await.unwrap();
        account
    }

    pub(crate) async fn number_of(&self, path: &str) -> String {
        self.call(Method::GET, path, Value::Null).await["number"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn sign_in(&self) -> Value {
        let body = json!({"user": "ada", "application": "Ward portal", "show": "relying_party"});
        self.call(Method::POST, "/v1/sign-ins", body).await
    }
}

pub(crate) fn device() -> DeviceDescription {
    DeviceDescription { name: "Ada's phone".into(), platform: Platform::Android, wake_up: None }
}

pub(crate) fn number(number: &str) -> MatchProof {
    MatchProof::Number { number: number.into() }
}
