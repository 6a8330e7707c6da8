//! A headless Chromium, driven over WebDriver.

use std::io::{BufRead, BufReader, Write};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use futures_util::FutureExt;
use serde_json::{Value, json};

/// How the browser is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A ward's PC: 1280 by 720.
    Desktop,
    /// A narrow phone: 320 by 640, touch screen.
    Phone,
    /// A desktop that runs no JavaScript.
    WithoutScript,
}

/// An open browser.
pub(crate) struct Browser {
    pub(crate) client: Client,
    driver: String,
    kind: Kind,
}

/// Gives `test` a browser, and ends it whatever happens. Where there is no Chromium the test is skipped, and says so.
pub(crate) async fn in_browser(kind: Kind, test: impl AsyncFnOnce(&Browser)) {
    let (Some(chromium), Some(driver)) =
        (installed(&["chromium", "chromium-browser", "google-chrome"]), installed(&["chromedriver"]))
    else {
        // Straight to standard error: the test harness keeps what `eprintln` writes for failures.
        let name = std::thread::current().name().unwrap_or("a browser test").to_owned();
        let _ = writeln!(std::io::stderr(), "SKIPPED {name}: it needs chromium and chromedriver on the PATH");
        return;
    };
    let mut process = Driver::start(&driver);
    let profile = tempfile::tempdir().unwrap();
    let driver = process.address();
    let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
        .capabilities(capabilities(kind, &chromium, profile.path()).as_object().unwrap().clone())
        .connect(&driver)
        .await
        .expect("chromedriver starts chromium");
    let browser = Browser { client: client.clone(), driver, kind };
    let done = AssertUnwindSafe(test(&browser)).catch_unwind().await;
    let _ = client.close().await;
    if let Err(panic) = done {
        resume_unwind(panic);
    }
}

impl Browser {
    pub(crate) async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    pub(crate) async fn address(&self) -> String {
        self.client.current_url().await.unwrap().to_string()
    }

    pub(crate) async fn forget_cookies(&self) {
        self.client.delete_all_cookies().await.unwrap();
    }

    pub(crate) async fn reload(&self) {
        self.client.refresh().await.unwrap();
    }

    /// Waits for an element, which may need news from the service.
    pub(crate) async fn element(&self, css: &str) -> Element {
        let wait = self.client.wait().at_most(Duration::from_secs(20)).every(Duration::from_millis(50));
        wait.for_element(Locator::Css(css)).await.unwrap_or_else(|error| panic!("{css}: {error}"))
    }

    /// Waits until the page is in `state`, and holds it to what every page must be.
    pub(crate) async fn shows(&self, state: &str) {
        self.element(&format!("main[data-state='{state}']")).await;
        self.check().await;
    }

    /// Clicks, which may lead to another page.
    pub(crate) async fn click(&self, css: &str) {
        self.element(css).await.click().await.unwrap();
    }

    /// Text that the page shows, also where it is hidden from screen readers.
    pub(crate) async fn text(&self, css: &str) -> String {
        self.element(css).await.prop("textContent").await.unwrap().unwrap()
    }

    pub(crate) async fn attribute(&self, css: &str, name: &str) -> Option<String> {
        self.element(css).await.attr(name).await.unwrap()
    }

    /// A picture of an element, as the screen shows it.
    pub(crate) async fn picture(&self, css: &str) -> Vec<u8> {
        self.element(css).await.screenshot().await.unwrap()
    }

    pub(crate) async fn is_displayed(&self, css: &str) -> bool {
        self.element(css).await.is_displayed().await.unwrap()
    }

    pub(crate) async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// The page is accessible as far as a script can see, and the browser had nothing to complain about.
    pub(crate) async fn check(&self) {
        if self.kind != Kind::WithoutScript {
            let faults = self.run(include_str!("accessible.js")).await;
            assert_eq!(faults, json!([]), "{}", self.client.source().await.unwrap());
        }
        let log = self.console().await;
        assert!(log.is_empty(), "{log:?}");
    }

    /// What the browser has complained about since it was last asked: errors of scripts, and what a policy forbade.
    pub(crate) async fn console(&self) -> Vec<String> {
        let session = self.client.session_id().await.unwrap().unwrap();
        let url = format!("{}/session/{session}/se/log", self.driver);
        let reply = reqwest::Client::new().post(url).json(&json!({"type": "browser"})).send().await.unwrap();
        let reply: Value = reply.json().await.unwrap();
        let entries = reply["value"].as_array().expect("a log");
        let worth_reading =
            entries.iter().filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING");
        worth_reading.map(|entry| entry["message"].to_string()).collect()
    }
}

fn capabilities(kind: Kind, chromium: &std::path::Path, profile: &std::path::Path) -> Value {
    let mut options = json!({
        "binary": chromium,
        "args": [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--window-size=1280,720", format!("--user-data-dir={}", profile.display()),
        ],
    });
    match kind {
        Kind::Desktop => {}
        Kind::Phone => {
            let metrics =
                json!({"width": 320, "height": 640, "pixelRatio": 2.0, "touch": true, "mobile": true});
            options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
        }
        Kind::WithoutScript => {
            options["prefs"] = json!({"profile.managed_default_content_settings.javascript": 2});
        }
    }
    json!({
        "browserName": "chrome",
        "goog:chromeOptions": options,
        "goog:loggingPrefs": {"browser": "ALL"},
    })
}

fn installed(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let candidates = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    candidates.into_iter().find(|candidate| candidate.is_file())
}

/// A running chromedriver.
struct Driver(Child);

impl Driver {
    fn start(program: &std::path::Path) -> Self {
        let mut command = Command::new(program);
        command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        Self(command.spawn().expect("chromedriver starts"))
    }

    /// Where it listens: it says so once it does.
    fn address(&mut self) -> String {
        let mut lines = BufReader::new(self.0.stdout.take().expect("its output")).lines();
        let port = lines.find_map(|line| {
            let line = line.expect("text");
            line.split_once("started successfully on port ")
                .map(|(_, port)| port.trim_end_matches('.').to_owned())
        });
        format!("http://127.0.0.1:{}", port.expect("chromedriver says where it listens"))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
