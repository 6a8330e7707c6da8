//! The hosted pages, as a browser without JavaScript sees them, and their events.

use std::time::Duration;

use countersign_protocol::messages::Decision;
use reqwest::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

use crate::support::World;
use crate::support::phone::Phone;

/// A browser that has opened a page.
struct Browser {
    http: Client,
    base: String,
    path: String,
    cookie: String,
}

impl Browser {
    async fn open(world: &World, started: &Value) -> Self {
        let mut browser = Self::new(world, started);
        let path = browser.path.clone();
        let opened = browser.get(&path).await;
        assert_eq!(opened.status(), 303);
        let cookie = opened.headers()[SET_COOKIE].to_str().unwrap();
        for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
            assert!(cookie.contains(attribute), "{attribute}");
        }
        browser.cookie = cookie.split(';').next().unwrap().to_owned();
        let (folder, _) = path.rsplit_once('/').unwrap();
        browser.path = format!("{folder}/{}", opened.headers()[LOCATION].to_str().unwrap());
        browser
    }

    /// A browser before it has opened the page.
    fn new(world: &World, started: &Value) -> Self {
        let path = started["page_url"].as_str().unwrap().strip_prefix("https://approve.example").unwrap();
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { http, base: world.base(), path: path.to_owned(), cookie: String::new() }
    }

    async fn get(&self, path: &str) -> Response {
        self.http.get(format!("{}{path}", self.base)).header(COOKIE, &self.cookie).send().await.unwrap()
    }

    async fn below(&self, path: &str) -> Response {
        self.get(&format!("{}{path}", self.path)).await
    }

    async fn page(&self) -> String {
        let response = self.below("").await;
        assert_eq!(response.status(), 200);
        response.text().await.unwrap()
    }

    async fn is(&self, state: &str) -> bool {
        self.page().await.contains(&format!("data-state=\"{state}\""))
    }

    /// Posts a form, and gives the address that the browser is sent on to.
    async fn post(&self, path: &str, form: &str) -> String {
        let request =
            self.http.post(format!("{}{}{path}", self.base, self.path)).header(COOKIE, &self.cookie);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.to_owned());
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 303);
        response.headers()[LOCATION].to_str().unwrap().to_owned()
    }
}

/// The next event of a stream, or none at its end.
async fn next_event(events: &mut Response) -> Option<String> {
    loop {
        let chunk = tokio::time::timeout(Duration::from_secs(10), events.chunk()).await.unwrap().unwrap()?;
        let text = String::from_utf8(chunk.to_vec()).unwrap();
        if let Some(data) = text.strip_prefix("data: ") {
            return Some(data.trim_end().to_owned());
        }
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split_once(before).unwrap().1.split_once(after).unwrap().0
}

#[tokio::test]
async fn the_first_browser_gets_in_and_no_other() {
    let world = World::start().await;
    for started in [world.start_enrolment("ada").await, world.start_sign_in("ada").await] {
        let browser = Browser::open(&world, &started).await;
        assert!(!browser.path.contains("key="), "the key stays in no history");
        assert_eq!(browser.below("").await.status(), 200);
        let with_key = browser.get(&Browser::new(&world, &started).path).await;
        assert_eq!((with_key.status().as_u16(), with_key.headers().get(SET_COOKIE)), (303, None));

        let second = Browser::new(&world, &started);
        let refused = second.get(&second.path).await;
        assert_eq!((refused.status().as_u16(), refused.headers().get(SET_COOKIE)), (403, None));
        let refused = refused.text().await.unwrap();
        assert!(refused.contains("data-state=\"elsewhere\"") && !refused.contains("data-number"));
        for path in ["", "/qr.png", "/match.png", "/events"] {
            let response = second.get(&format!("{}{path}", browser.path)).await;
            assert!([403, 404].contains(&response.status().as_u16()), "{path}");
        }
    }
}

#[tokio::test]
async fn a_relying_party_can_send_a_browser_to_the_code_form_at_once() {
    let world = World::start().await;
    let mut started = world.start_sign_in("ada").await;
    started["page_url"] = json!(started["page_url"].as_str().unwrap().replace("?key=", "/code?key="));
    let browser = Browser::open(&world, &started).await;
    assert!(browser.path.ends_with("/code") && browser.page().await.contains("id=\"code-form\""));
}

#[tokio::test]
async fn a_wrong_key_or_address_opens_nothing() {
    let world = World::start().await;
    let started = world.start_sign_in("ada").await;
    let browser = Browser::new(&world, &started);
    let (path, key) = browser.path.split_once("?key=").unwrap();
    let other = Browser::new(&world, &world.start_sign_in("ada").await);
    let (_, other_key) = other.path.split_once("?key=").unwrap();
    for (path, status) in [
        (format!("{path}?key={other_key}"), 404),
        (format!("{path}?key="), 404),
        (format!("/enrolments/{}?key={key}", started["id"].as_str().unwrap()), 404),
        (format!("/sign-ins/none?key={key}"), 404),
        ("/sign-ins/AAAAAAAAAAAAAAAAAAAAAA".to_owned(), 404),
        (path.to_owned(), 403),
    ] {
        let response = browser.get(&path).await;
        assert_eq!(response.status(), status, "{path}");
        assert!(response.headers().get(SET_COOKIE).is_none());
    }
    assert!(Browser::open(&world, &started).await.is("pending").await);
}

#[tokio::test]
async fn what_loads_an_address_without_a_person_does_not_use_it_up() {
    let world = World::start().await;
    let started = world.start_sign_in("ada").await;
    let browser = Browser::new(&world, &started);
    for (method, header) in [
        (Method::HEAD, ("accept", "*/*")),
        (Method::GET, ("sec-purpose", "prefetch;prerender")),
        (Method::GET, ("sec-fetch-dest", "image")),
    ] {
        let request = browser.http.request(method, format!("{}{}", browser.base, browser.path));
        let response = request.header(header.0, header.1).send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), response.headers().get(SET_COOKIE)),
            (403, None),
            "{header:?}"
        );
    }
    assert!(Browser::open(&world, &started).await.is("pending").await);
}

#[tokio::test]
async fn pages_forbid_what_they_do_not_need() {
    let world = World::start().await;
    let browser = Browser::open(&world, &world.start_sign_in("ada").await).await;
    for path in [browser.path.as_str(), "/enrol", "/match", "/sign-ins/none", "/", "/nowhere"] {
        let response = browser.get(path).await;
        let header = |name: &str| response.headers()[name].to_str().unwrap();
        for rule in
            ["default-src 'none'", "script-src 'self'", "form-action 'self'", "frame-ancestors 'none'"]
        {
            assert!(header(CONTENT_SECURITY_POLICY.as_str()).contains(rule), "{rule} for {path}");
        }
        let is_form = path == browser.path;
        assert_eq!(header("referrer-policy"), if is_form { "same-origin" } else { "no-referrer" });
        assert_eq!(header("cross-origin-resource-policy"), "same-origin");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header(CACHE_CONTROL.as_str()), "no-store");
    }
    let page = browser.page().await;
    let style = between(&page, "rel=\"stylesheet\" href=\"../", "\"");
    let response = browser.get(&format!("/{style}")).await;
    assert_eq!(response.headers()[CACHE_CONTROL], "public, max-age=31536000, immutable");
    assert_eq!(browser.get("/assets/page.css").await.status(), 404);
}

#[tokio::test]
async fn an_enrolment_page_follows_the_enrolment_to_its_end() {
    let world = World::start().await;
    let started = world.start_enrolment("ada").await;
    let browser = Browser::open(&world, &started).await;
    let mut events = browser.below("/events").await;
    assert_eq!(events.headers()[CONTENT_TYPE], "text/event-stream");
    assert_eq!(next_event(&mut events).await.as_deref(), Some("waiting"));
    assert_eq!(browser.below("/qr.png").await.headers()[CONTENT_TYPE], "image/png");
    assert_eq!(browser.below("/match.png").await.status(), 404);

    let mut phone = Phone::new(started["link"].as_str().unwrap());
    phone.enrol(&world).await.unwrap();
    assert_eq!(next_event(&mut events).await.as_deref(), Some("joined"));
    assert_eq!(browser.below("/qr.png").await.status(), 404, "the ticket is used");
    let page = browser.page().await;
    assert!(page.contains("Ada's phone") || page.contains("Ada&#39;s phone"));
    let check_value = world.enrolment(&phone.enrolment).await["check_value"].clone();
    assert!(page.contains(&format!(">{}</span>", check_value.as_str().unwrap())));

    let activation = phone.challenges(&world).await.remove(0);
    phone.approve(&world, &activation, between(&page, "data-number=\"", "\"")).await.unwrap();
    assert_eq!(next_event(&mut events).await.as_deref(), Some("enrolled"));
    assert_eq!(next_event(&mut events).await, None, "the last state ends the stream");
    assert!(browser.is("enrolled").await);
}

#[tokio::test]
async fn a_sign_in_page_shows_each_result_as_it_comes() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    for state in ["approved", "denied", "reported", "failed", "expired", "cancelled"] {
        let started = world.start_sign_in("ada").await;
        let browser = Browser::open(&world, &started).await;
        let mut events = browser.below("/events").await;
        assert_eq!(next_event(&mut events).await.as_deref(), Some("pending"));
        let page = browser.page().await;
        let number = between(&page, "data-number=\"", "\"");
        assert_eq!(started["number"], number);
        let shown = phone.challenges(&world).await.remove(0);
        match state {
            "approved" => drop(phone.approve(&world, &shown, number).await.unwrap()),
            "denied" => drop(phone.decide(&world, &shown, Decision::Deny).await.unwrap()),
            "reported" => drop(phone.decide(&world, &shown, Decision::Report).await.unwrap()),
            "failed" => {
                let wrong = if number == "000000" { "000001" } else { "000000" };
                drop(phone.approve(&world, &shown, wrong).await.unwrap());
            }
            "expired" => world.clock.advance_seconds(121),
            _ => assert!(browser.post("/cancel", "").await.starts_with("../")),
        }
        assert_eq!(next_event(&mut events).await.as_deref(), Some(state));
        assert_eq!(next_event(&mut events).await, None);
        assert!(browser.is(state).await);
        assert!(!browser.page().await.contains("data-number"), "{state}");
    }
}

#[tokio::test]
async fn a_code_signs_in_from_the_form() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let browser = Browser::open(&world, &world.start_sign_in("ada").await).await;
    let form = browser.below("/code").await.text().await.unwrap();
    assert!(form.contains("<form id=\"code-form\" method=\"post\""));
    let code = phone.code_at(world.seconds());
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for (entry, error) in [
        (format!("code={wrong}"), "wrong"),
        ("code=12345".to_owned(), "malformed"),
        ("code=".to_owned(), "malformed"),
        ("kode=1".to_owned(), "malformed"),
        (format!("code={}", "1".repeat(60_000)), "malformed"),
    ] {
        assert_eq!(browser.post("/code", &entry).await, format!("code?error={error}"));
        let page = browser.below(&format!("/code?error={error}")).await.text().await.unwrap();
        assert!(page.contains("id=\"code-error\"") && page.contains("data-state=\"pending\""));
    }
    assert!(browser.below("/code?error=nonsense").await.status().is_success());
    let (left, right) = code.split_at(3);
    assert!(browser.post("/code", &format!("code=+{left}+{right}")).await.starts_with("../"));
    assert!(browser.is("approved").await);
}

#[tokio::test]
async fn wrong_codes_lock_the_account_and_the_page_says_so() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let browser = Browser::open(&world, &world.start_sign_in("ada").await).await;
    let code = phone.code_at(world.seconds());
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        assert_eq!(browser.post("/code", &format!("code={wrong}")).await, "code?error=wrong");
    }
    assert_eq!(browser.post("/code", &format!("code={code}")).await, "code?error=locked");
    // The page waits as long as the service does, and brings the form back by itself.
    let page = async || browser.below("/code?error=locked").await.text().await.unwrap();
    assert!(page().await.contains("data-seconds=\"30\">0:30<"));
    world.clock.advance_seconds(12);
    let waiting = page().await;
    assert!(waiting.contains("data-seconds=\"18\">0:18<") && !waiting.contains("id=\"code-form\""));
    // The phone goes on meanwhile: somebody else may have typed those codes.
    let shown = phone.challenges(&world).await.remove(0);
    let number = between(&browser.page().await, "data-number=\"", "\"").to_owned();
    world.clock.advance_seconds(18);
    assert!(page().await.contains("id=\"code-form\""));
    phone.approve(&world, &shown, &number).await.unwrap();
    assert!(browser.is("approved").await);
}

#[tokio::test]
async fn a_code_that_was_used_is_called_that() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let code = phone.code_at(world.seconds());
    for (index, expected) in ["../", "code?error=used"].into_iter().enumerate() {
        let browser = Browser::open(&world, &world.start_sign_in("ada").await).await;
        let led_to = browser.post("/code", &format!("code={code}")).await;
        assert!(led_to.starts_with(expected), "{index}: {led_to}");
    }
}

#[tokio::test]
async fn addresses_without_a_page_have_one_that_says_so() {
    let world = World::start_with(|config| {
        config.public_url = Some("https://www.example/approve".parse().unwrap());
    })
    .await;
    for (path, status, state, root) in [
        ("/", 200, "landing", "./"),
        ("/nowhere", 404, "unknown", "/approve/"),
        ("/a/b/c/d?e=f", 404, "unknown", "/approve/"),
        ("/sign-ins", 404, "unknown", "/approve/"),
        ("/enrolments/", 404, "unknown", "/approve/"),
        ("/favicon.ico", 404, "unknown", "/approve/"),
    ] {
        let response = world.http.get(format!("{}{path}", world.base())).send().await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        let page = response.text().await.unwrap();
        assert!(page.contains(&format!("data-state=\"{state}\"")), "{path}");
        assert!(page.contains(&format!("href=\"{root}assets/")), "{path}");
        assert!(!page.contains("/nowhere") && !page.contains("e=f"), "the address isn't repeated");
    }
    let unknown = world.http.get(format!("{}/v1/nothing", world.base())).send().await.unwrap();
    assert!(unknown.text().await.unwrap().starts_with('{'), "programs get what programs read");
}

#[tokio::test]
async fn the_code_to_scan_stays_open_without_javascript() {
    let world = World::start().await;
    let browser = Browser::open(&world, &world.start_sign_in("ada").await).await;
    let page = browser.page().await;
    let link = between(&page, "<a data-secret href=\"../sign-ins/", "\"");
    assert!(link.ends_with("?scan=1"));
    for _ in 0..2 {
        let page = browser.get(&format!("/sign-ins/{link}")).await.text().await.unwrap();
        assert!(page.contains("id=\"qr\"") && page.contains("http-equiv=\"refresh\" content=\"5\""));
    }
    assert!(browser.below("?scan=1&scan=2").await.status().is_success());
}

#[tokio::test]
async fn a_page_of_another_origin_posts_nothing() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let browser = Browser::open(&world, &world.start_sign_in("ada").await).await;
    let code = phone.code_at(world.seconds());
    let send = async |path: &str, headers: &[(&str, &str)]| {
        let mut request = browser.http.post(format!("{}{}{path}", browser.base, browser.path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.header(COOKIE, &browser.cookie);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        request.body(format!("code={code}")).send().await.unwrap().status().as_u16()
    };
    for headers in [
        [("origin", "https://blog.approve.example"), ("sec-fetch-site", "same-site")],
        [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
        [("origin", "null"), ("sec-fetch-site", "cross-site")],
        [("origin", "https://evil.example"), ("accept", "*/*")],
        [("origin", "http://approve.example"), ("accept", "*/*")],
        [("origin", "null"), ("accept", "*/*")],
    ] {
        for path in ["/code", "/cancel"] {
            assert_eq!(send(path, &headers).await, 403, "{headers:?}");
        }
    }
    assert!(browser.is("pending").await);
    let own = [("origin", "https://approve.example"), ("sec-fetch-site", "same-origin")];
    assert_eq!(send("/code", &own).await, 303);
    assert!(browser.is("approved").await);
}

#[tokio::test]
async fn a_page_of_a_user_without_a_device_looks_like_any_other() {
    let world = World::start().await;
    let _phone = world.active_phone("ada").await;
    let mut pages = Vec::new();
    for user in ["ada", "eva"] {
        let started = world.start_sign_in(user).await;
        let page = Browser::open(&world, &started).await.page().await;
        let number = between(&page, "data-number=\"", "\"").to_owned();
        let spelt: Vec<_> = number.chars().map(String::from).collect();
        let grouped = format!("{}\u{a0}{}", &number[..3], &number[3..]);
        let hidden = [user, &number, &spelt.join(", "), &grouped, started["id"].as_str().unwrap()];
        pages.push(hidden.into_iter().fold(page.clone(), |page, text| page.replace(text, "")));
    }
    assert_eq!(pages[0], pages[1]);
}

#[tokio::test]
async fn a_stopped_enrolment_enrols_nothing() {
    let world = World::start().await;
    let started =
        world.post("/v1/enrolments", json!({"user": "ada", "show": "relying_party"})).await.created();
    let browser = Browser::open(&world, &started).await;
    let mut phone = Phone::new(started["link"].as_str().unwrap());
    phone.enrol(&world).await.unwrap();
    browser.post("/cancel", "").await;
    assert!(browser.is("cancelled").await);
    assert!(phone.fetch(&world, 0, &[]).await.is_err(), "the device is revoked");
}

#[tokio::test]
async fn events_end_when_the_service_stops() {
    let world = World::start().await;
    let browser = Browser::open(&world, &world.start_sign_in("ada").await).await;
    let mut events = browser.below("/events").await;
    assert_eq!(next_event(&mut events).await.as_deref(), Some("pending"));
    world.take_service().shutdown().await;
    assert_eq!(next_event(&mut events).await, None);
}

#[tokio::test]
async fn a_page_that_asks_no_phone_takes_a_code_at_once() {
    let world = World::start_with(|config| config.push_limit.count = 1).await;
    let phone = world.active_phone("ada").await;
    world.start_sign_in("ada").await;
    let started = world.start_sign_in("ada").await;
    let browser = Browser::open(&world, &started).await;
    let page = browser.page().await;
    assert!(page.contains("id=\"code-form\"") && page.contains("paused"));
    assert!(!page.contains("data-number="));
    assert_eq!(browser.below("/match.png").await.status(), 404);
    browser.post("/code", &format!("code={}", phone.code_at(world.seconds()))).await;
    assert!(browser.is("approved").await);
}
