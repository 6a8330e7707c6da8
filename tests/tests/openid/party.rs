//! Relying parties that are installed on first use, and processes that are ended with their test.

use std::fmt;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use countersign_tests::Failure;

/// A relying party.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Party {
    Apache,
    Oauth2Proxy,
    OpenidClient,
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Apache => "apache",
            Self::Oauth2Proxy => "oauth2-proxy",
            Self::OpenidClient => "openid-client",
        })
    }
}

/// Installs what isn't there yet. False where it can't be had.
pub(crate) fn install(party: Party) -> Result<bool, Failure> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("openid/install.sh");
    let mut command = Command::new("bash");
    command.arg(script).arg(folder()?).arg(party.to_string()).stdin(Stdio::null());
    match command.status()?.code() {
        Some(0) => Ok(true),
        Some(75) => Ok(false),
        code => Err(format!("installing {party} ended with {code:?}").into()),
    }
}

/// Where they are.
pub(crate) fn folder() -> Result<PathBuf, Failure> {
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let base = base.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    Ok(base.ok_or("there is no home folder")?.join("countersign/openid"))
}

/// A program of a test, which ends with it.
pub(crate) struct Running(Child);

impl Running {
    /// Starts it, and waits until something listens at `port` of loopback.
    pub(crate) async fn start(command: &mut Command, port: u16) -> Result<Self, Failure> {
        let mut running = Self(command.stdin(Stdio::null()).spawn()?);
        let end = Instant::now() + Duration::from_secs(30);
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            if let Some(status) = running.0.try_wait()? {
                return Err(format!("it ended with {status}").into());
            }
            if Instant::now() > end {
                return Err("it does not listen".into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // In order, so that it ends its children as well.
        let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        let end = Instant::now() + Duration::from_secs(5);
        while matches!(self.0.try_wait(), Ok(None)) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port of loopback that nobody uses.
pub(crate) fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
