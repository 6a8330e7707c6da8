//! The phone's side of privacyIDEA's smartphone containers, sans-IO.
//!
//! A container is a server's list of tokens for one phone. Registered by a QR code, the phone synchronises: it says which
//! of the tokens it has, and the server sends the others, each with a new secret. So whatever the phone doesn't list is
//! made anew, and its old secret is worth nothing: `inventory` is careful about what it leaves out.
//!
//! The phone proves itself by ECDSA over texts whose parts are joined by `|`. Each part that comes from elsewhere has a
//! form that can't hold one. What the server sends is encrypted, but nobody signs it: the https connection vouches for it.

mod call;
mod error;
mod inventory;
mod record;
mod reply;
mod seal;

pub(crate) use call::{LEAVE, ROLLOVER, SYNCHRONISE};
pub(crate) use call::{Passphrase, challenge_call, finalise_call, signed_call, spki_pem, synchronise_call};
pub use error::ContainerError;
pub(crate) use inventory::{Inventory, Listed, inventory_text, read_inventory};
pub(crate) use record::{ContainerRecord, Member, Policies, offer_id};
pub(crate) use reply::{Nonce, Step, Synchronised, refused};
pub(crate) use seal::SealingKey;

#[cfg(test)]
mod tests;
