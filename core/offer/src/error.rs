//! Why a text is no offer.

use countersign_otp::ParametersError;

/// Why a text was refused. No variant holds any of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OfferError {
    /// Longer than [`super::Offer::MAX_BYTES`].
    #[error("the text is too long to be an offer")]
    TooLong,
    /// Nothing but white space and what can't be seen.
    #[error("the text is empty; scan or copy the code that the issuer shows for an authenticator")]
    Empty,
    /// No link of a kind that adds an account.
    #[error(
        "this is not a link that adds an account; scan the code that the issuer shows for an authenticator"
    )]
    NotAnOffer,
    /// An `otpauth://` link for another kind of code than HOTP, TOTP and Steam.
    #[error("this kind of one-time code is not supported")]
    UnsupportedType,
    /// A link of a kind that is known and not supported; its name.
    #[error("links of the kind {0} are not supported; ask the issuer for a code for any authenticator app")]
    UnsupportedScheme(&'static str),
    /// More than one link.
    #[error("the text has more than one link in it; add them one at a time, or import them as a list")]
    SeveralLinks,
    /// The text ends in the middle of a link, or of its secret.
    #[error("the end of the link is missing; scan it again or copy all of it")]
    CutShort,
    /// The name has a link or a secret in it.
    #[error("the name in the link has a secret in it, so the link is damaged; ask the issuer for a new one")]
    SecretInName,
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
    /// A link of a protocol's version that this software is older than.
    #[error(
        "this QR code is for a newer version of the app; update the app, or ask your organisation for an older kind of code"
    )]
    NewerVersion,
    /// A link of an approval service that is damaged.
    #[error("the link is damaged; ask for a new one")]
    BrokenLink,
    /// A link of an approval service that is neither https nor on this machine.
    #[error("the link's address is not secure; do not use it")]
    InsecureLink,
}

impl OfferError {
    /// A stable name for shells and scripts.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLong => "offer_too_long",
            Self::Empty => "offer_empty",
            Self::NotAnOffer => "offer_unknown",
            Self::UnsupportedType => "offer_unsupported_type",
            Self::UnsupportedScheme(_) => "offer_unsupported_scheme",
            Self::SeveralLinks => "offer_several_links",
            Self::CutShort => "offer_cut_short",
            Self::SecretInName => "offer_secret_in_name",
            Self::MissingSecret => "offer_missing_secret",
            Self::BadSecret => "offer_bad_secret",
            Self::UnsupportedAlgorithm => "offer_unsupported_algorithm",
            Self::BadNumber(_) => "offer_bad_number",
            Self::Contradiction(_) => "offer_contradiction",
            Self::Parameters(_) => "offer_bad_parameters",
            Self::BadMigration => "offer_bad_migration",
            Self::NewerVersion => "offer_newer_version",
            Self::BrokenLink => "offer_broken_link",
            Self::InsecureLink => "offer_insecure_link",
        }
    }
}
