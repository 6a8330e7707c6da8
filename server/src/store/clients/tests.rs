use std::time::Duration;

use super::*;
use crate::secret::SecretText;
use crate::store::{migrate, organisations};

fn database() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate(&mut connection).unwrap();
    connection
}

fn at(seconds: u64) -> Time {
    Time::from_seconds(seconds)
}

fn client(connection: &Connection, name: &str) -> Client {
    let organisation = organisations::obtain(connection, "North", at(1)).unwrap();
    Client::rest(organisation, "North", name, api_key_rights(), at(1))
}

#[test]
fn a_client_is_read_as_it_was_stored() {
    let connection = database();
    let client = Client {
        kind: ClientKind::Entra,
        application: Some("Ward portal".to_owned()),
        redirect_uris: vec!["https://portal.example/back?x=1".to_owned()],
        issuers: vec!["https://login.example/tenant/v2.0".to_owned()],
        tenants: vec!["tenant".to_owned()],
        jwks: Some(r#"{"keys":[]}"#.to_owned()),
        methods: Methods::of(&[Method::Push]),
        settings: ClientSettings {
            asks_name: true,
            app_id: Some("app".to_owned()),
            ..ClientSettings::default()
        },
        expires: Some(at(9)),
        revoked: Some(at(8)),
        last_used: Some(at(7)),
        returns_anywhere: true,
        ..client(&connection, "portal")
    };
    insert(&connection, &client).unwrap();
    assert_eq!(load(&connection, client.id).unwrap(), Some(client.clone()));
    assert_eq!(named(&connection, client.organisation, "portal").unwrap(), Some(client.clone()));
    assert_eq!(named(&connection, client.organisation, "Portal").unwrap(), None);
    assert_eq!(load(&connection, Id::make_random()).unwrap(), None);
    assert!(
        insert(&connection, &Client { id: Id::make_random(), ..client }).is_err(),
        "a name is taken once"
    );
}

#[test]
fn a_secret_opens_its_own_client_while_that_can_be_used() {
    let connection = database();
    let (one, other) = (client(&connection, "one"), client(&connection, "other"));
    let one = Client { expires: Some(at(100)), ..one };
    let secrets = ["first", "second", "third"].map(|text| SecretText::new(text.to_owned()));
    insert(&connection, &one).unwrap();
    insert(&connection, &other).unwrap();
    add_secret(&connection, one.id, &secrets[0], at(1)).unwrap();
    add_secret(&connection, one.id, &secrets[1], at(1)).unwrap();
    add_secret(&connection, other.id, &secrets[2], at(1)).unwrap();
    let opens = |secret: &SecretText, now| by_secret(&connection, secret.expose(), now).unwrap();
    for secret in &secrets[..2] {
        assert_eq!(opens(secret, at(99)), Some(one.clone()));
        assert_eq!(opens(secret, at(100)), None, "it has expired");
        assert!(check_secret(&connection, one.id, secret, at(99)).unwrap());
        assert!(!check_secret(&connection, one.id, secret, at(99) + Duration::from_secs(1)).unwrap());
        assert!(!check_secret(&connection, other.id, secret, at(1)).unwrap());
    }
    assert_eq!(opens(&secrets[2], at(100)), Some(other.clone()));
    connection.execute("UPDATE clients SET revoked = 5 WHERE id = ?1", [other.id.as_bytes()]).unwrap();
    assert_eq!(opens(&secrets[2], at(1)), None, "a revoked client stays revoked whatever the clock says");
    assert!(!check_secret(&connection, other.id, &secrets[2], at(1)).unwrap());
    assert!(load(&connection, other.id).unwrap().unwrap().revoked.is_some());
    assert_eq!(opens(&SecretText::new("fourth".to_owned()), at(1)), None);
}

#[test]
fn only_a_client_of_the_relying_party_interface_is_known_by_its_secret() {
    let connection = database();
    let client = Client { kind: ClientKind::Oidc, ..client(&connection, "portal") };
    let secret = SecretText::new("secret".to_owned());
    insert(&connection, &client).unwrap();
    add_secret(&connection, client.id, &secret, at(1)).unwrap();
    assert_eq!(by_secret(&connection, secret.expose(), at(1)).unwrap(), None);
    assert!(check_secret(&connection, client.id, &secret, at(1)).unwrap());
}
