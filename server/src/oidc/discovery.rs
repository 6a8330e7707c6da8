//! What relying parties learn of the provider (OpenID Connect Discovery 1.0, section 3), and its keys.
//!
//! Both replies have a `Content-Length`, since they are whole before they are sent: Microsoft Entra takes no other.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::acr::Acr;
use super::keys::Algorithm;
use crate::app::App;
use crate::refusal::Refusal;
use crate::relying_party::ApiError;

/// `/.well-known/openid-configuration`
pub(super) async fn configuration(State(app): State<Arc<App>>) -> Json<Value> {
    let url = &app.settings.public_url;
    let algorithms = [Algorithm::Rs256, Algorithm::Es256].map(Algorithm::as_str);
    Json(json!({
        "issuer": url.to_string(),
        "authorization_endpoint": url.join("/oidc/authorize"),
        "token_endpoint": url.join("/oidc/token"),
        "userinfo_endpoint": url.join("/oidc/userinfo"),
        "jwks_uri": url.join("/oidc/jwks"),
        "scopes_supported": ["openid", "profile", "email"],
        "response_types_supported": ["code", "id_token"],
        "response_modes_supported": ["query", "form_post"],
        "grant_types_supported": ["authorization_code", "implicit"],
        "acr_values_supported": Acr::ALL.map(Acr::as_str),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms,
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claim_types_supported": ["normal"],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "preferred_username", "email",
            "organisation", "organisation_id",
        ],
        "claims_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "authorization_response_iss_parameter_supported": true,
        "ui_locales_supported": ["en"],
    }))
}

/// `/oidc/jwks`
pub(super) async fn jwks(State(app): State<Arc<App>>) -> Result<Json<Value>, ApiError> {
    let keys = app.openid_keys.obtain(&app).await.map_err(Refusal::from)?;
    Ok(Json(keys.published(app.now())))
}
