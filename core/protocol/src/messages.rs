//! The claims of every message, one type a message. `docs/protocol.md` says who sends which, and what is checked.
//!
//! Times are Unix times of the service: `iat` and `exp` in seconds (RFC 7519, section 4.1), `time` in milliseconds.
//! `re` is base64url of the SHA-256 of the request's compact JWS: it ties a reply to the one request it answers.

mod change;
pub mod paths;
mod policy;
mod problem;
mod relay;
mod replace;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::change::{Change, Changed, DeviceChange};
pub use self::policy::{Matching, Policy, PushStop, PushStopReason, StormPolicy};
pub use self::problem::{Problem, ProblemCode};
pub use self::relay::{Collect, Collected, Relay, RelayAct, Relayed, SealedPart};
pub use self::replace::{Replace, Replacement, ReplacementScan, ReplacementState};
use crate::jws::Message;
use crate::{Id, Jwk, MatchSecret, Thumbprint, Ticket};

/// Device to service: bind these keys to the account behind the ticket. Signed by the device key in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Enrol {
    /// The service's signing key, as the link named it.
    pub aud: Thumbprint,
    /// The single-use ticket of the link.
    pub ticket: Ticket,
    /// Key that needs no person: fetching, life cycle, deny, report.
    pub device_key: Jwk,
    /// Key that is released on a user check only: approve.
    pub approval_key: Jwk,
    /// Ephemeral key that the service seals the one-time-code secret to.
    pub encryption_key: Jwk,
    /// The device's name, as its owner reads it in a list.
    pub name: String,
    /// What kind of device it is.
    pub platform: Platform,
    /// Whether the private keys are in hardware that doesn't give them out.
    pub hardware_keys: bool,
    /// How to wake the device; without one it fetches by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake_up: Option<WakeUp>,
}

/// Kind of device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// An Android phone or tablet.
    Android,
    /// An iPhone or iPad.
    Ios,
    /// A computer.
    Desktop,
    /// Anything else, also what a newer version may say.
    #[serde(other)]
    Other,
}

/// A channel that can tell a device to fetch. The wake-up itself has no content. Whoever knows the address can send one,
/// so its debug text doesn't show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum WakeUp {
    /// A UnifiedPush endpoint.
    UnifiedPush {
        /// Its https address.
        endpoint: String,
    },
    /// Firebase Cloud Messaging.
    Fcm {
        /// Registration token.
        token: String,
    },
    /// Apple Push Notification service.
    Apns {
        /// Device token.
        token: String,
    },
}

impl fmt::Debug for WakeUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnifiedPush { .. } => "UnifiedPush([redacted])",
            Self::Fcm { .. } => "Fcm([redacted])",
            Self::Apns { .. } => "Apns([redacted])",
        })
    }
}

/// Service to device: the keys are bound. The device waits for its activation challenge.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Enrolled {
    /// The request that this answers.
    pub re: String,
    /// The service's time, milliseconds.
    pub time: u64,
    /// The device's identifier from here on.
    pub device: Id,
    /// Name of the organisation, shown as the account's issuer.
    pub organisation: String,
    /// Name of the person's account at the organisation.
    pub user: String,
    /// What the organisation asks for.
    pub policy: Policy,
    /// JWE to the encryption key, of [`TotpSecret`] as JSON.
    pub totp: String,
}

/// The secret of the device's own one-time codes: RFC 6238 with SHA-1.
#[derive(Serialize, Deserialize)]
pub struct TotpSecret {
    /// Shared secret, base64url.
    pub secret: String,
    /// Digits of a code.
    pub digits: u8,
    /// Seconds of a step.
    pub period: u32,
}

/// Device to service: what is there for me? Signed by the device key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fetch {
    /// The service's signing key that the device trusts; the reply is signed by it.
    pub aud: Thumbprint,
    /// The device.
    pub device: Id,
    /// Makes each request a new one.
    pub jti: Id,
    /// The device's idea of the service's time, seconds.
    pub iat: u64,
    /// Seconds to hold the reply while nothing differs from `known`; 0 replies at once.
    pub wait: u32,
    /// Open challenges that the device already holds.
    pub known: Vec<Id>,
}

/// Service to device: every open challenge, and when to ask again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delivery {
    /// The request that this answers.
    pub re: String,
    /// The service's time, milliseconds.
    pub time: u64,
    /// Milliseconds that the service held the reply back: not a part of the network's round trip.
    #[serde(default)]
    pub held: u64,
    /// Whether the device's first approval has been accepted.
    pub active: bool,
    /// All open challenges as compact JWS; one that was there and is missing was withdrawn, answered or has expired.
    pub challenges: Vec<String>,
    /// Milliseconds to leave before the next fetch; the service's way to slow devices down.
    pub next_fetch: u64,
    /// The successor of the signing key, as a compact JWS of [`KeyChange`] under the key that the device trusts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_change: Option<String>,
    /// What the organisation asks for now, in place of what it asked for at the enrolment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// That no device is asked about new sign-ins at the moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push_stop: Option<PushStop>,
    /// Devices of the account that became active after this one, oldest first, for thirty days: their owner should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub newer_devices: Vec<NewerDevice>,
}

/// A device of the same account that became active after the one that is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewerDevice {
    /// Its identifier.
    pub id: Id,
    /// Its name, as its owner gave it.
    pub name: String,
    /// When it became active, seconds.
    pub activated: u64,
}

/// Service to device: a sign-in waits for this person. Signed by the service; it never has the number in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// The device's key that it is meant for.
    pub aud: Thumbprint,
    /// The device.
    pub device: Id,
    /// 128 random bits: its name and its nonce in one.
    pub id: Id,
    /// When it was made, seconds; it isn't valid before.
    pub iat: u64,
    /// When it ends, seconds.
    pub exp: u64,
    /// What an approval does.
    pub purpose: Purpose,
    /// Which application is signed in to.
    pub application: String,
    /// Who signs in, as the organisation names them.
    pub user: String,
    /// Roughly where the sign-in comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Its network address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The browser or program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Which matchings it accepts.
    pub matching: Matching,
}

/// What an approval does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Signs the person in.
    SignIn,
    /// Makes the device active: the last step of an enrolment.
    Activation,
}

/// Device to service: the person's decision. `approve` is signed by the approval key, `deny` and `report` by either.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// The service's signing key that the device trusts.
    pub aud: Thumbprint,
    /// The device.
    pub device: Id,
    /// The challenge.
    pub challenge: Id,
    /// Base64url of the SHA-256 of the challenge's compact JWS: what was seen is what is signed.
    pub challenge_hash: String,
    /// The decision.
    pub decision: Decision,
    /// The number, as the person typed it. Only with `approve`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The scanned secret. Only with `approve`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanned: Option<MatchSecret>,
    /// That push be locked for the account until an administrator unlocks it. Only with `report`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lock: bool,
    /// How the device checked who holds it.
    pub user_check: UserCheck,
    /// The device's idea of the service's time, seconds.
    pub iat: u64,
}

/// A person's decision on a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It is me.
    Approve,
    /// Not now, or not me.
    Deny,
    /// It isn't me, and the organisation should know.
    Report,
}

/// How a device checked the person before it signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserCheck {
    /// Fingerprint or face.
    Biometric,
    /// The device's PIN, pattern or password.
    DeviceCredential,
    /// The vault's passphrase.
    Passphrase,
    /// None; all that a deny or a report needs.
    None,
}

/// Service to device: what the answer did. The same answer again gets the same receipt.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Receipt {
    /// The request that this answers.
    pub re: String,
    /// The service's time, milliseconds.
    pub time: u64,
    /// The challenge.
    pub challenge: Id,
    /// What became of it.
    pub outcome: Outcome,
    /// Numbers that may still be tried on this challenge.
    pub tries_left: u8,
    /// Whether push was locked for the account by this answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub locked: bool,
}

/// What an answer did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The sign-in succeeded, or the device is active.
    Approved,
    /// The sign-in was turned down.
    Denied,
    /// The sign-in was turned down and the organisation told.
    Reported,
    /// The number or the scanned secret was wrong. With no tries left the sign-in has failed.
    WrongMatch,
}

/// Signed by the service's old key: from now on this is the signing key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyChange {
    /// The successor.
    pub key: Jwk,
    /// When the change was made, seconds.
    pub iat: u64,
}

macro_rules! messages {
    ($($type:ty => $typ:literal),+ $(,)?) => {
        $(impl Message for $type {
            const TYP: &'static str = $typ;
        })+

        #[cfg(test)]
        const TYPES: &[&str] = &[$($typ),+];
    };
}

messages! {
    Enrol => "countersign-enrol+jws",
    Enrolled => "countersign-enrolled+jws",
    Fetch => "countersign-fetch+jws",
    Delivery => "countersign-delivery+jws",
    Challenge => "countersign-challenge+jws",
    Answer => "countersign-answer+jws",
    Receipt => "countersign-receipt+jws",
    Change => "countersign-change+jws",
    Changed => "countersign-changed+jws",
    Replace => "countersign-replace+jws",
    Replacement => "countersign-replacement+jws",
    Relay => "countersign-relay+jws",
    Relayed => "countersign-relayed+jws",
    Collected => "countersign-collected+jws",
    KeyChange => "countersign-key-change+jws",
    Problem => "countersign-problem+jws",
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_kinds_of_message_share_a_type() {
        assert_eq!(TYPES.iter().collect::<BTreeSet<_>>().len(), TYPES.len());
    }
}
