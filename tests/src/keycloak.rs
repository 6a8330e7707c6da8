//! A real Keycloak with the authenticator of `integrations/keycloak`, installed from Maven Central on first use.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Failure, http_client};

/// Says that something can't be had here (`EX_TEMPFAIL`).
const NOT_TO_BE_HAD: i32 = 75;

/// A Keycloak of its own, with an empty database.
///
/// It ends with this value, and with this program however that ends: it runs as long as its standard input is open.
pub struct Keycloak {
    process: Child,
    port: u16,
    password: String,
    folder: TempDir,
}

impl Keycloak {
    /// The newest version that the authenticator is tested in.
    pub const NEWEST: &'static str = "26.7.3";
    /// The oldest version that the authenticator runs in.
    pub const OLDEST: &'static str = "26.0.0";

    /// Starts a Keycloak of this version with further options, and waits until it is ready. None where it isn't installed
    /// and can't be.
    ///
    /// # Errors
    ///
    /// When it can't be built or doesn't come up within three minutes.
    pub async fn start(version: &str, options: &[&str]) -> Result<Option<Self>, Failure> {
        let Some(home) = install(version)? else { return Ok(None) };
        let folder = tempfile::tempdir()?;
        let log = File::create(folder.path().join("log"))?;
        let port = free_pair()?;
        let password = format!("admin of {port}");
        let process = Command::new("bash")
            .arg(scripts().join("run.sh"))
            .arg(home)
            .arg(port.to_string())
            .args(options)
            .env("KC_BOOTSTRAP_ADMIN_USERNAME", "admin")
            .env("KC_BOOTSTRAP_ADMIN_PASSWORD", &password)
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let mut keycloak = Self { process, port, password, folder };
        keycloak.wait_until_ready().await?;
        Ok(Some(keycloak))
    }

    /// Its address. It isn't the service's host, so that the two are different sites to a browser.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// The password of its administrator, who is called admin.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }

    /// All that it has written so far.
    ///
    /// # Errors
    ///
    /// When its log can't be read.
    pub fn log(&self) -> Result<String, Failure> {
        Ok(std::fs::read_to_string(self.folder.path().join("log"))?)
    }

    /// The realm that `integrations/keycloak/realm.json` has for everybody to import, set up for a service and with the
    /// redirect URI of its application.
    ///
    /// # Errors
    ///
    /// When the file can't be read.
    pub fn realm(name: &str, service: &str, api_key: &str, redirect_uri: &str) -> Result<Value, Failure> {
        let file = root().join("integrations/keycloak/realm.json");
        let mut realm: Value = serde_json::from_str(&std::fs::read_to_string(file)?)?;
        realm["realm"] = name.into();
        realm["clients"][0]["redirectUris"] = json!([redirect_uri]);
        let config = &mut realm["authenticatorConfig"][1]["config"];
        config["countersign.service"] = service.into();
        config["countersign.api-key"] = api_key.into();
        Ok(realm)
    }

    /// The address that a service sends the browsers of a realm back to.
    #[must_use]
    pub fn return_url(&self, realm: &str) -> String {
        format!("{}/realms/{realm}/countersign/return", self.url())
    }

    /// A user of a realm's description, with a password.
    #[must_use]
    pub fn user(name: &str, password: &str) -> Value {
        json!({
            "username": name, "enabled": true, "email": format!("{name}@hospital.example"), "emailVerified": true,
            "firstName": name, "lastName": "Example",
            "credentials": [{"type": "password", "value": password, "temporary": false}],
        })
    }

    /// Makes a realm.
    ///
    /// # Errors
    ///
    /// When Keycloak refuses.
    pub async fn make_realm(&self, realm: &Value) -> Result<(), Failure> {
        match self.administer(Method::POST, "", Some(realm)).await? {
            (StatusCode::CREATED, _) => Ok(()),
            (status, reply) => Err(format!("Keycloak answered {status}: {reply}").into()),
        }
    }

    /// Any request to the administrators' interface below `/admin/realms`, with its reply as JSON (null if it has none).
    ///
    /// # Errors
    ///
    /// When Keycloak can't be reached, or knows no such administrator.
    pub async fn administer(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(StatusCode, Value), Failure> {
        let client = http_client();
        let form = [
            ("grant_type", "password"),
            ("client_id", "admin-cli"),
            ("username", "admin"),
            ("password", &self.password),
        ];
        let token = format!("{}/realms/master/protocol/openid-connect/token", self.url());
        let token: Value = client.post(token).form(&form).send().await?.error_for_status()?.json().await?;
        let token = token["access_token"].as_str().ok_or("Keycloak gave no token")?;
        let mut request =
            client.request(method, format!("{}/admin/realms{path}", self.url())).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status();
        Ok((status, serde_json::from_str(&response.text().await?).unwrap_or(Value::Null)))
    }

    async fn wait_until_ready(&mut self) -> Result<(), Failure> {
        let client = http_client();
        let ready = format!("http://127.0.0.1:{}/health/ready", self.port + 1);
        let end = Instant::now() + Duration::from_secs(180);
        while Instant::now() < end {
            if let Some(status) = self.process.try_wait()? {
                return Err(format!("Keycloak ended with {status}:\n{}", self.log()?).into());
            }
            let asked = client.get(&ready).send().await;
            if asked.is_ok_and(|reply| reply.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Err(format!("Keycloak was not ready within three minutes:\n{}", self.log()?).into())
    }
}

impl Drop for Keycloak {
    fn drop(&mut self) {
        // Its input ends, and with it Keycloak.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// Two ports that follow each other and are free: its own and that of its health.
fn free_pair() -> Result<u16, Failure> {
    for _ in 0..50 {
        let first = TcpListener::bind(("127.0.0.1", 0))?;
        let port = first.local_addr()?.port();
        let next = port.checked_add(1).map(|next| TcpListener::bind(("127.0.0.1", next)));
        if matches!(next, Some(Ok(_))) {
            return Ok(port);
        }
    }
    Err("loopback has no two ports in a row".into())
}

fn install(version: &str) -> Result<Option<PathBuf>, Failure> {
    let folder = cache()?.join(format!("keycloak-{version}"));
    let output = Command::new("bash")
        .arg(scripts().join("install.sh"))
        .arg(folder)
        .arg(version)
        .stderr(Stdio::inherit())
        .output()?;
    match output.status.code() {
        Some(0) => Ok(Some(PathBuf::from(String::from_utf8(output.stdout)?.trim()))),
        Some(NOT_TO_BE_HAD) => Ok(None),
        _ => Err(format!("tests/keycloak/install.sh ended with {}", output.status).into()),
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("keycloak")
}

fn cache() -> Result<PathBuf, Failure> {
    let base = std::env::var_os("XDG_CACHE_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    let base = base.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    Ok(base.ok_or("there is no home folder")?.join("countersign"))
}
