//! What goes back to the client: in the query of its redirect URI or by a form, with `state` as it came and the issuer
//! (RFC 9207).

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::form_urlencoded;

use super::error::OauthError;
use super::request::{Back, Refused};
use crate::app::App;
use crate::pages::openid;
use crate::secret::SecretText;
use crate::store::authorize_requests::{AuthorizeRequest, ResponseMode};

impl From<&AuthorizeRequest> for Back {
    fn from(request: &AuthorizeRequest) -> Self {
        Self { redirect_uri: request.redirect_uri.clone(), mode: request.mode, state: request.state.clone() }
    }
}

impl Back {
    /// The person is signed in.
    pub(super) fn code(&self, app: &App, root: &'static str, code: &SecretText) -> Response {
        self.send(app, root, vec![("code", code.expose().to_owned())])
    }

    /// They aren't.
    pub(super) fn error(&self, app: &App, root: &'static str, error: OauthError) -> Response {
        tracing::debug!(
            code = error.code,
            description = error.description,
            "an authorization request was refused"
        );
        let fields =
            vec![("error", error.code.to_owned()), ("error_description", error.description.to_owned())];
        self.send(app, root, fields)
    }

    fn send(&self, app: &App, root: &'static str, mut fields: Vec<(&'static str, String)>) -> Response {
        if let Some(state) = &self.state {
            fields.push(("state", state.clone()));
        }
        fields.push(("iss", app.settings.public_url.to_string()));
        match self.mode {
            ResponseMode::FormPost => openid::post_back(root, &self.redirect_uri, &fields),
            ResponseMode::Query => {
                let separator = if self.redirect_uri.contains('?') { '&' } else { '?' };
                let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
                let address = format!("{}{separator}{query}", self.redirect_uri);
                (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response()
            }
        }
    }
}

impl Refused {
    pub(super) fn into_response(self, app: &App) -> Response {
        match self {
            Self::Page(why, detail) => {
                tracing::debug!(detail, "an authorization request was refused");
                openid::untrusted(why, detail)
            }
            Self::Back(back, error) => back.error(app, "../", error),
        }
    }
}
