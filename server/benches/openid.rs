//! What a sign-in costs the service by OpenID Connect, from the authorization request to the ID token, against the same
//! sign-in over the relying-party interface, in one run; and what of it is the ID token's signature.
//!
//! `cargo bench -p countersign-server --bench openid`. The phone's and the browser's work isn't in the figures: they are the
//! processor time of the service's process. Both sign-ins load the sign-in page once, and are approved by its number.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that fails ends")]

#[path = "support/mod.rs"]
mod support;

use std::time::Instant;

use countersign_protocol::{Id, sha256_base64url};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rsa::pkcs8::EncodePrivateKey;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use self::support::{Connection, Phone, Service, is_test};

const VERIFIER: &str = "0123456789-._~abcdefghijklmnopqrstuvwxyzABCDEF";
const BACK: &str = "https://portal.example/back";

fn main() {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(measure());
}

async fn measure() {
    let service = Service::start();
    let mut phone = Phone::enrol(&service, "ada").await;
    let clients = [Client::insert(&service, "rsa", "RS256"), Client::insert(&service, "p256", "ES256")];
    let mut browser = Connection::open(service.address).await;
    // Once each, so that keys are made and caches are warm.
    sign_in_over_rest(&mut phone, &mut browser).await;
    for client in &clients {
        client.sign_in(&mut phone, &mut browser, 0).await;
    }
    let (rounds, each) = if is_test() { (1, 1) } else { (5, 100) };
    let (mut rest, mut openid) = (0.0, [0.0; 2]);
    for round in 0..rounds {
        let before = service.cpu();
        for _ in 0..each {
            sign_in_over_rest(&mut phone, &mut browser).await;
        }
        rest += service.cpu() - before;
        for (client, spent) in clients.iter().zip(&mut openid) {
            let before = service.cpu();
            for number in 0..each {
                client.sign_in(&mut phone, &mut browser, 1 + round * each + number).await;
            }
            *spent += service.cpu() - before;
        }
    }
    let count = f64::from(rounds * each);
    let [rs256, es256] = openid;
    println!("processor time of the service for a sign-in, {count} of each:");
    println!("  relying-party interface: {:.3} ms", rest / count * 1e3);
    println!("  OpenID Connect, RS256: {:.3} ms, {:.2} times as much", rs256 / count * 1e3, rs256 / rest);
    println!("  OpenID Connect, ES256: {:.3} ms, {:.2} times as much", es256 / count * 1e3, es256 / rest);
    let (rsa_alone, p256_alone) = signatures(if is_test() { 1 } else { 300 });
    let signing = (rs256 - es256) / count + p256_alone;
    println!(
        "ring's RS256: {:.3} ms, ES256: {:.3} ms; an RS256 ID token takes {:.2} times ring's RS256",
        rsa_alone * 1e3,
        p256_alone * 1e3,
        signing / rsa_alone
    );
}

/// A client of the OpenID door.
struct Client {
    id: Id,
    secret: String,
}

impl Client {
    fn insert(service: &Service, name: &str, algorithm: &str) -> Self {
        let database = rusqlite::Connection::open(service.data.path().join("countersign.db")).unwrap();
        let (id, secret) = (Id::make_random(), Id::make_random().to_string());
        let settings = json!({ "id_token_signed_response_alg": algorithm }).to_string();
        database
            .execute(
                "INSERT INTO clients (id, organisation, name, kind, rights, redirect_uris, methods, settings, created)
                 SELECT ?1, id, ?2, 'oidc', 'sign_in', ?3, 'push code', ?4, 0 FROM organisations",
                rusqlite::params![id.as_bytes(), name, json!([BACK]).to_string(), settings],
            )
            .unwrap();
        let hash = ring::digest::digest(&ring::digest::SHA256, secret.as_bytes());
        database
            .execute(
                "INSERT INTO client_secrets (id, client, hash, created) VALUES (?1, ?2, ?3, 0)",
                rusqlite::params![Id::make_random().as_bytes(), id.as_bytes(), hash.as_ref()],
            )
            .unwrap();
        Self { id, secret }
    }

    async fn sign_in(&self, phone: &mut Phone, browser: &mut Connection, number: u32) {
        let challenge = sha256_base64url(VERIFIER);
        let path = format!(
            "/oidc/authorize?client_id={}&redirect_uri={BACK}&response_type=code&scope=openid&state=s&nonce={number}\
             &code_challenge={challenge}&code_challenge_method=S256&login_hint={}",
            self.id, phone.user
        );
        let (head, _) = get(browser, &path, "").await;
        let (location, cookie) = (header(&head, "location: "), cookie(&head));
        let page = location.strip_prefix("..").unwrap();
        approve(phone, browser, page, &cookie).await;
        let resume = page.replace("/sign-ins/", "/oidc/resume/");
        let (head, _) = get(browser, &resume, &cookie).await;
        let code = between(&header(&head, "location: "), "code=", "&").to_owned();
        let body = format!(
            "grant_type=authorization_code&code={code}&redirect_uri={BACK}&code_verifier={VERIFIER}&client_id={}\
             &client_secret={}",
            self.id, self.secret
        );
        let length = body.len();
        let request = format!(
            "POST /oidc/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        phone.relying_party.0.write_all(request.as_bytes()).await.unwrap();
        let tokens: Value = serde_json::from_str(&phone.relying_party.receive().await).unwrap();
        assert!(tokens["id_token"].is_string(), "{tokens}");
    }
}

async fn sign_in_over_rest(phone: &mut Phone, browser: &mut Connection) {
    let body = json!({ "user": phone.user, "application": "Ward portal" }).to_string();
    let created = phone.relying_party.exchange("POST", "/v1/sign-ins", Some(&phone.api_key), &body).await;
    let created: Value = serde_json::from_str(&created).unwrap();
    let address = created["page_url"].as_str().unwrap();
    let path = &address[address.find("/sign-ins/").unwrap()..];
    let (head, _) = get(browser, path, "").await;
    approve(phone, browser, path.split('?').next().unwrap(), &cookie(&head)).await;
    let path = format!("/v1/sign-ins/{}", created["id"].as_str().unwrap());
    let result = phone.relying_party.exchange("GET", &path, Some(&phone.api_key), "").await;
    assert!(result.contains("\"assertion\":"), "{result}");
}

/// Loads the page and approves by its number.
async fn approve(phone: &mut Phone, browser: &mut Connection, page: &str, cookie: &str) {
    let (_, html) = get(browser, page, cookie).await;
    let number = between(&html, "data-number=\"", "\"");
    let challenge = phone.fetch().await.challenges.remove(0);
    phone.answer(&challenge, number).await;
}

async fn get(browser: &mut Connection, path: &str, cookie: &str) -> (String, String) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\ncookie: {cookie}\r\n\r\n");
    browser.0.write_all(request.as_bytes()).await.unwrap();
    browser.receive_any().await
}

fn cookie(head: &str) -> String {
    header(head, "set-cookie: ").split(';').next().unwrap().to_owned()
}

fn header(head: &str, name: &str) -> String {
    between(&format!("{head}\r\n"), name, "\r\n").to_owned()
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let found = text.split_once(before).and_then(|(_, rest)| rest.split_once(after));
    found.unwrap_or_else(|| panic!("no {before} in {text}")).0
}

/// Seconds that one signature takes by itself: RSA of 2048 bits, and P-256.
fn signatures(count: u32) -> (f64, f64) {
    let random = SystemRandom::new();
    let document = rsa::PrivateKey::new(&mut getrandom::SysRng, 2048).unwrap().to_pkcs8_der().unwrap();
    let rsa = RsaKeyPair::from_pkcs8(document.as_bytes()).unwrap();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let p256 =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
    let message = [7; 700];
    let time = |sign: &dyn Fn()| {
        let began = Instant::now();
        (0..count).for_each(|_| sign());
        began.elapsed().as_secs_f64() / f64::from(count)
    };
    let mut signature = vec![0; 256];
    let rsa_time = time(&|| rsa.sign(&RSA_PKCS1_SHA256, &random, &message, &mut signature.clone()).unwrap());
    signature.clear();
    let p256_time = time(&|| {
        p256.sign(&random, &message).unwrap();
    });
    (rsa_time, p256_time)
}
