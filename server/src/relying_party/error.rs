//! Errors of the relying-party interface: `{"error": {"code": …, "message": …}}`.

use std::borrow::Cow;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::refusal::Refusal;
use crate::throttle::Lock;
use crate::time::Time;

/// A refused request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    error: ErrorDetail,
}

/// What was wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorDetail {
    /// Stable, for programs.
    code: &'static str,
    /// For the person who writes one.
    #[schema(value_type = String)]
    message: Cow<'static, str>,
    /// Seconds since 1970 after which it may be tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<u64>,
}

/// An error of the interface.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    retry_at: Option<Time>,
}

impl ApiError {
    pub(crate) const UNAUTHORISED: Self = Self {
        status: StatusCode::UNAUTHORIZED,
        code: "unauthorised",
        message: Cow::Borrowed("the request needs a valid API key: `Authorization: Bearer …`"),
        retry_at: None,
    };
    pub(crate) const MALFORMED_QUERY: Self = Self {
        status: StatusCode::BAD_REQUEST,
        code: "malformed",
        message: Cow::Borrowed("the query isn't what it should be"),
        retry_at: None,
    };

    /// serde's own message may quote the input, which may hold a code: only the place is told, and unknown or missing
    /// fields, whose names are the interface's.
    pub(crate) fn malformed_json(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let about_fields = text.starts_with("missing field") || text.starts_with("unknown field");
        let message = if about_fields && text.len() < 400 {
            text
        } else {
            format!(
                "the body isn't the JSON that it should be (line {}, column {})",
                error.line(),
                error.column()
            )
        };
        Self { status: StatusCode::BAD_REQUEST, code: "malformed", message: message.into(), retry_at: None }
    }

    fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, message: message.into(), retry_at: None }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let conflict = StatusCode::CONFLICT;
        let too_many = StatusCode::TOO_MANY_REQUESTS;
        match refusal {
            Refusal::Invalid(field) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid",
                format!("the field `{field}` has no acceptable value"),
            ),
            Refusal::NotFound => {
                Self::new(StatusCode::NOT_FOUND, "not_found", "there is nothing of this name")
            }
            Refusal::Ended => Self::new(conflict, "ended", "it has ended already"),
            Refusal::WrongCode => Self::new(conflict, "wrong_code", "the code is wrong or was used before"),
            Refusal::Locked(Lock::Until(until)) => Self {
                retry_at: Some(until),
                ..Self::new(
                    too_many,
                    "throttled",
                    "the account has had too many failures; it may try again later",
                )
            },
            Refusal::Locked(Lock::UntilUnlocked) => Self::new(
                too_many,
                "locked",
                "the account has had too many failures in a row; an administrator must unlock it",
            ),
            Refusal::TooManyCodes => {
                Self::new(too_many, "too_many_codes", "this sign-in takes no more codes; start another")
            }
            Refusal::TooManyOpen => Self::new(
                too_many,
                "too_many_open",
                "the user has too many of these open; wait or cancel one",
            ),
            Refusal::TooManyDevices => {
                Self::new(conflict, "too_many_devices", "the user has too many devices; revoke one")
            }
            Refusal::Elsewhere => {
                Self::new(StatusCode::FORBIDDEN, "elsewhere", "the page was opened in another browser")
            }
            Refusal::Unavailable => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "the service can't do it now; try again",
            ),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let error = ErrorDetail {
            code: self.code,
            message: self.message,
            retry_at: self.retry_at.map(Time::seconds),
        };
        let mut response = (self.status, Json(ErrorBody { error })).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
