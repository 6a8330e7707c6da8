//! What a privacyIDEA server refuses, by what can be done about it.

/// Why a privacyIDEA server didn't do what it was asked. Its answers aren't signed: nothing is deleted on account of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// The enrolment code isn't accepted: altered, or replaced by a newer one.
    #[error("the server does not accept this QR code; ask for a new one and scan that")]
    CodeUnknown,
    /// The enrolment code has enrolled a device already.
    #[error(
        "this QR code was already used, or its token is gone; if that wasn't you, tell your organisation, \
         then ask for a new code"
    )]
    CodeUsed,
    /// The server has taken the device's key, but can't use it.
    #[error("the server took this device's key but can't use it; ask your organisation for a new QR code")]
    EnrolmentBroken,
    /// The server doesn't know the token, or not with this key: it was deleted, or enrolled on another phone.
    #[error("the server no longer knows this device; if it was not replaced, ask your organisation")]
    DeviceUnknown,
    /// The server's policy forbids it.
    #[error(
        "the server's policy does not let this device ask for sign-ins; ask your organisation to allow polling"
    )]
    Forbidden,
    /// The device's clock is off by more than a minute, and the server didn't say by how much.
    #[error("the device's clock is too far off and could not be corrected; set it, then try again")]
    ClockOff,
    /// The server didn't take the answer, and never says why.
    #[error(
        "the server did not take the answer: the request is over, or was answered elsewhere; look at the sign-in page"
    )]
    NotTaken,
    /// The answer was sent twice, since the first reply got lost, and the second was refused: the first may have arrived.
    #[error("the answer was sent, but its reply got lost; look at the sign-in page whether it has arrived")]
    Unconfirmed,
    /// The server has failed.
    #[error("the server cannot answer now; try again in a moment")]
    Unavailable,
    /// Any other refusal, by the server's number.
    #[error("the server refused the request with its error {0}; tell your organisation")]
    Refused(i64),
}

impl PushError {
    /// A stable name for shells and scripts.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::CodeUnknown => "ticket_unknown",
            Self::CodeUsed => "ticket_used",
            Self::EnrolmentBroken => "enrolment_broken",
            Self::DeviceUnknown => "device_unknown",
            Self::Forbidden => "service_forbids",
            Self::ClockOff => "clock_skew",
            Self::NotTaken => "answer_not_taken",
            Self::Unconfirmed => "answer_unconfirmed",
            Self::Unavailable => "service_unavailable",
            Self::Refused(_) => "service_refused",
        }
    }
}
