//! What core and service share: the wire types of the approval protocol and the envelopes they travel in.
//!
//! Nothing here decides anything. [`messages`] holds the claims of every message, [`jws`] and [`jwe`] the compact
//! envelopes (RFC 7515, RFC 7516), [`jwk`] the public keys, [`link`] the two links that people scan, [`name`] what a
//! name may be. Both sides are described in full in `docs/protocol.md`.

pub mod check;
mod encoding;
mod error;
mod id;
pub mod json;
pub mod jwe;
pub mod jwk;
pub mod jws;
pub mod limits;
pub mod link;
pub mod mailbox;
pub mod messages;
pub mod name;

pub use check::CheckValue;
pub use encoding::{decode_base64url, encode_base64url, sha256_base64url};
pub use error::ProtocolError;
pub use id::Id;
pub use jwk::{Jwk, Thumbprint};
pub use link::{EnrolmentLink, MatchLink, MatchSecret, ServiceUrl, Ticket, has_plain_host};
pub use mailbox::{MailboxId, MailboxName};
pub use name::NameError;
