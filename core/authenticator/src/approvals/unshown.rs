//! Sign-ins that wait but aren't shown, and why: what can't be shown safely is told as such, and never left out in silence.

/// Why a sign-in that waits isn't shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Unshown {
    /// Its options could be taken for something else, or can't be told apart: `docs/privacyidea.md` has the rules.
    #[error(
        "a sign-in waits whose options can't be shown safely, so nothing can be answered here; sign in another way, and \
         ask your organisation to change the options of its presence check"
    )]
    Options,
    /// It wants its answer sent to another address than the enrolment's.
    #[error(
        "a sign-in waits that wants its answer sent to another address than this account was enrolled at, so nothing is \
         sent; if your organisation has moved its server, ask for a new QR code for this account and scan it"
    )]
    Address,
    /// It isn't signed as the account's service signs, or not for this device.
    #[error(
        "a sign-in waits that can't be verified as your organisation's, so it isn't shown; if you have just signed in, try \
         again, and tell your organisation if that doesn't help"
    )]
    Unverified,
    /// More wait for one account than are looked at.
    #[error(
        "more sign-ins wait for one account than are shown at once; deny those that aren't yours, then look again, and \
         tell your organisation"
    )]
    TooMany,
}

impl Unshown {
    /// A stable name for shells and scripts.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Options => "request_unshown_options",
            Self::Address => "request_unshown_address",
            Self::Unverified => "request_unshown_unverified",
            Self::TooMany => "request_unshown_too_many",
        }
    }
}
