//! A real approval service in this process, and the relying party that talks to it.

use countersign_server::{API_KEY_FILE, Config, Service};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::support::{Home, Ran};

/// A service on a free port of loopback, with data of its own.
pub(crate) struct Running {
    runtime: Runtime,
    service: Option<Service>,
    address: String,
    api_key: String,
    client: reqwest::Client,
    _data: TempDir,
}

impl Running {
    pub(crate) fn start() -> Self {
        Self::start_with(|_| {})
    }

    pub(crate) fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut config = Config::new(data.path());
        config.listen.set_port(0);
        change(&mut config);
        // reqwest needs a provider even for plain http; later callers find it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = Runtime::new().unwrap();
        let service = runtime.block_on(Service::start(config)).unwrap();
        let api_key = std::fs::read_to_string(data.path().join(API_KEY_FILE)).unwrap().trim().to_owned();
        Self {
            address: format!("http://{}", service.address()),
            service: Some(service),
            api_key,
            client: reqwest::Client::new(),
            runtime,
            _data: data,
        }
    }

    pub(crate) fn stop(&mut self) {
        if let Some(service) = self.service.take() {
            self.runtime.block_on(service.shutdown());
        }
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        self.send(self.client.post(format!("{}{path}", self.address)).json(body))
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        self.send(self.client.get(format!("{}{path}", self.address)))
    }

    /// An enrolment whose link the relying party is shown, as a page would show it.
    pub(crate) fn invite(&self, user: &str) -> Value {
        self.post("/v1/enrolments", &json!({ "user": user, "show": "relying_party" }))
    }

    /// A sign-in whose number the relying party is shown, as a page would show it.
    pub(crate) fn sign_in(&self, user: &str, application: &str) -> Value {
        let body = json!({
            "user": user, "application": application, "place": "Leeds", "ip": "192.0.2.7",
            "client": "Firefox on Windows", "show": "relying_party",
        });
        self.post("/v1/sign-ins", &body)
    }

    /// A sign-in that only its page shows.
    pub(crate) fn sign_in_without_number(&self, user: &str) -> Value {
        self.post("/v1/sign-ins", &json!({ "user": user, "application": "Ward portal" }))
    }

    /// What became of a sign-in.
    pub(crate) fn state(&self, sign_in: &Value) -> String {
        text(&self.get(&format!("/v1/sign-ins/{}", text(sign_in, "id"))), "state")
    }

    /// Enrols a home for `user` and makes it active.
    pub(crate) fn enrol(&self, home: &Home, user: &str) {
        let invited = self.invite(user);
        home.run_with(&["enrol", "-"], text(&invited, "link").as_bytes()).succeeds();
        self.activate(home, &invited).succeeds();
    }

    /// Types the number of the enrolment page.
    pub(crate) fn activate(&self, home: &Home, invited: &Value) -> Ran {
        let page = self.get(&format!("/v1/enrolments/{}?show=relying_party", text(invited, "id")));
        home.run(&["requests", "approve", "--json", "--number", &text(&page, "number")])
    }

    /// An administrator removes all devices of a user.
    pub(crate) fn revoke_devices(&self, user: &str) {
        let devices = self.get(&format!("/v1/devices?user={user}"));
        for device in devices["devices"].as_array().unwrap() {
            let url = format!("{}/v1/devices/{}", self.address, text(device, "id"));
            self.runtime.block_on(async {
                let response = self.client.delete(url).bearer_auth(&self.api_key).send().await.unwrap();
                response.error_for_status().unwrap();
            });
        }
    }

    fn send(&self, request: reqwest::RequestBuilder) -> Value {
        self.runtime.block_on(async {
            let response = request.bearer_auth(&self.api_key).send().await.unwrap();
            response.error_for_status().unwrap().json().await.unwrap()
        })
    }
}

pub(crate) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("there is no {name}")).to_owned()
}
