//! The approval service as a process of its own, and the relying party that talks to it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use countersign_protocol::Jwk;
use countersign_protocol::jws::{self, Message};
use reqwest::{Client, Method, RequestBuilder};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Failure;

pub(super) struct Service {
    process: Child,
    data: PathBuf,
    port: u16,
    client: Client,
}

impl Service {
    /// Starts it with an empty data folder, on a free port of loopback.
    pub(super) async fn start(data: &Path) -> Result<Self, Failure> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let process = spawn(data, port)?;
        let service = Self { process, data: data.to_owned(), port, client: Client::new() };
        service.wait_until_healthy().await?;
        Ok(service)
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Stops it as an administrator would.
    pub(super) async fn stop(&mut self) -> Result<(), Failure> {
        crate::run("kill", &["-TERM", &self.process.id().to_string()])?;
        let end = Instant::now() + Duration::from_secs(10);
        while Instant::now() < end {
            if let Some(status) = self.process.try_wait()? {
                return if status.success() {
                    Ok(())
                } else {
                    Err(format!("the service ended with {status}").into())
                };
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err("the service did not stop".into())
    }

    /// Starts it again on the same data.
    pub(super) async fn restart(&mut self) -> Result<(), Failure> {
        self.process = spawn(&self.data, self.port)?;
        self.wait_until_healthy().await
    }

    /// What a relying party posts.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(self.request(Method::POST, path)?.json(body)).await
    }

    /// What a relying party gets.
    pub(super) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.send(self.request(Method::GET, path)?).await
    }

    /// Checks an assertion as a relying party does: against the keys that the service publishes.
    pub(super) async fn verify_assertion(&self, assertion: &str) -> Result<Value, Failure> {
        let keys = self.get("/.well-known/jwks.json").await?;
        for key in keys["keys"].as_array().ok_or("the service publishes no keys")? {
            let key: Jwk = serde_json::from_value(key.clone())?;
            if let Ok(Assertion(claims)) = jws::verify(assertion, &key) {
                return Ok(claims);
            }
        }
        Err("no published key verifies the assertion".into())
    }

    /// The command with which a person plays the relying party.
    pub(super) fn command_line(&self, path: &str, body: &str) -> String {
        format!(
            "curl -s {}{path} -H \"Authorization: Bearer $(cat {})\" -H 'Content-Type: application/json' -d '{body}'",
            self.url(),
            self.api_key_file().display()
        )
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, Failure> {
        let key = std::fs::read_to_string(self.api_key_file())?;
        Ok(self.client.request(method, format!("{}{path}", self.url())).bearer_auth(key.trim()))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let response = request.send().await?;
        let (status, body) = (response.status(), response.text().await?);
        if !status.is_success() {
            return Err(format!("the service answered {status}: {body}").into());
        }
        Ok(serde_json::from_str(&body)?)
    }

    fn api_key_file(&self) -> PathBuf {
        self.data.join("api-key")
    }

    async fn wait_until_healthy(&self) -> Result<(), Failure> {
        let end = Instant::now() + Duration::from_secs(20);
        while Instant::now() < end {
            if let Ok(response) = self.client.get(format!("{}/healthz", self.url())).send().await
                && response.status().is_success()
            {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err("the service did not come up".into())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Nothing is left to be saved: the folder is about to go as well.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The program `name`, beside this one.
pub(super) fn binary(name: &str) -> Result<PathBuf, Failure> {
    let mut path = std::env::current_exe()?;
    path.set_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    Ok(path)
}

#[derive(Serialize, Deserialize)]
struct Assertion(Value);

impl Message for Assertion {
    const TYP: &'static str = "countersign-assertion+jwt";
}

fn spawn(data: &Path, port: u16) -> Result<Child, Failure> {
    let child = Command::new(binary("countersign-server")?)
        .arg("--data")
        .arg(data)
        .arg("--listen")
        .arg(format!("127.0.0.1:{port}"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    Ok(child)
}
