//! The approval service, as the organisation's sign-in system sees it.

use std::path::Path;

use reqwest::header::{COOKIE, HeaderValue, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::Failure;

/// The relying party of a service that runs beside this process.
pub(crate) struct RelyingParty {
    client: Client,
    url: String,
    key: String,
}

impl RelyingParty {
    /// `key` is the file with the API key.
    pub(crate) fn new(url: &str, key: &Path) -> Result<Self, Failure> {
        // reqwest wants a TLS provider even where only loopback is spoken to. The second to install one is refused, rightly.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let key = std::fs::read_to_string(key)?.trim().to_owned();
        let client = Client::builder().redirect(Policy::none()).build()?;
        Ok(Self { client, url: url.to_owned(), key })
    }

    /// Starts an enrolment. Gives the text of its QR code, and the address of the page that shows its number.
    pub(crate) async fn enrolment(&self, user: &str) -> Result<(String, String), Failure> {
        let body = json!({ "user": user, "show": "relying_party" });
        let reply = self.ask(Method::POST, "/v1/enrolments", Some(body)).await?;
        Ok((text(&reply, "link")?.to_owned(), text(&reply, "page_url")?.to_owned()))
    }

    /// The number that a page shows. Only the first browser that opens the page is shown it: it is known by its cookie, and
    /// sent on to an address without the page's key.
    pub(crate) async fn number_on(&self, page: &str) -> Result<String, Failure> {
        let first = self.client.get(page).send().await?.error_for_status()?;
        let header = |name| first.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let cookie =
            header(SET_COOKIE).and_then(|cookie| cookie.split(';').next()).ok_or("there is no cookie")?;
        let address = first.url().join(header(LOCATION).ok_or("the page doesn't send on")?)?;
        let page = self.client.get(address).header(COOKIE, cookie).send().await?;
        let page = page.error_for_status()?.text().await?;
        let number = page.split_once("data-number=\"").and_then(|(_, rest)| Some(rest.split_once('"')?.0));
        Ok(number.ok_or("the page shows no number")?.to_owned())
    }

    /// Starts a sign-in. Gives its name and its number.
    pub(crate) async fn sign_in(&self, user: &str) -> Result<(String, String), Failure> {
        let body =
            json!({ "user": user, "application": "Ward portal", "place": "Leeds", "show": "relying_party" });
        let reply = self.ask(Method::POST, "/v1/sign-ins", Some(body)).await?;
        Ok((text(&reply, "id")?.to_owned(), text(&reply, "number")?.to_owned()))
    }

    /// What became of a sign-in.
    pub(crate) async fn state(&self, sign_in: &str) -> Result<String, Failure> {
        let reply = self.ask(Method::GET, &format!("/v1/sign-ins/{sign_in}"), None).await?;
        Ok(text(&reply, "state")?.to_owned())
    }

    /// Whether the service takes this code of this user.
    pub(crate) async fn takes_code(&self, user: &str, code: &str) -> Result<bool, Failure> {
        let body = json!({ "user": user, "code": code });
        Ok(self.ask(Method::POST, "/v1/codes/verify", Some(body)).await?["valid"] == true)
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, Failure> {
        let mut request = self.client.request(method, format!("{}{path}", self.url)).bearer_auth(&self.key);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let reply = request.send().await?;
        let status = reply.status();
        let body = reply.text().await?;
        if status.is_success() {
            Ok(serde_json::from_str(&body)?)
        } else {
            Err(format!("the service answered {status} to {path}: {body}").into())
        }
    }
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, Failure> {
    value[name].as_str().ok_or_else(|| format!("there is no {name} in {value}").into())
}
