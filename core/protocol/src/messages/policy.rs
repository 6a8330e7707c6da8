//! What an organisation asks of an approval, and when requests rest.

use serde::{Deserialize, Serialize};

/// What the organisation asks of an approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// How a person proves to have seen the sign-in page.
    pub matching: Matching,
    /// Wrong numbers that end a sign-in, 1 to 3.
    pub tries: u8,
    /// When a device stops showing an account's requests by itself.
    #[serde(default)]
    pub storm: StormPolicy,
    /// Sealed kibibytes of a move to a new phone that the service carries; 0 for none.
    #[serde(default)]
    pub relay: u16,
}

/// Which matchings a challenge accepts. Neither means that policy asks for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matching {
    /// Number matching with this many decimal digits, 2 to 8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<u8>,
    /// Scan matching: the sign-in page's QR.
    #[serde(default)]
    pub scan: bool,
}

/// When a device stops showing an account's requests by itself, so that nobody approves one for peace and quiet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StormPolicy {
    /// Requests turned down since the last matched approval that bring a pause; 0 for no pause ever.
    pub turned_down: u16,
    /// Seconds of the first pause. Each further request that is turned down doubles it, up to a day.
    pub pause: u32,
}

impl Default for StormPolicy {
    /// Three, and a quarter of an hour: what a device goes by where its service says nothing.
    fn default() -> Self {
        Self { turned_down: 3, pause: 900 }
    }
}

/// That the service asks no device about new sign-ins to this account, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushStop {
    /// Why.
    pub reason: PushStopReason,
    /// Until when, seconds of the service's time; without it, until an administrator unlocks the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
}

/// Why a service asks no device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushStopReason {
    /// Too many sign-ins since the last that succeeded.
    Limit,
    /// A report, or an administrator, has locked push for the account.
    Lock,
    /// A reason that this version doesn't know.
    #[serde(other)]
    Unknown,
}
