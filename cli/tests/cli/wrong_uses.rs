//! One wrong use of each command at least, as somebody new makes it: each says what happened and what to do next.

use std::fs;

use crate::support::{Home, text};

/// Arguments, how the program ends, and what it says.
type Use<'a> = (&'a [&'a str], i32, &'a [&'a str]);

/// A home with an account, one in the trash, a picture without a code, and a file that is no export.
fn home() -> Home {
    let home = Home::new();
    home.add("Example:alice");
    home.add("Bank:bob");
    home.run(&["accounts", "remove", "bob"]).succeeds();
    image::GrayImage::from_pixel(200, 200, image::Luma([255])).save(home.path("blank.png")).unwrap();
    home.write("notes.txt", "nothing of use");
    fs::create_dir(home.path("folder")).unwrap();
    home
}

#[test]
fn every_command_says_what_was_wrong_and_what_to_do() {
    let home = home();
    let path = |name: &str| text(&home.path(name)).to_owned();
    let (blank, notes, folder, nowhere) =
        (path("blank.png"), path("notes.txt"), path("folder"), path("no/such"));
    let long = "x".repeat(129);
    let uses: &[Use<'_>] = &[
        (&["enrol", "nothing.png"], 9, &["can't read nothing.png: there is no such file"]),
        (&["enrol", &folder], 9, &[&folder, "it is a folder"]),
        (&["enrol", &blank], 9, &[&blank, "no QR code", "closer"]),
        (&["enrol", &notes], 9, &[&notes]),
        (&["enrol", "nothing.png", "--device-name", &long], 2, &["128 characters"]),
        (&["import", "nothing.json"], 9, &["can't read nothing.json: there is no such file"]),
        (&["import", &notes], 9, &[&notes]),
        (&["import", "--undo"], 7, &["undo"]),
        (&["import", &notes, "--password-file", "nothing"], 9, &["--password-file", "no such file"]),
        (&["backup", "make", "nodir"], 9, &["nodir", "make it, or choose another"]),
        (&["backup", "make", &folder, "--keep", "0"], 2, &["at least 1"]),
        (&["backup", "check", "nothing.json"], 9, &["can't read nothing.json"]),
        (&["export", &notes], 2, &[&notes, "choose another"]),
        (&["export", &format!("{nowhere}/file")], 9, &["can't write to ", "there is no such folder"]),
        (&["transfer", "receive", "--out", "nodir"], 9, &["can't write to nodir", "create it first"]),
        (&["transfer", "receive", "--out", &notes], 9, &[&notes, "not a folder"]),
        (&["transfer", "receive", "nothing.png"], 9, &["can't read nothing.png"]),
        (&["transfer", "send"], 7, &["move"]),
        (&["transfer", "status"], 7, &["move"]),
        (&["transfer", "take-back", "alice"], 2, &["Example: alice has not moved"]),
        (&["codes", "bob"], 7, &["Bank: bob is in the trash", "accounts restore"]),
        (&["codes", "nobody"], 7, &["countersign accounts"]),
        (&["accounts", "remove", "bob"], 7, &["in the trash", "accounts restore"]),
        (&["accounts", "restore", "alice"], 2, &["Example: alice is not in the trash"]),
        (&["accounts", "rename", "alice"], 2, &["--issuer", "--name"]),
        (&["accounts", "rename", "alice", "--name", &long], 2, &["128 characters"]),
        (&["accounts", "rename", "alice", "--name", "a\u{200f}b"], 2, &["direction of writing"]),
        (&["accounts", "delete", "alice"], 2, &["--yes"]),
        (&["accounts", "reorder", "alice", "alice"], 2, &["twice"]),
        (&["requests"], 7, &["countersign enrol"]),
        (&["requests", "resume"], 7, &["countersign enrol"]),
        (&["requests", "wait", "--timeout", "soon"], 2, &["whole number"]),
        (&["device", "rename", "Ward phone"], 7, &["countersign enrol"]),
        (&["device", "rename", &long], 2, &["128 characters"]),
        (&["device", "replace"], 7, &["countersign enrol"]),
        (&["device", "replace", "alice"], 7, &["Example: alice has only codes"]),
        (&["container", "sync"], 7, &["container"]),
        (
            &["vault", "passphrase", "--new-passphrase-file", "nothing"],
            9,
            &["--new-passphrase-file", "no such file"],
        ),
        (&["vault", "set-aside"], 2, &["--yes"]),
        (&["scan", &blank], 9, &["closer"]),
        (&["scan", "nothing.png"], 9, &["nothing.png", "no such file"]),
        (&["code", "otpauth://totp/a?secret=JBSWY3DP"], 2, &["paste it when asked", "standard input"]),
        (&["completions", "tcsh"], 2, &["bash", "zsh"]),
        (&["--passphrase-file", "nothing", "codes"], 9, &["--passphrase-file", "no such file"]),
        (&["--ca-file", "nothing", "codes"], 9, &["--ca-file", "no such file"]),
        (&["--ca-file", &notes, "codes"], 9, &["PEM"]),
        (&["--vault", &folder, "codes"], 2, &["path is a folder", "vault.db"]),
        (&["--vault", &folder, "vault", "set-aside", "--yes"], 2, &["path is a folder"]),
    ];
    for (args, code, said) in uses {
        let ran = home.run(args);
        assert_eq!(ran.code, Some(*code), "{args:?}: {ran:?}");
        for part in *said {
            assert!(ran.stderr.contains(part), "{args:?} should say {part:?}: {ran:?}");
        }
        let json = home.run(&[&["--json"], *args].concat()).fails_with(*code);
        assert!(!json.error_code().is_empty());
    }
    assert_eq!(home.run(&["transfer", "status", "--json"]).fails_with(7).error_code(), "move_not_under_way");
}

#[test]
fn what_can_be_seen_to_fail_fails_before_a_passphrase_is_asked_for() {
    let home = home();
    let (vault, notes) = (home.path("vault.db"), home.path("notes.txt"));
    let commands: [&[&str]; 7] = [
        &["backup", "make", "nodir"],
        &["backup", "check", "nothing.json"],
        &["export", text(&notes)],
        &["export", "nodir/file"],
        &["transfer", "receive", "--out", "nodir"],
        &["device", "replace", "--out", "nodir/qr.png"],
        &["import", "nothing.json"],
    ];
    for args in commands {
        // Nobody is there to type it, which would be exit code 5.
        let ran = home.bare(&[&["--vault", text(&vault)], args].concat(), b"");
        assert!(matches!(ran.code, Some(2 | 9)), "{args:?}: {ran:?}");
    }
}

#[test]
#[cfg(unix)]
fn a_vault_that_is_no_file_is_called_what_it_is() {
    let home = Home::new();
    let (folder, link, looped) = (home.path("folder"), home.path("link.db"), home.path("loop.db"));
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink("gone/vault.db", &link).unwrap();
    std::os::unix::fs::symlink("loop.db", &looped).unwrap();
    let add = format!("otpauth://totp/a?secret={}", crate::support::CANARY);
    let doors: [&[&str]; 4] =
        [&["codes"], &["enrol", &add], &["vault", "show"], &["vault", "set-aside", "--yes"]];
    for door in doors {
        for (path, name) in
            [(&folder, "vault_is_folder"), (&link, "vault_link_broken"), (&looped, "vault_link_broken")]
        {
            let ran = home.run(&[&["--json", "--vault", text(path)], door].concat());
            assert_eq!(ran.error_code(), name, "{door:?}: {ran:?}");
        }
        let ran = home.run(&[&["--json", "--vault", "/dev/null"], door].concat());
        assert_eq!(ran.error_code(), "vault_not_a_file", "{door:?}: {ran:?}");
    }
    assert!(
        fs::read_dir(&folder).unwrap().next().is_none() && !home.path("gone").exists(),
        "nothing was made"
    );
    let ran = home.run(&["--vault", text(&folder), "doctor"]).fails_with(12);
    assert!(ran.stdout.contains("path is a folder") && !ran.stdout.contains("Vault file"), "{ran:?}");
    let ran = home.run(&["--vault", text(&link), "doctor"]).fails_with(12);
    assert!(ran.stdout.contains("link to gone/vault.db"), "{ran:?}");
    // A link to a vault is one.
    home.add("Example:alice");
    let good = home.path("good.db");
    std::os::unix::fs::symlink("vault.db", &good).unwrap();
    home.run(&["--vault", text(&good), "codes"]).succeeds();
}
