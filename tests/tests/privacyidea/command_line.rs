//! The command line drives it as it drives our own service.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use countersign_tests::{Failure, PrivacyIdea, program};
use serde_json::{Value, json};

use crate::same;

fn run(home: &Path, args: &[&str]) -> Result<(i32, Value), Failure> {
    let output = Command::new(program("countersign"))
        .args(["--json", "--vault"])
        .arg(home.join("vault.db"))
        .arg("--passphrase-file")
        .arg(home.join("passphrase"))
        .args(args)
        .stdin(Stdio::null())
        .output()?;
    let text = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    Ok((output.status.code().unwrap_or(-1), serde_json::from_slice(&text)?))
}

pub(crate) async fn the_same_commands_do_it(server: &PrivacyIdea) -> Result<(), Failure> {
    let home = tempfile::tempdir()?;
    let passphrase = home.path().join("passphrase");
    fs::write(&passphrase, "a passphrase of a test\n")?;
    fs::set_permissions(&passphrase, PermissionsExt::from_mode(0o600))?;
    let (_, qr) = server.make_push_token("alice").await?;
    let link = home.path().join("link");
    fs::write(&link, &qr)?;
    let run = |args: &[&str]| run(home.path(), args);

    let (code, enrolled) = run(&["enrol", "--rsa-bits", "2048", link.to_str().ok_or("a path")?])?;
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
