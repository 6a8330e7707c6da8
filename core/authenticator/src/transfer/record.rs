//! A move under way, as the vault keeps it: whatever ends the process, the move goes on where it was.

use std::ops::RangeInclusive;

use countersign_protocol::jwe::EncryptionKey;
use countersign_protocol::messages::SealedPart;
use countersign_protocol::{Id, Jwk};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::TransferError;
use super::carrier::Relay;
use super::code::{Acceptance, Greeting, Kind, Part, TransferCode};
use super::parts::Parts;
use super::session::Session;
use crate::vault::{Record, RecordKind, Transaction, VaultError};
use crate::{Error, Secret};

/// The records of a move: one with its state, and one for each of its codes.
#[derive(Serialize, Deserialize)]
pub(crate) enum StoredTransfer {
    Receiving(StoredReceiving),
    Sending(StoredSending),
    /// The text of a code, as it is shown or was scanned.
    Code(String),
}

impl Record for StoredTransfer {
    const KIND: RecordKind = RecordKind::Transfer;
}

/// The new phone's side.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredReceiving {
    pub(crate) session: Id,
    #[serde(with = "crate::vault::sealed_secret")]
    private: Secret,
    /// Who has answered, and the check value with it.
    pub(crate) peer: Option<Peer>,
    pub(crate) accounts: Parts,
    /// How many codes the receipt has, once there is one.
    pub(crate) receipt: Option<u16>,
    /// The service that the acceptance has named.
    #[serde(default)]
    pub(crate) relay: Option<ReceivingRelay>,
}

/// A service that carries the move to this phone.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ReceivingRelay {
    pub(crate) via: Relay,
    /// Whether it has taken the receipt.
    pub(crate) is_left: bool,
}

/// The old phone's side.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredSending {
    pub(crate) session: Id,
    #[serde(with = "crate::vault::sealed_secret")]
    private: Secret,
    pub(crate) peer: Peer,
    /// How many codes the accounts have, once they are sealed.
    pub(crate) accounts: Option<u16>,
    pub(crate) receipt: Parts,
    /// What the receipt has proven.
    pub(crate) proven: Option<Proof>,
    /// The service that the acceptance names.
    #[serde(default)]
    pub(crate) relay: Option<SendingRelay>,
}

/// A service that carries the move from this phone.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SendingRelay {
    pub(crate) via: Relay,
    /// Whose device key signs.
    pub(crate) account: Id,
    /// Whether it has all parts.
    pub(crate) is_put: bool,
    /// Whether its mailbox was ended.
    pub(crate) is_ended: bool,
}

/// What the new phone has proven to hold.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Proof {
    /// How many accounts.
    pub(crate) held: u64,
    /// Of how many.
    pub(crate) sent: u64,
    /// Accounts that have given out codes since they were sent.
    pub(crate) ahead: Vec<Id>,
}

/// The phone at the other end.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Peer {
    pub(crate) key: Jwk,
    pub(crate) check_value: String,
}

impl StoredReceiving {
    /// The move that this phone receives.
    pub(crate) fn load(tx: &mut Transaction<'_>) -> Result<Self, Error> {
        match load(tx)? {
            Some(StoredTransfer::Receiving(state)) => Ok(state),
            Some(_) => Err(TransferError::UnderWay.into()),
            None => Err(TransferError::NotUnderWay.into()),
        }
    }

    pub(crate) fn save(&self, tx: &mut Transaction<'_>) -> Result<(), VaultError> {
        tx.put(STATE, &StoredTransfer::Receiving(self.clone()))
    }

    pub(crate) fn make() -> Self {
        Self {
            session: Id::make_random(),
            private: private_of(&EncryptionKey::make_random()),
            peer: None,
            accounts: Parts::default(),
            receipt: None,
            relay: None,
        }
    }

    pub(crate) fn invitation(&self) -> Result<String, TransferError> {
        let key = own_key(&self.private)?.public();
        Ok(TransferCode::Invitation(Greeting { session: self.session, key }).to_text())
    }

    /// What it shares with the phone that has this key.
    pub(crate) fn session_with(&self, old: &Jwk) -> Result<Session, TransferError> {
        Session::of_new_phone(self.session, &own_key(&self.private)?, old)
    }

    pub(crate) fn session(&self) -> Result<Session, TransferError> {
        self.session_with(&self.peer.as_ref().ok_or(TransferError::OutOfTurn)?.key)
    }
}

impl StoredSending {
    /// The move that this phone sends.
    pub(crate) fn load(tx: &mut Transaction<'_>) -> Result<Self, Error> {
        match load(tx)? {
            Some(StoredTransfer::Sending(state)) => Ok(state),
            Some(_) => Err(TransferError::UnderWay.into()),
            None => Err(TransferError::NotUnderWay.into()),
        }
    }

    pub(crate) fn save(&self, tx: &mut Transaction<'_>) -> Result<(), VaultError> {
        tx.put(STATE, &StoredTransfer::Sending(self.clone()))
    }

    /// Whether it answers this invitation.
    pub(crate) fn answers(&self, invitation: &Greeting) -> bool {
        self.session == invitation.session && self.peer.key == invitation.key
    }

    /// Answers an invitation. Takes some 0.2 s for the check value.
    pub(crate) fn make(invitation: &Greeting) -> Result<Self, Error> {
        let own = EncryptionKey::make_random();
        let session = Session::of_old_phone(invitation.session, &own, &invitation.key)?;
        let check_value = session.check_value()?.to_string();
        Ok(Self {
            session: invitation.session,
            private: private_of(&own),
            peer: Peer { key: invitation.key, check_value },
            accounts: None,
            receipt: Parts::default(),
            proven: None,
            relay: None,
        })
    }

    pub(crate) fn acceptance(&self) -> Result<String, TransferError> {
        let greeting = Greeting { session: self.session, key: own_key(&self.private)?.public() };
        let relay = self.relay.as_ref().map(|relay| relay.via.clone());
        Ok(TransferCode::Acceptance(Acceptance { greeting, relay }).to_text())
    }

    pub(crate) fn session(&self) -> Result<Session, TransferError> {
        Session::of_old_phone(self.session, &own_key(&self.private)?, &self.peer.key)
    }
}

fn private_of(key: &EncryptionKey) -> Secret {
    Secret::from(key.to_bytes().as_slice())
}

fn own_key(private: &Secret) -> Result<EncryptionKey, TransferError> {
    EncryptionKey::from_bytes(private.expose()).map_err(|_| TransferError::BadCode)
}

/// The move under way, if there is one.
pub(crate) fn load(tx: &mut Transaction<'_>) -> Result<Option<StoredTransfer>, VaultError> {
    tx.get(STATE)
}

/// Keeps the text of a code.
pub(crate) fn keep_code(
    tx: &mut Transaction<'_>,
    kind: Kind,
    number: u16,
    text: &str,
) -> Result<(), VaultError> {
    tx.put(code_id(kind, number), &StoredTransfer::Code(text.to_owned()))
}

/// The codes of a kind, in order.
pub(crate) fn codes(tx: &mut Transaction<'_>, kind: Kind, count: u16) -> Result<Vec<String>, Error> {
    (1..=count).map(|number| code(tx, kind, number)).collect()
}

/// The sealed bytes of some codes of a kind, in order.
pub(crate) fn sealed(
    tx: &mut Transaction<'_>,
    kind: Kind,
    numbers: RangeInclusive<u16>,
) -> Result<Vec<SealedPart>, Error> {
    numbers.map(|number| Ok(SealedPart(part(&code(tx, kind, number)?)?.sealed))).collect()
}

/// What is sealed in all codes of a kind.
pub(crate) fn content(
    tx: &mut Transaction<'_>,
    session: &Session,
    kind: Kind,
    count: Option<u16>,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let codes = codes(tx, kind, count.unwrap_or_default())?;
    let mut content = Zeroizing::new(Vec::with_capacity(codes.len() * Part::CONTENT_BYTES));
    for code in &codes {
        content.extend_from_slice(&session.open(kind, &part(code)?)?);
    }
    Ok(content)
}

fn code(tx: &mut Transaction<'_>, kind: Kind, number: u16) -> Result<String, Error> {
    match tx.get(code_id(kind, number))? {
        Some(StoredTransfer::Code(text)) => Ok(text),
        _ => Err(VaultError::NotFound { kind: RecordKind::Transfer, id: code_id(kind, number) }.into()),
    }
}

fn part(code: &str) -> Result<Part, TransferError> {
    match TransferCode::parse(code)? {
        TransferCode::Accounts(part) | TransferCode::Receipt(part) => Ok(part),
        _ => Err(TransferError::Altered),
    }
}

/// Forgets the move and all its codes.
pub(crate) fn clear(tx: &mut Transaction<'_>) -> Result<(), VaultError> {
    let listing = tx.list::<StoredTransfer>()?;
    let ids = listing.items.iter().map(|(id, _)| *id).chain(listing.damaged);
    ids.collect::<Vec<_>>().into_iter().try_for_each(|id| tx.delete::<StoredTransfer>(id))
}

/// The record of a move's state.
const STATE: Id = Id::from_bytes([0; 16]);

fn code_id(kind: Kind, number: u16) -> Id {
    let mut id = [0; 16];
    id[0] = match kind {
        Kind::Receipt => 4,
        _ => 3,
    };
    id[14..].copy_from_slice(&number.to_be_bytes());
    Id::from_bytes(id)
}
