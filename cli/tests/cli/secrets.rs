//! Secrets are planted wherever one can be given, and looked for in everything that is said.

use crate::support::{CANARY, Home, PASSPHRASE, text};

#[test]
fn no_command_says_a_secret() {
    let home = Home::new();
    let good = format!("otpauth://totp/Example:alice?secret={CANARY}");
    let bad = format!("otpauth://totp/Example:alice?secret={CANARY}1&digits=6");
    let ticket = format!("https://127.0.0.1:1/enrol#t={CANARY}&k={CANARY}");
    let picture = home.picture("qr.png", &good);
    let broken = home.picture("broken.png", &bad);
    let export = home.path("export");
    let commands: &[&[&str]] = &[
        &["enrol", &good],
        &["enrol", &bad],
        &["enrol", &ticket],
        &["enrol", CANARY],
        &["enrol", text(&picture)],
        &["enrol", text(&broken)],
        &["import", text(&picture)],
        &["import", text(&broken), "--dry-run"],
        &["import", &good],
        &["import", "-", "--partial"],
        &["import", "--undo"],
        &["export", text(&export), "--format", "links", "--yes"],
        &["export", text(&export), "--format", CANARY],
        &["backup", "check", text(&picture)],
        &["scan", text(&picture), text(&broken)],
        &["codes"],
        &["codes", CANARY],
        &["codes", &good],
        &["accounts"],
        &["accounts", "remove", &good],
        &["accounts", "rename", "alice", "--name"],
        &["accounts", "delete", &good, "--yes"],
        &["requests", "approve", &good, "--number", CANARY],
        &["requests", "approve", "--scan", text(&picture)],
        &["device", "rename", &good],
        &["vault", "show"],
        &["vault", "recover", "--recovery-code-file", text(&picture)],
        &["doctor"],
        &["--ca-file", text(&picture), "codes"],
        &["--vault", text(&picture), "codes"],
        &[CANARY],
        &["--unknown", CANARY],
    ];
    for args in commands {
        for json in [&[][..], &["--json"]] {
            let ran = home.run_with(&[args, json].concat(), bad.as_bytes());
            let said = ran.said();
            assert!(!said.contains("CANARY") && !said.contains(PASSPHRASE), "{args:?} {json:?}: {ran:?}");
        }
    }
}
