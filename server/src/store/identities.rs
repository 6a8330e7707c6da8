//! Who of another directory has which account: a person of an Entra tenant, by the object identifier that never changes.
//! A link is made when the person has shown that the account is theirs, by its phone.

use rusqlite::{Connection, OptionalExtension, params};

use super::Result;
use super::accounts::Account;
use crate::time::Time;

/// A person, as their directory names them. No other ever has the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) issuer: String,
    pub(crate) tenant: String,
    pub(crate) object: String,
}

/// The user name of the person's account, if they have one.
pub(crate) fn user_of(
    connection: &Connection,
    organisation: countersign_protocol::Id,
    identity: &Identity,
) -> Result<Option<String>> {
    Ok(connection
        .prepare_cached(
            "SELECT user FROM identities WHERE organisation = ?1 AND issuer = ?2 AND tenant = ?3 AND object = ?4",
        )?
        .query_row(
            params![organisation.as_bytes(), identity.issuer, identity.tenant, identity.object],
            |row| row.get(0),
        )
        .optional()?)
}

/// Whether the account is a person's, of this directory or another.
pub(crate) fn is_taken(connection: &Connection, account: &Account) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM identities WHERE organisation = ?1 AND user = ?2")?
        .exists(params![account.organisation.as_bytes(), account.user])?)
}

/// Links a person to an account. False if either is linked otherwise; linked so already is well.
pub(crate) fn link(
    connection: &Connection,
    identity: &Identity,
    account: &Account,
    now: Time,
) -> Result<bool> {
    connection
        .prepare_cached(
            "INSERT INTO identities (organisation, issuer, tenant, object, user, created)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            account.organisation.as_bytes(),
            identity.issuer,
            identity.tenant,
            identity.object,
            account.user,
            now
        ])?;
    Ok(user_of(connection, account.organisation, identity)?.as_ref() == Some(&account.user))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{migrate, organisations};

    fn identity(object: &str) -> Identity {
        Identity { issuer: "https://login.example/t/v2.0".into(), tenant: "t".into(), object: object.into() }
    }

    #[test]
    fn a_person_has_one_account_and_an_account_one_person() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        let now = Time::from_seconds(1);
        let [north, south] =
            ["North", "South"].map(|name| organisations::obtain(&connection, name, now).unwrap());
        let account = |organisation, user: &str| Account { organisation, user: user.to_owned() };
        let (ada, eve) = (account(north, "ada"), account(north, "eve"));
        assert_eq!(user_of(&connection, north, &identity("1")).unwrap(), None);
        assert!(!is_taken(&connection, &ada).unwrap());

        assert!(link(&connection, &identity("1"), &ada, now).unwrap());
        assert!(link(&connection, &identity("1"), &ada, now).unwrap(), "again is the same");
        assert_eq!(user_of(&connection, north, &identity("1")).unwrap().as_deref(), Some("ada"));
        assert!(is_taken(&connection, &ada).unwrap());
        assert!(!link(&connection, &identity("1"), &eve, now).unwrap(), "a person has one account");
        assert!(!link(&connection, &identity("2"), &ada, now).unwrap(), "an account has one person");
        assert_eq!(user_of(&connection, north, &identity("2")).unwrap(), None);

        let other = Identity { tenant: "u".into(), ..identity("1") };
        assert_eq!(user_of(&connection, north, &other).unwrap(), None, "tenants are told apart");
        assert!(link(&connection, &identity("1"), &account(south, "ada"), now).unwrap(), "and organisations");
    }
}
