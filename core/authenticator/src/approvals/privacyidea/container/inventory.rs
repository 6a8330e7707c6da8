//! The two lists of a synchronisation: what the phone has, and what the server makes of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::ContainerError;
use crate::offer::{OfferError, TokenKind, TokenOffer, read_token};

/// A token that the phone has, as it tells the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Listed {
    pub(crate) serial: String,
    #[serde(rename = "tokentype")]
    pub(crate) kind: TokenKind,
}

/// The document that is sent, and signed as it is.
pub(crate) fn inventory_text(serial: &str, tokens: &[Listed]) -> String {
    serde_json::json!({ "container_serial": serial, "type": "smartphone", "tokens": tokens }).to_string()
}

/// What the server says there is.
pub(crate) struct Inventory {
    /// Tokens that weren't listed, each with a new secret.
    pub(crate) added: Vec<TokenOffer>,
    /// Tokens that came in a form that can't be used, by their serials if they have any.
    pub(crate) refused: Vec<(Option<String>, OfferError)>,
    /// Tokens that were listed and are in the container, and the counters of those that have one.
    pub(crate) kept: BTreeMap<String, Option<u64>>,
    /// Tokens that can't come, since another machine holds codes of theirs for when it is offline.
    pub(crate) offline: Vec<String>,
}

/// Most tokens that one container may bring: a record of the vault holds them all.
const MAX_TOKENS: usize = 200;

#[derive(Deserialize)]
struct Wire {
    container: WireContainer,
    tokens: WireTokens,
}

#[derive(Deserialize)]
struct WireContainer {
    serial: String,
}

#[derive(Deserialize)]
struct WireTokens {
    add: Vec<String>,
    update: Vec<WireUpdate>,
    #[serde(default)]
    offline: Vec<String>,
}

#[derive(Deserialize)]
struct WireUpdate {
    serial: String,
    #[serde(default)]
    counter: Option<u64>,
}

/// Reads the decrypted answer. What isn't the whole list, or names a token twice, isn't read in part: what it leaves out
/// would be taken for removed.
pub(crate) fn read_inventory(text: &[u8], serial: &str) -> Result<Inventory, ContainerError> {
    let wire: Wire = serde_json::from_slice(text).map_err(|_| ContainerError::Unreadable)?;
    let WireTokens { add, update, offline } = wire.tokens;
    let links = Zeroizing::new(add);
    if wire.container.serial != serial || links.len() + update.len() + offline.len() > MAX_TOKENS {
        return Err(ContainerError::Unreadable);
    }
    let (mut added, mut refused) = (Vec::new(), Vec::new());
    for link in links.iter() {
        match read_token(link) {
            Ok(token) => added.push(token),
            Err(reason) => refused.push(reason),
        }
    }
    let count = update.len();
    let kept: BTreeMap<_, _> = update.into_iter().map(|token| (token.serial, token.counter)).collect();
    let mut serials: BTreeSet<&str> = kept.keys().map(String::as_str).collect();
    let is_new = added.iter().all(|token| serials.insert(&token.serial));
    if !is_new || kept.len() != count {
        return Err(ContainerError::Unreadable);
    }
    Ok(Inventory { added, refused, kept, offline })
}
