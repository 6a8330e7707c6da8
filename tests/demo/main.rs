//! The demo, which `cargo xtask demo` builds and runs: the product's main job from end to end, on this machine, with nothing faked.
//!
//! The service and the phone are the real programs in processes of their own; they speak HTTP over loopback, the QR code
//! is a picture that the phone decodes, and the number is read off the page that a person would see.

mod keycloak;
mod phone;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use countersign_authenticator::protocol::Jwk;
use countersign_authenticator::protocol::jws::{self, Message};
use countersign_tests::{Failure, Page, RelyingParty, ServiceProcess};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use phone::Phone;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let has = |flag: &str| std::env::args().any(|argument| argument == flag);
    let (interactive, with_keycloak) = (has("--interactive"), has("--keycloak"));
    let ending = told_to_end();
    // However it ends, the service is stopped and the folder removed: both go when the story is dropped. The story comes
    // first, since Ctrl-C is how a person ends its last part.
    tokio::select! {
        biased;
        told = tell(interactive, with_keycloak) => match told {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                eprintln!("\nfailed: {failure}");
                ExitCode::FAILURE
            }
        },
        signal = ending => {
            eprintln!("\nended; the service is stopped, and what it had is removed");
            ExitCode::from(128 + signal)
        }
    }
}

/// Completes at a signal that ends programs, and gives its number. Signals are caught before this returns.
#[cfg(unix)]
fn told_to_end() -> impl Future<Output = u8> {
    use tokio::signal::unix::{SignalKind, signal};

    let hang_up = signal(SignalKind::hangup());
    let interrupt = signal(SignalKind::interrupt());
    let terminate = signal(SignalKind::terminate());
    async {
        let (Ok(mut hang_up), Ok(mut interrupt), Ok(mut terminate)) = (hang_up, interrupt, terminate) else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = hang_up.recv() => 1,
            _ = interrupt.recv() => 2,
            _ = terminate.recv() => 15,
        }
    }
}

#[cfg(not(unix))]
async fn told_to_end() -> u8 {
    let _ = tokio::signal::ctrl_c().await;
    2
}

async fn tell(interactive: bool, with_keycloak: bool) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    if with_keycloak { keycloak::story(folder.path()).await } else { story(folder.path(), interactive).await }
}

async fn story(folder: &Path, interactive: bool) -> Result<(), Failure> {
    let started = Instant::now();
    let data = folder.join("service");
    let service = ServiceProcess::start(&data, None, None, None).await?;
    let portal = service.relying_party()?;
    step("The approval service is up, on an embedded database");
    println!("   {}", service.url());
    let phone = Phone::new(&folder.join("phone"))?;

    let account = enrol(&portal, &phone).await?;
    sign_in(&portal, &phone).await?;
    turn_down(&portal, &phone).await?;

    step("The service stops: no network, as it were. The phone still has ada's code");
    let port = service.port();
    service.stop().await?;
    let code = code_without_network(&phone, &account)?;

    step("The service starts again, and accepts the code, once");
    let service = ServiceProcess::start(&data, Some(port), None, None).await?;
    use_code_twice(&portal, &code).await?;

    println!("\nAll of it worked, in {:.1} s.", started.elapsed().as_secs_f64());
    if interactive { try_by_hand(&service, &data, &phone).await } else { service.stop().await }
}

async fn enrol(portal: &RelyingParty, phone: &Phone) -> Result<String, Failure> {
    step("The organisation invites ada: its sign-in system asks the service for an enrolment");
    let enrolment = portal.post("/v1/enrolments", json!({ "user": "ada" })).await?;
    let page = Page::open(text(&enrolment, "page_url")?).await?;
    let picture = phone.folder().join("qr.png");
    std::fs::write(&picture, page.picture("qr").await?)?;
    println!("   her browser shows a page with a QR code; it has no long-term secret in it, and works once");

    step("The phone decodes the QR code's picture, makes its two keys and enrols");
    let enrolled = phone.run(&["enrol", path(&picture)?, "--no-wait"])?;
    let check_value = text(&enrolled, "check_value")?;
    let account = text(&enrolled, "account")?.to_owned();
    let page = page.reload_until("joined").await?;
    println!("   phone and page both show the check value: {check_value}");
    expect(page.text("check-value")? == check_value, "phone and page show different check values")?;

    step(
        "Its first number-matched approval makes it active: the number is on the page, never in the message",
    );
    let number = page.number()?;
    println!("   ada reads {number} and types it into the phone");
    let approved = phone.run(&["requests", "approve", "--number", &number])?;
    expect(text(&approved, "outcome")? == "approved", "the activation was not approved")?;
    page.reload_until("enrolled").await?;
    println!("   the page says: enrolled");
    Ok(account)
}

async fn sign_in(portal: &RelyingParty, phone: &Phone) -> Result<(), Failure> {
    step("Ada signs in to the ward portal: the portal starts a sign-in");
    let (id, page) = start_sign_in(portal).await?;
    let number = page.number()?;
    println!("   the sign-in page shows {number}");

    step("The phone is asked");
    let requests = phone.run(&["requests", "list"])?;
    let request = requests["requests"].get(0).ok_or("the phone has no request")?;
    for what in ["application", "user", "place", "client", "ip"] {
        println!("   {what:<12} {}", request[what].as_str().unwrap_or("-"));
    }

    step("Ada types the number; the phone signs what it has shown, and the service accepts the answer");
    let approved = phone.run(&["requests", "approve", "--number", &number])?;
    expect(text(&approved, "outcome")? == "approved", "the sign-in was not approved")?;
    page.reload_until("approved").await?;

    step("The portal gets a signed result, and checks it against the service's published keys");
    let result = portal.get(&format!("/v1/sign-ins/{id}?wait=5")).await?;
    let claims = verify_assertion(portal, text(&result, "assertion")?).await?;
    println!("   sub {}, amr {}", claims["sub"], claims["amr"]);
    expect(claims["sub"] == "ada", "the assertion is for somebody else")
}

async fn turn_down(portal: &RelyingParty, phone: &Phone) -> Result<(), Failure> {
    step("Somebody else tries: ada gets a request that she did not start, and reports it");
    let (id, _) = start_sign_in(portal).await?;
    let reported = phone.run(&["requests", "report"])?;
    expect(text(&reported, "outcome")? == "reported", "the sign-in was not reported")?;
    let result = portal.get(&format!("/v1/sign-ins/{id}")).await?;
    println!("   the portal is told: {}", text(&result, "state")?);
    expect(text(&result, "state")? == "reported", "the portal was not told")
}

fn code_without_network(phone: &Phone, account: &str) -> Result<String, Failure> {
    let codes = phone.run(&["codes", "--once"])?;
    let rows = codes["codes"].as_array().ok_or("no codes")?;
    let row = rows.iter().find(|row| row["account"] == account).ok_or("the account has no code")?;
    let code = text(row, "code")?;
    println!("   {code}");
    Ok(code.to_owned())
}

async fn use_code_twice(portal: &RelyingParty, code: &str) -> Result<(), Failure> {
    expect(portal.takes_code("ada", code).await, "the code was not accepted")?;
    expect(!portal.takes_code("ada", code).await, "the same code was accepted twice")?;
    println!("   first time: accepted; the same code again: refused");
    Ok(())
}

async fn start_sign_in(portal: &RelyingParty) -> Result<(String, Page), Failure> {
    let sign_in = json!({
        "user": "ada",
        "application": "Ward portal",
        "place": "Leeds",
        "ip": "192.0.2.7",
        "client": "Firefox on Windows",
    });
    let sign_in = portal.post("/v1/sign-ins", sign_in).await?;
    let page = Page::open(text(&sign_in, "page_url")?).await?;
    Ok((text(&sign_in, "id")?.to_owned(), page))
}

async fn try_by_hand(service: &ServiceProcess, data: &Path, phone: &Phone) -> Result<(), Failure> {
    let sign_in = json!({ "user": "ada", "application": "Ward portal", "place": "Leeds" });
    let sign_in = service.relying_party()?.post("/v1/sign-ins", sign_in).await?;
    println!("\nThe service stays up. Open this sign-in page in a browser (it waits two minutes):");
    println!("   {}", text(&sign_in, "page_url")?);
    println!("and be the phone, in another terminal:");
    for arguments in ["requests", "codes", "accounts list", "doctor"] {
        println!("   {} {arguments}", phone.command_line());
    }
    println!("Another sign-in page:");
    println!("   {}", curl(service, data, "/v1/sign-ins", r#"{"user":"ada","application":"Ward portal"}"#));
    println!("Another enrolment page:");
    println!("   {}", curl(service, data, "/v1/enrolments", r#"{"user":"grace"}"#));
    println!("Ctrl-C ends it, and removes everything.");
    tokio::signal::ctrl_c().await?;
    Ok(())
}

/// Checks an assertion as a relying party does: against the keys that the service publishes.
async fn verify_assertion(portal: &RelyingParty, assertion: &str) -> Result<Value, Failure> {
    let keys = portal.get("/.well-known/jwks.json").await?;
    for key in keys["keys"].as_array().ok_or("the service publishes no keys")? {
        let key: Jwk = serde_json::from_value(key.clone())?;
        if let Ok(Assertion(claims)) = jws::verify(assertion, &key) {
            return Ok(claims);
        }
    }
    Err("no published key verifies the assertion".into())
}

#[derive(Serialize, Deserialize)]
struct Assertion(Value);

impl Message for Assertion {
    const TYP: &'static str = "countersign-assertion+jwt";
}

/// The command with which a person plays the relying party.
fn curl(service: &ServiceProcess, data: &Path, path: &str, body: &str) -> String {
    let (url, key) = (service.url(), data.join("api-key"));
    format!(
        "curl -s {url}{path} -H \"Authorization: Bearer $(cat {})\" -H 'Content-Type: application/json' -d '{body}'",
        key.display()
    )
}

fn step(what: &str) {
    println!("\n\u{25b8} {what}");
}

fn expect(holds: bool, otherwise: &str) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, Failure> {
    value[name].as_str().ok_or_else(|| format!("there is no {name} in {value}").into())
}

fn path(path: &Path) -> Result<&str, Failure> {
    path.to_str().ok_or_else(|| "the folder's name isn't UTF-8".into())
}
