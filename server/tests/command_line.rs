//! The program's command line: what it refuses, in which words, and what counts as given.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

fn run(environment: &[(&str, &str)], args: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign-server"));
    let Output { status, stdout, stderr } = command
        .args(args)
        .env_clear()
        .env("HOME", env!("CARGO_TARGET_TMPDIR"))
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    (status.code(), format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr)))
}

/// A data folder that was set up.
fn set_up(data: &Path) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut config = countersign_server::Config::new(data);
        config.listen.set_port(0);
        countersign_server::Service::start(config).await.unwrap().shutdown().await;
    });
}

#[test]
fn digits_outside_2_to_8_are_refused_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    for digits in ["1", "9", "255"] {
        let (code, said) = run(&[], &["--data", data, "--digits", digits, "rotate-key"]);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("digits"), "{said}");
    }
}

#[test]
fn an_api_keys_names_follow_the_rule_for_names() {
    let folder = tempfile::tempdir().unwrap();
    set_up(folder.path());
    let data = folder.path().to_str().unwrap();
    let long = "x".repeat(129);
    for (organisation, client, said_of) in [
        (long.as_str(), "portal", "--organisation: the name is too long"),
        ("North", &long, "--client: the name is too long"),
        ("", "portal", "--organisation: the name is empty"),
        ("North", " \u{200b}", "--client: "),
        ("North\u{202e}", "portal", "--organisation: "),
        ("North\nSouth", "portal", "--organisation: "),
    ] {
        let args = ["api-key", "create", "--data", data, "--organisation", organisation, "--client", client];
        let (code, said) = run(&[], &args);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(said_of), "{said}");
    }
    let args = ["api-key", "create", "--data", data, "--organisation", "Nord & Süd", "--client", "portal"];
    assert_eq!(run(&[], &args).0, Some(0));
}

#[test]
fn health_says_which_address_does_not_answer() {
    // Bound and freed again, so that nothing listens there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    for given in [&["health", "--listen", &address][..], &["--listen", &address, "health"]] {
        let (code, said) = run(&[], given);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(&address) && said.contains("--listen"), "{said}");
    }
    let (_, said) = run(&[("COUNTERSIGN_LISTEN", &format!("0.0.0.0:{port}"))], &["health"]);
    assert!(said.contains(&address), "{said}");
}

#[test]
fn a_variable_that_is_set_to_nothing_counts_as_unset() {
    let folder = tempfile::tempdir().unwrap();
    set_up(folder.path());
    let empty = [
        ("COUNTERSIGN_CONFIG", ""),
        ("COUNTERSIGN_LISTEN", ""),
        ("COUNTERSIGN_PUBLIC_URL", ""),
        ("COUNTERSIGN_DIGITS", ""),
        ("COUNTERSIGN_SCAN", ""),
        ("COUNTERSIGN_MASTER_KEY", ""),
        ("COUNTERSIGN_MASTER_KEY_FILE", ""),
        ("COUNTERSIGN_LOG", ""),
        ("COUNTERSIGN_LOG_FORMAT", ""),
    ];
    let (code, said) = run(&empty, &["rotate-key", "--data", folder.path().to_str().unwrap()]);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn an_unusable_variable_is_named_and_usage_lines_tell_of_no_other() {
    let (code, said) = run(&[("COUNTERSIGN_DIGITS", "many")], &["rotate-key"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("COUNTERSIGN_DIGITS") && said.contains("'many'"), "{said}");
    let (code, said) = run(&[("COUNTERSIGN_DATA", "/tmp/data")], &["rotate-key", "--no-such-option"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("Usage: ") && !said.contains("--data"), "{said}");
}

#[test]
fn a_configuration_file_may_begin_with_a_byte_order_mark() {
    let folder = tempfile::tempdir().unwrap();
    set_up(folder.path());
    let config = folder.path().join("countersign.toml");
    std::fs::write(&config, format!("\u{feff}data = '{}'\r\n", folder.path().display())).unwrap();
    let (code, said) = run(&[], &["rotate-key", "--config", config.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{said}");
}
