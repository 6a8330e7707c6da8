//! A stand-in for Microsoft Entra ID: a tenant's metadata and keys over HTTP, sign-ins that are sent to an external MFA
//! provider, and a check of the provider's answer as Entra's documentation describes it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use countersign_authenticator::protocol::{decode_base64url, encode_base64url};
use countersign_server::{Clock, SystemClock};
use countersign_tests::http_client;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::keys::Key;

pub(crate) const TENANT: &str = "9122040d-6c67-4c5b-b112-36a304b66dad";
/// The identifier of the app registration.
pub(crate) const APP: &str = "1e4b8f2c-5f0a-4f0d-9a53-0a8c3d2b7e61";
pub(crate) const ADA: Person = Person {
    object: "aaaabbbb-0000-cccc-1111-dddd2222eeee",
    name: "ada@north.example",
    subject: "AdaTowardsTheApp",
};
pub(crate) const GUEST: Person = Person {
    object: "bbbbcccc-1111-dddd-2222-eeee3333ffff",
    name: "ada@south.example",
    subject: "GuestTowardsTheApp",
};

/// Somebody whom the tenant knows.
#[derive(Clone, Copy)]
pub(crate) struct Person {
    pub(crate) object: &'static str,
    pub(crate) name: &'static str,
    pub(crate) subject: &'static str,
}

/// A tenant, in a cloud of its own.
pub(crate) struct Entra {
    /// The address of the cloud.
    pub(crate) authority: String,
    pub(crate) key: Key,
    shared: Arc<Shared>,
    answers: tokio::sync::Mutex<mpsc::UnboundedReceiver<Answer>>,
    ahead_seconds: AtomicU64,
}

struct Shared {
    authority: String,
    keys: Mutex<Vec<Value>>,
    /// Keys that only an application's own metadata names.
    keys_of_app: Mutex<Vec<Value>>,
    /// What the page does that sends a browser to the provider.
    page: Mutex<String>,
    is_down: AtomicBool,
    fetches: AtomicU32,
    answers: mpsc::UnboundedSender<Answer>,
}

/// What was posted back.
pub(crate) type Answer = BTreeMap<String, String>;

/// The provider, as an administrator has entered it.
#[derive(Clone)]
pub(crate) struct Provider {
    pub(crate) client_id: String,
    pub(crate) discovery_url: String,
    /// Discovery and keys, as they were fetched last.
    pub(crate) cache: Option<(Value, Value)>,
}

/// A request to the provider.
#[derive(Clone)]
pub(crate) struct Attempt {
    pub(crate) form: BTreeMap<&'static str, String>,
    subject: &'static str,
}

impl Entra {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let authority = format!("http://{}", listener.local_addr().unwrap());
        let (sender, answers) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            authority: authority.clone(),
            keys: Mutex::default(),
            keys_of_app: Mutex::default(),
            page: Mutex::default(),
            is_down: AtomicBool::new(false),
            fetches: AtomicU32::new(0),
            answers: sender,
        });
        let router = Router::new()
            .route("/{tenant}/v2.0/.well-known/openid-configuration", get(metadata))
            .route("/{tenant}/discovery/v2.0/keys", get(keys))
            .route("/login", get(login))
            .route("/favicon.ico", get(async || StatusCode::NO_CONTENT))
            .route("/common/federation/externalauthprovider", post(take))
            .with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let entra = Self {
            authority,
            key: Key::make("first"),
            shared,
            answers: tokio::sync::Mutex::new(answers),
            ahead_seconds: AtomicU64::new(0),
        };
        entra.publish([entra.key.public(&entra.template())]);
        entra
    }

    pub(crate) fn issuer(&self) -> String {
        format!("{}/{TENANT}/v2.0", self.authority)
    }

    /// The issuer of keys that sign for every tenant.
    pub(crate) fn template(&self) -> String {
        format!("{}/{{tenantid}}/v2.0", self.authority)
    }

    pub(crate) fn publish(&self, keys: impl Into<Vec<Value>>) {
        *hold(&self.shared.keys) = keys.into();
    }

    pub(crate) fn publish_for_app(&self, keys: impl Into<Vec<Value>>) {
        *hold(&self.shared.keys_of_app) = keys.into();
    }

    pub(crate) fn set_down(&self, is_down: bool) {
        self.shared.is_down.store(is_down, Ordering::SeqCst);
    }

    /// Lets time pass.
    pub(crate) fn advance(&self, time: Duration) {
        self.ahead_seconds.fetch_add(time.as_secs(), Ordering::SeqCst);
    }

    /// The address of a page that sends a browser to the provider with this request: by itself, or by its button.
    pub(crate) fn login_page(&self, attempt: &Attempt, authorize: &str) -> String {
        let escape = |text: &str| text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
        let fields: String = attempt
            .form
            .iter()
            .map(|(name, value)| format!("<input type=hidden name={name} value=\"{}\">", escape(value)))
            .collect();
        *hold(&self.shared.page) = format!(
            "<!DOCTYPE html><title>Entra</title><form id=on method=post action=\"{authorize}\">{fields}\
             <button>Continue</button></form><script>document.getElementById('on').submit()</script>"
        );
        format!("{}/login", self.authority)
    }

    /// How often its metadata was asked for.
    pub(crate) fn fetches(&self) -> u32 {
        self.shared.fetches.load(Ordering::SeqCst)
    }

    /// The claims of a hint, issued as expired.
    pub(crate) fn claims(&self, person: &Person) -> Value {
        let now = SystemClock.now().seconds() + self.ahead_seconds.load(Ordering::SeqCst);
        json!({
            "ver": "2.0", "iss": self.issuer(), "sub": person.subject, "aud": APP, "exp": now - 1, "iat": now, "nbf": now,
            "name": "Somebody", "preferred_username": person.name, "oid": person.object, "tid": TENANT,
            "uti": encode_base64url(rand_bytes()),
        })
    }

    /// A sign-in of this person after their password.
    pub(crate) fn attempt(&self, provider: &Provider, person: &Person) -> Attempt {
        let claims = json!({ "id_token": {
            "amr": { "essential": true, "values": ["face", "fido", "fpt", "hwk", "iris", "otp", "pop", "retina", "sc", "sms", "swk", "tel", "vbm"] },
            "acr": { "essential": true, "values": ["possessionorinherence"] },
        } });
        let form = [
            ("scope", "openid".to_owned()),
            ("response_type", "id_token".to_owned()),
            ("response_mode", "form_post".to_owned()),
            ("client_id", provider.client_id.clone()),
            ("redirect_uri", format!("{}/common/federation/externalauthprovider", self.authority)),
            ("nonce", encode_base64url(rand_bytes())),
            ("state", format!("{}+/=&<\">", "s".repeat(2000))),
            ("claims", claims.to_string()),
            ("client-request-id", "0F2A1D3C-9B6E-4C77-8D2F-1234567890AB".to_owned()),
            ("some-other-parameter", "is passed over".to_owned()),
            ("id_token_hint", self.key.sign(&self.claims(person))),
        ];
        Attempt { form: form.into(), subject: person.subject }
    }

    /// The next answer that a browser has posted.
    pub(crate) async fn answer(&self) -> Answer {
        self.answers.lock().await.recv().await.unwrap()
    }
}

impl Attempt {
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.form.insert(name, value.into());
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.form.remove(name);
        self
    }
}

impl Provider {
    /// Fetches discovery and keys, as Entra does once a day, and refuses what Entra refuses.
    pub(crate) async fn refresh(&mut self) {
        let root = self.discovery_url.strip_suffix("/.well-known/openid-configuration").unwrap().to_owned();
        let discovery = fetch(&self.discovery_url).await;
        assert_eq!(discovery["issuer"], root.as_str());
        let has = |member: &str, value: &str| {
            let values = discovery[member].as_array().unwrap();
            assert!(values.iter().any(|one| one == value), "{member} has no {value}");
        };
        has("scopes_supported", "openid");
        has("response_types_supported", "id_token");
        has("response_modes_supported", "form_post");
        has("id_token_signing_alg_values_supported", "RS256");
        has("claim_types_supported", "normal");
        assert!(!discovery["subject_types_supported"].as_array().unwrap().is_empty());
        assert_eq!(discovery["authorization_endpoint"], format!("{root}/oidc/authorize"));
        let keys = fetch(discovery["jwks_uri"].as_str().unwrap()).await;
        for key in keys["keys"].as_array().unwrap() {
            assert_eq!(key["use"], "sig");
            assert!(decode_base64url(key["kid"].as_str().unwrap()).is_ok());
            let certificate =
                data_encoding::BASE64.decode(key["x5c"][0].as_str().unwrap().as_bytes()).unwrap();
            if key["kty"] == "RSA" {
                let modulus = decode_base64url(key["n"].as_str().unwrap()).unwrap();
                assert!(
                    certificate.windows(modulus.len()).any(|part| part == modulus),
                    "x5c is of another key"
                );
            }
        }
        self.cache = Some((discovery, keys));
    }

    /// Checks an answer as Entra does, and gives the method that it names.
    pub(crate) fn check(&self, attempt: &Attempt, answer: &Answer) -> String {
        let (discovery, keys) = self.cache.as_ref().expect("discovery and keys were fetched");
        assert_eq!(answer.get("error"), None, "{:?}", answer.get("error_description"));
        assert_eq!(answer.get("state"), attempt.form.get("state"));
        let token = answer.get("id_token").expect("an id_token");
        let (input, signature) = token.rsplit_once('.').unwrap();
        let (header, claims) = input.split_once('.').unwrap();
        let part =
            |text: &str| -> Value { serde_json::from_slice(&decode_base64url(text).unwrap()).unwrap() };
        let (header, claims) = (part(header), part(claims));
        assert_eq!(header["alg"], "RS256");
        let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == header["kid"]);
        let key = key.expect("the key is one of those that were published when they were fetched");
        let bytes = |text: &Value| decode_base64url(text.as_str().unwrap()).unwrap();
        RsaPublicKeyComponents { n: bytes(&key["n"]), e: bytes(&key["e"]) }
            .verify(&RSA_PKCS1_2048_8192_SHA256, input.as_bytes(), &decode_base64url(signature).unwrap())
            .expect("the signature verifies");
        assert_eq!(claims["iss"], discovery["issuer"]);
        assert_eq!(claims["aud"], attempt.form["client_id"].as_str());
        assert_eq!(claims["sub"], attempt.subject);
        assert_eq!(claims["nonce"], attempt.form["nonce"].as_str());
        assert!(claims["exp"].as_u64().unwrap() > claims["iat"].as_u64().unwrap());
        let asked: Value = serde_json::from_str(&attempt.form["claims"]).unwrap();
        let is_asked = |claim: &str, value: &Value| {
            let values = asked["id_token"][claim]["values"].as_array().unwrap();
            assert!(values.contains(value), "{claim} {value} wasn't asked for");
        };
        is_asked("acr", &claims["acr"]);
        let [amr] = claims["amr"].as_array().expect("amr is an array").as_slice() else {
            panic!("amr has one method: {}", claims["amr"])
        };
        is_asked("amr", amr);
        amr.as_str().unwrap().to_owned()
    }
}

/// As Entra fetches: 200, and a length that is known.
async fn fetch(url: &str) -> Value {
    let response = http_client().get(url).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let length =
        response.headers().get("content-length").expect("a Content-Length").to_str().unwrap().to_owned();
    let text = response.text().await.unwrap();
    assert_eq!(length, text.len().to_string());
    serde_json::from_str(&text).unwrap()
}

type Query = axum::extract::Query<BTreeMap<String, String>>;

async fn metadata(
    State(shared): State<Arc<Shared>>,
    Path(tenant): Path<String>,
    axum::extract::Query(query): Query,
) -> Result<Json<Value>, StatusCode> {
    shared.fetches.fetch_add(1, Ordering::SeqCst);
    if shared.is_down.load(Ordering::SeqCst) {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    let authority = &shared.authority;
    let app = query.get("appid").map(|app| format!("?appid={app}")).unwrap_or_default();
    Ok(Json(json!({
        "issuer": format!("{authority}/{tenant}/v2.0"),
        "jwks_uri": format!("{authority}/{tenant}/discovery/v2.0/keys{app}"),
    })))
}

async fn keys(State(shared): State<Arc<Shared>>, axum::extract::Query(query): Query) -> Json<Value> {
    let own = Some(hold(&shared.keys_of_app).clone());
    let own = own.filter(|keys| query.contains_key("appid") && !keys.is_empty());
    Json(json!({ "keys": own.unwrap_or_else(|| hold(&shared.keys).clone()) }))
}

async fn login(State(shared): State<Arc<Shared>>) -> Html<String> {
    Html(hold(&shared.page).clone())
}

async fn take(State(shared): State<Arc<Shared>>, Form(answer): Form<Answer>) -> Html<&'static str> {
    shared.answers.send(answer).unwrap();
    Html("<!DOCTYPE html><title>Entra</title><main id=main data-state=entra>Thank you</main>")
}

fn hold<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn rand_bytes() -> [u8; 16] {
    *countersign_authenticator::protocol::Id::make_random().as_bytes()
}
