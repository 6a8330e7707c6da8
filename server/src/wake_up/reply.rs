//! What a push server's reply means.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode};

use super::Failure;

/// What a push server's reply means.
pub(super) fn judge(reply: &Response) -> Result<(), Failure> {
    match reply.status() {
        status if status.is_success() => Ok(()),
        StatusCode::NOT_FOUND | StatusCode::GONE => Err(Failure::Gone),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
            Err(Failure::Unreachable(retry_after(reply.headers())))
        }
        status if status.is_server_error() => Err(Failure::Unreachable(retry_after(reply.headers()))),
        _ => Err(Failure::Refused),
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok().map(Duration::from_secs)
}
