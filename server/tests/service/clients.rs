//! Clients: what each may do, how it shows who it is, and what becomes of one that ends.

use std::collections::BTreeSet;

use countersign_protocol::messages::ProblemCode;
use countersign_server::{
    ClientCommand, ClientOptions, ClientSecretCommand, Clock, DATABASE_FILE, SetupError, Which,
    manage_clients,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::World;
use crate::support::phone::{Phone, code};

const ALL: &str = "sign_in,enrol,read_users,manage_users,read_audit,manage_clients";

/// A client's identifier and secret.
struct Made {
    id: String,
    secret: String,
}

fn run(world: &World, command: ClientCommand) -> Result<String, SetupError> {
    manage_clients(&world.config, command, world.clock.now()).map(|printed| printed.text.expose().to_owned())
}

fn which(client: &str) -> Which {
    Which { client: client.to_owned(), organisation: None }
}

fn add(world: &World, name: &str, options: ClientOptions) -> Made {
    add_to(world, "default", name, options)
}

fn add_to(world: &World, organisation: &str, name: &str, options: ClientOptions) -> Made {
    let (organisation, name) = (organisation.to_owned(), name.to_owned());
    let kind = "rest".to_owned();
    let said = run(world, ClientCommand::Add { organisation, name, kind, options }).unwrap();
    made(&said)
}

fn made(said: &str) -> Made {
    let word = |name: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().to_owned()
    };
    Made { id: word("client_id"), secret: word("secret") }
}

fn with_rights(rights: &str) -> ClientOptions {
    ClientOptions { rights: Some(rights.to_owned()), ..ClientOptions::default() }
}

async fn sign_in_as(world: &World, secret: &str) -> (StatusCode, Value) {
    let body = json!({"user": "ada", "application": "Ward portal", "show": "relying_party"});
    let reply = world.request_as(secret, Method::POST, "/v1/sign-ins", Some(body)).await;
    (reply.status, reply.body)
}

#[tokio::test]
async fn every_route_is_closed_to_a_client_that_lacks_its_right_and_open_to_one_that_has_no_other() {
    let world = World::start().await;
    let api = world.request(Method::GET, "/openapi.json", None).await.ok();
    let rights: Vec<&str> = ALL.split(',').collect();
    let mut seen = BTreeSet::new();
    let clients: Vec<(&str, Made, Made)> = rights
        .iter()
        .map(|right| {
            let others: Vec<&str> = rights.iter().copied().filter(|other| other != right).collect();
            let without = add(&world, &format!("without {right}"), with_rights(&others.join(",")));
            (*right, without, add(&world, &format!("only {right}"), with_rights(right)))
        })
        .collect();
    let paths = api["paths"].as_object().unwrap();
    // Phones sign what they ask for.
    let is_phones =
        |operations: &Value| operations.as_object().unwrap().values().any(|it| it["tags"][0] == "device");
    let operations = paths.iter().filter(|(path, it)| path.starts_with("/v1/") && !is_phones(it));
    for (template, operations) in operations {
        let path = template
            .replace("{id}", "AAAAAAAAAAAAAAAAAAAAAA")
            .replace("{secret}", "AAAAAAAAAAAAAAAAAAAAAA")
            .replace("{user}", "ada");
        assert!(!path.contains('{'), "{path}");
        for (method, operation) in operations.as_object().unwrap() {
            let what = format!("{method} {template}");
            let method: Method = method.to_uppercase().parse().unwrap();
            let needed = operation["security"][0]["api_key"][0].as_str().unwrap();
            assert_eq!(operation["security"], json!([{"api_key": [needed]}]), "{what}");
            let (_, without, only) = clients.iter().find(|(right, ..)| *right == needed).unwrap();
            let body = (method != Method::GET).then(|| json!({}));
            let refused = world.request_as(&without.secret, method.clone(), &path, body.clone()).await;
            assert_eq!(refused.refused(), (403, "missing_right"), "{what}");
            assert_eq!(refused.body["error"]["right"], needed, "{what}");
            let open = world.request_as(&only.secret, method.clone(), &path, body.clone()).await;
            assert!(!matches!(open.status.as_u16(), 401 | 403 | 405 | 500..), "{what}: {open:?}");
            for nobody in ["", "cs_AAAAAAAAAAAAAAAAAAAAAA_x"] {
                let reply = world.request_as(nobody, method.clone(), &path, body.clone()).await;
                assert_eq!(reply.refused(), (401, "unauthorised"), "{what}");
            }
            seen.insert(needed.to_owned());
        }
    }
    assert_eq!(seen.len(), rights.len(), "each right opens something");
    // A route's other methods say nothing about it, and HEAD is GET.
    let auditor = &clients.iter().find(|(right, ..)| *right == "read_audit").unwrap();
    for (secret, method, status) in [
        (&auditor.1.secret, Method::HEAD, 403),
        (&auditor.2.secret, Method::HEAD, 200),
        (&auditor.2.secret, Method::POST, 405),
    ] {
        assert_eq!(world.request_as(secret, method, "/v1/audit", None).await.status, status);
    }
}

#[tokio::test]
async fn what_a_client_without_the_right_asks_for_does_not_happen() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let portal = add(&world, "portal", with_rights("sign_in"));
    let device = format!("/v1/devices/{}", phone.id);
    for (method, path, body) in [
        (Method::POST, "/v1/enrolments", Some(json!({"user": "ada"}))),
        (Method::DELETE, &device, None),
        (Method::POST, "/v1/users/ada/lock", None),
        (Method::POST, "/v1/clients", Some(json!({"name": "x", "rights": ["sign_in"]}))),
    ] {
        let reply = world.request_as(&portal.secret, method, path, body).await;
        assert_eq!(reply.refused(), (403, "missing_right"), "{path}");
    }
    assert_eq!(world.get("/v1/devices?user=ada").await.ok()["devices"][0]["state"], "active");
    assert_eq!(world.get("/v1/users/ada").await.ok()["push"], "asked");
    let clients: Vec<Value> =
        world.audit_outcomes("client.create").await.into_iter().map(Value::from).collect();
    assert_eq!(clients, ["created"], "the one of the command line");
    assert_eq!(sign_in_as(&world, &portal.secret).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn browsers_are_sent_back_to_exactly_what_is_registered() {
    let world = World::start().await;
    let back = "https://portal.example/back?step=2";
    let portal = add(
        &world,
        "portal",
        ClientOptions { redirect_uri: Some(vec![back.to_owned()]), ..with_rights("sign_in") },
    );
    let start = async |secret: &str, url: &str| {
        let body = json!({"user": "ada", "application": "Ward portal", "return_url": url});
        world.request_as(secret, Method::POST, "/v1/sign-ins", Some(body)).await
    };
    start(&portal.secret, back).await.created();
    for other in [
        "https://portal.example/back",
        "https://portal.example/back?step=2&x=1",
        "https://portal.example/back?step=2#x",
        "https://PORTAL.example/back?step=2",
        "https://portal.example:443/back?step=2",
        "https://portal.example/Back?step=2",
        "https://portal.example./back?step=2",
        "https://portal.example/x/../back?step=2",
        "https://other.example/back?step=2",
    ] {
        let reply = start(&portal.secret, other).await;
        assert_eq!(reply.refused(), (422, "return_url_not_registered"), "{other}");
        assert!(reply.body["error"]["message"].as_str().unwrap().contains("--redirect-uri"));
    }
    // A new API key returns nowhere; one of before clients were there returns anywhere, until it registers an address.
    assert_eq!(start(&world.api_key, back).await.refused(), (422, "return_url_not_registered"));
    let connection = rusqlite::Connection::open(world.config.data.join(DATABASE_FILE)).unwrap();
    connection.execute("UPDATE clients SET returns_anywhere = 1 WHERE name = 'default'", []).unwrap();
    start(&world.api_key, back).await.created();
    assert_eq!(start(&world.api_key, "javascript:alert(1)").await.refused(), (422, "invalid"));
    let list = || ClientCommand::List { organisation: None, json: false };
    let printed = manage_clients(&world.config, list(), world.clock.now()).unwrap();
    assert!(
        printed.warnings.iter().any(|warning| warning.starts_with("default / default has registered no"))
    );
    let register = |uri: &str| ClientCommand::Change {
        which: which("default"),
        options: ClientOptions { redirect_uri: Some(vec![uri.to_owned()]), ..ClientOptions::default() },
    };
    run(&world, register("https://other.example/")).unwrap();
    assert_eq!(start(&world.api_key, back).await.refused(), (422, "return_url_not_registered"));
    start(&world.api_key, "https://other.example/").await.created();
    run(&world, register("")).unwrap();
    assert_eq!(start(&world.api_key, back).await.refused(), (422, "return_url_not_registered"));
    let printed = manage_clients(&world.config, list(), world.clock.now()).unwrap();
    assert!(printed.warnings.is_empty(), "{:?}", printed.warnings);
}

#[tokio::test]
async fn sign_ins_are_approved_by_the_clients_methods_only() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let with_method =
        |method: &str| ClientOptions { methods: Some(method.to_owned()), ..with_rights("sign_in") };
    let (push, codes) = (add(&world, "push", with_method("push")), add(&world, "codes", with_method("code")));
    let give = async |made: &Made, sign_in: &Value| {
        let path = format!("/v1/sign-ins/{}/code", sign_in["id"].as_str().unwrap());
        let body = json!({"code": phone.code_at(world.seconds())});
        world.request_as(&made.secret, Method::POST, &path, Some(body)).await
    };
    let sign_in = sign_in_as(&world, &push.secret).await.1;
    assert_eq!(give(&push, &sign_in).await.refused(), (409, "method_off"));
    let verify = json!({"user": "ada", "code": phone.code_at(world.seconds())});
    let verified = world.request_as(&push.secret, Method::POST, "/v1/codes/verify", Some(verify)).await;
    assert_eq!(verified.refused(), (409, "method_off"));
    let page = async |sign_in: &Value| {
        let address = sign_in["page_url"].as_str().unwrap().replace("https://approve.example", &world.base());
        let direct = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let response = direct.get(address).send().await.unwrap();
        let cookie = response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let address = format!("{}/sign-ins/{}/code", world.base(), sign_in["id"].as_str().unwrap());
        let shown =
            world.http.get(&address).header("cookie", &cookie).send().await.unwrap().text().await.unwrap();
        let request =
            world.http.post(&address).header("cookie", cookie).header("origin", "https://approve.example");
        let code = phone.code_at(world.seconds());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let reply = request.body(format!("code={code}")).send().await.unwrap();
        assert!(!reply.text().await.unwrap().contains("data-state=\"approved\""));
        shown
    };
    assert!(!page(&sign_in).await.contains("code-form"), "the page offers no code either, and takes none");
    assert_eq!(give(&push, &sign_in).await.refused(), (409, "method_off"));
    let shown = phone.challenges(&world).await.remove(0);
    phone.approve(&world, &shown, sign_in["number"].as_str().unwrap()).await.unwrap();

    let sign_in = sign_in_as(&world, &codes.secret).await.1;
    assert_eq!((&sign_in["push"], &sign_in["devices"]), (&json!("excluded"), &json!(0)));
    assert!(sign_in.get("number").is_none() && phone.challenges(&world).await.is_empty());
    assert_eq!(give(&codes, &sign_in).await.ok()["state"], "approved");
}

#[tokio::test]
async fn a_revoked_client_gets_no_result_and_nobody_approves_for_it() {
    for by_api in [true, false] {
        let world = World::start().await;
        let phone = world.active_phone("ada").await;
        let manager = add(&world, "manager", with_rights(ALL));
        let portal = add(&world, "portal", with_rights("sign_in,enrol"));
        let (status, sign_in) = sign_in_as(&world, &portal.secret).await;
        assert_eq!(status, StatusCode::CREATED);
        let kept = world.start_sign_in("ada").await;
        let shown = phone.challenges(&world).await;
        let shown =
            shown.into_iter().find(|it| it.claims.id.to_string() == sign_in["id"].as_str().unwrap()).unwrap();
        let body = json!({"user": "bob", "show": "relying_party"});
        let ticket =
            world.request_as(&portal.secret, Method::POST, "/v1/enrolments", Some(body)).await.created();
        let path = format!("/v1/sign-ins/{}", sign_in["id"].as_str().unwrap());
        let long_path = format!("{path}?wait=30");
        let wait = world.request_as(&portal.secret, Method::GET, &long_path, None);
        let revoke = async {
            if by_api {
                let path = format!("/v1/clients/{}", portal.id);
                let reply = world.request_as(&manager.secret, Method::DELETE, &path, None).await;
                assert_eq!(reply.status, StatusCode::NO_CONTENT);
            } else {
                run(&world, ClientCommand::Revoke { which: which("portal") }).unwrap();
                // The service beside it looks every two seconds.
                world.clock.advance_seconds(2);
            }
        };
        let (waited, ()) = tokio::join!(wait, revoke);
        assert_eq!(waited.refused(), (401, "unauthorised"), "also one that has waited: {by_api}");
        let is_gone = async || phone.challenges(&world).await.len() == 1;
        world.eventually("the request's end", is_gone).await;
        let refused = phone.approve(&world, &shown, sign_in["number"].as_str().unwrap()).await;
        assert_eq!(code(refused), ProblemCode::ChallengeExpired);
        let reply = world.request_as(&portal.secret, Method::GET, &path, None).await;
        assert_eq!(reply.refused(), (401, "unauthorised"));
        assert!(
            reply.body["error"]["message"].as_str().unwrap().contains("revoked"),
            "its holder may know why"
        );
        let mut stranger = Phone::new(ticket["link"].as_str().unwrap());
        assert_eq!(code(stranger.enrol(&world).await), ProblemCode::TicketExpired);
        // Other clients' sign-ins go on.
        assert_eq!(world.state_of(&kept).await, "pending");
        assert!(world.audit_outcomes("client.revoke").await.contains(&"revoked".to_owned()));
        assert!(world.audit_outcomes("sign_in.end").await.contains(&"cancelled".to_owned()));
    }
}

#[tokio::test]
async fn a_client_ends_at_its_time_and_a_clock_that_was_wrong_ends_nothing() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    let end = ClientOptions { expires: Some("2027-01-15T08:01:00Z".to_owned()), ..with_rights("sign_in") };
    assert_eq!(world.seconds(), 1_800_000_000, "which is 2027-01-15T08:00:00Z");
    let portal = add(&world, "portal", end);
    let started = sign_in_as(&world, &portal.secret).await.1;
    assert_eq!(phone.challenges(&world).await.len(), 1);
    world.clock.advance_seconds(59);
    assert_eq!(sign_in_as(&world, &portal.secret).await.0, StatusCode::CREATED);
    world.clock.advance_seconds(2);
    let reply = world.request_as(&portal.secret, Method::GET, "/v1/sign-ins/x", None).await;
    assert!(reply.body["error"]["message"].as_str().unwrap().contains("expired"), "{reply:?}");
    let is_gone = async || phone.challenges(&world).await.is_empty();
    world.eventually("the requests' end", is_gone).await;
    // Put right, the clock brings it back, and nothing was written that would keep it out. What was withdrawn stays so.
    world.clock.turn_back_seconds(31);
    assert_eq!(sign_in_as(&world, &portal.secret).await.0, StatusCode::CREATED);
    let path = format!("/v1/sign-ins/{}", started["id"].as_str().unwrap());
    let state = world.request_as(&portal.secret, Method::GET, &path, None).await.ok();
    assert_eq!(state["state"], "cancelled");
}

#[tokio::test]
async fn wrong_secrets_are_audited_a_few_times_and_keep_nobody_out() {
    let world = World::start().await;
    let portal = add(&world, "portal", with_rights("sign_in"));
    let wrong = format!("{}x", portal.secret);
    for _ in 0..60 {
        let reply = world.request_as(&wrong, Method::GET, "/v1/sign-ins/x", None).await;
        assert_eq!(reply.refused(), (401, "unauthorised"));
    }
    assert_eq!(sign_in_as(&world, &portal.secret).await.0, StatusCode::CREATED);
    let log = world.get("/v1/audit?limit=1000").await.ok();
    let refused: Vec<&Value> =
        log["entries"].as_array().unwrap().iter().filter(|entry| entry["event"] == "client.refuse").collect();
    assert_eq!(refused.len(), 10);
    for entry in refused {
        assert_eq!((&entry["outcome"], &entry["subject"]), (&json!("wrong_secret"), &json!(portal.id)));
        assert!(entry.get("user").is_none());
    }
    assert!(!log.to_string().contains(&portal.secret[25..]));
}

#[tokio::test]
async fn the_use_of_a_secret_is_known_to_the_minute_and_not_written_for_each_request() {
    let world = World::start().await;
    let portal = add(&world, "portal", with_rights("read_users"));
    let manager = add(&world, "manager", with_rights(ALL));
    let path = format!("/v1/clients/{}", portal.id);
    let shown = async || world.request_as(&manager.secret, Method::GET, &path, None).await.ok();
    assert!(shown().await.get("last_used_at").is_none());
    let ask = async || world.request_as(&portal.secret, Method::GET, "/v1/users/ada", None).await.ok();
    let first = world.seconds();
    ask().await;
    let is_used = async |at: u64| {
        let client = shown().await;
        client["last_used_at"] == at && client["secrets"][0]["last_used_at"] == at
    };
    world.eventually("the first use", async || is_used(first).await).await;
    world.clock.advance_seconds(59);
    ask().await;
    world.clock.advance_seconds(1);
    ask().await;
    world.eventually("the second use", async || is_used(first + 60).await).await;
}

#[tokio::test]
async fn a_secret_is_changed_without_a_gap_over_the_interface() {
    let world = World::start().await;
    let manager = add(&world, "manager", with_rights(ALL));
    let portal = add(&world, "portal", with_rights("sign_in"));
    let path = format!("/v1/clients/{}/secrets", portal.id);
    let post = async |key: &str| {
        let request = world.http.post(format!("{}{path}", world.base())).bearer_auth(&manager.secret);
        let response = request.header("idempotency-key", key).send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    let (status, added) = post("a").await;
    assert_eq!(status, 201);
    assert_eq!(post("a").await, (201, added.clone()), "the reply may have got lost");
    assert_eq!(post("b").await.0, 409);
    let second = added["secret"].as_str().unwrap();
    for secret in [&portal.secret, second] {
        assert_eq!(sign_in_as(&world, secret).await.0, StatusCode::CREATED);
    }
    let client = world
        .request_as(&manager.secret, Method::GET, &format!("/v1/clients/{}", portal.id), None)
        .await
        .ok();
    let first =
        client["secrets"].as_array().unwrap().iter().find(|secret| secret["id"] != added["id"]).unwrap();
    let remove = async |id: &Value, query: &str| {
        let path = format!("{path}/{}{query}", id.as_str().unwrap());
        world.request_as(&manager.secret, Method::DELETE, &path, None).await
    };
    assert_eq!(remove(&first["id"], "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(remove(&first["id"], "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(sign_in_as(&world, &portal.secret).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(sign_in_as(&world, second).await.0, StatusCode::CREATED);
    assert_eq!(remove(&added["id"], "").await.refused(), (409, "last_secret"));
    assert_eq!(sign_in_as(&world, second).await.0, StatusCode::CREATED);
    assert_eq!(remove(&added["id"], "?force=true").await.status, StatusCode::NO_CONTENT);
    assert_eq!(sign_in_as(&world, second).await.0, StatusCode::UNAUTHORIZED);
    // A secret that was removed isn't made again by the request that made it.
    assert_eq!(post("a").await.0, 404);
    assert!(world.audit_outcomes("client.refuse").await.contains(&"removed_secret".to_owned()));
}

#[tokio::test]
async fn clients_are_made_changed_and_revoked_over_the_interface() {
    let world = World::start().await;
    let manager = add(&world, "manager", with_rights("sign_in,read_users,manage_clients"));
    let ask = async |method: Method, path: &str, body: Option<Value>| {
        world.request_as(&manager.secret, method, path, body).await
    };
    let new = json!({
        "name": "portal", "rights": ["sign_in"], "redirect_uris": ["https://portal.example/back"],
        "application": "Ward portal", "methods": ["code"], "expires_at": world.seconds() + 1000,
    });
    let created = ask(Method::POST, "/v1/clients", Some(new.clone())).await.created();
    let secret = created["secret"].as_str().unwrap();
    let path = format!("/v1/clients/{}", created["id"].as_str().unwrap());
    let read = ask(Method::GET, &path, None).await.ok();
    assert!(read.get("secret").is_none());
    for (field, value) in [
        ("organisation", json!("default")),
        ("name", json!("portal")),
        ("kind", json!("rest")),
        ("state", json!("active")),
        ("rights", json!(["sign_in"])),
        ("redirect_uris", json!(["https://portal.example/back"])),
        ("application", json!("Ward portal")),
        ("methods", json!(["code"])),
        ("created_at", json!(world.seconds())),
        ("expires_at", json!(world.seconds() + 1000)),
        ("warnings", json!([])),
    ] {
        assert_eq!((&read[field], &created[field]), (&value, &value), "{field}");
    }
    assert_eq!(ask(Method::POST, "/v1/clients", Some(new)).await.refused(), (409, "name_taken"));
    for (body, refused) in [
        (json!({"name": "x", "rights": ["enrol"]}), (403, "missing_right")),
        (json!({"name": "x", "rights": ["all"]}), (400, "malformed")),
        (json!({"name": "x"}), (400, "malformed")),
        (json!({"name": "x\u{202e}", "rights": []}), (422, "invalid")),
        (json!({"name": "x", "rights": [], "kind": "ldap"}), (422, "invalid")),
        (json!({"name": "x", "rights": [], "organisation": "other"}), (400, "malformed")),
        (json!({"name": "x", "rights": [], "returns_anywhere": true}), (400, "malformed")),
    ] {
        let reply = ask(Method::POST, "/v1/clients", Some(body.clone())).await;
        assert_eq!(reply.refused(), refused, "{body}");
    }
    // What isn't named stays; null empties.
    let changed = ask(Method::PATCH, &path, Some(json!({"rights": ["sign_in", "read_users"]}))).await.ok();
    assert_eq!(
        (&changed["rights"], &changed["application"]),
        (&json!(["sign_in", "read_users"]), &json!("Ward portal"))
    );
    let changed =
        ask(Method::PATCH, &path, Some(json!({"application": null, "expires_at": null}))).await.ok();
    assert_eq!((changed.get("application"), changed.get("expires_at")), (None, None));
    assert_eq!(ask(Method::PATCH, &path, Some(json!({"name": "other"}))).await.refused(), (400, "malformed"));
    world.request_as(secret, Method::GET, "/v1/users/ada", None).await.ok();

    let own = format!("/v1/clients/{}", manager.id);
    assert_eq!(ask(Method::DELETE, &own, None).await.refused(), (409, "last_manager"));
    assert_eq!(ask(Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(ask(Method::DELETE, &path, None).await.refused(), (409, "ended"));
    let list = ask(Method::GET, "/v1/clients", None).await.ok();
    let states: Vec<_> = list["clients"]
        .as_array()
        .unwrap()
        .iter()
        .map(|client| (&client["name"], &client["state"]))
        .collect();
    let (active, revoked) = (json!("active"), json!("revoked"));
    assert_eq!(
        states,
        [(&json!("default"), &active), (&json!("manager"), &active), (&json!("portal"), &revoked)]
    );
    assert_eq!(ask(Method::DELETE, &format!("{own}?force=true"), None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(ask(Method::GET, "/v1/clients", None).await.refused(), (401, "unauthorised"));
}

#[tokio::test]
async fn a_client_that_is_made_twice_is_one_with_one_secret() {
    let world = World::start().await;
    let manager = add(&world, "manager", with_rights(ALL));
    let body = json!({"name": "portal", "rights": ["sign_in"]});
    let post = async |key: &str| {
        let request = world.http.post(format!("{}/v1/clients", world.base())).bearer_auth(&manager.secret);
        let response = request.header("idempotency-key", key).json(&body).send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    let replies = futures_util::future::join_all((0..8).map(|_| post("k"))).await;
    let secrets: BTreeSet<_> = replies.iter().map(|(_, body)| body["secret"].as_str().unwrap()).collect();
    assert_eq!(secrets.len(), 1);
    assert!(replies.iter().all(|(status, _)| *status == 201));
    assert_eq!(post("l").await.0, 409);
    // Nothing of it is in the database but its hash.
    let secret = secrets.first().unwrap();
    for file in [DATABASE_FILE.to_owned(), format!("{DATABASE_FILE}-wal")] {
        let bytes = std::fs::read(world.config.data.join(file)).unwrap();
        assert!(!bytes.windows(43).any(|window| window == &secret.as_bytes()[26..]));
    }
}

#[tokio::test]
async fn organisations_clients_are_apart() {
    let world = World::start().await;
    let ours = add(&world, "manager", with_rights(ALL));
    let theirs = add_to(&world, "other", "manager", with_rights(ALL));
    for (method, path) in [
        (Method::GET, format!("/v1/clients/{}", theirs.id)),
        (Method::PATCH, format!("/v1/clients/{}", theirs.id)),
        (Method::DELETE, format!("/v1/clients/{}", theirs.id)),
        (Method::POST, format!("/v1/clients/{}/secrets", theirs.id)),
    ] {
        let body = (method == Method::PATCH).then(|| json!({"rights": []}));
        let reply = world.request_as(&ours.secret, method, &path, body).await;
        assert_eq!(reply.refused(), (404, "not_found"), "{path}");
    }
    let list = world.request_as(&ours.secret, Method::GET, "/v1/clients", None).await.ok();
    let list = list["clients"].as_array().unwrap();
    assert!(list.iter().all(|client| client["organisation"] == "default"));
    // The command line names the organisation where a name alone isn't enough.
    let revoke = |organisation: Option<&str>| {
        let organisation = organisation.map(str::to_owned);
        run(&world, ClientCommand::Revoke { which: Which { client: "manager".to_owned(), organisation } })
    };
    assert!(matches!(revoke(None), Err(SetupError::Refused(reason)) if reason.contains("organisation")));
    revoke(Some("other")).unwrap();
    assert_eq!(world.request_as(&theirs.secret, Method::GET, "/v1/clients", None).await.status, 401);
    assert_eq!(world.request_as(&ours.secret, Method::GET, "/v1/clients", None).await.status, 200);
}

#[tokio::test]
async fn the_command_line_changes_secrets_and_warns_of_lock_outs() {
    let world = World::start().await;
    let manager = add(&world, "manager", with_rights(ALL));
    let secret = |command| run(&world, ClientCommand::Secret { command });
    let second = made(&secret(ClientSecretCommand::Add { which: which(&manager.id) }).unwrap()).secret;
    assert!(secret(ClientSecretCommand::Add { which: which("manager") }).is_err());
    let shown = run(&world, ClientCommand::Show { which: which("manager"), json: true }).unwrap();
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let ids: Vec<String> =
        shown["secrets"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 2);
    let remove = |id: &str, force| {
        let (which, secret_id) = (which("manager"), id.to_owned());
        secret(ClientSecretCommand::Remove { which, secret: secret_id, force })
    };
    remove(&ids[0], false).unwrap();
    let works = [&manager.secret, &second].map(|key| world.request_as(key, Method::GET, "/v1/clients", None));
    let works = futures_util::future::join_all(works).await;
    assert_eq!(
        works.iter().filter(|reply| reply.status == StatusCode::OK).count(),
        1,
        "one of the two is left"
    );
    assert!(remove(&ids[1], false).is_err());
    let change = ClientCommand::Change { which: which("manager"), options: with_rights("sign_in") };
    let printed = manage_clients(&world.config, change, world.clock.now()).unwrap();
    assert!(printed.warnings.iter().any(|it| it.contains("only this command line can")), "{printed:?}");
    remove(&ids[1], true).unwrap();
    let shown = manage_clients(
        &world.config,
        ClientCommand::Show { which: which("manager"), json: false },
        world.clock.now(),
    )
    .unwrap();
    assert!(shown.warnings.iter().any(|it| it.contains("can't authenticate")), "{shown:?}");
    for (options, said) in [
        (with_rights("everything"), "--rights"),
        (ClientOptions { methods: Some("fax".to_owned()), ..ClientOptions::default() }, "--methods"),
        (ClientOptions { expires: Some("soon".to_owned()), ..ClientOptions::default() }, "--expires"),
        (
            ClientOptions { redirect_uri: Some(vec!["ftp://x".to_owned()]), ..ClientOptions::default() },
            "redirect_uris",
        ),
    ] {
        let error =
            run(&world, ClientCommand::Change { which: which("manager"), options }).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}
