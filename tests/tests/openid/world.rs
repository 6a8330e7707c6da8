//! The service as a process, and the command line as the phone of `ada@leeds.example`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use countersign_tests::{Failure, ServiceProcess, program};
use serde_json::Value;
use tempfile::TempDir;

use crate::browser::{Browser, Page};

/// Who signs in.
pub(crate) const USER: &str = "ada@leeds.example";

/// A service with an enrolled phone.
pub(crate) struct World {
    pub(crate) service: ServiceProcess,
    data: TempDir,
    home: TempDir,
}

/// A client of the service, as its administrator sees it.
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl World {
    pub(crate) async fn start() -> Result<Self, Failure> {
        let (data, home) = (tempfile::tempdir()?, tempfile::tempdir()?);
        let service = ServiceProcess::start(data.path(), None, None, None).await?;
        let passphrase = home.path().join("passphrase");
        fs::write(&passphrase, "a passphrase of a test\n")?;
        fs::set_permissions(&passphrase, PermissionsExt::from_mode(0o600))?;
        let enrolment = service.relying_party()?.enrolment(USER).await;
        let link = home.path().join("link");
        fs::write(&link, enrolment.link.expose_text())?;
        let world = Self { service, data, home };
        world.phone(&["enrol", link.to_str().ok_or("a path")?])?;
        world.phone(&["requests", "approve", "--number", &enrolment.number().await])?;
        Ok(world)
    }

    /// Registers a client that is sent back to this address.
    pub(crate) fn client(&self, name: &str, redirect_uri: &str, asks_name: bool) -> Result<Client, Failure> {
        let mut command = Command::new(program("countersign-server"));
        command
            .arg("--data")
            .arg(self.data.path())
            .args(["client", "add", "--kind", "oidc", "--rights", "sign_in"]);
        command.args(["--organisation", "default", "--application", "Ward portal", "--name", name]);
        command.args([
            "--redirect-uri",
            redirect_uri,
            "--asks-name",
            if asks_name { "true" } else { "false" },
        ]);
        let output = command.stdin(Stdio::null()).output()?;
        let printed = String::from_utf8(output.stdout)?;
        let line = |name: &str| printed.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        match (line("client_id "), line("secret ")) {
            (Some(id), Some(secret)) => Ok(Client { id: id.to_owned(), secret: secret.to_owned() }),
            _ => Err(format!("no client: {}", String::from_utf8_lossy(&output.stderr)).into()),
        }
    }

    /// What the phone answers to a command.
    pub(crate) fn phone(&self, args: &[&str]) -> Result<Value, Failure> {
        let home = self.home.path();
        let output = phone_command(home).args(args).stdin(Stdio::null()).output()?;
        if !output.status.success() {
            return Err(format!("{args:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Approves what the page shows, by its number, and follows the page's way back.
    pub(crate) async fn approve(
        &self,
        browser: &mut Browser,
        page: &Page,
        stop: Option<&str>,
    ) -> Result<Page, Failure> {
        let number = page.number()?;
        self.phone(&["requests", "approve", "--number", number])?;
        self.follow(browser, page, stop).await
    }

    /// Denies it, and follows the page's way back.
    pub(crate) async fn deny(
        &self,
        browser: &mut Browser,
        page: &Page,
        stop: Option<&str>,
    ) -> Result<Page, Failure> {
        page.number()?;
        self.phone(&["requests", "deny"])?;
        self.follow(browser, page, stop).await
    }

    async fn follow(&self, browser: &mut Browser, page: &Page, stop: Option<&str>) -> Result<Page, Failure> {
        let ended = browser.open(page.url.as_str(), None).await?;
        browser.open(&ended.back()?, stop).await
    }
}

fn phone_command(home: &Path) -> Command {
    let mut command = Command::new(program("countersign"));
    command.args(["--json", "--vault"]).arg(home.join("vault.db"));
    command.arg("--passphrase-file").arg(home.join("passphrase"));
    command
}
