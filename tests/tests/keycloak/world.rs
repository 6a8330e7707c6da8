//! A hospital: its realm at Keycloak, its approval service, an application, and ada with her phone.

use std::io::Write;

use countersign_authenticator::approvals::ApprovalRequest;
use countersign_authenticator::protocol::Id;
use countersign_authenticator::protocol::messages::Outcome;
use countersign_tests::{Keycloak, Phone, ServiceClient, TestService, enrolled};
use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::browser::{Browser, Kind, in_browser};

/// What ada types.
pub(crate) const PASSWORD: &str = "correct horse battery";
/// Long enough for a code verifier (RFC 7636, section 4.1).
const VERIFIER: &str = "a-code-verifier-that-is-the-same-in-every-test";

/// One realm with all that belongs to it.
pub(crate) struct World {
    pub(crate) keycloak: &'static Keycloak,
    pub(crate) service: TestService,
    pub(crate) phone: Phone,
    pub(crate) account: Id,
    pub(crate) realm: String,
    pub(crate) api_key: String,
}

/// How a realm differs from the one that everybody can import.
pub(crate) type Change = fn(&mut Value, &World);

/// Gives `test` a browser and a world in the newest Keycloak. Where either can't be had the test is skipped, and says so.
pub(crate) async fn in_world(change: Change, test: impl AsyncFnOnce(&Browser, World)) {
    static NEWEST: OnceCell<Option<Keycloak>> = OnceCell::const_new();
    let start = || async { Keycloak::start(Keycloak::NEWEST, &[]).await.expect("Keycloak starts") };
    in_world_of(NEWEST.get_or_init(start).await.as_ref(), change, test).await;
}

/// The same in the oldest Keycloak that the authenticator runs in.
pub(crate) async fn in_oldest_world(test: impl AsyncFnOnce(&Browser, World)) {
    static OLDEST: OnceCell<Option<Keycloak>> = OnceCell::const_new();
    let start = || async { Keycloak::start(Keycloak::OLDEST, &[]).await.expect("Keycloak starts") };
    in_world_of(OLDEST.get_or_init(start).await.as_ref(), |_, _| {}, test).await;
}

async fn in_world_of(
    keycloak: Option<&'static Keycloak>,
    change: Change,
    test: impl AsyncFnOnce(&Browser, World),
) {
    let name = std::thread::current().name().unwrap_or("a test").to_owned();
    let Some(keycloak) = keycloak else {
        // Straight to standard error: the test harness keeps what `eprintln` writes for failures.
        let _ = writeln!(std::io::stderr(), "SKIPPED {name}: Keycloak isn't installed, and can't be");
        return;
    };
    in_browser(Kind::Desktop, async |browser| {
        let service = TestService::start().await;
        let phone = Phone::new();
        let account = enrolled(&service, &phone, "ada").await;
        // Realms of one Keycloak have different names.
        let realm = name.replace("::", "-");
        let back = keycloak.return_url(&realm);
        let client =
            ServiceClient::add(&service.config(), "rest", "keycloak", "sign_in,enrol", &back).unwrap();
        let world = World { keycloak, service, phone, account, realm, api_key: client.secret };
        let url = world.service.network.url();
        let mut described =
            Keycloak::realm(&world.realm, &url, &world.api_key, &landing(&world.service)).unwrap();
        described["users"] =
            ["ada", "grace"].into_iter().map(|user| Keycloak::user(user, PASSWORD)).collect();
        change(&mut described, &world);
        keycloak.make_realm(&described).await.unwrap();
        test(browser, world).await;
    })
    .await;
}

impl World {
    /// Begins to sign in to the application, and types name and password.
    pub(crate) async fn type_password(&self, browser: &Browser, user: &str) {
        browser.open(&self.authorize("")).await;
        self.type_password_here(browser, user).await;
    }

    /// Types name and password into the form that is open.
    pub(crate) async fn type_password_here(&self, browser: &Browser, user: &str) {
        browser.fill("#username", user).await;
        browser.fill("#password", PASSWORD).await;
        browser.click("#kc-login").await;
    }

    /// Types name and password, and waits for the service's page.
    pub(crate) async fn come_to_page(&self, browser: &Browser) {
        self.type_password(browser, "ada").await;
        self.expect_page(browser).await;
    }

    /// Waits for the service's page of a sign-in that is open.
    pub(crate) async fn expect_page(&self, browser: &Browser) {
        browser.element("main[data-state='pending']").await;
    }

    /// Waits for the page on which Keycloak says how it ended, and gives its text.
    pub(crate) async fn expect_ending(&self, browser: &Browser, ending: &str) -> String {
        browser.element(&format!("#countersign[data-ending='{ending}']")).await;
        browser.text("main, #kc-content-wrapper").await
    }

    /// The one request that the phone shows.
    pub(crate) async fn request(&self) -> ApprovalRequest {
        let mut requests = self.phone.fetch(self.account).await.unwrap();
        assert_eq!(requests.len(), 1, "the phone shows one request");
        requests.remove(0)
    }

    /// Reads the number off the page and types it at the phone.
    pub(crate) async fn approve(&self, browser: &Browser) {
        let number = number(browser).await;
        let outcome = self.phone.approve(self.request().await.id, &number).await.unwrap();
        assert_eq!(outcome.outcome, Outcome::Approved);
    }

    /// Waits until the browser is back at the application, and gives what the application's token says.
    pub(crate) async fn expect_token(&self, browser: &Browser) -> Value {
        browser.element("main[data-state='landing']").await;
        let address: reqwest::Url = browser.address().await.parse().unwrap();
        assert!(address.as_str().starts_with(&landing(&self.service)), "{address}");
        let code = address.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", "ward-portal"),
            ("code", &code),
            ("redirect_uri", &landing(&self.service)),
            ("code_verifier", VERIFIER),
        ];
        let token = format!("{}/protocol/openid-connect/token", self.issuer());
        let reply = reqwest::Client::new().post(token).form(&form).send().await.unwrap();
        let reply: Value = reply.json().await.unwrap();
        let token = reply["id_token"].as_str().unwrap_or_else(|| panic!("no token: {reply}"));
        let claims = BASE64URL_NOPAD.decode(token.split('.').nth(1).unwrap().as_bytes()).unwrap();
        serde_json::from_slice(&claims).unwrap()
    }

    /// Signs in until the end.
    pub(crate) async fn sign_in(&self, browser: &Browser) -> Value {
        self.come_to_page(browser).await;
        self.approve(browser).await;
        self.expect_token(browser).await
    }

    /// How many sign-ins the service has started.
    pub(crate) async fn sign_ins(&self) -> usize {
        let audit = self.service.relying_party().audit().await;
        audit.iter().filter(|entry| entry["event"] == "sign_in.create").count()
    }

    /// How many set-ups of a phone the service has started.
    pub(crate) async fn enrolments(&self) -> usize {
        let audit = self.service.relying_party().audit().await;
        audit.iter().filter(|entry| entry["event"] == "enrolment.create").count()
    }

    /// The address at which the application sends a browser to Keycloak.
    pub(crate) fn authorize(&self, parameters: &str) -> String {
        let challenge = ring::digest::digest(&ring::digest::SHA256, VERIFIER.as_bytes());
        let mut url =
            reqwest::Url::parse(&format!("{}/protocol/openid-connect/auth", self.issuer())).unwrap();
        url.query_pairs_mut()
            .append_pair("client_id", "ward-portal")
            .append_pair("response_type", "code")
            .append_pair("scope", "openid")
            .append_pair("redirect_uri", &landing(&self.service))
            .append_pair("code_challenge_method", "S256")
            .append_pair("code_challenge", &BASE64URL_NOPAD.encode(challenge.as_ref()));
        format!("{url}{parameters}")
    }

    /// The address that the service sends browsers back to.
    pub(crate) fn return_url(&self) -> String {
        self.keycloak.return_url(&self.realm)
    }

    fn issuer(&self) -> String {
        format!("{}/realms/{}", self.keycloak.url(), self.realm)
    }
}

/// The number on the service's page.
pub(crate) async fn number(browser: &Browser) -> String {
    browser.attribute("#number", "data-number").await.expect("the page shows a number")
}

/// Where the application takes people back: a page of the service that anybody can see.
fn landing(service: &TestService) -> String {
    format!("{}/match", service.network.url())
}
