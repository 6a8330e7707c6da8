//! Errors of the relying-party interface: problem details (RFC 9457), with a code and a message in `error`.

use std::borrow::Cow;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::refusal::Refusal;
use crate::store::clients::{Rejection, Right};
use crate::throttle::Lock;
use crate::time::Time;

/// Media type of an error (RFC 9457, section 3).
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// A refused request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// The status of the response.
    status: u16,
    /// What the status means.
    #[schema(value_type = String)]
    title: &'static str,
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
    /// The field that has no acceptable value, with `invalid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    /// What is wrong with a name, with `invalid`: `name_empty`, `name_too_long`, `name_control_character`,
    /// `name_direction_mark` or `name_invisible_character`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// The right that the client lacks, with `missing_right`.
    #[serde(skip_serializing_if = "Option::is_none")]
    right: Option<Right>,
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
    field: Option<&'static str>,
    reason: Option<&'static str>,
    right: Option<Right>,
    retry_at: Option<Time>,
}

impl ApiError {
    pub(crate) const UNAUTHORISED: Self = Self {
        status: StatusCode::UNAUTHORIZED,
        code: "unauthorised",
        message: Cow::Borrowed("the request needs a valid API key: `Authorization: Bearer …`"),
        field: None,
        reason: None,
        right: None,
        retry_at: None,
    };
    pub(crate) const MALFORMED_QUERY: Self = Self {
        status: StatusCode::BAD_REQUEST,
        code: "malformed",
        message: Cow::Borrowed("the query isn't what it should be"),
        field: None,
        reason: None,
        right: None,
        retry_at: None,
    };

    pub(crate) const MALFORMED_KEY: Self = Self {
        status: StatusCode::BAD_REQUEST,
        code: "malformed",
        message: Cow::Borrowed("`Idempotency-Key` must be one text of 1 to 255 visible ASCII characters"),
        field: None,
        reason: None,
        right: None,
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
        Self::new(StatusCode::BAD_REQUEST, "malformed", message)
    }

    /// The client may not do this.
    pub(crate) fn missing_right(right: Right) -> Self {
        let message =
            format!("this needs the right `{right}`, which this client doesn't have", right = right.as_str());
        Self { right: Some(right), ..Self::new(StatusCode::FORBIDDEN, "missing_right", message) }
    }

    /// A secret that was right once, or names a client, and lets nobody in. Whoever has a client's secret may know what
    /// has become of the client; nobody else learns anything.
    pub(crate) fn rejected(rejection: Rejection) -> Self {
        let message = match rejection {
            Rejection::WrongSecret => return Self::UNAUTHORISED,
            Rejection::RemovedSecret => {
                "this API key was removed from its client; use the one that replaced it"
            }
            Rejection::Revoked => "the client of this API key was revoked",
            Rejection::Expired => "the client of this API key has expired",
            Rejection::OtherDoor => "the client of this secret isn't one of this interface (kind `rest`)",
        };
        Self::new(StatusCode::UNAUTHORIZED, "unauthorised", message)
    }

    /// What went wrong, in words.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The service can't do its work.
    pub(crate) fn not_ready(code: &'static str, message: String) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message)
    }

    /// An error that is known by its status alone.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let (code, message) = match status {
            StatusCode::NOT_FOUND => {
                ("not_found", "there is nothing at this address; `/openapi.json` has all that there are")
            }
            StatusCode::METHOD_NOT_ALLOWED => {
                ("method_not_allowed", "this address takes other methods: the `Allow` header names them")
            }
            StatusCode::PAYLOAD_TOO_LARGE => ("too_large", "the body is longer than 64 KiB"),
            StatusCode::REQUEST_TIMEOUT => ("too_slow", "the body took too long to arrive"),
            StatusCode::TOO_MANY_REQUESTS => {
                ("too_many_requests", "there were too many requests; try again later")
            }
            _ if status.is_client_error() => ("malformed", "the request isn't what it should be"),
            _ => ("unavailable", "the service can't do it now; try again"),
        };
        Self::new(status, code, message)
    }

    fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, message: message.into(), field: None, reason: None, right: None, retry_at: None }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let conflict = StatusCode::CONFLICT;
        let too_many = StatusCode::TOO_MANY_REQUESTS;
        let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
        match refusal {
            Refusal::Invalid(field) => Self {
                field: Some(field),
                ..Self::new(unprocessable, "invalid", format!("the field `{field}` has no acceptable value"))
            },
            Refusal::Name(field, error) => Self {
                field: Some(field),
                reason: Some(error.code()),
                ..Self::new(unprocessable, "invalid", format!("the field `{field}` can't be a name: {error}"))
            },
            Refusal::NotFound => {
                Self::new(StatusCode::NOT_FOUND, "not_found", "there is nothing of this name")
            }
            Refusal::Ended => Self::new(conflict, "ended", "it has ended already"),
            Refusal::WrongCode | Refusal::UsedCode => {
                Self::new(conflict, "wrong_code", "the code is wrong or was used before")
            }
            Refusal::NextCode => Self::new(
                conflict,
                "next_code",
                "the code is right, but the account has had too many wrong ones: ask for the next code as well",
            ),
            Refusal::Locked(Lock::Until(until)) => Self {
                retry_at: Some(until),
                ..Self::new(
                    too_many,
                    "throttled",
                    "too many wrong codes came from here; codes are taken again at `retry_at`",
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
            Refusal::MethodOff => Self::new(
                conflict,
                "method_off",
                "this client's sign-ins aren't approved by codes; `methods` of the client names what approves them",
            ),
            Refusal::TooManyOpen => Self::new(
                too_many,
                "too_many_open",
                "the user has too many of these open; wait or cancel one",
            ),
            Refusal::TooManyDevices => {
                Self::new(conflict, "too_many_devices", "the user has too many devices; revoke one")
            }
            Refusal::CrossOrigin => {
                Self::new(StatusCode::FORBIDDEN, "cross_origin", "the request comes from another site's page")
            }
            Refusal::KeyReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "this `Idempotency-Key` was used for another request: every new request needs a new one",
            ),
            Refusal::Elsewhere => {
                Self::new(StatusCode::FORBIDDEN, "elsewhere", "the page was opened in another browser")
            }
            Refusal::Ambiguous => Self::new(
                conflict,
                "ambiguous",
                "several organisations have a client of this name: name the organisation as well, or the identifier",
            ),
            Refusal::MissingRight(right) => Self::missing_right(right),
            Refusal::BeyondOwn(field) => Self {
                field: Some(field),
                ..Self::new(
                    StatusCode::FORBIDDEN,
                    "beyond_own",
                    format!("a client can't give another what it doesn't have itself: look at `{field}`"),
                )
            },
            Refusal::NameTaken => Self::new(
                conflict,
                "name_taken",
                "the organisation has a client of this name, or had one that was revoked; choose another name",
            ),
            Refusal::LocksOut => Self::new(
                conflict,
                "locks_out",
                "this client could no longer manage clients; another one can restore the right. Add \
                 `?force=true` if you mean it",
            ),
            Refusal::LastManager => Self::new(
                conflict,
                "last_manager",
                "no client of the organisation could manage clients any longer, only the service's command line. \
                 Add `?force=true` if you mean it",
            ),
            Refusal::LastSecret => Self::new(
                conflict,
                "last_secret",
                "the client could no longer authenticate; create another secret first. Add `?force=true` \
                 (`--force` at the command line) if you mean it",
            ),
            Refusal::TooManySecrets => Self::new(
                conflict,
                "too_many_secrets",
                "the client has two secrets; first remove the one that is no longer used",
            ),
            Refusal::ShowsNoSecret => Self::new(
                conflict,
                "shows_no_secret",
                "clients of this kind authenticate with what another issuer has signed, and have no secret",
            ),
            Refusal::ClientEnded => {
                Self::new(StatusCode::UNAUTHORIZED, "unauthorised", "the client was revoked or has expired")
            }
            Refusal::ReturnUrl => Self {
                field: Some("return_url"),
                ..Self::new(
                    unprocessable,
                    "return_url_not_registered",
                    "this client hasn't registered this return URL: register exactly this text, with \
                     `countersign-server client change CLIENT --redirect-uri URL` or by `PATCH /v1/clients/{id}`",
                )
            },
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
            field: self.field,
            reason: self.reason,
            right: self.right,
            retry_at: self.retry_at.map(Time::seconds),
        };
        let title = self.status.canonical_reason().unwrap_or("Error");
        let body = Json(ErrorBody { status: self.status.as_u16(), title, error });
        let mut response = (self.status, body).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
