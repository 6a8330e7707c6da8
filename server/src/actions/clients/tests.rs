use std::time::Duration;

use super::*;
use crate::keys::MasterKey;
use crate::store::clients::{Methods, Rights};
use crate::store::sign_ins::Method;
use crate::store::{migrate, organisations};

struct Table {
    connection: Connection,
    keys: Keys,
    organisation: Id,
}

const NOW: u64 = 1000;

fn now() -> Time {
    Time::from_seconds(NOW)
}

impl Table {
    fn new() -> Self {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        let organisation = organisations::obtain(&connection, "North", now()).unwrap();
        let keys = Keys::derive(&MasterKey::from_bytes([1; 32]));
        Self { connection, keys, organisation }
    }

    fn draft(&self, name: &str, rights: &str) -> Client {
        Client::new(ClientKind::Rest, self.organisation, "North", name, rights.parse().unwrap(), now())
    }

    fn create(&self, manager: &Manager, client: &Client) -> std::result::Result<Option<NewSecret>, Refusal> {
        create(&self.connection, &self.keys, manager, client, now()).unwrap()
    }

    /// A client of the command line.
    fn made(&self, client: Client) -> Client {
        self.create(&Manager::CommandLine, &client).unwrap();
        client
    }

    fn manager(&self, rights: &str) -> Manager {
        let name = format!("manager {rights}");
        Manager::Client(Box::new(self.made(self.draft(&name, &format!("{rights} manage_clients")))))
    }

    fn change(
        &self,
        manager: &Manager,
        client: &Client,
        asked: Change,
    ) -> std::result::Result<Client, Refusal> {
        change(&self.connection, manager, client.id, asked, false, now()).unwrap()
    }

    fn add_secret(&self, manager: &Manager, client: &Client) -> std::result::Result<NewSecret, Refusal> {
        add_secret(&self.connection, &self.keys, manager, client.id, now()).unwrap()
    }

    fn revoke(&self, manager: &Manager, client: &Client) -> std::result::Result<Client, Refusal> {
        revoke(&self.connection, manager, client.id, false, now()).unwrap()
    }
}

fn rights(text: &str) -> Change {
    Change { rights: Some(text.parse().unwrap()), ..Change::default() }
}

#[test]
fn no_client_gives_a_right_that_it_lacks() {
    let table = Table::new();
    let manager = table.manager("sign_in read_users");
    for lacking in [Right::Enrol, Right::ManageUsers, Right::ReadAudit] {
        let refused = table.create(&manager, &table.draft("new", &format!("sign_in {}", lacking.as_str())));
        assert_eq!(refused.err(), Some(Refusal::MissingRight(lacking)));
        let client = table.made(table.draft(lacking.as_str(), "sign_in"));
        assert_eq!(
            table.change(&manager, &client, rights(lacking.as_str())).err(),
            Some(Refusal::MissingRight(lacking))
        );
    }
    for given in ["", "sign_in", "sign_in read_users manage_clients"] {
        assert!(table.create(&manager, &table.draft(&format!("new {given}"), given)).is_ok(), "{given}");
    }
}

#[test]
fn no_client_touches_one_that_has_a_right_which_it_lacks() {
    let table = Table::new();
    let manager = table.manager("sign_in");
    let stronger = table.made(table.draft("stronger", "sign_in enrol"));
    let lacking = Some(Refusal::MissingRight(Right::Enrol));
    // Its secret would be the right, and so would be its ways back; and taking the right away is a lock-out.
    assert_eq!(table.add_secret(&manager, &stronger).err(), lacking);
    assert_eq!(table.change(&manager, &stronger, rights("sign_in")).err(), lacking);
    let addresses =
        Change { redirect_uris: Some(vec!["https://x.example/".to_owned()]), ..Change::default() };
    assert_eq!(table.change(&manager, &stronger, addresses).err(), lacking);
    assert_eq!(table.revoke(&manager, &stronger).err(), lacking);
    let secret = clients::secrets(&table.connection, stronger.id).unwrap()[0].id;
    let removed = remove_secret(&table.connection, &manager, stronger.id, secret, true, now()).unwrap();
    assert_eq!(removed.err(), lacking);
    assert_eq!(clients::load(&table.connection, stronger.id).unwrap(), Some(stronger));
}

#[test]
fn no_client_gives_itself_more() {
    let table = Table::new();
    let Manager::Client(own) = table.manager("sign_in") else { panic!() };
    let own = Client {
        expires: Some(now() + Duration::from_secs(60)),
        methods: Methods::of(&[Method::Push]),
        ..*own
    };
    clients::update(&table.connection, &own).unwrap();
    let manager = Manager::Client(Box::new(own.clone()));
    for (asked, refusal) in [
        (rights("sign_in enrol manage_clients"), Refusal::MissingRight(Right::Enrol)),
        (
            Change { methods: Some(Methods::of(&[Method::Code])), ..Change::default() },
            Refusal::BeyondOwn("methods"),
        ),
        (Change { expires: Some(None), ..Change::default() }, Refusal::BeyondOwn("expires_at")),
        (
            Change { expires: Some(Some(now() + Duration::from_secs(61))), ..Change::default() },
            Refusal::BeyondOwn("expires_at"),
        ),
    ] {
        assert_eq!(table.change(&manager, &own, asked).err(), Some(refusal));
    }
    // Nor by way of another.
    let lasting = Client { methods: own.methods, ..table.draft("lasting", "sign_in") };
    assert_eq!(table.create(&manager, &lasting).err(), Some(Refusal::BeyondOwn("expires_at")));
    let lasting = table.made(lasting);
    assert_eq!(table.add_secret(&manager, &lasting).err(), Some(Refusal::BeyondOwn("expires_at")));
    let coded = Client { expires: own.expires, ..table.draft("coded", "sign_in") };
    assert_eq!(table.create(&manager, &coded).err(), Some(Refusal::BeyondOwn("methods")));
    assert!(table.create(&manager, &Client { methods: own.methods, ..coded }).is_ok());
}

#[test]
fn another_organisations_clients_are_not_there() {
    let table = Table::new();
    let manager = table.manager("sign_in enrol read_users manage_users read_audit");
    let elsewhere = organisations::obtain(&table.connection, "South", now()).unwrap();
    let foreign = Client { organisation: elsewhere, ..table.draft("portal", "sign_in") };
    assert_eq!(table.create(&manager, &foreign).err(), Some(Refusal::NotFound));
    let foreign = table.made(foreign);
    let secret = clients::secrets(&table.connection, foreign.id).unwrap()[0].id;
    assert_eq!(table.change(&manager, &foreign, rights("")).err(), Some(Refusal::NotFound));
    assert_eq!(table.add_secret(&manager, &foreign).err(), Some(Refusal::NotFound));
    assert_eq!(table.revoke(&manager, &foreign).err(), Some(Refusal::NotFound));
    let removed = remove_secret(&table.connection, &manager, foreign.id, secret, true, now()).unwrap();
    assert_eq!(removed.err(), Some(Refusal::NotFound));
    // Each organisation has names of its own.
    assert!(table.create(&manager, &table.draft("portal", "sign_in")).is_ok());
}

#[test]
fn a_manager_that_was_revoked_or_reduced_meanwhile_does_nothing() {
    let table = Table::new();
    let one = table.manager("sign_in");
    let Manager::Client(client) = &one else { panic!() };
    let reduced = Client { rights: Rights::of(&[Right::SignIn]), ..(**client).clone() };
    clients::update(&table.connection, &reduced).unwrap();
    let refused = table.create(&one, &table.draft("a", "sign_in"));
    assert_eq!(refused.err(), Some(Refusal::MissingRight(Right::ManageClients)));
    for ended in [
        Client { revoked: Some(now()), ..(**client).clone() },
        Client { expires: Some(now()), ..(**client).clone() },
    ] {
        clients::update(&table.connection, &ended).unwrap();
        assert_eq!(table.create(&one, &table.draft("a", "sign_in")).err(), Some(Refusal::ClientEnded));
        assert_eq!(table.add_secret(&one, client).err(), Some(Refusal::ClientEnded));
    }
}

#[test]
fn a_name_is_never_given_to_another() {
    let table = Table::new();
    let portal = table.made(table.draft("portal", "sign_in"));
    for _ in 0..2 {
        assert_eq!(
            table.create(&Manager::CommandLine, &table.draft("portal", "")).err(),
            Some(Refusal::NameTaken)
        );
        let _ = table.revoke(&Manager::CommandLine, &portal);
    }
    assert_eq!(table.revoke(&Manager::CommandLine, &portal).err(), Some(Refusal::Ended), "it is for ever");
    assert_eq!(table.change(&Manager::CommandLine, &portal, rights("enrol")).err(), Some(Refusal::Ended));
    assert_eq!(table.add_secret(&Manager::CommandLine, &portal).err(), Some(Refusal::Ended));
}

#[test]
fn whoever_would_lock_itself_out_is_told_first() {
    let table = Table::new();
    let one = table.manager("sign_in");
    let Manager::Client(client) = &one else { panic!() };
    assert_eq!(table.revoke(&one, client).err(), Some(Refusal::LastManager));
    assert_eq!(table.change(&one, client, rights("sign_in")).err(), Some(Refusal::LastManager));
    let secret = clients::secrets(&table.connection, client.id).unwrap()[0].id;
    let remove = |force| remove_secret(&table.connection, &one, client.id, secret, force, now()).unwrap();
    assert_eq!(remove(false).err(), Some(Refusal::LastSecret));
    table.manager("");
    assert_eq!(table.revoke(&one, client).err(), Some(Refusal::LocksOut));
    assert_eq!(table.change(&one, client, rights("sign_in")).err(), Some(Refusal::LocksOut));
    assert_eq!(remove(true), Ok(()));
    let revoked = revoke(&table.connection, &one, client.id, true, now()).unwrap();
    assert!(revoked.unwrap().revoked.is_some());
}

#[test]
fn a_secret_is_changed_without_a_gap_and_never_a_third_is_made() {
    let table = Table::new();
    let portal = table.made(table.draft("portal", "sign_in"));
    let first = clients::secrets(&table.connection, portal.id).unwrap()[0].id;
    table.add_secret(&Manager::CommandLine, &portal).unwrap();
    assert_eq!(table.add_secret(&Manager::CommandLine, &portal).err(), Some(Refusal::TooManySecrets));
    let remove =
        || remove_secret(&table.connection, &Manager::CommandLine, portal.id, first, false, now()).unwrap();
    assert_eq!((remove(), remove()), (Ok(()), Err(Refusal::NotFound)));
    assert!(table.add_secret(&Manager::CommandLine, &portal).is_ok());
    let entra = Client { kind: ClientKind::Entra, ..table.draft("entra", "sign_in") };
    assert!(table.create(&Manager::CommandLine, &entra).unwrap().is_none());
    assert_eq!(table.add_secret(&Manager::CommandLine, &entra).err(), Some(Refusal::ShowsNoSecret));
}

#[test]
fn what_cannot_be_a_client_is_refused_by_its_field() {
    let table = Table::new();
    let rsa = r#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#.to_owned();
    let of = |kind| Client { kind, ..table.draft("portal", "sign_in") };
    let texts = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    let uris = |kind, values: &[&str]| Client { redirect_uris: texts(values), ..of(kind) };
    let tenant = "b5d2a1e0-0000-4000-8000-0123456789ab";
    for (field, client) in [
        ("redirect_uris", uris(ClientKind::Rest, &["http://portal.example/"])),
        ("redirect_uris", uris(ClientKind::Rest, &["https://a.example/", "https://a.example/"])),
        ("redirect_uris", uris(ClientKind::Oidc, &["https://a.example/#x"])),
        ("redirect_uris", uris(ClientKind::Entra, &["https://a.example/"])),
        ("issuers", Client { issuers: texts(&["https://a.example/"]), ..of(ClientKind::Rest) }),
        ("issuers", Client { issuers: texts(&["https://a.example/?x"]), ..of(ClientKind::Oidc) }),
        ("issuers", Client { issuers: texts(&["a.example"]), ..of(ClientKind::Entra) }),
        ("tenants", Client { tenants: texts(&[tenant]), ..of(ClientKind::Oidc) }),
        ("tenants", Client { tenants: texts(&["common"]), ..of(ClientKind::Entra) }),
        ("tenants", Client { tenants: texts(&[&tenant.to_uppercase()]), ..of(ClientKind::Entra) }),
        ("jwks", Client { jwks: Some(rsa.clone()), ..of(ClientKind::Rest) }),
        ("jwks", Client { jwks: Some(r#"{"keys":[]}"#.to_owned()), ..of(ClientKind::Oidc) }),
        ("jwks", Client { jwks: Some("{}".to_owned()), ..of(ClientKind::Oidc) }),
        ("jwks", Client { jwks: Some(rsa.replace("\"e\"", "\"d\":\"AQAB\",\"e\"")), ..of(ClientKind::Oidc) }),
        (
            "jwks",
            Client {
                jwks: Some(r#"{"keys":[{"kty":"oct","k":"AQAB"}]}"#.to_owned()),
                ..of(ClientKind::Oidc)
            },
        ),
        ("methods", Client { methods: Methods::default(), ..of(ClientKind::Rest) }),
        ("expires_at", Client { expires: Some(now()), ..of(ClientKind::Rest) }),
    ] {
        assert_eq!(
            table.create(&Manager::CommandLine, &client).err(),
            Some(Refusal::Invalid(field)),
            "{client:?}"
        );
    }
    let many: Vec<String> = (0..51).map(|number| format!("https://a.example/{number}")).collect();
    let many = Client { redirect_uris: many, ..of(ClientKind::Rest) };
    assert_eq!(table.create(&Manager::CommandLine, &many).err(), Some(Refusal::Invalid("redirect_uris")));
    let with_keys = Client { jwks: Some(rsa), ..of(ClientKind::Oidc) };
    assert!(
        table.create(&Manager::CommandLine, &with_keys).unwrap().is_none(),
        "it signs instead of a secret"
    );
    let tenants = Client { tenants: texts(&[tenant]), name: "entra".to_owned(), ..of(ClientKind::Entra) };
    assert!(table.create(&Manager::CommandLine, &tenants).is_ok());
}
