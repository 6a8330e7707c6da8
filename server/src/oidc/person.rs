//! Who a request is about.

use std::sync::Arc;
use std::time::Duration;

use countersign_protocol::{Id, encode_base64url};
use ring::digest::{SHA256, digest};

use super::error::OauthError;
use crate::app::App;
use crate::foreign::{Lifetime, verify_under};
use crate::store::clients::Client;

/// The person was found to be another one than the one who is wanted.
pub(super) const NOT_THEM: OauthError =
    OauthError::new("login_required", "the person named is not the one that the request asks for");

/// What every hint that isn't believed is answered with.
const REFUSED: OauthError =
    OauthError::invalid_request("id_token_hint isn't an ID token that this client may use");
/// How long an ID token of this service may be used as a hint.
const HINT_LIFETIME: Duration = Duration::from_hours(90 * 24);

/// A person who is to approve.
pub(super) struct Person {
    /// Their name at the organisation.
    pub(super) user: String,
    /// Whether somebody whom the client believes says that it is them.
    pub(super) is_vouched_for: bool,
}

/// What a person is called in tokens: the same for ever, and no other's at any organisation (OpenID Connect Core 1.0,
/// section 8).
pub(super) fn sub(organisation: Id, user: &str) -> String {
    encode_base64url(digest(&SHA256, &[organisation.as_bytes(), user.as_bytes()].concat()))
}

/// The person whom a signed hint is about: an ID token that this service has given the client.
///
/// Its client may keep it for long, and it says nothing of who is at the browser now: it names a person, as a hint in
/// clear text does.
pub(super) async fn hinted(app: &Arc<App>, client: &Client, token: &str) -> Result<Person, OauthError> {
    let keys = app.openid_keys.obtain(app).await?.all().to_string();
    let (issuer, id) = (app.settings.public_url.to_string(), client.id.to_string());
    let lifetime = Lifetime::SinceIssue(HINT_LIFETIME);
    let hint = verify_under(keys.as_bytes(), &issuer, &[&id], lifetime, token, app.now());
    let hint = hint.map_err(|error| {
        tracing::debug!(%error, "an id_token_hint was refused");
        REFUSED
    })?;
    let user = hint.text("preferred_username").ok_or(REFUSED)?;
    if hint.subject != sub(client.organisation, user) {
        return Err(REFUSED);
    }
    Ok(Person { user: user.to_owned(), is_vouched_for: false })
}
