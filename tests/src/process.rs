//! The real service as a process of its own, to be stopped in order or killed without warning.

use std::collections::BTreeSet;
use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::{Failure, RelyingParty, http_client};

/// A service process on a data folder.
pub struct ServiceProcess {
    child: Child,
    port: u16,
    data: PathBuf,
}

impl ServiceProcess {
    /// Starts the program on `data`, and waits until it answers. It listens on `port` of loopback, or on a free one.
    ///
    /// # Errors
    ///
    /// When it doesn't come up within 20 seconds.
    pub async fn start(
        data: &Path,
        port: Option<u16>,
        public_url: Option<&str>,
        log: Option<File>,
    ) -> Result<Self, Failure> {
        Self::start_with(data, port, public_url, log, &[]).await
    }

    /// As [`ServiceProcess::start`], with more arguments.
    ///
    /// # Errors
    ///
    /// When it doesn't come up within 20 seconds.
    pub async fn start_with(
        data: &Path,
        port: Option<u16>,
        public_url: Option<&str>,
        log: Option<File>,
        arguments: &[&str],
    ) -> Result<Self, Failure> {
        let port = match port {
            Some(port) => port,
            None => TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port(),
        };
        let mut command = Command::new(program("countersign-server"));
        command.arg("--data").arg(data).args(["--listen", &format!("127.0.0.1:{port}")]).stdin(Stdio::null());
        command.args(arguments);
        if let Some(url) = public_url {
            command.args(["--public-url", url]);
        }
        match log {
            Some(log) => command.args(["--log", "trace"]).stdout(log.try_clone()?).stderr(log),
            None => command.stdout(Stdio::null()).stderr(Stdio::null()),
        };
        let process = Self { child: command.spawn()?, port, data: data.to_owned() };
        process.wait_until_healthy().await?;
        Ok(process)
    }

    /// Its address on loopback.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The port that it listens on.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Its relying party.
    ///
    /// # Errors
    ///
    /// When the first API key isn't in the data folder.
    pub fn relying_party(&self) -> Result<RelyingParty, Failure> {
        RelyingParty::new(self.url(), &self.data)
    }

    /// Stops it as an administrator does (SIGTERM).
    ///
    /// # Errors
    ///
    /// When it doesn't end well within ten seconds.
    pub async fn stop(mut self) -> Result<(), Failure> {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status()?;
        let end = Instant::now() + Duration::from_secs(10);
        while sent.success() && Instant::now() < end {
            if let Some(status) = self.child.try_wait()? {
                return ended_well(status);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err("the service did not stop".into())
    }

    /// Kills it (SIGKILL): it gets no chance to save anything.
    ///
    /// # Panics
    ///
    /// When it can't be killed.
    pub fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it has ended");
    }

    async fn wait_until_healthy(&self) -> Result<(), Failure> {
        let client = http_client();
        let end = Instant::now() + Duration::from_secs(20);
        while Instant::now() < end {
            let health = client.get(format!("{}/healthz", self.url())).send().await;
            if health.is_ok_and(|health| health.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err("the service did not come up".into())
    }
}

impl Drop for ServiceProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ended_well(status: ExitStatus) -> Result<(), Failure> {
    if status.success() { Ok(()) } else { Err(format!("the service ended with {status}").into()) }
}

/// The program, built first: tests of one package don't build another's programs. A build of the whole workspace does,
/// and says so by `COUNTERSIGN_BUILT`.
///
/// # Panics
///
/// When it doesn't build.
pub fn program(package: &str) -> PathBuf {
    static BUILT: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    // A test's program is in `target/debug/deps`, the demo's in `target/debug`.
    let mut path = std::env::current_exe().expect("this program has a path");
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    let is_built = std::env::var_os("COUNTERSIGN_BUILT").is_some();
    if BUILT.lock().unwrap_or_else(PoisonError::into_inner).insert(package.to_owned()) && !is_built {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--locked", "--package", package, "--bin", package]);
        if path.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().expect("cargo runs").success(), "{package} builds");
    }
    path.join(format!("{package}{}", std::env::consts::EXE_SUFFIX))
}
