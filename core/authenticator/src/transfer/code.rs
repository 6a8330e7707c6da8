//! The texts of the QR codes that the two phones show each other.
//!
//! ```text
//! COUNTERSIGN-MOVE: base32( version (1) | kind (1) | move (16) | … )
//! invitation, acceptance:   … public key (65)
//! relayed acceptance:       … public key (65) | service key's thumbprint (32) | service's address (up to 255)
//! accounts, receipt:        … part (2) | parts (2) | sealed (17 to 416)
//! ```
//!
//! The version is 1, and 2 for an acceptance that names a service, which an app that knows none refuses as too new.
//! Upper case throughout, so that QR codes hold it in their alphanumeric mode: 5.5 bits for each character of 5.

use std::fmt;

use countersign_protocol::{Id, Jwk};
use data_encoding::BASE32_NOPAD;

use super::{Relay, TransferError};

/// What one QR code of a move says. Nothing in it is secret: secrets in it are sealed.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransferCode {
    /// The new phone asks for accounts.
    Invitation(Greeting),
    /// The old phone takes the invitation up.
    Acceptance(Acceptance),
    /// A part of the accounts.
    Accounts(Part),
    /// A part of the new phone's receipt.
    Receipt(Part),
}

/// A phone's ephemeral key for one move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Greeting {
    /// The move.
    pub session: Id,
    /// The phone's public key.
    pub key: Jwk,
}

/// The old phone's answer to an invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Acceptance {
    /// The old phone's key.
    pub greeting: Greeting,
    /// The service that the sealed parts go over, if the old phone's owner has chosen one.
    pub relay: Option<Relay>,
}

/// One of several codes that make up a whole.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part {
    /// The move.
    pub session: Id,
    /// Which of them, from 1.
    pub number: u16,
    /// How many there are, up to [`Part::MAX_COUNT`].
    pub count: u16,
    pub(crate) sealed: Vec<u8>,
}

/// What is told apart by the second byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Invitation,
    Acceptance,
    Accounts,
    Receipt,
}

impl Part {
    /// Most parts of a whole: some 13,000 accounts.
    pub const MAX_COUNT: u16 = 4096;
    /// Bytes of the whole in each part but the last.
    pub(super) const CONTENT_BYTES: usize = 400;
    pub(super) const TAG_BYTES: usize = 16;
}

impl TransferCode {
    /// Longest text that is looked at, in bytes; no code of a move is longer.
    pub const MAX_BYTES: usize = 1024;

    /// Reads a scanned text; white space around it doesn't matter.
    ///
    /// # Errors
    ///
    /// [`TransferError::NotACode`], [`TransferError::UnknownVersion`], [`TransferError::BadCode`].
    pub fn parse(text: &str) -> Result<Self, TransferError> {
        let encoded = text.trim().strip_prefix(SCHEME).ok_or(TransferError::NotACode)?;
        if encoded.len() > Self::MAX_BYTES {
            return Err(TransferError::BadCode);
        }
        let bytes = BASE32_NOPAD.decode(encoded.as_bytes()).map_err(|_| TransferError::BadCode)?;
        let (&[version, kind], rest) = bytes.split_first_chunk::<2>().ok_or(TransferError::BadCode)?;
        if ![VERSION, RELAYED_VERSION].contains(&version) {
            return Err(TransferError::UnknownVersion);
        }
        let (&session, rest) = rest.split_first_chunk::<16>().ok_or(TransferError::BadCode)?;
        let session = Id::from_bytes(session);
        let kind = Kind::from_number(kind).ok_or(TransferError::BadCode)?;
        if version == RELAYED_VERSION {
            return Self::read_relayed(kind, session, rest);
        }
        match kind {
            Kind::Invitation => Greeting::read(session, rest).map(Self::Invitation),
            Kind::Acceptance => {
                let greeting = Greeting::read(session, rest)?;
                Ok(Self::Acceptance(Acceptance { greeting, relay: None }))
            }
            Kind::Accounts => Part::read(session, rest).map(Self::Accounts),
            Kind::Receipt => Part::read(session, rest).map(Self::Receipt),
        }
    }

    /// The text of the QR code.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut bytes;
        match self {
            Self::Invitation(greeting) | Self::Acceptance(Acceptance { greeting, relay: None }) => {
                bytes = header(VERSION, self.kind(), greeting.session).to_vec();
                bytes.extend_from_slice(&greeting.key.to_point());
            }
            Self::Acceptance(Acceptance { greeting, relay: Some(relay) }) => {
                bytes = header(RELAYED_VERSION, self.kind(), greeting.session).to_vec();
                bytes.extend_from_slice(&greeting.key.to_point());
                bytes.extend_from_slice(&relay.to_bytes());
            }
            Self::Accounts(part) | Self::Receipt(part) => {
                bytes = part_header(self.kind(), part.session, part.number, part.count).to_vec();
                bytes.extend_from_slice(&part.sealed);
            }
        }
        format!("{SCHEME}{}", BASE32_NOPAD.encode(&bytes))
    }

    const fn kind(&self) -> Kind {
        match self {
            Self::Invitation(_) => Kind::Invitation,
            Self::Acceptance(_) => Kind::Acceptance,
            Self::Accounts(_) => Kind::Accounts,
            Self::Receipt(_) => Kind::Receipt,
        }
    }

    fn read_relayed(kind: Kind, session: Id, rest: &[u8]) -> Result<Self, TransferError> {
        let (point, relay) = rest.split_first_chunk::<65>().ok_or(TransferError::BadCode)?;
        if kind != Kind::Acceptance {
            return Err(TransferError::BadCode);
        }
        let (greeting, relay) = (Greeting::read(session, point)?, Some(Relay::read(relay)?));
        Ok(Self::Acceptance(Acceptance { greeting, relay }))
    }

    pub(super) const fn session(&self) -> Id {
        match self {
            Self::Invitation(greeting) | Self::Acceptance(Acceptance { greeting, .. }) => greeting.session,
            Self::Accounts(part) | Self::Receipt(part) => part.session,
        }
    }
}

impl fmt::Debug for TransferCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({})", self.kind(), self.session())
    }
}

const SCHEME: &str = "COUNTERSIGN-MOVE:";
const VERSION: u8 = 1;
const RELAYED_VERSION: u8 = 2;

impl Kind {
    const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Invitation),
            2 => Some(Self::Acceptance),
            3 => Some(Self::Accounts),
            4 => Some(Self::Receipt),
            _ => None,
        }
    }

    const fn number(self) -> u8 {
        match self {
            Self::Invitation => 1,
            Self::Acceptance => 2,
            Self::Accounts => 3,
            Self::Receipt => 4,
        }
    }
}

impl Greeting {
    fn read(session: Id, point: &[u8]) -> Result<Self, TransferError> {
        let key = Jwk::from_point(point).map_err(|_| TransferError::BadCode)?;
        Ok(Self { session, key })
    }
}

impl Part {
    fn read(session: Id, rest: &[u8]) -> Result<Self, TransferError> {
        let (&[a, b, c, d], sealed) = rest.split_first_chunk::<4>().ok_or(TransferError::BadCode)?;
        let (number, count) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        Self::new(session, number, count, sealed.to_vec())
    }

    /// A part as it was scanned or carried, if it can be one.
    pub(crate) fn new(session: Id, number: u16, count: u16, sealed: Vec<u8>) -> Result<Self, TransferError> {
        let is_sound = (1..=count).contains(&number)
            && count <= Self::MAX_COUNT
            && (Self::TAG_BYTES + 1..=Self::TAG_BYTES + Self::CONTENT_BYTES).contains(&sealed.len());
        if is_sound { Ok(Self { session, number, count, sealed }) } else { Err(TransferError::BadCode) }
    }
}

fn header(version: u8, kind: Kind, session: Id) -> [u8; 18] {
    let mut header = [0; 18];
    header[..2].copy_from_slice(&[version, kind.number()]);
    header[2..].copy_from_slice(session.as_bytes());
    header
}

/// All that comes before a part's sealed bytes; they are sealed with it as their additional data.
pub(super) fn part_header(kind: Kind, session: Id, number: u16, count: u16) -> [u8; 22] {
    let mut bytes = [0; 22];
    bytes[..18].copy_from_slice(&header(VERSION, kind, session));
    bytes[18..20].copy_from_slice(&number.to_be_bytes());
    bytes[20..].copy_from_slice(&count.to_be_bytes());
    bytes
}
