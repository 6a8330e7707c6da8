//! An account: what a person sees in the list, with its codes, its approvals, or both; and how the vault keeps it.

mod plain;
mod records;
mod stored;

use countersign_protocol::Id;

use crate::approvals::Binding;
use crate::offer::IssuedToken;
use crate::otp::OtpParameters;

/// One account of a person at one issuer.
///
/// Its identity is the random [`Account::id`] alone: two accounts of the same issuer and name live side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// Random and never reused.
    pub id: Id,
    /// Who issued it, for people; may be empty.
    pub issuer: String,
    /// Whose it is, for people: mostly an e-mail address or a user name; may be empty.
    pub name: String,
    /// What its one-time codes are made from, if it has codes.
    pub otp: Option<OtpParameters>,
    /// Its approval service, if it takes approvals. Boxed: most accounts have none, and a list of 10,000 is read a
    /// quarter faster.
    pub binding: Option<Box<Binding>>,
    /// When it was added, in Unix seconds.
    pub created_at: u64,
    /// When it was put in the trash, in Unix seconds, if it is there.
    pub trashed_at: Option<u64>,
    /// Which token of its server it is, if its link said so. Boxed, as its binding is.
    pub token: Option<Box<IssuedToken>>,
    /// When a new phone has proven to hold it, in Unix seconds, if one has. Codes from a counter are made there alone.
    pub moved_at: Option<u64>,
}

impl Account {
    /// A new account under a new random identifier, with neither codes nor approvals yet.
    #[must_use]
    pub fn new(issuer: impl Into<String>, name: impl Into<String>, created_at: u64) -> Self {
        Self {
            id: Id::make_random(),
            issuer: issuer.into(),
            name: name.into(),
            otp: None,
            binding: None,
            created_at,
            trashed_at: None,
            token: None,
            moved_at: None,
        }
    }
}
