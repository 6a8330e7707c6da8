//! A disk that takes nothing more: the service lives, says that it isn't ready and why, and works again once there is
//! room. The real program, on a small file system where one can be made, and below a limit of file sizes everywhere.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, dead_code, reason = "helpers, of which this test uses a part")]

#[path = "service/support/mod.rs"]
mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use countersign_server::Config;
use serde_json::{Value, json};
use support::World;

const PROGRAM: &str = env!("CARGO_BIN_EXE_countersign-server");

/// The program, with its log.
struct Service {
    child: Child,
    address: SocketAddr,
    log: Arc<Mutex<Vec<Value>>>,
}

impl Service {
    fn start(mut command: Command, data: &Path) -> Self {
        let mut child = command
            .args(["--listen", "127.0.0.1:0", "--log-format", "json", "--data"])
            .arg(data)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap())
            .lines()
            .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap_or_default());
        let address = lines
            .by_ref()
            .find_map(|line| line["fields"]["address"].as_str().map(|address| address.parse().unwrap()))
            .unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&log);
        std::thread::spawn(move || lines.for_each(|line| kept.lock().unwrap().push(line)));
        Self { child, address, log }
    }

    /// Whether a line of the log has this reason and SQLite's text for it.
    fn has_logged(&self, reason: &str, cause: &str) -> bool {
        self.log.lock().unwrap().iter().any(|line| {
            let fields = &line["fields"];
            fields["reason"] == reason && fields["cause"].as_str().is_some_and(|text| text.contains(cause))
        })
    }

    /// `countersign-server health`, and what it says.
    fn health(&self) -> (bool, String) {
        let output =
            Command::new(PROGRAM).args(["health", "--listen", &self.address.to_string()]).output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A file system in memory, of one megabyte and a half.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None where this user may not mount one.
    fn mount(at: PathBuf) -> Option<Self> {
        std::fs::create_dir_all(&at).unwrap();
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=1536k", "tmpfs"]).arg(&at).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Self(at))
    }

    fn grow(&self) {
        let grown = Command::new("mount").args(["-o", "remount,size=64m"]).arg(&self.0).status();
        assert!(grown.unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Starts sign-ins until one is refused because it can't be stored.
async fn fill(world: &World) {
    for number in 0..5000 {
        let body = json!({"user": format!("user-{number}"), "application": "x".repeat(128), "place": "y".repeat(128)});
        let reply = world.post("/v1/sign-ins", body).await;
        if reply.status != 201 {
            assert_eq!(reply.refused(), (503, "unavailable"));
            return;
        }
    }
    panic!("the disk took everything");
}

async fn readiness(world: &World) -> (u16, String) {
    let reply = world.get("/readyz").await;
    let (status, code) = reply.refused();
    (status, code.to_owned())
}

/// Fills the disk, and says what then holds.
async fn fill_and_look(world: &World, service: &Service, reason: &str, cause: &str) {
    assert_eq!(readiness(world).await.0, 200);
    assert_eq!(service.health(), (true, String::new()));
    fill(world).await;
    world.eventually("that it isn't ready", async || readiness(world).await == (503, reason.into())).await;
    assert_eq!(world.get("/healthz").await.refused(), (503, reason));
    assert_eq!(world.get("/livez").await.status, 200, "it lives");
    world.eventually("the cause in the log", async || service.has_logged(reason, cause)).await;
    let (is_ready, text) = service.health();
    assert!(!is_ready && text.contains(&service.address.to_string()), "{text}");
}

#[tokio::test]
async fn a_full_disk_is_told_and_room_is_all_that_it_takes() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path().join("disk")) else {
        // Not by `println!`, which shows nothing of a test that passes.
        let name = "a_full_disk_is_told_and_room_is_all_that_it_takes";
        writeln!(std::io::stderr(), "skipped: {name} (this user may not mount a tmpfs)").unwrap();
        return;
    };
    let config = Config::new(disk.0.join("data"));
    let service = Service::start(Command::new(PROGRAM), &config.data);
    let world = World::around(folder, config, service.address);
    fill_and_look(&world, &service, "database_full", "full").await;
    assert!(service.health().1.contains("full: free some space"));
    disk.grow();
    world.eventually("that it is ready", async || readiness(&world).await.0 == 200).await;
    world.post("/v1/sign-ins", json!({"user": "ada", "application": "x"})).await.created();
}

#[tokio::test]
async fn a_write_that_the_system_refuses_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::new(folder.path().join("data"));
    // No file may have more than a megabyte or two; without its signal, a write beyond that fails.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\"", PROGRAM]);
    let service = Service::start(command, &config.data);
    let world = World::around(folder, config, service.address);
    fill_and_look(&world, &service, "database_io", "disk I/O error").await;
}
