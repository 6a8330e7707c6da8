//! Requests of Entra that have made a sign-in, or an enrolment for somebody who has no phone yet.
//!
//! A request's row has the identifier of what it has made, and is written with it. It is recognised by a keyed hash of its
//! hint: one hint makes one of them, ever.

use countersign_protocol::Id;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::identities::Identity;
use super::{Result, id};
use crate::time::Time;

super::text_enum! {
    /// What a request has made.
    Made {
        /// A sign-in.
        SignIn = "sign_in",
        /// An enrolment, whose activation is the sign-in.
        Enrolment = "enrolment",
    }
}

/// A request, with what its answer needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntraRequest {
    /// That of its sign-in or enrolment.
    pub(crate) id: Id,
    pub(crate) made: Made,
    /// Stands for the hint.
    pub(crate) hint: [u8; 16],
    pub(crate) client: Id,
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
    pub(crate) nonce: String,
    /// The hint's `sub`, which comes back.
    pub(crate) subject: String,
    /// The context that the answer has.
    pub(crate) acr: String,
    /// Methods of which the answer has one.
    pub(crate) amr: String,
    /// Who the hint is about.
    pub(crate) identity: Identity,
    /// Entra's own identifier of the request.
    pub(crate) reference: Option<String>,
    pub(crate) created: Time,
    /// When it was first answered.
    pub(crate) answered: Option<Time>,
}

pub(crate) fn insert(connection: &Connection, request: &EntraRequest) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO entra_requests (id, made, hint, client, redirect_uri, state, nonce, subject, acr, amr, issuer,
                 tenant, object, reference, created, answered)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        )?
        .execute(params![
            request.id.as_bytes(),
            request.made,
            request.hint,
            request.client.as_bytes(),
            request.redirect_uri,
            request.state,
            request.nonce,
            request.subject,
            request.acr,
            request.amr,
            request.identity.issuer,
            request.identity.tenant,
            request.identity.object,
            request.reference,
            request.created,
            request.answered,
        ])?;
    Ok(())
}

pub(crate) fn load(connection: &Connection, request: Id) -> Result<Option<EntraRequest>> {
    Ok(connection
        .prepare_cached("SELECT * FROM entra_requests WHERE id = ?1")?
        .query_row([request.as_bytes()], read)
        .optional()?)
}

/// The request that was made with this hint.
pub(crate) fn of_hint(connection: &Connection, hint: &[u8; 16]) -> Result<Option<EntraRequest>> {
    Ok(connection
        .prepare_cached("SELECT * FROM entra_requests WHERE hint = ?1")?
        .query_row([hint], read)
        .optional()?)
}

/// Notes that a request is answered. False if it was before.
pub(crate) fn record_answer(connection: &Connection, request: Id, now: Time) -> Result<bool> {
    let changed = connection
        .prepare_cached("UPDATE entra_requests SET answered = ?2 WHERE id = ?1 AND answered IS NULL")?
        .execute(params![request.as_bytes(), now])?;
    Ok(changed == 1)
}

/// Requests from before a time, except those with an open enrolment: only its request says that this door has made it.
const OLDER: &str = "FROM entra_requests WHERE created < ?1 AND NOT EXISTS
    (SELECT 1 FROM enrolments
     WHERE enrolments.id = entra_requests.id AND enrolments.state IN ('pending', 'awaiting_activation'))";

/// Whether there is anything for [`forget`] to forget.
pub(crate) fn has_older(connection: &Connection, before: Time) -> Result<bool> {
    Ok(connection.prepare_cached(&format!("SELECT 1 {OLDER}"))?.exists([before])?)
}

/// Forgets requests that were made before `before` and have no open enrolment. Their hints must be too old to be taken
/// again by then.
pub(crate) fn forget(connection: &Connection, before: Time, limit: u32) -> Result<usize> {
    Ok(connection
        .prepare_cached(&format!(
            "DELETE FROM entra_requests WHERE id IN (SELECT id {OLDER} ORDER BY created LIMIT ?2)"
        ))?
        .execute(params![before, limit])?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<EntraRequest> {
    Ok(EntraRequest {
        id: id(row, "id")?,
        made: row.get("made")?,
        hint: row.get("hint")?,
        client: id(row, "client")?,
        redirect_uri: row.get("redirect_uri")?,
        state: row.get("state")?,
        nonce: row.get("nonce")?,
        subject: row.get("subject")?,
        acr: row.get("acr")?,
        amr: row.get("amr")?,
        identity: Identity {
            issuer: row.get("issuer")?,
            tenant: row.get("tenant")?,
            object: row.get("object")?,
        },
        reference: row.get("reference")?,
        created: row.get("created")?,
        answered: row.get("answered")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::clients::{self, Client, ClientKind, Rights};
    use crate::store::enrolments::{self, EnrolmentState};
    use crate::store::{migrate, organisations};

    #[test]
    fn a_request_is_forgotten_once_it_is_old_and_its_enrolment_has_ended() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        let (now, later) = (Time::from_seconds(1000), Time::from_seconds(1001));
        let organisation = organisations::obtain(&connection, "North", now).unwrap();
        let client = Client::new(ClientKind::Entra, organisation, "North", "entra", Rights::default(), now);
        clients::insert(&connection, &client).unwrap();
        let id = Id::make_random();
        connection
            .execute(
                "INSERT INTO enrolments (id, organisation, client, user, shown_by_client, service_key, state, created,
                     expires)
                 VALUES (?1, ?2, 'entra', 'ada', 0, '', 'awaiting_activation', ?3, ?3)",
                params![id.as_bytes(), organisation.as_bytes(), now],
            )
            .unwrap();
        let request = EntraRequest {
            id,
            made: Made::Enrolment,
            hint: [0; 16],
            client: client.id,
            redirect_uri: String::new(),
            state: None,
            nonce: String::new(),
            subject: String::new(),
            acr: String::new(),
            amr: String::new(),
            identity: Identity { issuer: String::new(), tenant: String::new(), object: String::new() },
            reference: None,
            created: now,
            answered: None,
        };
        insert(&connection, &request).unwrap();

        assert!(!has_older(&connection, later).unwrap());
        assert_eq!(forget(&connection, later, 10).unwrap(), 0);
        assert!(enrolments::end(&connection, id, EnrolmentState::Expired).unwrap());
        assert!(!has_older(&connection, now).unwrap());
        assert!(has_older(&connection, later).unwrap());
        assert_eq!(forget(&connection, later, 10).unwrap(), 1);
        assert_eq!(load(&connection, id).unwrap(), None);
    }
}
