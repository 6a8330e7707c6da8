//! Firebase Cloud Messaging: a message without content by its HTTP v1 interface, to Android phones, and through Apple's
//! push service to iPhones.
//!
//! The service proves itself by OAuth 2.0 with a service account's key (RFC 7523): a token for an hour, shared by all pushes.

use std::path::Path;
use std::time::Duration;

use countersign_protocol::encode_base64url;
use reqwest::{Client, StatusCode};
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::RSA_PKCS1_SHA256;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::Failure;
use super::reply::judge;
use crate::https::{self, SetupError};
use crate::time::Time;

const HOST: &str = "https://fcm.googleapis.com";
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
/// What is left of a token's life when it is replaced.
const MARGIN: Duration = Duration::from_secs(60);

/// Sends wake-ups through Firebase.
pub(crate) struct Fcm {
    client: Client,
    host: String,
    account: Account,
    key: KeyPair,
    token: Mutex<Option<Token>>,
}

/// A service account's key file, as Google's console gives it.
#[derive(Deserialize)]
struct Account {
    project_id: String,
    private_key_id: String,
    client_email: String,
    token_uri: String,
}

/// The part of the same file that is kept as a key alone.
#[derive(Deserialize)]
struct AccountKey {
    private_key: Zeroizing<String>,
}

struct Token {
    text: Zeroizing<String>,
    until: Time,
}

#[derive(Deserialize)]
struct Granted {
    access_token: Zeroizing<String>,
    expires_in: u64,
}

impl Fcm {
    /// Reads the key file of a service account.
    pub(super) fn new(key_file: &Path) -> Result<Self, SetupError> {
        Self::with_host(key_file, HOST)
    }

    fn with_host(key_file: &Path, host: &str) -> Result<Self, SetupError> {
        let text = Zeroizing::new(std::fs::read_to_string(key_file)?);
        // An error of serde_json can quote what it has read.
        let wrong = || SetupError::from("it is not the key file of a service account");
        let account: Account = serde_json::from_str(&text).map_err(|_| wrong())?;
        let AccountKey { private_key } = serde_json::from_str(&text).map_err(|_| wrong())?;
        let der = PrivatePkcs8KeyDer::from_pem_slice(private_key.as_bytes()).map_err(|_| wrong())?;
        let key = KeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| wrong())?;
        let client = https::client(None)?.build()?;
        Ok(Self { client, host: host.to_owned(), account, key, token: Mutex::default() })
    }

    /// Sends one message, which Firebase keeps for `lifetime` if the phone is away.
    pub(super) async fn send(
        &self,
        registration: &str,
        lifetime: Duration,
        now: Time,
    ) -> Result<(), Failure> {
        let token = self.token(now).await?;
        let url = format!("{}/v1/projects/{}/messages:send", self.host, self.account.project_id);
        let reply = self
            .client
            .post(url)
            .bearer_auth(&*token)
            .header("Content-Type", "application/json")
            .body(message(registration, lifetime, now).to_string())
            .send()
            .await
            .map_err(|_| Failure::Unreachable(None))?;
        if reply.status() == StatusCode::UNAUTHORIZED {
            // Withdrawn before its time: the next try gets another.
            *self.token.lock().await = None;
            return Err(Failure::Unreachable(None));
        }
        judge(&reply)
    }

    /// The token of this hour. While one call gets it, the others wait.
    async fn token(&self, now: Time) -> Result<Zeroizing<String>, Failure> {
        let mut token = self.token.lock().await;
        if let Some(token) = token.as_ref().filter(|token| now < token.until) {
            return Ok(token.text.clone());
        }
        let granted = self.ask_for_token(now).await?;
        let until = now + Duration::from_secs(granted.expires_in).saturating_sub(MARGIN);
        *token = Some(Token { text: granted.access_token.clone(), until });
        Ok(granted.access_token)
    }

    async fn ask_for_token(&self, now: Time) -> Result<Granted, Failure> {
        let assertion = self.assertion(now).ok_or(Failure::Refused)?;
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
            .append_pair("assertion", &assertion)
            .finish();
        let reply = self
            .client
            .post(&self.account.token_uri)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await
            .map_err(|_| Failure::Unreachable(None))?;
        // A token's refusal isn't the phone's: never `Gone`.
        judge(&reply).map_err(|failure| if failure == Failure::Gone { Failure::Refused } else { failure })?;
        let text = reply.text().await.map(Zeroizing::new).map_err(|_| Failure::Unreachable(None))?;
        serde_json::from_str(&text).map_err(|_| Failure::Unreachable(None))
    }

    /// A JWT (RFC 7519) by RS256 that asks for a token.
    fn assertion(&self, now: Time) -> Option<String> {
        let account = &self.account;
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": account.private_key_id });
        let claims = json!({
            "iss": account.client_email, "scope": SCOPE, "aud": account.token_uri,
            "iat": now.seconds(), "exp": now.seconds() + 3600,
        });
        let part = |json: &serde_json::Value| encode_base64url(json.to_string().as_bytes());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).ok()?;
        Some(format!("{signed}.{}", encode_base64url(&signature)))
    }
}

/// The message: on Android for the app alone, which fetches; on an iPhone the neutral text that the notification service
/// extension replaces by what it has fetched. `SIGN_IN_WAITS` is in the app's string catalogue.
fn message(registration: &str, lifetime: Duration, now: Time) -> serde_json::Value {
    json!({ "message": {
        "token": registration,
        "data": { "countersign": "fetch" },
        "android": { "priority": "HIGH", "ttl": format!("{}s", lifetime.as_secs()), "collapse_key": "countersign" },
        "apns": {
            "headers": {
                "apns-push-type": "alert", "apns-priority": "10", "apns-collapse-id": "countersign",
                "apns-expiration": (now + lifetime).seconds().to_string(),
            },
            "payload": { "aps": {
                "alert": { "loc-key": "SIGN_IN_WAITS" }, "mutable-content": 1, "sound": "default",
                "interruption-level": "time-sensitive",
            } },
        },
    } })
}

#[cfg(test)]
mod tests;
