//! A sign-in that waits for the person, whatever protocol it came by.

use countersign_protocol::Id;
use countersign_protocol::messages::{self, Purpose};

/// A sign-in that waits for the person, as a shell shows it. All of it was signed by the service; show all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApprovalRequest {
    /// Names the request in answers.
    pub id: Id,
    /// The account that it is for.
    pub account: Id,
    /// The organisation that asks.
    pub organisation: String,
    /// Whether it signs in or activates this device.
    pub purpose: Purpose,
    /// Which application is signed in to.
    pub application: String,
    /// Who signs in.
    pub user: String,
    /// Roughly where the sign-in comes from.
    pub place: Option<String>,
    /// Its network address.
    pub ip: Option<String>,
    /// The browser or program.
    pub client: Option<String>,
    /// What a server that has none of these fields says about the sign-in, as free text. Empty when it should have said
    /// something and didn't: a shell tells the person so. `None` for services whose fields say it all.
    pub message: Option<String>,
    /// How the person proves to have seen the sign-in page.
    pub matching: Matching,
    /// Whether a report reaches the organisation; without it, [`crate::Authenticator::report`] denies.
    pub can_report: bool,
    /// Whether a report can ask the service to lock push for the account ([`crate::TurnDown::ReportAndLock`]).
    pub can_lock: bool,
    /// Whether the service can be told that a sign-in which is turned down was the person's own
    /// ([`crate::TurnDown::Cancel`]); without it, that denies.
    pub can_cancel: bool,
    /// When it was made, Unix seconds of the time that [`crate::Authenticator::clock_status`] tells.
    pub issued_at: u64,
    /// When it ends, by the same time. Where the service doesn't tell, two minutes after it was first seen.
    pub expires_at: u64,
}

/// What an approval needs. With none of the three, policy asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "shells make them in their tests")]
pub struct Matching {
    /// The number on the page, of this many decimal digits, 2 to 8.
    pub digits: Option<u8>,
    /// The sign-in page's QR.
    pub scan: bool,
    /// One of these, in this order: the one that the page shows. One choice is all that a request takes.
    pub options: Vec<String>,
}

impl Matching {
    /// Whether policy asks for nothing.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.digits.is_none() && !self.scan && self.options.is_empty()
    }
}

impl From<messages::Matching> for Matching {
    fn from(matching: messages::Matching) -> Self {
        Self { digits: matching.digits, scan: matching.scan, options: Vec::new() }
    }
}
