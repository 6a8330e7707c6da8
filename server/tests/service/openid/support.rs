//! A client of the door, and a browser that keeps cookies.

use std::collections::BTreeMap;

use countersign_protocol::{Id, decode_base64url, encode_base64url, sha256_base64url};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, StatusCode, header};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use crate::support::phone::Phone;
use crate::support::{World, http_client};

pub(super) const REDIRECT_URI: &str = "https://portal.example/back?x=1";
pub(super) const VERIFIER: &str = "0123456789-._~abcdefghijklmnopqrstuvwxyzABCDEF";
/// The service's address for browsers, in tests of this crate.
pub(super) const PUBLIC: &str = "https://approve.example";

/// A client of the door.
pub(super) struct Portal {
    pub(super) id: String,
    pub(super) secret: String,
}

/// What a client may ask for.
pub(super) type Query = BTreeMap<&'static str, String>;

impl Portal {
    pub(super) fn new(world: &World) -> Self {
        Self::with(world, "portal", |_| {})
    }

    /// A client whose row differs in some columns.
    pub(super) fn with(world: &World, name: &str, adjust: impl FnOnce(&mut BTreeMap<&str, String>)) -> Self {
        let database = database(world);
        let (id, secret) = (Id::make_random(), encode_base64url(Id::make_random().as_bytes()));
        let mut columns = BTreeMap::from([
            ("application", "Ward portal".to_owned()),
            ("redirect_uris", json!([REDIRECT_URI, "https://portal.example/other"]).to_string()),
            ("methods", "push code".to_owned()),
            ("settings", "{}".to_owned()),
        ]);
        adjust(&mut columns);
        database
            .execute(
                "INSERT INTO clients (id, organisation, name, kind, application, rights, redirect_uris, methods, settings,
                     created, jwks, issuers)
                 SELECT ?1, organisations.id, ?2, 'oidc', ?3, 'sign_in', ?4, ?5, ?6, 0, ?7, ?8 FROM organisations",
                params![
                    id.as_bytes(),
                    name,
                    columns["application"],
                    columns["redirect_uris"],
                    columns["methods"],
                    columns["settings"],
                    columns.get("jwks"),
                    columns.get("issuers").map_or("[]", String::as_str),
                ],
            )
            .unwrap();
        let hash = ring::digest::digest(&ring::digest::SHA256, secret.as_bytes());
        database
            .execute(
                "INSERT INTO client_secrets (id, client, hash, created) VALUES (?1, ?2, ?3, 0)",
                params![Id::make_random().as_bytes(), id.as_bytes(), hash.as_ref()],
            )
            .unwrap();
        Self { id: id.to_string(), secret }
    }

    /// Takes the client its right to be used.
    pub(super) fn revoke(&self, world: &World) {
        let id: Id = self.id.parse().unwrap();
        database(world).execute("UPDATE clients SET revoked = 1 WHERE id = ?1", [id.as_bytes()]).unwrap();
    }

    pub(super) fn query(&self) -> Query {
        BTreeMap::from([
            ("client_id", self.id.clone()),
            ("redirect_uri", REDIRECT_URI.to_owned()),
            ("response_type", "code".to_owned()),
            ("scope", "openid email".to_owned()),
            ("state", "a state & more".to_owned()),
            ("nonce", "the nonce".to_owned()),
            ("code_challenge", sha256_base64url(VERIFIER)),
            ("code_challenge_method", "S256".to_owned()),
            ("login_hint", "ada".to_owned()),
        ])
    }

    /// The address that the client sends a browser to.
    pub(super) fn authorize(&self) -> String {
        authorize(&self.query())
    }

    pub(super) fn grant(&self, code: &str) -> Query {
        BTreeMap::from([
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", REDIRECT_URI.to_owned()),
            ("code_verifier", VERIFIER.to_owned()),
            ("client_id", self.id.clone()),
            ("client_secret", self.secret.clone()),
        ])
    }

    pub(super) async fn exchange(&self, world: &World, code: &str) -> Tokens {
        token(world, &self.grant(code)).await
    }
}

/// What the token endpoint answers.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) status: StatusCode,
    pub(super) body: Value,
}

impl Tokens {
    pub(super) fn error(&self) -> (u16, &str) {
        (self.status.as_u16(), self.body["error"].as_str().unwrap_or_default())
    }

    /// The ID token's claims, verified under the published keys.
    pub(super) async fn claims(&self, world: &World) -> Value {
        assert_eq!(self.status, 200, "{:?}", self.body);
        verify(self.body["id_token"].as_str().unwrap(), &jwks(world).await).1
    }

    pub(super) async fn userinfo(&self, world: &World) -> (StatusCode, Value) {
        let request = world.http.get(format!("{}/oidc/userinfo", world.base()));
        let response = request.bearer_auth(self.body["access_token"].as_str().unwrap()).send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }
}

pub(super) async fn jwks(world: &World) -> Value {
    world.http.get(format!("{}/oidc/jwks", world.base())).send().await.unwrap().json().await.unwrap()
}

/// Header and claims of a token that verifies under the key that it names.
pub(super) fn verify(token: &str, jwks: &Value) -> (Value, Value) {
    let parts: Vec<&str> = token.split('.').collect();
    let object = |text: &str| -> Value { serde_json::from_slice(&decode_base64url(text).unwrap()).unwrap() };
    let (header, claims) = (object(parts[0]), object(parts[1]));
    let (input, signature) = (format!("{}.{}", parts[0], parts[1]), decode_base64url(parts[2]).unwrap());
    let keys = jwks["keys"].as_array().unwrap();
    let key = keys.iter().find(|key| key["kid"] == header["kid"]).expect("the token's key is published");
    assert_eq!(header["alg"], key["alg"]);
    let number = |name: &str| decode_base64url(key[name].as_str().unwrap()).unwrap();
    let verified = if key["kty"] == "RSA" {
        RsaPublicKeyComponents { n: number("n"), e: number("e") }.verify(
            &RSA_PKCS1_2048_8192_SHA256,
            input.as_bytes(),
            &signature,
        )
    } else {
        let point = [&[4][..], &number("x"), &number("y")].concat();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(input.as_bytes(), &signature)
    };
    verified.expect("the token verifies");
    (header, claims)
}

pub(super) async fn token(world: &World, form: &Query) -> Tokens {
    token_with(world, None, &encode(form)).await
}

pub(super) async fn token_with(world: &World, authorization: Option<&str>, body: &str) -> Tokens {
    let mut request = world.http.post(format!("{}/oidc/token", world.base()));
    request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body.to_owned());
    if let Some(value) = authorization {
        request = request.header(header::AUTHORIZATION, value);
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["cache-control"], "no-store");
    Tokens { status: response.status(), body: response.json().await.unwrap() }
}

pub(super) fn encode(query: &Query) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish()
}

pub(super) fn authorize(query: &Query) -> String {
    format!("/oidc/authorize?{}", encode(query))
}

fn database(world: &World) -> Connection {
    let database = Connection::open(world.config.data.join("countersign.db")).unwrap();
    database.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    database
}

/// A browser that keeps cookies, and follows redirects one by one.
pub(super) struct Browser {
    client: Client,
    cookies: BTreeMap<(String, String), String>,
}

/// What a browser has been sent.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) status: StatusCode,
    /// Where it is sent on: a path of the service, or another site's address.
    pub(super) location: Option<String>,
    pub(super) policy: String,
    pub(super) html: String,
    path: String,
}

impl Browser {
    pub(super) fn new() -> Self {
        let _ = http_client();
        Self { client: Client::builder().redirect(Policy::none()).build().unwrap(), cookies: BTreeMap::new() }
    }

    /// Loads one address, and follows nothing.
    pub(super) async fn load(&mut self, world: &World, path: &str) -> Shown {
        self.request(world, Method::GET, path, None).await
    }

    pub(super) async fn post(&mut self, world: &World, path: &str, form: &str) -> Shown {
        self.request(world, Method::POST, path, Some(form.to_owned())).await
    }

    /// Loads an address and follows it to the page that it ends at, or out of the service.
    pub(super) async fn open(&mut self, world: &World, path: &str) -> Shown {
        let mut shown = self.load(world, path).await;
        for _ in 0..5 {
            match &shown.location {
                Some(to) if to.starts_with('/') => shown = self.load(world, &to.clone()).await,
                _ => return shown,
            }
        }
        panic!("the browser is sent in circles: {shown:?}");
    }

    /// The address of the answer, once the sign-in page has ended.
    pub(super) async fn resume(&mut self, world: &World, page: &Shown) -> Shown {
        let path = format!("/oidc/resume/{}", page.sign_in());
        self.load(world, &path).await
    }

    async fn request(&mut self, world: &World, method: Method, path: &str, form: Option<String>) -> Shown {
        let mut request = self.client.request(method, format!("{}{path}", world.base()));
        let plain = path.split('?').next().unwrap().to_owned();
        let sent: Vec<String> = self
            .cookies
            .iter()
            .filter(|((folder, _), _)| plain == *folder || plain.starts_with(&format!("{folder}/")))
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        if !sent.is_empty() {
            request = request.header(header::COOKIE, sent.join("; "));
        }
        if let Some(form) = form {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
        }
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.contains("; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
            let (pair, rest) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let folder = rest.split("Path=").nth(1).unwrap().split(';').next().unwrap();
            self.cookies.insert((folder.to_owned(), name.to_owned()), value.to_owned());
        }
        let text = |name: header::HeaderName| {
            response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
        };
        let base = Url::parse(&format!("{PUBLIC}{plain}")).unwrap();
        let location = text(header::LOCATION).map(|to| base.join(&to).unwrap().to_string());
        let location = location.map(|to| to.strip_prefix(PUBLIC).map_or(to.clone(), str::to_owned));
        let policy = text(header::CONTENT_SECURITY_POLICY).unwrap_or_default();
        let status = response.status();
        Shown { status, location, policy, html: response.text().await.unwrap(), path: plain }
    }
}

impl Shown {
    pub(super) fn number(&self) -> &str {
        between(&self.html, "data-number=\"", "\"").expect("the page shows a number")
    }

    pub(super) fn state(&self) -> &str {
        between(&self.html, "data-state=\"", "\"").unwrap_or_default()
    }

    /// The sign-in whose page this is.
    pub(super) fn sign_in(&self) -> &str {
        assert!(self.path.starts_with("/sign-ins/"), "{self:?}");
        self.path.rsplit('/').next().unwrap()
    }

    /// What went back to the client, at its registered address.
    pub(super) fn answer(&self) -> BTreeMap<String, String> {
        assert_eq!(self.status, 303, "{self:?}");
        let location = self.location.as_deref().unwrap();
        let query = location.strip_prefix(&format!("{REDIRECT_URI}&")).expect("the registered address");
        let answer: BTreeMap<String, String> =
            form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        assert_eq!(answer.get("iss").map(String::as_str), Some(PUBLIC));
        answer
    }

    pub(super) fn code(&self) -> String {
        self.answer()["code"].clone()
    }

    pub(super) fn error(&self) -> String {
        self.answer().get("error").expect("an error").clone()
    }
}

/// Approves the sign-in of a page on a phone that has no other request.
pub(super) async fn approve(world: &World, phone: &Phone, page: &Shown) {
    let challenge = phone.challenges(world).await.remove(0);
    let receipt = phone.approve(world, &challenge, page.number()).await.unwrap();
    assert_eq!(receipt.outcome, countersign_protocol::messages::Outcome::Approved);
}

/// A code for an approved sign-in.
pub(super) async fn approved_code(world: &World, phone: &Phone, portal: &Portal, nonce: &str) -> String {
    let mut browser = Browser::new();
    let mut query = portal.query();
    query.insert("nonce", nonce.to_owned());
    let page = browser.open(world, &authorize(&query)).await;
    approve(world, phone, &page).await;
    browser.resume(world, &page).await.code()
}

/// How many sign-ins there were.
pub(super) async fn sign_ins(world: &World) -> usize {
    world.audit_outcomes("sign_in.create").await.len()
}

pub(super) fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    Some(text.split_once(before)?.1.split_once(after)?.0)
}
