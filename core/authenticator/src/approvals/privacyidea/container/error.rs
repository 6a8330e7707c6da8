//! What goes wrong with a container, by what can be done about it.

/// Why a container wasn't registered, synchronised, moved or left. The server's answers aren't signed: nothing is destroyed
/// on account of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ContainerError {
    /// The registration code isn't accepted: too old, replaced, altered, or with another passphrase.
    #[error(
        "the server does not accept this QR code: it is too old or was replaced, or the passphrase is wrong; \
         ask for a new one and scan that"
    )]
    CodeRefused,
    /// The code has registered a phone already.
    #[error(
        "this QR code was already used, or the server doesn't say what is wrong with it; if that wasn't you, tell \
         your organisation, then ask for a new code"
    )]
    CodeUsed,
    /// The code asks for a passphrase, and none was given.
    #[error("this QR code needs a passphrase; enter what it asks for")]
    PassphraseNeeded,
    /// The code asks for the person's own password to be sent to the server, and the person hasn't agreed to that.
    #[error(
        "the server wants your own password sent to it; agree to that only if you know that this is your \
         organisation's server"
    )]
    ConsentNeeded,
    /// There is no container of this identifier.
    #[error("there is no such container; list the containers to see which there are")]
    NoSuchContainer,
    /// The server doesn't know that this phone has the container: an administrator has ended that.
    #[error(
        "the server no longer has this container registered with a phone; its codes may still work: ask your \
         organisation, or remove the container here"
    )]
    NotRegistered,
    /// The server doesn't take this phone's signature for the container.
    #[error(
        "the server no longer takes this phone for the container: it was moved to another phone, and its codes here \
         are worth nothing then; if that wasn't you, tell your organisation"
    )]
    Moved,
    /// The server has another address than when the container was registered, and moves by the new one alone.
    #[error(
        "the server has another address now than when this container was registered, so it can't be moved from here; \
         nothing was changed and its codes still work: ask your organisation for a new QR code of the container"
    )]
    AddressChanged,
    /// The server's policy forbids it.
    #[error("the server's policy does not let a phone do that; ask your organisation")]
    Forbidden,
    /// What the server sent can't be read.
    #[error(
        "the server's list of tokens can't be read; nothing was changed: try again, or tell your organisation"
    )]
    Unreadable,
    /// Accounts of the container are in the vault, but can't be read.
    #[error(
        "some of the container's accounts can't be read, so the server isn't asked: it would make their codes anew; \
         see what is wrong with the vault first"
    )]
    AccountsDamaged,
    /// Another process has synchronised the same container meanwhile.
    #[error("the container was synchronised twice at the same time; synchronise it once more")]
    Overtaken,
    /// The server has failed.
    #[error("the server cannot answer now; try again in a moment")]
    Unavailable,
    /// Any other refusal, by the server's number.
    #[error("the server refused the request with its error {0}; tell your organisation")]
    Refused(i64),
}

impl ContainerError {
    /// A stable name for shells and scripts.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::CodeRefused => "container_code_refused",
            Self::CodeUsed => "container_code_used",
            Self::PassphraseNeeded => "container_passphrase_needed",
            Self::ConsentNeeded => "container_consent_needed",
            Self::NoSuchContainer => "container_unknown",
            Self::NotRegistered => "container_not_registered",
            Self::Moved => "container_moved",
            Self::AddressChanged => "container_address_changed",
            Self::Forbidden => "container_forbidden",
            Self::Unreadable => "container_unreadable",
            Self::AccountsDamaged => "container_accounts_damaged",
            Self::Overtaken => "container_overtaken",
            Self::Unavailable => "container_unavailable",
            Self::Refused(_) => "container_refused",
        }
    }
}
