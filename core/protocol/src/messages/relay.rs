//! A move to a new phone over the service, which carries sealed parts and can't read them (`docs/transfer.md`).

use serde::{Deserialize, Serialize};

use crate::mailbox::{MailboxId, MailboxName};
use crate::{Id, Thumbprint};

/// Device to service: what the old phone does with the mailbox of its move. Signed by the device key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Relay {
    /// The service's signing key that the device trusts.
    pub aud: Thumbprint,
    /// The device.
    pub device: Id,
    /// Makes each request a new one.
    pub jti: Id,
    /// The device's idea of the service's time, seconds.
    pub iat: u64,
    /// The mailbox. The old phone doesn't tell its name.
    pub mailbox: MailboxId,
    /// What is done.
    pub act: RelayAct,
}

/// What the old phone does with a mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum RelayAct {
    /// Puts parts in. The first such request opens the mailbox.
    Put {
        /// How many parts there are in all, up to [`crate::limits::MAX_MOVE_PARTS`].
        count: u16,
        /// Number of the first of these, from 1.
        first: u16,
        /// Sealed parts that follow each other, up to [`crate::limits::MAX_PARTS_IN_MESSAGE`].
        parts: Vec<SealedPart>,
    },
    /// Asks for the receipt.
    Look,
    /// Ends the mailbox: nothing of it is left.
    End,
}

/// Service to device: how the mailbox stands after the request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Relayed {
    /// The request that this answers.
    pub re: String,
    /// The service's time, milliseconds.
    pub time: u64,
    /// Number of the first part that isn't in it; one more than there are once all are. 1 without a mailbox.
    pub next: u16,
    /// The receipt's sealed parts, once the new phone has left it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub receipt: Vec<SealedPart>,
}

/// New phone to service: what is in the mailbox? It has no key here and isn't known: this is plain JSON, and what it may
/// do comes from the name alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Collect {
    /// The service's signing key that the acceptance names; the reply is signed by it.
    pub aud: Thumbprint,
    /// The mailbox's name.
    pub name: MailboxName,
    /// Number of the first part that is wanted, from 1.
    pub first: u16,
    /// The receipt's sealed parts, once there is one. The first that is left stays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub receipt: Vec<SealedPart>,
}

/// Service to new phone: some of the parts. One and the same for a mailbox that isn't there yet, has ended, or never was.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Collected {
    /// The request that this answers.
    pub re: String,
    /// The service's time, milliseconds.
    pub time: u64,
    /// How many parts there are in all; 0 while there is nothing.
    pub count: u16,
    /// Parts from the one that was asked for on, up to [`crate::limits::MAX_PARTS_IN_MESSAGE`].
    pub parts: Vec<SealedPart>,
    /// Whether the receipt of this request is what the old phone will be given.
    #[serde(default)]
    pub is_left: bool,
}

/// The sealed bytes of one part, base64url. Who can't open them learns their number alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedPart(#[serde(with = "crate::encoding::as_base64url")] pub Vec<u8>);
