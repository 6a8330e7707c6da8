//! Why nothing is believed of what another issuer has signed.

/// Why a token was refused. No error holds anything of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ForeignError {
    #[error("it is too long")]
    TooLong,
    #[error("its {0} is missing, malformed or there twice")]
    Malformed(&'static str),
    /// Neither RS256 nor ES256, not what the client takes, or not what the key is for.
    #[error("it is signed by an algorithm that isn't accepted")]
    Algorithm,
    /// It has a header that must be understood (RFC 7515, section 4.1.11). None is.
    #[error("it asks for an extension that isn't understood")]
    Critical,
    #[error("its issuer isn't one of the client's")]
    Issuer,
    #[error("it was made for somebody else")]
    Audience,
    #[error("it is too old")]
    Expired,
    #[error("it is from the future")]
    NotYet,
    #[error("its issuer has no such key")]
    UnknownKey,
    #[error("its signature doesn't verify")]
    Signature,
    #[error("its issuer's keys can't be had: {0}")]
    Unavailable(FetchError),
}

/// Why an issuer's metadata or keys couldn't be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("it can't be reached")]
    Unreachable,
    #[error("it takes too long")]
    TimeOut,
    /// A redirect is one of these: none is followed.
    #[error("it answers with another status than 200")]
    Status,
    #[error("it sends too much")]
    TooLong,
    #[error("its metadata isn't usable")]
    Metadata,
    #[error("its metadata belongs to another issuer")]
    Issuer,
    #[error("its keys aren't usable")]
    Keys,
}

impl ForeignError {
    /// As the audit log has it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::TooLong => "token_too_long",
            Self::Malformed(_) => "token_malformed",
            Self::Algorithm => "token_algorithm",
            Self::Critical => "token_critical",
            Self::Issuer => "token_issuer",
            Self::Audience => "token_audience",
            Self::Expired => "token_expired",
            Self::NotYet => "token_not_yet",
            Self::UnknownKey => "token_key_unknown",
            Self::Signature => "token_signature",
            Self::Unavailable(_) => "issuer_unavailable",
        }
    }
}
