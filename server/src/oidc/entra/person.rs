//! Who a hint is about, and which account is theirs.
//!
//! A directory's object identifier is the one name that is unique and never changes. `preferred_username` is neither, and a
//! guest's comes from another organisation: it leads to an account only where the client says so, to none that is another
//! person's, and is linked only after the account's own phone has approved.

use countersign_protocol::name;
use rusqlite::Connection;

use super::request::Request;
use crate::foreign::{Algorithm, Allowed, Foreign, ForeignError, Lifetime, Verified};
use crate::store::Result;
use crate::store::accounts::Account;
use crate::store::clients::Client;
use crate::store::identities::{self, Identity};
use crate::text::is_guid;
use crate::time::Time;

/// How long after it was issued a hint is taken. Entra writes `iat` up to five minutes early, and forgets the attempt five
/// minutes after it has sent the person here.
const HINT_LIFETIME: std::time::Duration = std::time::Duration::from_mins(10);
/// Characters of the object identifier in a name: enough to tell people of one name apart.
const SHORT: usize = 8;

/// A person whom Entra vouches for.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) identity: Identity,
    /// What Entra calls them towards this service's app registration. It comes back in the answer.
    pub(super) subject: String,
    /// Their user principal name, if the hint has one that is acceptable as a name. No other claim names an account.
    login: Option<String>,
    /// What the page calls them: `login`, or else their display name.
    pub(super) shown: String,
}

/// Verifies a request's hint.
pub(super) async fn of_hint(
    foreign: &Foreign,
    request: &Request,
    now: Time,
) -> std::result::Result<Person, ForeignError> {
    let issuers: Vec<_> = request.tenants.iter().map(|tenant| tenant.issuer.clone()).collect();
    let lifetime = Lifetime::SinceIssue(HINT_LIFETIME);
    // Entra signs with RS256. A signature by ES256 can be turned into another that verifies: a used hint would be a new one.
    let algorithms = &[Algorithm::Rs256];
    let mut allowed = Allowed { issuers, audience: request.app_id.clone(), algorithms, lifetime };
    let verified = match foreign.verify(&allowed, &request.hint, now).await {
        // An app registration with claims of its own has keys of its own, which its metadata alone names.
        Err(ForeignError::UnknownKey) => {
            for issuer in &mut allowed.issuers {
                *issuer = issuer.clone().with_application(&request.app_id);
            }
            foreign.verify(&allowed, &request.hint, now).await?
        }
        outcome => outcome?,
    };
    Person::of(verified, request)
}

impl Person {
    fn of(verified: Verified, request: &Request) -> std::result::Result<Self, ForeignError> {
        let tenant = request.tenants.iter().find(|tenant| tenant.issuer.as_str() == verified.issuer);
        let tenant = tenant.map(|tenant| tenant.id.as_str()).filter(|id| verified.text("tid") == Some(id));
        let tenant = tenant.ok_or(ForeignError::Malformed("tid"))?.to_owned();
        let object = verified.text("oid").filter(|object| is_guid(object));
        let object = object.ok_or(ForeignError::Malformed("oid"))?.to_owned();
        if verified.text("ver").is_some_and(|version| version != "2.0") {
            return Err(ForeignError::Malformed("ver"));
        }
        let called = |claim| verified.text(claim).filter(|text| name::check(text).is_ok()).map(str::to_owned);
        let login = called("preferred_username").or_else(|| called("upn"));
        let shown = login.clone().or_else(|| called("name")).unwrap_or_else(|| object.clone());
        Ok(Self {
            login,
            shown,
            identity: Identity { issuer: verified.issuer.clone(), tenant, object },
            subject: verified.subject,
        })
    }

    /// Their account: the one that they are linked to, or else the one that is to become theirs.
    pub(super) fn account(&self, connection: &Connection, client: &Client) -> Result<Account> {
        let organisation = client.organisation;
        let account = |user: String| Account { organisation, user };
        if let Some(user) = identities::user_of(connection, organisation, &self.identity)? {
            return Ok(account(user));
        }
        let login = self.login.clone().filter(|_| client.settings.trusts_names);
        if let Some(named) = login.map(account)
            && !identities::is_taken(connection, &named)?
        {
            return Ok(named);
        }
        let short = account(self.own_name(self.identity.object.get(..SHORT).unwrap_or_default()));
        let is_taken = identities::is_taken(connection, &short)?;
        Ok(if is_taken { account(self.own_name(&self.identity.object)) } else { short })
    }

    /// A name that no other system has for anybody.
    fn own_name(&self, object: &str) -> String {
        let own = format!("{} · {object}", self.shown);
        if name::check(&own).is_ok() { own } else { self.identity.object.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::clients::{ClientKind, Rights};
    use crate::store::{migrate, organisations};

    fn person(shown: &str, object: &str) -> Person {
        let identity = Identity { issuer: "issuer".into(), tenant: "tenant".into(), object: object.into() };
        Person { identity, subject: "subject".into(), login: Some(shown.into()), shown: shown.into() }
    }

    fn database() -> (Connection, Client) {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        let now = Time::from_seconds(1);
        let organisation = organisations::obtain(&connection, "North", now).unwrap();
        let client = Client::new(ClientKind::Entra, organisation, "North", "entra", Rights::default(), now);
        (connection, client)
    }

    #[test]
    fn a_name_alone_leads_to_nobodys_account() {
        let (connection, client) = database();
        let ada = person("ada@north.example", "01234567-0000-0000-0000-000000000000");
        let twin = person("ada@north.example", "01234567-0000-0000-0000-000000000001");
        let account = ada.account(&connection, &client).unwrap();
        assert_eq!(account.user, "ada@north.example · 01234567");
        assert!(identities::link(&connection, &ada.identity, &account, client.created).unwrap());
        let renamed = person("ada.lovelace@north.example", "01234567-0000-0000-0000-000000000000");
        assert_eq!(renamed.account(&connection, &client).unwrap(), account, "the object stays the same");
        assert_eq!(
            twin.account(&connection, &client).unwrap().user,
            "ada@north.example · 01234567-0000-0000-0000-000000000001"
        );
    }

    #[test]
    fn where_names_are_trusted_they_lead_to_accounts_that_are_not_anothers() {
        let (connection, mut client) = database();
        client.settings.trusts_names = true;
        let ada = person("ada@north.example", "01234567-0000-0000-0000-000000000000");
        let account = ada.account(&connection, &client).unwrap();
        assert_eq!(account.user, "ada@north.example");
        assert!(identities::link(&connection, &ada.identity, &account, client.created).unwrap());
        let successor = person("ada@north.example", "89abcdef-0000-0000-0000-000000000000");
        assert_eq!(successor.account(&connection, &client).unwrap().user, "ada@north.example · 89abcdef");
    }

    #[test]
    fn a_display_name_leads_to_no_account_also_where_names_are_trusted() {
        let (connection, mut client) = database();
        client.settings.trusts_names = true;
        let eve = person("ada@north.example", "89abcdef-0000-0000-0000-000000000000");
        let eve = Person { login: None, ..eve };
        assert_eq!(eve.account(&connection, &client).unwrap().user, "ada@north.example · 89abcdef");
    }

    #[test]
    fn a_name_that_is_too_long_to_be_added_to_gives_way_to_the_object() {
        let (connection, client) = database();
        let long = person(&"a".repeat(125), "01234567-0000-0000-0000-000000000000");
        assert_eq!(long.account(&connection, &client).unwrap().user, "01234567-0000-0000-0000-000000000000");
    }
}
