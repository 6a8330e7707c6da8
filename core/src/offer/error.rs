//! Why a text is no offer.

use crate::otp::ParametersError;

/// Why a text was refused. No variant holds any of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OfferError {
    /// Longer than [`super::Offer::MAX_BYTES`].
    #[error("the text is too long to be an offer")]
    TooLong,
    /// No link of a kind that adds an account.
    #[error(
        "this is not a link that adds an account; scan the code that the issuer shows for an authenticator"
    )]
    NotAnOffer,
    /// An `otpauth://` link for another kind of code than HOTP, TOTP and Steam.
    #[error("this kind of one-time code is not supported")]
    UnsupportedType,
    /// There is no secret in the link.
    #[error("the link has no secret in it; ask the issuer for a new one")]
    MissingSecret,
    /// The secret isn't base32: a character or more is wrong or missing.
    #[error("the secret is damaged; scan or copy it again")]
    BadSecret,
    /// A hash that one-time codes aren't made with, or one that is named in no known way.
    #[error("the link asks for an algorithm that is not supported")]
    UnsupportedAlgorithm,
    /// The named parameter isn't a whole number in its range.
    #[error("the link's {0} is not a valid number")]
    BadNumber(&'static str),
    /// The named parameter is there more than once, with different values.
    #[error("the link contradicts itself: it has more than one {0}")]
    Contradiction(&'static str),
    /// The parameters are outside their bounds.
    #[error(transparent)]
    Parameters(#[from] ParametersError),
    /// An export of another authenticator that can't be read.
    #[error("the exported accounts can't be read; export them again")]
    BadMigration,
    /// A link of an approval service that is damaged.
    #[error("the link is damaged; ask for a new one")]
    BrokenLink,
    /// A link of an approval service that is neither https nor on this machine.
    #[error("the link's address is not secure; do not use it")]
    InsecureLink,
}
