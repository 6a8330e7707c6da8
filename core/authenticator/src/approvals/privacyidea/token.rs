//! What a push token keeps in the vault: its private key, or where that is, and which challenges it has seen.

use std::collections::BTreeMap;

use countersign_protocol::{Id, sha256_base64url};
use serde::{Deserialize, Serialize};

use crate::Secret;
use crate::vault::{Record, RecordKind};

/// The record of a push token, under its account's identifier.
///
/// Challenges say neither when they were made nor how often one may try, so the phone keeps both itself: also after a
/// restart an old one isn't shown again, and a second choice isn't sent.
#[derive(Serialize, Deserialize)]
pub(crate) struct PushToken {
    pub(crate) key: PushKey,
    seen: BTreeMap<Id, Seen>,
}

/// Where the private key of a push token is.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PushKey {
    /// Here: `RSAPrivateKey` (RFC 8017, appendix A.1.2).
    Software(#[serde(with = "crate::vault::sealed_secret")] Secret),
    /// In the platform's key store, under this name in place of an account: a new key has another name than the one that
    /// it replaces, so that both are there until the server has taken it.
    Platform(Id),
}

/// A challenge that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// When it came first, seconds of the authenticator's time.
    pub(crate) at: u64,
    /// The option that was sent, if one was, by its [`choice_mark`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) choice: Option<String>,
    /// Whether it is over for this phone, whatever the server still lists.
    #[serde(default)]
    pub(crate) over: bool,
    /// Whether an answer was sent, and its reply has yet to come.
    #[serde(default)]
    pub(crate) sent: bool,
}

/// How a choice is remembered: the option itself, or its hash if that is shorter, so that the record stays small.
pub(crate) fn choice_mark(option: &str) -> String {
    if option.len() <= 64 { option.to_owned() } else { sha256_base64url(option) }
}

impl Record for PushToken {
    const KIND: RecordKind = RecordKind::PushToken;
}

impl PushToken {
    pub(crate) const fn new(key: PushKey) -> Self {
        Self { key, seen: BTreeMap::new() }
    }

    /// Whether an answer to this challenge was sent whose reply never came.
    pub(crate) fn is_unconfirmed(&self, challenge: Id) -> bool {
        self.seen.get(&challenge).is_some_and(|seen| seen.sent && !seen.over)
    }

    /// Challenges that were seen since, to which an answer was sent whose reply never came.
    pub(crate) fn unconfirmed_since(&self, moment: u64) -> impl Iterator<Item = Id> {
        let unconfirmed = move |seen: &Seen| seen.sent && !seen.over && seen.at >= moment;
        self.seen.iter().filter(move |(_, seen)| unconfirmed(seen)).map(|(id, _)| *id)
    }

    /// How many challenges are known.
    pub(crate) fn count(&self) -> usize {
        self.seen.len()
    }

    /// What is known of a challenge; one that wasn't seen yet is seen `now`. The oldest are forgotten beyond [`MAX_SEEN`].
    pub(crate) fn see(&mut self, challenge: Id, now: u64) -> &mut Seen {
        while self.seen.len() >= MAX_SEEN && !self.seen.contains_key(&challenge) {
            let oldest = self.seen.iter().min_by_key(|(_, seen)| seen.at).map(|(id, _)| *id);
            oldest.and_then(|id| self.seen.remove(&id));
        }
        self.seen.entry(challenge).or_insert(Seen { at: now, choice: None, over: false, sent: false })
    }
}

/// A record holds 64 KiB; this is some 20.
const MAX_SEEN: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u16) -> Id {
        let mut bytes = [0; 16];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        Id::from_bytes(bytes)
    }

    #[test]
    fn a_challenge_keeps_the_time_of_its_first_sight() {
        let mut token = PushToken::new(PushKey::Software(Secret::new(Vec::new())));
        token.see(id(1), 10).over = true;
        assert_eq!(*token.see(id(1), 20), Seen { at: 10, choice: None, over: true, sent: false });
    }

    #[test]
    fn the_oldest_are_forgotten_and_the_record_stays_small() {
        let mut token = PushToken::new(PushKey::Software(Secret::new(vec![7; 2400])));
        for number in 0..300 {
            token.see(id(number), u64::from(number)).choice = Some(choice_mark(&"x".repeat(200)));
        }
        assert_eq!(token.count(), MAX_SEEN);
        assert!(!token.seen.contains_key(&id(99)) && token.seen.contains_key(&id(100)));
        assert!(rmp_serde::to_vec_named(&token).unwrap().len() < 48 * 1024);
    }
}
