//! A relying party: what an organisation's sign-in system asks of the service.

use std::path::Path;

use countersign_authenticator::protocol::EnrolmentLink;
use countersign_server::API_KEY_FILE;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::{Failure, Page, http_client};

/// A relying party with its API key.
#[derive(Clone, Debug)]
pub struct RelyingParty {
    client: Client,
    url: String,
    key: String,
}

/// An enrolment that has been started.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// What its QR says.
    pub link: EnrolmentLink,
    /// The address of its page, which one browser alone can open.
    pub page_url: String,
}

/// A sign-in that has been started, with what its page shows.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// Its name.
    pub id: String,
    /// The number on its page.
    pub number: String,
    /// The text of its page's QR.
    pub match_link: String,
}

impl RelyingParty {
    /// The relying party whose key a service at `url` has left in its data folder.
    ///
    /// # Errors
    ///
    /// When there is no key.
    pub fn new(url: String, data: &Path) -> Result<Self, Failure> {
        let key = std::fs::read_to_string(data.join(API_KEY_FILE))?;
        Ok(Self { client: http_client(), url, key: key.trim().to_owned() })
    }

    /// Posts, and gives the reply.
    ///
    /// # Errors
    ///
    /// When the service refuses or can't be reached.
    pub async fn post(&self, path: &str, body: Value) -> Result<Value, Failure> {
        accepted(self.request(Method::POST, path, Some(body)).await?)
    }

    /// Gets, and gives the reply.
    ///
    /// # Errors
    ///
    /// When the service refuses or can't be reached.
    pub async fn get(&self, path: &str) -> Result<Value, Failure> {
        accepted(self.request(Method::GET, path, None).await?)
    }

    /// Any request, with its reply as JSON (null if it has none), refused or not.
    ///
    /// # Errors
    ///
    /// When the service can't be reached.
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<(StatusCode, Value), Failure> {
        let mut request = self.client.request(method, format!("{}{path}", self.url)).bearer_auth(&self.key);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let status = response.status();
        Ok((status, serde_json::from_str(&response.text().await?).unwrap_or(Value::Null)))
    }

    /// Whether the service takes this code of this user.
    ///
    /// # Panics
    ///
    /// When the service can't be reached.
    pub async fn takes_code(&self, user: &str, code: &str) -> bool {
        let body = json!({ "user": user, "code": code });
        let reply = self.request(Method::POST, "/v1/codes/verify", Some(body)).await;
        let (status, reply) = reply.expect("the service answers");
        status.is_success() && reply["valid"] == true
    }

    /// Starts an enrolment.
    ///
    /// # Panics
    ///
    /// When the service refuses.
    pub async fn enrolment(&self, user: &str) -> Enrolment {
        let body = json!({ "user": user, "show": "relying_party" });
        let reply = self.post("/v1/enrolments", body).await.expect("an enrolment");
        let link = text(&reply, "link").parse().expect("the link is in order");
        Enrolment { link, page_url: text(&reply, "page_url") }
    }

    /// Starts a sign-in.
    ///
    /// # Panics
    ///
    /// When the service refuses.
    pub async fn sign_in(&self, user: &str) -> SignIn {
        let body = json!({
            "user": user,
            "application": "Ward portal",
            "place": "Leeds",
            "ip": "192.0.2.7",
            "client": "Firefox on Windows",
            "show": "relying_party",
        });
        let reply = self.post("/v1/sign-ins", body).await.expect("a sign-in");
        SignIn {
            id: text(&reply, "id"),
            number: text(&reply, "number"),
            match_link: text(&reply, "match_link"),
        }
    }

    /// How a sign-in stands.
    ///
    /// # Panics
    ///
    /// When the service refuses.
    pub async fn state(&self, sign_in: &SignIn) -> String {
        text(&self.get(&format!("/v1/sign-ins/{}", sign_in.id)).await.expect("the sign-in"), "state")
    }

    /// The user's devices.
    ///
    /// # Panics
    ///
    /// When the service refuses.
    pub async fn devices(&self, user: &str) -> Vec<Value> {
        let reply = self.get(&format!("/v1/devices?user={user}")).await.expect("the devices");
        reply["devices"].as_array().expect("a list").clone()
    }

    /// The audit log.
    ///
    /// # Panics
    ///
    /// When the service refuses.
    pub async fn audit(&self) -> Vec<Value> {
        let reply = self.get("/v1/audit?limit=500").await.expect("the audit log");
        reply["entries"].as_array().expect("a list").clone()
    }
}

impl Enrolment {
    /// The number that its page shows once a device has joined.
    ///
    /// # Panics
    ///
    /// When the page shows none. The page can be opened by one browser only, so this works once.
    pub async fn number(&self) -> String {
        let page = Page::open(&self.page_url).await.expect("the page opens");
        page.number().expect("the page shows a number")
    }
}

fn accepted((status, reply): (StatusCode, Value)) -> Result<Value, Failure> {
    if status.is_success() {
        Ok(reply)
    } else {
        Err(format!("the service answered {status}: {reply}").into())
    }
}

fn text(reply: &Value, name: &str) -> String {
    reply[name].as_str().unwrap_or_else(|| panic!("the reply has no {name}")).to_owned()
}
