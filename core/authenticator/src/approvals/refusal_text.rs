//! What a person is told when an approval service refuses a request.

use countersign_protocol::messages::ProblemCode;

/// What happened and what to do next, for a person.
pub(super) const fn describe(code: &ProblemCode) -> &'static str {
    match code {
        ProblemCode::TicketUnknown => {
            "this QR code is not known to the service; open a new enrolment page and scan again"
        }
        ProblemCode::TicketExpired => "this QR code has expired; open a new enrolment page and scan again",
        ProblemCode::TicketUsed => {
            "this QR code was already used by another device; if that wasn't you, tell your organisation, \
             then open a new enrolment page"
        }
        ProblemCode::DeviceUnknown | ProblemCode::DeviceRevoked => {
            "this device was removed from the account; enrol again to approve sign-ins"
        }
        ProblemCode::ChallengeUnknown | ProblemCode::ChallengeExpired => {
            "this request is over; start the sign-in again"
        }
        ProblemCode::AlreadyAnswered => "this request was already answered",
        ProblemCode::Throttled => "too many wrong answers on this account; wait before you try again",
        ProblemCode::ClockSkew => {
            "the device's clock is too far off and could not be corrected; set it, then try again"
        }
        ProblemCode::WrongServiceKey => {
            "the approval service no longer has the key that this account was enrolled with; \
             ask your organisation whether it replaced its service"
        }
        ProblemCode::NameRefused => {
            "the approval service does not accept this device's name; choose another one"
        }
        ProblemCode::RelayRefused => {
            "the approval service does not carry this move; go on with the QR codes of the old phone"
        }
        ProblemCode::Unavailable => "the approval service cannot answer now; try again in a moment",
        ProblemCode::Malformed
        | ProblemCode::Replayed
        | ProblemCode::ChallengeAltered
        | ProblemCode::WrongKey
        | ProblemCode::Unknown => "the approval service refused the request; update the app, then try again",
    }
}
