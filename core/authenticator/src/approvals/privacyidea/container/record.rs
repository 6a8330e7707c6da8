//! What the vault keeps of a container.

use std::collections::{BTreeMap, BTreeSet};

use countersign_protocol::{Id, ServiceUrl};
use ring::digest;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::offer::{ContainerOffer, TokenKind};
use crate::vault::{Record, RecordKind};

/// A container, under its own identifier, by which its key is named, too.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ContainerRecord {
    pub(crate) service: ServiceUrl,
    /// The server's address as it is signed.
    pub(crate) base: String,
    pub(crate) serial: String,
    pub(crate) issuer: String,
    /// This phone's public key.
    pub(crate) public_key: String,
    /// The offer that it is being registered by, until the server has said that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) offer: Option<Id>,
    /// Its tokens by their serials.
    #[serde(default)]
    pub(crate) tokens: BTreeMap<String, Member>,
    #[serde(default)]
    pub(crate) policies: Policies,
    /// Seconds of the authenticator's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) synchronised_at: Option<u64>,
    /// Counts synchronisations that were begun.
    #[serde(default)]
    pub(crate) round: u64,
    /// Tokens that two synchronisations at once may have made anew, in no known order.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) doubtful: BTreeSet<String>,
}

/// A token that this phone has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) account: Id,
    pub(crate) kind: TokenKind,
    /// Whether its secret is no longer the server's, so that it isn't listed and comes anew.
    #[serde(default)]
    pub(crate) is_stale: bool,
}

/// What the server lets a phone do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Policies {
    pub(crate) rollover: bool,
    pub(crate) no_leaving: bool,
}

impl Record for ContainerRecord {
    const KIND: RecordKind = RecordKind::Container;
}

impl ContainerRecord {
    pub(crate) fn new(offer: &ContainerOffer, public_key: String) -> Self {
        Self {
            service: offer.service.clone(),
            base: offer.base.clone(),
            serial: offer.serial.clone(),
            issuer: offer.issuer.clone(),
            public_key,
            offer: Some(offer_id(offer)),
            tokens: BTreeMap::new(),
            policies: Policies::default(),
            synchronised_at: None,
            round: 0,
            doubtful: BTreeSet::new(),
        }
    }

    /// Whether it is the same container of the same server.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.serial == other.serial && self.service.is_same_origin(&other.service)
    }

    /// Takes the place of an earlier registration of the same container. Registering anew makes all secrets anew, so what
    /// the earlier one had isn't listed, but gives way when the new one comes.
    pub(crate) fn inherit(&mut self, earlier: Self) {
        for (serial, member) in earlier.tokens {
            self.tokens.entry(serial).or_insert(Member { is_stale: true, ..member });
        }
    }
}

impl Policies {
    pub(crate) fn read(value: &Value) -> Self {
        let is_set = |name| value.get(name) == Some(&Value::Bool(true));
        Self {
            rollover: is_set("container_client_rollover"),
            no_leaving: is_set("disable_client_container_unregister"),
        }
    }
}

/// Names an offer without keeping its secret.
pub(crate) fn offer_id(offer: &ContainerOffer) -> Id {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"countersign-privacyidea-container-offer");
    context.update(offer.nonce.expose());
    let mut id = [0; 16];
    id.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
    Id::from_bytes(id)
}
