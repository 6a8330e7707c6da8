//! The command line drives it as it drives our own service.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use countersign_tests::{Failure, PrivacyIdea, program};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::same;

pub(crate) fn run(home: &Path, args: &[&str]) -> Result<(i32, Value), Failure> {
    let (code, text) = output(home, args)?;
    Ok((code, serde_json::from_str(&text)?))
}

/// A home with a passphrase, and the path of a file in it that holds this link.
pub(crate) fn home_with(link: &str) -> Result<(TempDir, String), Failure> {
    let home = tempfile::tempdir()?;
    let passphrase = home.path().join("passphrase");
    fs::write(&passphrase, "a passphrase of a test\n")?;
    fs::set_permissions(&passphrase, PermissionsExt::from_mode(0o600))?;
    let path = home.path().join("link");
    fs::write(&path, link)?;
    let path = path.to_str().ok_or("a path")?.to_owned();
    Ok((home, path))
}

/// Every document of a command that works.
fn run_all(home: &Path, args: &[&str]) -> Result<Vec<Value>, Failure> {
    let (code, text) = output(home, args)?;
    same((code, text.as_str()), (0, text.as_str()), "the exit code")?;
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

pub(crate) fn output(home: &Path, args: &[&str]) -> Result<(i32, String), Failure> {
    let output = Command::new(program("countersign"))
        .args(["--json", "--vault"])
        .arg(home.join("vault.db"))
        .arg("--passphrase-file")
        .arg(home.join("passphrase"))
        .args(args)
        .stdin(Stdio::null())
        .output()?;
    let text = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    Ok((output.status.code().unwrap_or(-1), String::from_utf8(text)?))
}

pub(crate) async fn the_same_commands_do_it(server: &PrivacyIdea) -> Result<(), Failure> {
    let (_, qr) = server.make_push_token("alice").await?;
    let (home, link) = home_with(&qr)?;
    let run = |args: &[&str]| run(home.path(), args);

    let (code, enrolled) = run(&["enrol", "--rsa-bits", "2048", &link])?;
    same(
        (code, enrolled["active"].as_bool(), &enrolled["check_value"]),
        (0, Some(true), &Value::Null),
        "enrol",
    )?;
    let (code, none) = run(&["requests"])?;
    same((code, none["requests"].as_array().map(Vec::len)), (0, Some(0)), "nothing waits")?;

    let action = json!({ "push_require_presence": "1", "push_presence_options": "NUMERIC" });
    server.set_policy("authentication", "authentication", action).await?;
    let transaction = server.trigger("alice").await?;
    let right = transaction.presence_answer.clone().ok_or("the page shows an option")?;
    let (code, listed) = run(&["requests", "wait", "--timeout", "5"])?;
    let request = &listed["requests"][0];
    same((code, request["matching"]["options"].as_array().map(Vec::len)), (0, Some(3)), "what waits")?;
    let id = request["id"].as_str().ok_or("an identifier")?;
    // Another process finds the same request by the same identifier.
    let (code, approved) = run(&["requests", "approve", id, "--number", &right])?;
    same((code, approved["outcome"].as_str()), (0, Some("approved")), "approve")?;
    same(server.check("alice", &transaction, "").await?.as_str(), "ACCEPT", "collected")?;

    let transaction = server.trigger("alice").await?;
    let right = transaction.presence_answer.clone().ok_or("the page shows an option")?;
    let (_, listed) = run(&["requests"])?;
    let options = listed["requests"][0]["matching"]["options"].as_array().ok_or("options")?.clone();
    let wrong = options.iter().filter_map(Value::as_str).find(|option| *option != right).ok_or("another")?;
    let (code, error) = run(&["requests", "approve", "--number", wrong])?;
    same((code, error["error"]["code"].as_str()), (8, Some("wrong_number")), "a wrong option")?;
    same(server.status(&transaction).await?.as_str(), "declined", "the sign-in")?;

    server.delete_policy("authentication").await?;
    server.set_policy("authentication", "authentication", json!({ "push_code_to_phone": "1" })).await?;
    let transaction = server.trigger("alice").await?;
    let (code, approved) = run(&["requests", "approve", "--yes"])?;
    let shown = approved["code"].as_str().ok_or("a code to type")?;
    same(code, 0, "code to phone")?;
    same(server.check("alice", &transaction, shown).await?.as_str(), "ACCEPT", "the code")?;

    let transaction = server.trigger("alice").await?;
    let (code, reported) = run(&["requests", "report"])?;
    same((code, reported["outcome"].as_str()), (0, Some("reported")), "report")?;
    same(server.status(&transaction).await?.as_str(), "declined", "reported")?;

    let (code, accounts) = run(&["accounts"])?;
    same((code, accounts["accounts"][0]["enrolment"].as_str()), (0, Some("active")), "accounts")?;
    let (code, healthy) = run(&["doctor"])?;
    same((code, healthy["healthy"].as_bool()), (0, Some(true)), "doctor")?;
    let (code, error) = run(&["device", "rename", "x"])?;
    same((code, error["error"]["code"].as_str()), (7, Some("account_not_enrolled")), "rename")
}

pub(crate) async fn containers_have_commands_of_their_own(server: &PrivacyIdea) -> Result<(), Failure> {
    server.allow_containers(server.url(), json!({ "container_client_rollover": true })).await?;
    let made = server.make_token("alice", json!({ "type": "totp" })).await?;
    let token = made["serial"].as_str().ok_or("a serial")?;
    let serial = server.make_container("alice", &[token]).await?;
    let asks = json!({ "passphrase_prompt": "Ward?", "passphrase_response": "4" });
    let qr = server.offer_container(&serial, asks).await?;
    let ((old, _), (new, _)) = (home_with("")?, home_with("")?);
    let ward = old.path().join("ward");
    fs::write(&ward, "4\n")?;
    let link = |home: &Path, text: &str| -> Result<String, Failure> {
        let path = home.join("link");
        fs::write(&path, text)?;
        Ok(path.to_str().ok_or("a path")?.to_owned())
    };

    let on_old = link(old.path(), &qr)?;
    let (code, error) = run(old.path(), &["enrol", &on_old])?;
    same((code, error["error"]["code"].as_str()), (2, Some("container_passphrase_needed")), "without it")?;
    let ward = ward.to_str().ok_or("a path")?;
    let documents = run_all(old.path(), &["enrol", &on_old, "--container-passphrase-file", ward])?;
    same(documents[0]["containers"][0]["registered"].as_bool(), Some(true), "registered")?;
    same(documents[1]["added"][0]["name"].as_str(), Some(token), "its token")?;
    let (code, codes) = run(old.path(), &["codes"])?;
    let shown = codes["codes"][0]["code"].as_str().ok_or("a code")?;
    same((code, server.check_code(token, shown).await?.as_str()), (0, "ACCEPT"), "its code")?;
    let (code, synchronised) = run(old.path(), &["container", "sync", &serial])?;
    same((code, synchronised["added"].as_array().map(Vec::len)), (0, Some(0)), "nothing new")?;

    let (code, moved) = run(old.path(), &["container", "move"])?;
    same((code, moved["valid_minutes"].as_u64()), (0, Some(10)), "move")?;
    let on_new = link(new.path(), moved["link"].as_str().ok_or("a link")?)?;
    let documents = run_all(new.path(), &["enrol", &on_new])?;
    same(documents[1]["added"][0]["name"].as_str(), Some(token), "on the new phone")?;
    let (code, error) = run(old.path(), &["container", "sync"])?;
    same((code, error["error"]["code"].as_str()), (3, Some("container_moved")), "on the old phone")?;
    let (code, left) = run(old.path(), &["container", "leave", "--yes"])?;
    same((code, left["trashed"][0]["name"].as_str()), (0, Some(token)), "leave")?;
    let (code, listed) = run(old.path(), &["container"])?;
    same((code, listed["containers"].as_array().map(Vec::len)), (0, Some(0)), "none is left")?;
    let (code, error) = run(old.path(), &["container", "sync"])?;
    same((code, error["error"]["code"].as_str()), (7, Some("container_unknown")), "none is left")
}
