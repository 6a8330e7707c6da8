//! Keys: rotation, the master key, API keys and whom they belong to.

use countersign_protocol::messages::ProblemCode;
use countersign_server::{
    Clock, ExposedKey, MasterKey, MasterKeyError, MasterKeySource, Service, SetupError, StartError,
    create_api_key, rotate_key,
};
use reqwest::Method;
use serde_json::json;

use crate::support::World;
use crate::support::phone::{Phone, code};

#[tokio::test]
async fn devices_go_over_to_a_new_signing_key_by_themselves() {
    let world = World::start().await;
    let mut phone = world.active_phone("ada").await;
    let late = world.active_phone("ada").await;
    let old = phone.pin();
    let (sign_in, shown) = world.ask("ada", &phone).await;

    let new = rotate_key(&world.config, world.clock.now()).unwrap();
    world.clock.advance_seconds(5);
    let changed = async || phone.fetch(&world, 0, &[]).await.unwrap().key_change.is_some();
    world.eventually("the new key's arrival", changed).await;
    let link = world.start_enrolment("grace").await["link"].as_str().unwrap().to_owned();
    assert_eq!(Phone::new(&link).link.service_key, new, "new enrolments pin the new key");

    let delivery = phone.fetch(&world, 0, &[]).await.unwrap();
    phone.follow(&delivery);
    assert_eq!(phone.pin(), new);
    let delivery = phone.fetch(&world, 0, &[]).await.unwrap();
    assert!(delivery.key_change.is_none());
    let again = phone.verify(delivery.challenges[0].clone());
    assert_eq!(
        (again.claims, again.jws == shown.jws),
        (shown.claims.clone(), false),
        "the same, signed by the new key"
    );

    // What was shown before the change is still an answer's text; the other phone goes on with the old key.
    phone.approve(&world, &shown, sign_in.number()).await.unwrap();
    assert_eq!(late.pin(), old);
    let (sign_in, shown) = world.ask("ada", &late).await;
    assert_eq!(phone.challenges(&world).await.len(), 1);
    late.approve(&world, &shown, sign_in.number()).await.unwrap();
}

#[tokio::test]
async fn a_link_made_before_a_rotation_still_enrols() {
    let mut world = World::start().await;
    let link = world.start_enrolment("ada").await["link"].as_str().unwrap().to_owned();
    rotate_key(&world.config, world.clock.now()).unwrap();
    world.restart().await;
    let mut phone = Phone::new(&link);
    phone.enrol(&world).await.unwrap();
    assert!(phone.fetch(&world, 0, &[]).await.unwrap().key_change.is_some());
}

#[tokio::test]
async fn a_missing_or_other_master_key_is_an_error_and_never_replaced() {
    let world = World::start().await;
    let phone = world.active_phone("ada").await;
    world.take_service().shutdown().await;
    let path = world.config.data.join("master.key");
    let key = std::fs::read_to_string(&path).unwrap();

    std::fs::remove_file(&path).unwrap();
    let error = Service::start(world.config.clone()).await.err().unwrap();
    assert!(matches!(error, StartError::Setup(SetupError::MasterKey(MasterKeyError::Missing(_)))), "{error}");
    assert!(!path.exists());

    let mut config = world.config.clone();
    config.master_key = MasterKeySource::Given(MasterKey::from_bytes([7; 32]));
    let error = Service::start(config.clone()).await.err().unwrap();
    assert!(matches!(error, StartError::Setup(SetupError::MasterKey(MasterKeyError::Wrong))), "{error}");

    config.master_key = MasterKeySource::Given(MasterKey::from_text(&key).unwrap());
    let service = Service::start(config).await.unwrap();
    assert!(!service.is_first_start());
    service.shutdown().await;
    drop(phone);
}

#[tokio::test]
async fn a_master_key_that_others_can_read_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::start().await;
    world.take_service().shutdown().await;
    let path = world.config.data.join("master.key");
    for mode in [0o644, 0o660, 0o606] {
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        let error = Service::start(world.config.clone()).await.err().unwrap();
        let SetupError::MasterKey(MasterKeyError::Exposed { problem, .. }) = (match error {
            StartError::Setup(error) => error,
            other => panic!("{other}"),
        }) else {
            panic!("{mode:o}")
        };
        assert_eq!(problem, ExposedKey::Mode);
        let error = create_api_key(&world.config, "default", "portal", world.clock.now()).err().unwrap();
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    Service::start(world.config.clone()).await.unwrap().shutdown().await;
}

#[tokio::test]
async fn the_first_start_makes_its_secrets_for_their_owner_only() {
    let world = World::start().await;
    let mode = |name: &str| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(world.config.data.join(name)).unwrap().permissions().mode() & 0o777
    };
    for file in ["master.key", "api-key", "countersign.db", "countersign.db-wal"] {
        assert_eq!(mode(file), 0o600, "{file}");
    }
    assert_eq!(mode(""), 0o700);
    let database = std::fs::read(world.config.data.join("countersign.db")).unwrap();
    let log = std::fs::read(world.config.data.join("countersign.db-wal")).unwrap();
    for file in [database, log] {
        assert!(!file.windows(world.api_key.len()).any(|window| window == world.api_key.as_bytes()));
    }
}

#[tokio::test]
async fn a_data_folder_is_used_by_one_service_at_a_time() {
    let mut world = World::start().await;
    let error = Service::start(world.config.clone()).await.err().unwrap();
    assert!(matches!(error, StartError::Setup(SetupError::InUse(_))), "{error}");
    world.restart().await;
}

#[tokio::test]
async fn plain_http_beyond_loopback_is_refused_at_the_start() {
    let world = World::start().await;
    let mut config = world.config.clone();
    config.data = world.folder.path().join("other");
    config.public_url = None;
    config.listen = "0.0.0.0:0".parse().unwrap();
    let error = Service::start(config).await.err().unwrap();
    assert!(matches!(error, StartError::PublicUrl { .. }), "{error}");
    assert!(!world.folder.path().join("other").exists(), "nothing was set up");
}

#[tokio::test]
async fn a_request_without_a_valid_api_key_gets_nowhere() {
    let world = World::start().await;
    for key in ["", "cs_wrong", &world.api_key[1..]] {
        for (method, path) in [
            (Method::POST, "/v1/enrolments"),
            (Method::POST, "/v1/sign-ins"),
            (Method::POST, "/v1/codes/verify"),
            (Method::GET, "/v1/devices?user=ada"),
            (Method::POST, "/v1/users/ada/unlock"),
            (Method::GET, "/v1/audit"),
        ] {
            let reply = world.request_as(key, method, path, Some(json!({}))).await;
            assert_eq!(reply.refused(), (401, "unauthorised"), "{path}");
        }
    }
}

#[tokio::test]
async fn organisations_and_clients_see_nothing_of_each_other() {
    let world = World::start().await;
    let now = world.clock.now();
    let other_client = create_api_key(&world.config, "default", "portal", now).unwrap();
    let other_organisation = create_api_key(&world.config, "other", "default", now).unwrap();
    let phone = world.active_phone("ada").await;
    let sign_in = world.start_sign_in("ada").await;
    let sign_in = format!("/v1/sign-ins/{}", sign_in["id"].as_str().unwrap());
    let device = format!("/v1/devices/{}", phone.id);
    let enrolment = format!("/v1/enrolments/{}", phone.enrolment);
    let code_path = format!("{sign_in}/code");
    let code = json!({"code": phone.code_at(world.seconds())});
    for key in [&other_client, &other_organisation] {
        for (method, path) in [
            (Method::GET, &sign_in),
            (Method::DELETE, &sign_in),
            (Method::GET, &enrolment),
            (Method::DELETE, &enrolment),
        ] {
            assert_eq!(world.request_as(key.expose(), method, path, None).await.status, 404, "{path}");
        }
        assert_eq!(
            world.request_as(key.expose(), Method::POST, &code_path, Some(code.clone())).await.status,
            404
        );
    }
    let theirs = other_organisation.expose();
    assert_eq!(world.request_as(theirs, Method::DELETE, &device, None).await.status, 404);
    let devices = world.request_as(theirs, Method::GET, "/v1/devices?user=ada", None).await.ok();
    assert_eq!(devices["devices"], json!([]));
    let verify = json!({"user": "ada", "code": phone.code_at(world.seconds())});
    assert_eq!(
        world.request_as(theirs, Method::POST, "/v1/codes/verify", Some(verify.clone())).await.ok()["valid"],
        false
    );
    let log = world.request_as(theirs, Method::GET, "/v1/audit", None).await.ok();
    let events: Vec<_> = log["entries"].as_array().unwrap().iter().map(|entry| &entry["event"]).collect();
    assert_eq!(events, ["client.create", "code.verify"], "its own key and its own wrong code");
    // A user's devices and codes are the organisation's: its other clients may use them.
    assert_eq!(
        world.request_as(other_client.expose(), Method::POST, "/v1/codes/verify", Some(verify)).await.ok()["valid"],
        true
    );
}

#[tokio::test]
async fn a_device_key_of_another_service_is_unknown() {
    let (world, elsewhere) = (World::start().await, World::start().await);
    let mut phone = world.active_phone("ada").await;
    let stranger = elsewhere.active_phone("ada").await;
    phone.service_key = stranger.service_key;
    assert_eq!(code(phone.fetch(&elsewhere, 0, &[]).await), ProblemCode::DeviceUnknown);
}

#[tokio::test]
async fn keys_are_not_made_for_a_folder_without_a_database() {
    let world = World::start().await;
    let mut config = world.config.clone();
    config.data = world.folder.path().join("misspelt");
    for error in [
        create_api_key(&config, "default", "portal", world.clock.now()).err().unwrap(),
        rotate_key(&config, world.clock.now()).err().unwrap(),
    ] {
        assert!(matches!(error, SetupError::NoDatabase(_)), "{error}");
    }
    assert!(!config.data.exists());
}
