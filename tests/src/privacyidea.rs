//! A real privacyIDEA server, run as a process of its own: installed once from PyPI, begun anew for each run.

mod containers;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Failure, http_client};

/// The server, with an administrator signed in.
pub struct PrivacyIdea {
    process: Child,
    url: String,
    client: Client,
    token: String,
    state: TempDir,
}

/// What a relying party knows of a sign-in that it has started.
pub struct Transaction {
    /// Its number.
    pub id: String,
    /// What the sign-in page shows, with a presence check.
    pub presence_answer: Option<String>,
}

impl PrivacyIdea {
    /// Installs what isn't there yet, and starts a server on a copy of the prepared state. `None` where it can't be
    /// installed, since PyPI can't be reached.
    ///
    /// # Errors
    ///
    /// When the server doesn't come up.
    pub async fn start() -> Result<Option<Self>, Failure> {
        let folder = cache_folder()?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("privacyidea/install.sh");
        let installed = Command::new("bash").arg(script).arg(&folder).stdin(Stdio::null()).status()?;
        match installed.code() {
            Some(0) => {}
            Some(75) => return Ok(None),
            code => return Err(format!("installing privacyIDEA ended with {code:?}").into()),
        }
        let state = tempfile::tempdir()?;
        for entry in fs::read_dir(folder.join("state"))? {
            let entry = entry?;
            fs::copy(entry.path(), state.path().join(entry.file_name()))?;
        }
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let log = fs::File::create(state.path().join("server.log"))?;
        let process = Command::new(folder.join("venv/bin/pi-manage"))
            .args(["run", "-h", "127.0.0.1", "-p", &port.to_string(), "--with-threads"])
            .env("PRIVACYIDEA_CONFIGFILE", state.path().join("pi.cfg"))
            .env("PYTHONWARNINGS", "ignore")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let mut server = Self {
            process,
            url: format!("http://127.0.0.1:{port}"),
            client: http_client(),
            token: String::new(),
            state,
        };
        server.wait_until_ready().await?;
        let login = json!({ "username": "admin", "password": "adminpw" });
        server.token = text(&server.post("/auth", login).await?["result"]["value"]["token"])?;
        // With one policy for administrators, all that they may do has to be listed.
        let rights = json!({
            "configwrite": true, "container_add_token": true, "container_create": true, "container_register": true,
            "container_remove_token": true, "container_rollover": true, "container_unregister": true, "delete": true, "disable": true, "enrollpin": true, "enrollDAYPASSWORD": true, "enrollHOTP": true,
            "enrollPUSH": true, "enrollTOTP": true, "hotp_2step": "allow", "policydelete": true, "policywrite": true,
            "smsgateway_write": true, "token_rollover": true, "tokenlist": true, "totp_2step": "allow",
            "triggerchallenge": true, "userlist": true,
        });
        server.set_policy("administrator", "admin", rights).await?;
        let enrolment = json!({
            "push_firebase_configuration": "poll only", "push_registration_url": server.push_url(), "push_ttl": "10",
        });
        server.set_policy("push_enrolment", "enrollment", enrolment).await?;
        Ok(Some(server))
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where phones register, ask and answer.
    #[must_use]
    pub fn push_url(&self) -> String {
        format!("{}/ttype/push", self.url)
    }

    /// Its address on loopback, as host and port.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Its database, for what its interface can't bring about.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.state.path().join("pi.sqlite")
    }

    /// Makes or replaces a policy.
    ///
    /// # Errors
    ///
    /// When the server refuses it.
    pub async fn set_policy(&self, name: &str, scope: &str, action: Value) -> Result<(), Failure> {
        let policy = json!({ "scope": scope, "action": action, "active": true });
        self.post(&format!("/policy/{name}"), policy).await.map(drop)
    }

    /// Removes a policy.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn delete_policy(&self, name: &str) -> Result<(), Failure> {
        self.request(Method::DELETE, &format!("/policy/{name}"), json!({})).await.map(drop)
    }

    /// Sets a value of the system's configuration.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn configure(&self, name: &str, value: &str) -> Result<(), Failure> {
        self.post("/system/setConfig", json!({ name: value })).await.map(drop)
    }

    /// Makes a token for a user of the realm, and gives the server's detail of it.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn make_token(&self, user: &str, mut parameters: Value) -> Result<Value, Failure> {
        parameters["user"] = user.into();
        parameters["realm"] = "test".into();
        parameters["genkey"] = 1.into();
        Ok(self.post("/token/init", parameters).await?["detail"].take())
    }

    /// Makes a push token for a user without others, and gives its serial and the text of its QR.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn make_push_token(&self, user: &str) -> Result<(String, String), Failure> {
        let detail = self.make_token(user, json!({ "type": "push" })).await?;
        Ok((text(&detail["serial"])?, text(&detail["pushurl"]["value"])?))
    }

    /// Removes every token of a user, so that a test begins with none.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn delete_tokens(&self, user: &str) -> Result<(), Failure> {
        let listed =
            self.request(Method::GET, &format!("/token/?user={user}&realm=test"), Value::Null).await?;
        for token in listed["result"]["value"]["tokens"].as_array().into_iter().flatten() {
            self.delete_token(&text(&token["serial"])?).await?;
        }
        Ok(())
    }

    /// Removes a token.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn delete_token(&self, serial: &str) -> Result<(), Failure> {
        self.request(Method::DELETE, &format!("/token/{serial}"), json!({})).await.map(drop)
    }

    /// Starts a sign-in of a user.
    ///
    /// # Errors
    ///
    /// When the user has no token that takes part.
    pub async fn trigger(&self, user: &str) -> Result<Transaction, Failure> {
        let reply = self.post("/validate/triggerchallenge", json!({ "user": user, "realm": "test" })).await?;
        let detail = &reply["detail"];
        let answer = detail["multi_challenge"].as_array().into_iter().flatten();
        let answer = answer.filter_map(|challenge| challenge["presence_answer"].as_str()).next();
        Ok(Transaction { id: text(&detail["transaction_id"])?, presence_answer: answer.map(str::to_owned) })
    }

    /// What has become of a sign-in: pending, accept, declined or cancelled.
    ///
    /// # Errors
    ///
    /// When the server can't say.
    pub async fn status(&self, transaction: &Transaction) -> Result<String, Failure> {
        let path = format!("/validate/polltransaction?transaction_id={}", transaction.id);
        text(&self.request(Method::GET, &path, Value::Null).await?["detail"]["challenge_status"])
    }

    /// Collects the outcome of a sign-in: ACCEPT, CHALLENGE or REJECT.
    ///
    /// # Errors
    ///
    /// When the server can't say.
    pub async fn check(&self, user: &str, transaction: &Transaction, pass: &str) -> Result<String, Failure> {
        let body = json!({ "user": user, "realm": "test", "pass": pass, "transaction_id": transaction.id });
        text(&self.post("/validate/check", body).await?["result"]["authentication"])
    }

    /// Signs in with a one-time code alone.
    ///
    /// # Errors
    ///
    /// When the server can't say.
    pub async fn check_code(&self, serial: &str, code: &str) -> Result<String, Failure> {
        let body = json!({ "serial": serial, "pass": code });
        text(&self.post("/validate/check", body).await?["result"]["authentication"])
    }

    /// Posts to the server's interface as the administrator.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn post(&self, path: &str, body: Value) -> Result<Value, Failure> {
        self.request(Method::POST, path, body).await
    }

    async fn request(&self, method: Method, path: &str, body: Value) -> Result<Value, Failure> {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if !self.token.is_empty() {
            request = request.header("Authorization", &self.token);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        let reply: Value = request.send().await?.json().await?;
        if reply["result"]["status"] != Value::Bool(true) {
            return Err(format!("{path}: {}", reply["result"]["error"]).into());
        }
        Ok(reply)
    }

    async fn wait_until_ready(&mut self) -> Result<(), Failure> {
        let end = Instant::now() + Duration::from_secs(60);
        while Instant::now() < end {
            if let Some(status) = self.process.try_wait()? {
                return Err(format!("privacyIDEA ended with {status}").into());
            }
            let asked = self.client.get(format!("{}/healthz/readyz", self.url)).send().await;
            if asked.is_ok_and(|reply| reply.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Err("privacyIDEA did not answer within a minute".into())
    }
}

impl Drop for PrivacyIdea {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn cache_folder() -> Result<PathBuf, Failure> {
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let base = base.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    Ok(base.ok_or("there is no home folder")?.join("countersign/privacyidea-3.14"))
}

fn text(value: &Value) -> Result<String, Failure> {
    value.as_str().map(str::to_owned).ok_or_else(|| format!("no text: {value}").into())
}
