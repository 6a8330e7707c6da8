//! Entra's authorization request, validated in every detail that needs nothing but the client's configuration.
//!
//! Until the redirect URI is known to be Entra's own, a refusal is a page. From then on Entra is told, and the reason is in
//! the log with the identifier that Entra gives its requests.

use url::form_urlencoded;

use super::context::{NotWanted, Wanted};
use super::tenants::Tenant;
use crate::foreign::Foreign;
use crate::oidc::error::OauthError;
use crate::oidc::parameters::Parameters;
use crate::pages::openid::Untrusted;
use crate::store::clients::Client;
use crate::text::is_guid;
use crate::time::Time;

/// Longest `state`, in bytes. It comes back in a form.
const MAX_STATE: usize = 16 * 1024;
/// Longest `nonce`, in bytes.
const MAX_NONCE: usize = 4096;

/// A request that may make a sign-in, once its hint is verified.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) client: Client,
    /// The client's tenants in the cloud that the request comes from.
    pub(super) tenants: Vec<Tenant>,
    /// What hints are made for: the identifier of the app registration.
    pub(super) app_id: String,
    pub(super) back: Back,
    pub(super) nonce: String,
    pub(super) wanted: Wanted,
    pub(super) hint: String,
}

/// Where the answer goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Back {
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
}

/// Why a request makes no sign-in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Nothing goes back.
    Page(Untrusted, &'static str),
    /// Entra learns why.
    Back(Back, OauthError),
}

impl Request {
    /// Validates a request of `client`, which is the one of its `client_id`.
    pub(super) fn parse(
        parameters: &Parameters,
        client: Client,
        foreign: &Foreign,
        now: Time,
    ) -> Result<Self, Refused> {
        let page = |why, detail| Err(Refused::Page(why, detail));
        if !client.can_sign_people_in(now) {
            return page(Untrusted::Client, "client_id names no client of this service.");
        }
        let Some(app_id) = client.settings.app_id.clone() else {
            return page(Untrusted::Client, "The client has no app_id, which hints are made for.");
        };
        if let Some("redirect_uri" | "state") = parameters.repeated {
            return page(Untrusted::Malformed, "redirect_uri or state came more than once.");
        }
        let redirect_uri = parameters.get("redirect_uri").unwrap_or_default();
        let mut tenants = Tenant::all_of(&client, foreign);
        tenants.retain(|tenant| tenant.takes_answers_at(redirect_uri));
        if tenants.is_empty() {
            return page(
                Untrusted::RedirectUri,
                "redirect_uri is not that of a cloud with a tenant of this client.",
            );
        }
        let state = parameters.get("state").map(str::to_owned);
        if state.as_ref().is_some_and(|state| state.len() > MAX_STATE) {
            return page(Untrusted::Malformed, "state is longer than 16384 bytes.");
        }
        let back = Back { redirect_uri: redirect_uri.to_owned(), state };
        match asked(parameters) {
            Ok((nonce, wanted, hint)) => Ok(Self { client, tenants, app_id, back, nonce, wanted, hint }),
            Err(error) => Err(Refused::Back(back, error)),
        }
    }
}

/// What is asked for, in whose words, about whom.
fn asked(parameters: &Parameters) -> Result<(String, Wanted, String), OauthError> {
    let invalid = |description| Err(OauthError::invalid_request(description));
    if parameters.repeated.is_some() {
        return invalid("a parameter came more than once");
    }
    let is = |name: &str, value: &str| parameters.get(name).is_some_and(|it| it.eq_ignore_ascii_case(value));
    if !is("response_type", "id_token") {
        return Err(OauthError::new("unsupported_response_type", "response_type must be id_token"));
    }
    if !is("response_mode", "form_post") {
        return invalid("response_mode must be form_post");
    }
    if !parameters.get("scope").is_some_and(|scope| scope.split(' ').any(|one| one == "openid")) {
        return Err(OauthError::new("invalid_scope", "scope must have openid in it"));
    }
    let Some(nonce) = parameters.get("nonce").filter(|nonce| nonce.len() <= MAX_NONCE) else {
        return invalid("nonce is missing, or longer than 4096 bytes");
    };
    let Some(hint) = parameters.get("id_token_hint") else { return invalid("id_token_hint is missing") };
    let wanted = match Wanted::parse(parameters.get("claims").unwrap_or_default()) {
        Ok(wanted) => wanted,
        Err(NotWanted::Malformed) => return invalid("claims doesn't say which acr and amr are asked for"),
        Err(NotWanted::Unmet) => {
            return Err(OauthError::new("access_denied", "no method here meets the acr and amr asked for"));
        }
    };
    Ok((nonce.to_owned(), wanted, hint.to_owned()))
}

/// The identifier that Entra gives a request (`client-request-id`), for its support and for the audit log. Only a GUID is
/// one, so that nobody writes anything else there.
pub(super) fn reference(form: &[u8]) -> Option<String> {
    let value = form_urlencoded::parse(form).find(|(name, _)| name == "client-request-id")?.1;
    let value = value.to_ascii_lowercase();
    is_guid(&value).then_some(value)
}
