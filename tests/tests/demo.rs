//! However the demo is told to end, it leaves neither a service nor a folder behind.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

/// Signals, and a line of the demo after which each is sent: early, in the middle, and while it waits for a person.
const ENDS: [(&str, i32, &str); 4] = [
    ("TERM", 143, "   http://127.0.0.1:"),
    ("HUP", 129, "   http://127.0.0.1:"),
    ("TERM", 143, "The service starts again"),
    ("TERM", 143, "Ctrl-C ends it"),
];

#[test]
fn a_signal_ends_the_demo_with_all_that_it_started() {
    countersign_tests::program("countersign-server");
    countersign_tests::program("countersign");
    for (signal, code, line) in ENDS {
        let folder = tempfile::tempdir().unwrap();
        let mut demo = Command::new(env!("CARGO_BIN_EXE_countersign-demo"))
            .arg("--interactive")
            .env("TMPDIR", folder.path())
            .env("COUNTERSIGN_BUILT", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Kept open, or what the demo prints next would end it.
        let mut output = BufReader::new(demo.stdout.take().unwrap());
        let address = read_until(&mut output, line);
        assert!(std::fs::read_dir(folder.path()).unwrap().next().is_some(), "it has a folder of its own");
        let sent = Command::new("kill").args([format!("-{signal}"), demo.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let status = demo.wait().unwrap();
        assert_eq!((status.code(), status.signal()), (Some(code), None), "{signal} after {line:?}");
        assert!(TcpStream::connect(address).is_err(), "{signal} after {line:?}: the service is stopped");
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert!(left.is_empty(), "{signal} after {line:?}: {left:?}");
    }
}

/// Reads up to a line, and gives the service's address, which an earlier one has or that one.
fn read_until(output: &mut impl BufRead, wanted: &str) -> SocketAddr {
    let mut address = None;
    for line in output.lines() {
        let line = line.unwrap();
        if let Some(shown) = line.strip_prefix("   http://") {
            address = address.or(shown.parse().ok());
        }
        if line.contains(wanted) {
            return address.unwrap();
        }
    }
    panic!("the demo has ended before {wanted:?}");
}
