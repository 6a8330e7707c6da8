//! Requests that make no sign-in.

use super::support::{Browser, Portal, REDIRECT_URI, authorize, encode, sign_ins};
use crate::support::World;

#[tokio::test]
async fn nothing_is_sent_to_an_address_that_is_not_registered_as_it_is() {
    let world = World::start().await;
    let portal = Portal::new(&world);
    world.active_phone("ada").await;
    for address in [
        "https://portal.example/back",
        "https://portal.example/back?x=1&y=2",
        "https://portal.example/back?x=1#here",
        "https://portal.example/back?x=1/../evil",
        "https://portal.example/",
        "https://PORTAL.example/back?x=1",
        "HTTPS://portal.example/back?x=1",
        "https://portal.example:443/back?x=1",
        "https://portal.example:8443/back?x=1",
        "https://portal.example/back%3Fx=1",
        "http://portal.example/back?x=1",
        "https://evil.example/?https://portal.example/back?x=1",
        "https://portal.example/back?x=1 ",
        "javascript:alert(1)",
        "",
    ] {
        let mut query = portal.query();
        query.insert("redirect_uri", address.to_owned());
        for also in [("", ""), ("prompt", "none"), ("response_type", "token")] {
            query.insert(also.0, also.1.to_owned());
            let page = Browser::new().load(&world, &authorize(&query)).await;
            assert_eq!((page.status.as_u16(), page.location.as_ref()), (400, None), "{address}");
            assert!(address.is_empty() || !page.html.contains("evil"), "{}", page.html);
        }
    }
    for id in ["", "portal", "0", &portal.id[1..], &portal.id.to_uppercase()] {
        let mut query = portal.query();
        query.insert("client_id", id.to_owned());
        let page = Browser::new().load(&world, &authorize(&query)).await;
        assert_eq!((page.status.as_u16(), page.location.as_ref()), (400, None), "{id}");
    }
    assert_eq!(sign_ins(&world).await, 0, "nobody was asked");
}

#[tokio::test]
async fn a_client_without_the_right_to_sign_in_asks_nobody() {
    let world = World::start().await;
    let portal = Portal::new(&world);
    world.active_phone("ada").await;
    let database =
        rusqlite::Connection::open(world.config.data.join(countersign_server::DATABASE_FILE)).unwrap();
    database.execute("UPDATE clients SET rights = 'read_users' WHERE kind = 'oidc'", []).unwrap();
    let page = Browser::new().load(&world, &authorize(&portal.query())).await;
    assert_eq!((page.status.as_u16(), page.location.as_ref()), (400, None));
    assert_eq!(sign_ins(&world).await, 0, "nobody was asked");
}

#[tokio::test]
async fn what_is_wrong_with_a_request_goes_back_to_its_client_and_asks_nobody() {
    let world = World::start().await;
    let portal = Portal::new(&world);
    world.active_phone("ada").await;
    for (name, value, error) in [
        ("response_type", "", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "id_token", "unsupported_response_type"),
        ("response_type", "code id_token", "unsupported_response_type"),
        ("response_mode", "fragment", "invalid_request"),
        ("scope", "", "invalid_scope"),
        ("scope", "profile", "invalid_scope"),
        ("scope", "openidx", "invalid_scope"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "s256", "invalid_request"),
        ("nonce", &"n".repeat(2049), "invalid_request"),
        ("max_age", "-1", "invalid_request"),
        ("max_age", "soon", "invalid_request"),
        ("prompt", "none", "login_required"),
        ("prompt", "none login", "invalid_request"),
        ("prompt", "create", "invalid_request"),
        ("claims", "[]", "invalid_request"),
        ("claims", r#"{"id_token":{},"id_token":{}}"#, "invalid_request"),
        ("acr_values", "phr", "unmet_authentication_requirements"),
        ("login_hint", "", "invalid_request"),
        ("login_hint", "a\nb", "invalid_request"),
        ("request", "e30.e30.", "request_not_supported"),
        ("request_uri", "https://evil.example/", "request_uri_not_supported"),
        ("registration", "{}", "registration_not_supported"),
        ("id_token_hint", "e30.e30.", "invalid_request"),
    ] {
        let mut query = portal.query();
        query.insert(name, value.to_owned());
        let shown = Browser::new().load(&world, &authorize(&query)).await;
        let answer = shown.answer();
        assert_eq!(
            (answer["error"].as_str(), answer["state"].as_str()),
            (error, "a state & more"),
            "{name}={value}"
        );
        assert!(!answer.contains_key("code"));
    }
    assert_eq!(sign_ins(&world).await, 0, "nobody was asked");
}

#[tokio::test]
async fn a_parameter_that_comes_twice_is_refused() {
    let world = World::start().await;
    let portal = Portal::new(&world);
    world.active_phone("ada").await;
    for (name, value) in portal.query() {
        for second in [value.as_str(), "other", ""] {
            let path = format!("{}&{}={second}", portal.authorize(), name);
            let shown = Browser::new().load(&world, &path).await;
            if matches!(name, "client_id" | "redirect_uri") {
                assert_eq!((shown.status.as_u16(), shown.location), (400, None), "{name}");
            } else {
                let answer = shown.answer();
                assert_eq!(answer["error"], "invalid_request", "{name}");
                assert_eq!(
                    answer.contains_key("state"),
                    name != "state",
                    "neither of two states is believed"
                );
            }
        }
    }
    assert_eq!(sign_ins(&world).await, 0, "nobody was asked");
}

#[tokio::test]
async fn a_state_of_kilobytes_comes_back_whole_or_the_request_is_refused() {
    let world = World::start().await;
    let portal = Portal::new(&world);
    let mut query = portal.query();
    query.insert("prompt", "none".to_owned());
    let state: String = "sta&te=%+\"<é".chars().cycle().take(3700).collect();
    query.insert("state", state.clone());
    assert_eq!(Browser::new().load(&world, &authorize(&query)).await.answer()["state"], state);
    query.insert("state", "s".repeat(4097));
    let refused = Browser::new().load(&world, &authorize(&query)).await;
    assert_eq!((refused.status.as_u16(), refused.location), (400, None));
}

#[tokio::test]
async fn an_answer_may_be_posted_and_nothing_of_the_request_becomes_markup() {
    let world = World::start().await;
    let portal = Portal::new(&world);
    let mut query = portal.query();
    query.insert("prompt", "none".to_owned());
    query.insert("response_mode", "form_post".to_owned());
    query.insert("state", "\"><script>alert(1)</script>".to_owned());
    let page = Browser::new().load(&world, &authorize(&query)).await;
    assert_eq!((page.status.as_u16(), page.state()), (200, "posting"));
    assert!(page.html.contains(&format!("action=\"{REDIRECT_URI}\"")), "{}", page.html);
    assert!(page.html.contains("name=\"error\" value=\"login_required\""));
    assert!(page.html.contains("&quot;&gt;&lt;script&gt;") && !page.html.contains("<script>alert"));
    assert!(page.html.contains("<button type=\"submit\">"), "it works without JavaScript");
    for part in ["default-src 'none'", "script-src 'self'", "form-action https:", "frame-ancestors 'none'"] {
        assert!(page.policy.contains(part) && !page.policy.contains("unsafe"), "{}", page.policy);
    }
}

#[tokio::test]
async fn only_a_person_who_comes_to_the_page_asks_a_phone() {
    let world = World::start().await;
    let portal = Portal::new(&world);
    world.active_phone("ada").await;
    let address = format!("{}{}", world.base(), portal.authorize());
    assert_eq!(world.http.head(&address).send().await.unwrap().status(), 403);
    for (name, value) in [
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
        ("sec-fetch-dest", "image"),
        ("sec-fetch-dest", "iframe"),
    ] {
        assert_eq!(
            world.http.get(&address).header(name, value).send().await.unwrap().status(),
            403,
            "{name}"
        );
        let posted = world.http.post(format!("{}/oidc/authorize", world.base())).header(name, value);
        assert_eq!(posted.body(encode(&portal.query())).send().await.unwrap().status(), 403, "{name}");
    }
    assert_eq!(sign_ins(&world).await, 0, "nobody was asked");
    let bare = world.http.get(format!("{}/oidc/authorize", world.base())).send().await.unwrap();
    assert_eq!(bare.status(), 200, "what Entra looks at says that it is there");
}

#[tokio::test]
async fn an_address_cannot_have_everybodys_phone_ask() {
    let world = World::start().await;
    let portal = Portal::new(&world);
    let mut asked = 0;
    let limited = loop {
        let mut query = portal.query();
        query.insert("login_hint", format!("user-{asked}"));
        let shown = Browser::new().load(&world, &authorize(&query)).await;
        if shown.status != 303 || asked > 100 {
            break shown;
        }
        asked += 1;
    };
    assert_eq!((limited.status.as_u16(), limited.state()), (429, "limited"));
    assert!((60..=70).contains(&asked), "{asked}");
    assert_eq!(sign_ins(&world).await, asked, "nobody was asked beyond that");
}
