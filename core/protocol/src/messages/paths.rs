//! Where a device sends its requests, below the service's address.

/// [`super::Enrol`] to [`super::Enrolled`].
pub const ENROL: &str = "/v1/device/enrol";
/// [`super::Fetch`] to [`super::Delivery`].
pub const FETCH: &str = "/v1/device/fetch";
/// [`super::Answer`] to [`super::Receipt`].
pub const ANSWER: &str = "/v1/device/answer";
/// [`super::Change`] to [`super::Changed`].
pub const CHANGE: &str = "/v1/device/change";
/// [`super::Replace`] to [`super::Replacement`].
pub const REPLACE: &str = "/v1/device/replace";
/// [`super::Relay`] to [`super::Relayed`].
pub const RELAY: &str = "/v1/device/relay";
/// [`super::Collect`] to [`super::Collected`].
pub const COLLECT: &str = "/v1/move/collect";
/// Media type of requests and replies (RFC 7515, section 9.2.1).
pub const MEDIA_TYPE: &str = "application/jose";
/// Media type of [`super::Collect`].
pub const JSON: &str = "application/json";
