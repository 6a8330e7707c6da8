//! Moving to a new phone, by the QR codes that the two phones show each other; no network is needed.
//!
//! `docs/transfer.md` has the steps and the format. In short: the new phone shows an invitation, the old one an
//! acceptance, and a person compares the check value that both then show. Only after that the old phone seals the chosen
//! accounts to the key that both share and shows them, in as many numbered codes as it takes. The new phone stores all of
//! them or none, reads them back, and shows a receipt; until the old phone has scanned it, it keeps everything.
//!
//! - The keys of both phones are made for one move, and everything sealed is bound to both of them.
//! - Keys that approve sign-ins never move.
//! - The sealed parts may go over an approval service instead of QR codes ([`Relay`]): it can't read them, each is opened
//!   as if a camera had seen it, and the QR codes stay the way back.
//! - Codes come in any order and as often as a camera sees them; each is authenticated by itself, so that a foreign one is
//!   refused where it is scanned. A move goes on after a crash of either phone.
//!
//! [`crate::Authenticator`] does it; [`TransferCode`] reads a scanned text.

mod carrier;
mod code;
mod content;
mod error;
mod parts;
mod record;
mod session;

pub use carrier::Relay;
pub(crate) use code::Kind;
pub use code::{Acceptance, Greeting, Part, TransferCode};
pub(crate) use content::{Receipt, is_of_this_device, proven, read, write};
pub use error::TransferError;
pub(crate) use record::{
    Peer, Proof, ReceivingRelay, SendingRelay, StoredReceiving, StoredSending, StoredTransfer, clear, codes,
    content, keep_code, load, sealed,
};
pub(crate) use session::Session;

#[cfg(test)]
mod tests;
