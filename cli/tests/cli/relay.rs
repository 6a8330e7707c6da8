//! `transfer` over an approval service: two vaults, each step a process of its own, and the way back to pictures.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Child;

use serde_json::Value;

use crate::service::{Running, text};
use crate::support::{CANARY, Home, text as path};

/// An enrolled phone with twenty accounts besides.
fn old_phone(service: &Running) -> Home {
    let home = Home::new();
    service.enrol(&home, "ada");
    let links = (0..20).map(|n| {
        let letter = char::from(b'A' + n).to_string().repeat(8);
        format!("otpauth://totp/Ward%20{n}:nurse?secret={CANARY}{letter}\n")
    });
    let file = home.write("links.txt", links.collect::<String>());
    home.run(&["import", path(&file)]).succeeds();
    home
}

/// Both as far as the acceptance, which is the second phone's to scan.
fn to_the_acceptance(old: &Home, new: &Home) -> String {
    let invitation = new.run(&["transfer", "receive"]).succeeds().stdout;
    old.run_with(&["transfer", "send", "-", "--relay"], invitation.as_bytes()).succeeds().stdout
}

fn ward_accounts(home: &Home) -> Vec<String> {
    let file = home.path("exported.txt");
    let _ = fs::remove_file(&file);
    home.run(&["export", path(&file), "--format", "links", "--yes"]).succeeds();
    let links = fs::read_to_string(file).unwrap();
    links.lines().filter(|line| line.contains("Ward")).map(str::to_owned).collect()
}

/// What a running command says, document by document.
fn documents(child: &mut Child) -> impl Iterator<Item = Value> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap())
}

#[test]
fn accounts_go_over_the_service_while_both_phones_wait() {
    let service = Running::start();
    let (old, new) = (old_phone(&service), Home::new());
    let before = ward_accounts(&old);
    let acceptance = new.write("acceptance.txt", to_the_acceptance(&old, &new));

    let mut receiving = new.spawn(&["transfer", "receive", path(&acceptance), "--json"]);
    let mut received = documents(&mut receiving);
    let scanned = received.next().unwrap();
    assert_eq!((&scanned["step"], &scanned["relay"]["delivered"]), (&"scanning".into(), &false.into()));
    assert!(scanned["relay"]["service"].as_str().unwrap().starts_with("http://127.0.0.1:"));

    let check_value = text(&scanned, "check_value");
    let mut sending = old.spawn(&["transfer", "send", "--check-value", &check_value, "--remove", "--json"]);
    let mut sent = documents(&mut sending);
    let delivered = sent.next().unwrap();
    assert_eq!((&delivered["step"], &delivered["relay"]["delivered"]), (&"showing".into(), &true.into()));
    let stored = received.next().unwrap();
    assert_eq!((&stored["step"], &stored["import"]["proven"]), (&"stored".into(), &20.into()));
    assert_eq!(stored["relay"]["delivered"], true);
    let proven = sent.next().unwrap();
    assert_eq!(
        (&proven["step"], &proven["held"], &proven["removed"]),
        (&"proven".into(), &20.into(), &20.into())
    );
    assert!(receiving.wait().unwrap().success() && sending.wait().unwrap().success());
    assert_eq!(ward_accounts(&new), before);
}

#[test]
fn without_the_service_the_codes_go_on() {
    let mut service = Running::start();
    let (old, new) = (old_phone(&service), Home::new());
    let acceptance = to_the_acceptance(&old, &new);
    let scanned = new.run_with(&["transfer", "receive", "-", "--wait", "0", "--json"], acceptance.as_bytes());
    let check_value = text(&scanned.succeeds().json(), "check_value");
    service.stop();
    let args = ["transfer", "send", "--check-value", &check_value, "--wait", "0", "--json"];
    let ran = old.run(&args).fails_with(4);
    assert_eq!(ran.error_code(), "network_unreachable");
    assert!(!ran.said().contains(CANARY), "{ran:?}");

    let codes = old.run(&["transfer", "status"]).succeeds().stdout;
    let receipt = new.run_with(&["transfer", "receive", "-"], codes.as_bytes()).succeeds();
    assert!(receipt.stderr.contains("The receipt couldn't be left at the service"), "{receipt:?}");
    let ran = old.run_with(&["transfer", "send", "-", "--wait", "0", "--json"], receipt.stdout.as_bytes());
    assert_eq!(ran.succeeds().json()["held"], 20);
    assert_eq!(ward_accounts(&new), ward_accounts(&old));
    assert!(
        old.run(&["transfer", "end"])
            .succeeds()
            .stderr
            .contains("The move couldn't be removed from the service")
    );
}

#[test]
fn a_phone_without_such_a_service_says_so() {
    let service = Running::start_with(|config| config.policy.relay = 0);
    for old in [old_phone(&service), Home::new()] {
        old.add("Example:ada");
        let invitation = Home::new().run(&["transfer", "receive"]).succeeds().stdout;
        let ran = old.run_with(&["transfer", "send", "-", "--relay", "--json"], invitation.as_bytes());
        assert_eq!(ran.fails_with(2).error_code(), "usage");
    }
}
