use super::*;
use crate::keys::{Keys, MasterKey};
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
    Client::new(ClientKind::Rest, organisation, "North", name, api_key_rights(), at(1))
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
            trusts_names: true,
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

fn keys() -> Keys {
    Keys::derive(&MasterKey::from_bytes([1; 32]))
}

fn is_accepted(shown: &Shown, client: &Client, secret: Id) -> bool {
    matches!(shown, Shown::Accepted(known, named) if known.id == client.id && *named == secret)
}

#[test]
fn a_secret_opens_its_own_client_while_that_can_be_used() {
    let connection = database();
    let one = Client { expires: Some(at(100)), ..client(&connection, "one") };
    let other = client(&connection, "other");
    insert(&connection, &one).unwrap();
    insert(&connection, &other).unwrap();
    let [first, second] = [(); 2].map(|()| add_secret(&connection, &keys(), one.id, at(1)).unwrap());
    let third = add_secret(&connection, &keys(), other.id, at(1)).unwrap();
    let shows = |client: Option<Id>, secret: &SecretText, now| {
        show(&connection, client, secret.expose(), now).unwrap()
    };
    let rejected = |client: &Client, why| Shown::Rejected(Box::new(client.clone()), why);
    for (id, secret) in [&first, &second] {
        for named in [None, Some(one.id)] {
            assert!(is_accepted(&shows(named, secret, at(99)), &one, *id));
            assert_eq!(shows(named, secret, at(100)), rejected(&one, Rejection::Expired));
        }
        assert_eq!(shows(Some(other.id), secret, at(1)), rejected(&other, Rejection::WrongSecret));
        assert_eq!(shows(Some(Id::make_random()), secret, at(1)), Shown::Unknown);
    }
    assert!(remove_secret(&connection, one.id, first.0, at(5)).unwrap());
    assert!(!remove_secret(&connection, one.id, first.0, at(5)).unwrap(), "it is gone");
    assert!(!remove_secret(&connection, one.id, third.0, at(5)).unwrap(), "it is another client's");
    assert_eq!(shows(None, &first.1, at(1)), rejected(&one, Rejection::RemovedSecret));
    assert!(is_accepted(&shows(None, &second.1, at(1)), &one, second.0));
    assert_eq!(secrets(&connection, one.id).unwrap().len(), 1);

    assert!(is_accepted(&shows(None, &third.1, at(1000)), &other, third.0));
    update(&connection, &Client { revoked: Some(at(5)), ..other.clone() }).unwrap();
    let other = load(&connection, other.id).unwrap().unwrap();
    for now in [at(1), at(1000)] {
        assert_eq!(
            shows(None, &third.1, now),
            rejected(&other, Rejection::Revoked),
            "whatever the clock says"
        );
        assert!(!is_usable(&connection, other.id, now).unwrap());
    }
}

#[test]
fn a_wrong_secret_is_its_clients_if_it_names_one() {
    let connection = database();
    let client = client(&connection, "portal");
    insert(&connection, &client).unwrap();
    let (_, secret) = add_secret(&connection, &keys(), client.id, at(1)).unwrap();
    let shows = |text: &str| show(&connection, None, text, at(1)).unwrap();
    let wrong = Shown::Rejected(Box::new(client.clone()), Rejection::WrongSecret);
    let right = secret.expose();
    for text in [&right[..right.len() - 1], &format!("{right}x"), &right[..25], &format!("cs_{}", client.id)]
    {
        assert_eq!(shows(text), wrong, "{text}");
    }
    for text in ["", "cs_", "cs_é", &right[1..], &format!("cs_{}_x", Id::make_random()), &"é".repeat(40)] {
        assert_eq!(shows(text), Shown::Unknown, "{text}");
    }
}

#[test]
fn secrets_follow_from_master_key_client_and_row() {
    let (one, two) = (Id::from_bytes([1; 16]), Id::from_bytes([2; 16]));
    let secret = keys().derive_client_secret(one, two);
    assert!(secret.matches(keys().derive_client_secret(one, two).expose()));
    for other in [keys().derive_client_secret(two, one), keys().derive_client_secret(one, one)] {
        assert!(!secret.matches(other.expose()));
    }
    let elsewhere = Keys::derive(&MasterKey::from_bytes([2; 32])).derive_client_secret(one, two);
    assert!(!secret.matches(elsewhere.expose()) && elsewhere.expose().len() == 69);
}

#[test]
fn what_has_ended_lately_is_found_and_what_has_not_is_not() {
    let connection = database();
    let with = |name: &str, expires, revoked| {
        insert(&connection, &Client { expires, revoked, ..client(&connection, name) }).unwrap();
    };
    with("open", None, None);
    with("later", Some(at(200)), None);
    with("over", Some(at(90)), None);
    with("revoked", None, Some(at(95)));
    with("long ago", Some(at(10)), Some(at(10)));
    let names = |since| {
        let ended = ended(&connection, since, at(100)).unwrap();
        ended.into_iter().map(|client| client.name).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(names(at(50)), ["over", "revoked"].map(str::to_owned).into());
    assert_eq!(names(at(0)), ["over", "revoked", "long ago"].map(str::to_owned).into());
}
