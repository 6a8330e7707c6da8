//! An authorization request, validated in every detail that needs nothing but the client's registration (RFC 6749, section
//! 4.1.1; RFC 7636, section 4.3; OpenID Connect Core 1.0, section 3.1.2.1).
//!
//! Until client and redirect URI are known to belong together, a refusal is a page: nothing is sent to an address that
//! somebody else may have written. From then on it goes back to the client.

use countersign_protocol::{decode_base64url, name};

use super::claims::Wanted;
use super::error::OauthError;
use super::parameters::Parameters;
use crate::pages::openid::Untrusted;
use crate::store::authorize_requests::ResponseMode;
use crate::store::clients::{Client, ClientKind, Methods};
use crate::time::Time;

/// Longest `state`, in bytes. It comes back in an address, which servers bound at 8 KiB or more.
const MAX_STATE: usize = 4096;
/// Longest `nonce`, in bytes.
const MAX_NONCE: usize = 2048;
/// Longest signed hint, in bytes.
const MAX_HINT: usize = 16 * 1024;

/// A request that may make a sign-in.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) client: Client,
    pub(super) back: Back,
    pub(super) nonce: Option<String>,
    /// The S256 challenge of PKCE.
    pub(super) code_challenge: String,
    /// Those of the scopes asked for that mean something here, separated by spaces.
    pub(super) scope: String,
    pub(super) wanted: Wanted,
    /// What may approve the sign-in: one method at least.
    pub(super) methods: Methods,
    pub(super) person: Hint,
}

/// Where an answer goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Back {
    pub(super) redirect_uri: String,
    pub(super) mode: ResponseMode,
    pub(super) state: Option<String>,
}

/// What the request says of the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Hint {
    /// A token that vouches for them.
    Signed(String),
    /// A name, which anybody may have written.
    Name(String),
    /// Nothing that suffices: they are asked, with this name in the form.
    Ask(Option<String>),
}

/// Why a request makes no sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Nothing goes back.
    Page(Untrusted, &'static str),
    /// The client learns why.
    Back(Back, OauthError),
}

/// The client's identifier, if the request names one.
pub(super) fn client_id(parameters: &Parameters) -> Result<countersign_protocol::Id, Refused> {
    match parameters.repeated {
        Some("client_id") => Err(Refused::Page(Untrusted::Malformed, "client_id came more than once.")),
        _ => parameters
            .get("client_id")
            .and_then(|id| id.parse().ok())
            .ok_or(Refused::Page(Untrusted::Client, "client_id names no client of this service.")),
    }
}

impl Request {
    /// Validates a request of `client`, which is the one of its `client_id`, if there is one.
    pub(super) fn parse(parameters: &Parameters, client: Option<Client>, now: Time) -> Result<Self, Refused> {
        let client = client
            .filter(|client| client.kind == ClientKind::Oidc && client.can_sign_people_in(now))
            .ok_or(Refused::Page(Untrusted::Client, "client_id names no client of this service."))?;
        let back = back(parameters, &client)?;
        match Asked::parse(parameters, &client) {
            Ok(asked) => Ok(Self {
                client,
                back,
                nonce: asked.nonce,
                code_challenge: asked.code_challenge,
                scope: asked.scope,
                wanted: asked.wanted,
                methods: asked.methods,
                person: asked.person,
            }),
            Err(error) => Err(Refused::Back(back, error)),
        }
    }
}

fn back(parameters: &Parameters, client: &Client) -> Result<Back, Refused> {
    let page = |why, detail| Err(Refused::Page(why, detail));
    if parameters.repeated == Some("redirect_uri") {
        return page(Untrusted::Malformed, "redirect_uri came more than once.");
    }
    let Some(redirect_uri) = parameters.get("redirect_uri") else {
        return page(Untrusted::RedirectUri, "redirect_uri is missing.");
    };
    // Byte by byte: what is almost the same may be somebody else's (RFC 9700, section 4.1.3).
    if !client.redirect_uris.iter().any(|registered| registered == redirect_uri) || redirect_uri.contains('#')
    {
        return page(Untrusted::RedirectUri, "redirect_uri is not one of those registered for this client.");
    }
    let state = parameters.get("state");
    if state.is_some_and(|state| state.len() > MAX_STATE) {
        return page(Untrusted::Malformed, "state is longer than 4096 bytes.");
    }
    let mut back = Back {
        redirect_uri: redirect_uri.to_owned(),
        mode: ResponseMode::Query,
        state: state.map(str::to_owned),
    };
    if let Some(repeated) = parameters.repeated {
        tracing::debug!(parameter = repeated, "a parameter of an authorization request came more than once");
        return Err(Refused::Back(back, OauthError::invalid_request("a parameter came more than once")));
    }
    back.mode = match parameters.get("response_mode") {
        None | Some("query") => ResponseMode::Query,
        Some("form_post") => ResponseMode::FormPost,
        Some(_) => {
            let error = OauthError::invalid_request("response_mode must be query or form_post");
            return Err(Refused::Back(back, error));
        }
    };
    Ok(back)
}

/// What a request asks for, once it is known where its answer goes.
struct Asked {
    nonce: Option<String>,
    code_challenge: String,
    scope: String,
    wanted: Wanted,
    methods: Methods,
    person: Hint,
}

impl Asked {
    fn parse(parameters: &Parameters, client: &Client) -> Result<Self, OauthError> {
        let get = |name: &str| parameters.get(name);
        for (name, code) in [
            ("request", "request_not_supported"),
            ("request_uri", "request_uri_not_supported"),
            ("registration", "registration_not_supported"),
        ] {
            if get(name).is_some() {
                return Err(OauthError::new(code, "the request has to be in its parameters"));
            }
        }
        match get("response_type") {
            Some("code") => {}
            None => return Err(OauthError::invalid_request("response_type is missing")),
            Some(_) => {
                return Err(OauthError::new("unsupported_response_type", "response_type must be code"));
            }
        }
        let scope = scope(get("scope"))?;
        let code_challenge = code_challenge(get("code_challenge"), get("code_challenge_method"))?;
        let nonce = get("nonce").map(str::to_owned);
        if nonce.as_ref().is_some_and(|nonce| nonce.len() > MAX_NONCE) {
            return Err(OauthError::invalid_request("nonce is longer than 2048 bytes"));
        }
        // Every request asks its person again, so that any age is recent enough.
        if get("max_age").is_some_and(|age| age.parse::<u64>().is_err()) {
            return Err(OauthError::invalid_request("max_age must be a number of seconds"));
        }
        let chooses = prompt(get("prompt"))?;
        let wanted = Wanted::parse(get("acr_values"), get("claims"))?;
        let methods = wanted.methods(client.methods);
        if methods == Methods::default() {
            return Err(OauthError::unmet("no method that this client allows can meet what is asked for"));
        }
        let person = person(get("id_token_hint"), get("login_hint"), chooses, client)?;
        Ok(Self { nonce, code_challenge, scope, wanted, methods, person })
    }
}

fn scope(scope: Option<&str>) -> Result<String, OauthError> {
    let asked: Vec<&str> = scope.unwrap_or_default().split(' ').collect();
    if !asked.contains(&"openid") {
        return Err(OauthError::new("invalid_scope", "scope must have openid in it"));
    }
    let known: Vec<&str> =
        ["openid", "profile", "email"].into_iter().filter(|it| asked.contains(it)).collect();
    Ok(known.join(" "))
}

fn code_challenge(challenge: Option<&str>, method: Option<&str>) -> Result<String, OauthError> {
    let challenge =
        challenge.ok_or(OauthError::invalid_request("code_challenge is missing: PKCE is required"))?;
    if method != Some("S256") {
        return Err(OauthError::invalid_request("code_challenge_method must be S256"));
    }
    if decode_base64url(challenge).is_ok_and(|hash| hash.len() == 32) {
        Ok(challenge.to_owned())
    } else {
        Err(OauthError::invalid_request("code_challenge isn't a SHA-256 hash in base64url"))
    }
}

/// Whether the person is to choose who they are.
fn prompt(prompt: Option<&str>) -> Result<bool, OauthError> {
    let asked: Vec<&str> = prompt.unwrap_or_default().split(' ').filter(|value| !value.is_empty()).collect();
    if asked.contains(&"none") {
        return Err(if asked.len() == 1 {
            OauthError::new("login_required", "every sign-in is approved on the phone")
        } else {
            OauthError::invalid_request("prompt=none goes with no other value")
        });
    }
    if asked.iter().any(|value| !matches!(*value, "login" | "consent" | "select_account")) {
        return Err(OauthError::invalid_request("prompt has a value that isn't supported"));
    }
    Ok(asked.contains(&"select_account"))
}

fn person(
    token: Option<&str>,
    login: Option<&str>,
    chooses: bool,
    client: &Client,
) -> Result<Hint, OauthError> {
    if let Some(token) = token {
        if token.len() > MAX_HINT {
            return Err(OauthError::invalid_request("id_token_hint is too long"));
        }
        return Ok(Hint::Signed(token.to_owned()));
    }
    let named = login.map(str::trim).filter(|login| name::check(login).is_ok()).map(str::to_owned);
    match named {
        named if client.settings.asks_name && (chooses || named.is_none()) => Ok(Hint::Ask(named)),
        Some(named) => Ok(Hint::Name(named)),
        None => Err(OauthError::invalid_request(
            "login_hint names nobody, and this client does not let people type their name",
        )),
    }
}
