//! The description of the interface is true: a client that another project's generator makes from it can do everything,
//! and what the service really answers is what is described.
#![allow(clippy::unwrap_used, dead_code, reason = "helpers, of which this test uses a part")]

#[path = "../service/support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use countersign_protocol::messages::Decision;
use serde_json::{Value, json};
use support::World;
use support::phone::Phone;
use tokio::sync::mpsc;

async fn description(world: &World) -> Value {
    world.http.get(format!("{}/openapi.json", world.base())).send().await.unwrap().json().await.unwrap()
}

/// Calls `see` with every value below this one.
fn walk(value: &Value, see: &mut impl FnMut(&Value)) {
    see(value);
    match value {
        Value::Array(values) => values.iter().for_each(|value| walk(value, see)),
        Value::Object(members) => members.values().for_each(|value| walk(value, see)),
        _ => {}
    }
}

#[tokio::test]
async fn enumerations_have_the_texts_that_are_sent() {
    let api = description(&World::start().await).await;
    let texts = |name: &str| api["components"]["schemas"][name]["enum"].clone();
    for (name, expected) in [
        ("Show", json!(["page", "relying_party"])),
        (
            "EnrolmentState",
            json!([
                "pending",
                "awaiting_activation",
                "active",
                "failed",
                "denied",
                "reported",
                "expired",
                "cancelled"
            ]),
        ),
        ("DeviceState", json!(["awaiting_activation", "active", "revoked"])),
        ("Method", json!(["push", "code"])),
        ("Push", json!(["asked", "limited", "locked", "excluded"])),
    ] {
        assert_eq!(texts(name), expected, "{name}");
    }
    let is_plain = |text: &Value| {
        let text = text.as_str().unwrap();
        !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    };
    walk(&api, &mut |value| {
        if let Some(texts) = value.get("enum").and_then(Value::as_array) {
            assert!(texts.iter().all(is_plain), "{texts:?}");
        }
    });
}

#[tokio::test]
async fn every_operation_has_a_name_of_its_own_and_every_reference_leads_somewhere() {
    let world = World::start().await;
    let api = description(&world).await;
    assert_eq!(api["servers"], json!([{ "url": "https://approve.example" }]));
    let paths = api["paths"].as_object().unwrap();
    let operations: Vec<&Value> =
        paths.values().flat_map(|path| path.as_object().unwrap().values()).collect();
    let names: BTreeSet<_> = operations.iter().map(|it| it["operationId"].as_str().unwrap()).collect();
    assert_eq!(names.len(), operations.len());
    walk(&api, &mut |value| {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            assert!(api.pointer(reference.strip_prefix('#').unwrap()).is_some(), "{reference}");
        }
    });
    // A path has the parameters that its template names.
    for (path, operations) in paths {
        let in_template: BTreeSet<_> =
            path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        for operation in operations.as_object().unwrap().values() {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let described: BTreeSet<_> = parameters
                .filter(|parameter| parameter["in"] == "path")
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            assert_eq!(described, in_template, "{path}");
        }
    }
}

/// What `cargo test` has for this, or nothing where PyPI can't be reached.
fn generator() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openapi");
    let base = std::env::var_os("XDG_CACHE_HOME").filter(|base| !base.is_empty()).map(PathBuf::from);
    let base = base.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    let folder = base.join("countersign/openapi-client");
    let installed =
        Command::new("bash").arg(here.join("install.sh")).arg(&folder).stdin(Stdio::null()).status();
    match installed.ok()?.code() {
        Some(0) => Some(folder.join("venv/bin")),
        Some(75) => None,
        code => panic!("installing the generator ended with {code:?}"),
    }
}

fn succeed(command: &mut Command) {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {text}");
}

#[tokio::test]
async fn a_generated_client_does_everything() {
    let Some(programs) = generator() else {
        // Not by `println!`, which shows nothing of a test that passes.
        let name = "a_generated_client_does_everything";
        writeln!(std::io::stderr(), "skipped: {name} (its generator can't be installed from PyPI)").unwrap();
        return;
    };
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("openapi.json");
    std::fs::write(&file, description(&world).await.to_string()).unwrap();
    succeed(Command::new(programs.join("openapi-spec-validator")).arg(&file));
    let config = folder.path().join("config.yml");
    // Phones' messages are texts of a kind of their own.
    std::fs::write(
        &config,
        "content_type_overrides: {application/jose: application/octet-stream}\npost_hooks: []\n",
    )
    .unwrap();
    succeed(
        Command::new(programs.join("openapi-python-client"))
            .args(["generate", "--meta", "none", "--fail-on-warning", "--path"])
            .arg(&file)
            .arg("--config")
            .arg(&config)
            .arg("--output-path")
            .arg(folder.path().join("generated")),
    );

    let driver = Command::new(programs.join("python"))
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openapi/drive.py"))
        .args([&world.base(), &world.api_key])
        .env("PYTHONPATH", folder.path())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut driver = Driver(driver);
    let lines = BufReader::new(driver.0.stdout.take().unwrap()).lines();
    let mut replies = driver.0.stdin.take().unwrap();
    let (sender, mut requests) = mpsc::unbounded_channel();
    // The service runs in this task's thread, which mustn't block.
    std::thread::spawn(move || lines.for_each(|line| drop(sender.send(line.unwrap()))));
    let (mut phone, mut is_done) = (None, false);
    while let Some(request) = requests.recv().await {
        let reply = do_as_asked(&world, &mut phone, &request).await;
        is_done = request == "done";
        let _ = replies.write_all(format!("{reply}\n").as_bytes());
    }
    let mut errors = String::new();
    driver.0.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert!(driver.0.wait().unwrap().success() && is_done, "{errors}");
}

/// The program that uses the client, ended with the test.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Does what only a phone can do.
async fn do_as_asked(world: &World, phone: &mut Option<Phone>, request: &str) -> String {
    let (what, with) = request.split_once(' ').unwrap_or((request, ""));
    if what == "enrol" {
        let mut new = Phone::new(with);
        new.enrol(world).await.unwrap();
        *phone = Some(new);
        return String::new();
    }
    let Some(phone) = phone else { return String::new() };
    match what {
        "approve" => {
            let shown = phone.challenges(world).await.remove(0);
            phone.approve(world, &shown, with).await.unwrap();
        }
        "deny" | "report" => {
            let shown = phone.challenges(world).await.remove(0);
            let decision = if what == "deny" { Decision::Deny } else { Decision::Report };
            phone.decide(world, &shown, decision).await.unwrap();
        }
        "code" => return phone.code_at(world.seconds()),
        _ => {}
    }
    String::new()
}
