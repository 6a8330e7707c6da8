//! The program on a terminal, as a person sees it.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::service::{Running, text};
use crate::support::{self, Home};

const ESCAPE: char = '\u{1b}';
const PATIENCE: Duration = Duration::from_secs(30);

/// A running program and the terminal it runs on.
struct Terminal {
    child: Child,
    screen: File,
    output: Receiver<Vec<u8>>,
    seen: String,
}

impl Terminal {
    fn start(home: &Home, environment: &[(&str, &str)], args: &[&str]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let size = Winsize { ws_row: 100, ws_col: 200, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let side = || -> Stdio {
            let side =
                rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())
                    .unwrap();
            side.into()
        };
        let mut command: Command = home.command(args);
        command.envs(environment.iter().copied());
        let child = command.stdin(side()).stdout(side()).stderr(side()).spawn().unwrap();
        drop(command);
        let screen = File::from(master);
        let mut reader = screen.try_clone().unwrap();
        let (sender, output) = mpsc::channel();
        // Ends with the error that the terminal gives once the program has left it.
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { child, screen, output, seen: String::new() }
    }

    /// Waits until this is on the screen.
    #[track_caller]
    fn sees(&mut self, words: &str) -> &mut Self {
        let end = Instant::now() + PATIENCE;
        while !self.seen.contains(words) {
            let left = end.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) => panic!("{words:?} did not come: {:?}", self.seen),
            }
        }
        self
    }

    fn types(&mut self, keys: &str) -> &mut Self {
        self.screen.write_all(keys.as_bytes()).unwrap();
        self
    }

    /// Waits for the program's end, and gives its exit code and all that it has shown.
    fn ends(mut self) -> (Option<i32>, String) {
        let end = Instant::now() + PATIENCE;
        while let Ok(bytes) = self.output.recv_timeout(end.saturating_duration_since(Instant::now())) {
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
        (self.child.wait().unwrap().code(), std::mem::take(&mut self.seen))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_dumb_terminal_gets_no_escapes() {
    let home = Home::new();
    home.add("Example:alice");
    for environment in [&[("TERM", "dumb")][..], &[("TERM", "")], &[]] {
        for args in [&["codes"][..], &["accounts"], &["doctor"], &["vault", "show"], &["codes", "nobody"]] {
            let (_, shown) = Terminal::start(&home, environment, args).ends();
            assert!(!shown.contains(ESCAPE), "{args:?} {environment:?}: {shown:?}");
        }
    }
    let (code, shown) = Terminal::start(&home, &[("TERM", "dumb")], &["transfer", "receive"]).ends();
    assert!(code == Some(2) && shown.contains("--out") && !shown.contains(ESCAPE), "{shown:?}");
    let mut live = Terminal::start(&home, &[("TERM", "xterm")], &["codes"]);
    live.sees("q quits").types("q");
    assert!(live.ends().1.contains(ESCAPE), "elsewhere the codes are live");
}

#[test]
fn a_dumb_terminal_asks_and_is_answered_without_escapes() {
    let (service, home) = (Running::start(), Home::new());
    service.enrol(&home, "ada");
    let sign_in = service.sign_in("ada", "Ward portal");
    let mut terminal = Terminal::start(&home, &[("TERM", "dumb")], &["requests", "approve"]);
    terminal.sees(" s > ").types(&text(&sign_in, "number")).types("\r").sees("Approved");
    let (code, shown) = terminal.ends();
    assert_eq!(code, Some(0), "{shown:?}");
    assert!(!shown.contains(ESCAPE), "{shown:?}");
}

#[test]
fn qr_codes_are_black_on_white_whatever_colours_are_wanted() {
    const BLACK_ON_WHITE: &str = "\u{1b}[38;2;0;0;0;48;2;255;255;255m";
    let (service, home) = (Running::start(), Home::new());
    service.enrol(&home, "ada");
    for environment in [&[("TERM", "xterm")][..], &[("TERM", "xterm"), ("NO_COLOR", "1")]] {
        let mut terminal = Terminal::start(&home, environment, &["device", "replace"]);
        terminal.sees("Scan this with the new device").types("\u{3}");
        assert!(terminal.seen.matches(BLACK_ON_WHITE).count() > 20, "{:?}", terminal.seen);
        let mut terminal = Terminal::start(&home, environment, &["transfer", "receive"]);
        terminal.sees("press any key to continue").types("x");
        assert!(terminal.ends().1.matches(BLACK_ON_WHITE).count() > 20);
    }
    let mut dumb = Terminal::start(&home, &[("TERM", "dumb")], &["device", "replace"]);
    dumb.sees("/enrol#t=");
    assert!(!dumb.seen.contains(ESCAPE), "{:?}", dumb.seen);
}

#[test]
fn an_activation_that_is_denied_offers_to_remove_the_account() {
    for (answer, left) in [("y\r", 0), ("n\r", 1)] {
        let (service, home) = (Running::start(), Home::new());
        let picture = home.picture("qr.png", &text(&service.invite("ada"), "link"));
        let mut terminal = Terminal::start(&home, &[("TERM", "xterm")], &["enrol", support::text(&picture)]);
        // The vault's recovery code, which is put off, and then the page's request.
        terminal.sees("Type it from the paper").types("\u{1b}").sees("to deny").types("d\r");
        terminal.sees("Remove the account from this device? [y/N]").types(answer);
        let (code, shown) = terminal.ends();
        assert_eq!(code, Some(3), "{shown:?}");
        assert_eq!(home.run(&["accounts", "-q"]).succeeds().stdout.lines().count(), left);
    }
}

#[test]
fn undoing_an_import_is_asked_about_with_the_names_of_what_goes() {
    let home = Home::new();
    home.add("Mine:alice");
    let list = home.write("list.txt", "otpauth://totp/Theirs:bob?secret=GEZDGNBVGY3TQOJQ");
    home.run(&["import", support::text(&list)]).succeeds();
    for (answer, code, trashed) in [("n\r", 130, 0), ("y\r", 0, 1)] {
        let mut terminal = Terminal::start(&home, &[("TERM", "xterm")], &["import", "--undo"]);
        terminal.sees("Theirs: bob: moved to the trash").sees("Continue? [y/N]").types(answer);
        let (ended, shown) = terminal.ends();
        assert_eq!(ended, Some(code), "{shown:?}");
        assert!(!shown.contains("Mine"), "{shown:?}");
        let accounts = home.run(&["accounts", "--json"]).succeeds().json();
        let accounts = accounts["accounts"].as_array().unwrap();
        assert_eq!(accounts.iter().filter(|account| !account["trashed_at"].is_null()).count(), trashed);
    }
}

#[test]
fn the_check_value_is_typed_before_it_is_shown() {
    let (old, new) = (Home::new(), Home::new());
    old.add("Example:alice");
    let code = |document: &serde_json::Value| document["codes"][0].as_str().unwrap().to_owned();
    let invitation = code(&new.run(&["transfer", "receive", "--json"]).succeeds().json());
    let mut terminal = Terminal::start(&old, &[("TERM", "xterm")], &["transfer", "send", &invitation]);
    terminal.sees("press any key to continue");
    let acceptance = code(&old.run(&["transfer", "status", "--json"]).succeeds().json());
    let scanned = new.run(&["transfer", "receive", &acceptance, "--json"]).succeeds().json();
    let check_value = scanned["check_value"].as_str().unwrap();
    terminal.types("x").sees("as the new phone shows it");
    assert!(!terminal.seen.contains(check_value), "{:?}", terminal.seen);
    terminal.types(check_value).types("\r").sees("press any key to continue").types("x");
    let (ended, shown) = terminal.ends();
    assert_eq!(ended, Some(0), "{shown:?}");
    assert!(shown.contains("Check value "), "{shown:?}");
}
