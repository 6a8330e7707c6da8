//! The approval service beside the emulator: a program of this machine.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::{Failure, build};

/// A service process on a data folder.
pub(super) struct Service {
    child: Child,
    port: u16,
    data: PathBuf,
}

impl Service {
    /// Starts the program on `data`, and waits until it answers.
    pub(super) fn start(data: &Path) -> Result<Self, Failure> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut command = Command::new(build::program("countersign-server")?);
        command.arg("--data").arg(data).args(["--listen", &format!("127.0.0.1:{port}")]);
        command.args(["--public-url", &url(port)]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let service = Self { child, port, data: data.to_owned() };
        let end = Instant::now() + Duration::from_secs(20);
        while Instant::now() < end {
            if service.is_healthy().unwrap_or_default() {
                return Ok(service);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err("the service did not come up".into())
    }

    /// Its address: by a name, so that names are looked up.
    pub(super) fn url(&self) -> String {
        url(self.port)
    }

    /// The file with its first API key.
    pub(super) fn api_key(&self) -> PathBuf {
        self.data.join("api-key")
    }

    fn is_healthy(&self) -> std::io::Result<bool> {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port))?;
        connection.write_all(b"GET /healthz HTTP/1.0\r\n\r\n")?;
        let mut reply = String::new();
        connection.read_to_string(&mut reply)?;
        Ok(reply.split(' ').nth(1) == Some("200"))
    }
}

fn url(port: u16) -> String {
    format!("http://localhost:{port}")
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
