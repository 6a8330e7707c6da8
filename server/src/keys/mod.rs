//! The service's keys: one master key, and everything that follows from it.
//!
//! ```text
//! master key (32 bytes, from a file or the environment; never in the database)
//!   HKDF-SHA256 "seal"    -> AES-256-GCM: signing keys and one-time-code secrets at rest
//!   HKDF-SHA256 "ticket"  -> HMAC: secret half of an enrolment ticket
//!   HKDF-SHA256 "number"  -> HMAC: the number of a sign-in
//!   HKDF-SHA256 "scan"    -> HMAC: the secret of a sign-in's QR
//!   HKDF-SHA256 "page"    -> HMAC: the key in a hosted page's address
//!   HKDF-SHA256 "source"  -> HMAC: where an attempt came from, and what a request that may be sent again asked for
//!   HKDF-SHA256 "check"   -> proves that a master key belongs to a database
//! ```
//!
//! Secrets that live for minutes are derived and not stored: a page can be shown again after a restart, and a copy of
//! the database has none of them.

mod master;
mod seal;
mod signing;

use countersign_protocol::{Id, MatchSecret, encode_base64url};
use ring::{hkdf, hmac};
use subtle::ConstantTimeEq;

pub use self::master::{ExposedKey, MasterKey, MasterKeyError, MasterKeySource};
pub(crate) use self::master::{obtain as obtain_master_key, write_private};
pub(crate) use self::seal::{SealError, Sealer};
pub(crate) use self::signing::{KeyRing, SigningKey};
use crate::secret::{SecretBytes, SecretText};

/// Everything that is derived from the master key.
pub(crate) struct Keys {
    pub(crate) sealer: Sealer,
    ticket: hmac::Key,
    number: hmac::Key,
    scan: hmac::Key,
    page: hmac::Key,
    source: hmac::Key,
    client: hmac::Key,
    check: hmac::Key,
}

/// Which hosted page a key opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum PageKind {
    /// The page that enrols a device.
    Enrolment,
    /// The page of one sign-in.
    SignIn,
}

impl Keys {
    pub(crate) fn derive(master: &MasterKey) -> Self {
        let master = hkdf::Salt::new(hkdf::HKDF_SHA256, b"countersign-server-1").extract(master.expose());
        let mac =
            |purpose: &'static str| hmac::Key::new(hmac::HMAC_SHA256, expand(&master, purpose).expose());
        Self {
            sealer: Sealer::new(&expand(&master, "seal")),
            ticket: mac("ticket"),
            number: mac("number"),
            scan: mac("scan"),
            page: mac("page"),
            source: mac("source"),
            client: mac("client"),
            check: mac("check"),
        }
    }

    /// The secret half of an enrolment's ticket.
    pub(crate) fn derive_ticket_secret(&self, enrolment: Id) -> SecretBytes<16> {
        first_16(&hmac::sign(&self.ticket, enrolment.as_bytes()))
    }

    /// The number of a sign-in, with this many decimal digits.
    pub(crate) fn derive_number(&self, sign_in: Id, digits: u8) -> SecretText {
        let tag = hmac::sign(&self.number, sign_in.as_bytes());
        // 128 bits modulo at most 10^8: the bias is below 2^-101.
        let bits = tag.as_ref().iter().take(16).fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        let number = bits % 10_u128.pow(u32::from(digits));
        SecretText::new(format!("{number:0width$}", width = usize::from(digits)))
    }

    /// The secret that the QR of a sign-in carries.
    pub(crate) fn derive_match_secret(&self, sign_in: Id) -> MatchSecret {
        MatchSecret::new(*first_16(&hmac::sign(&self.scan, sign_in.as_bytes())).expose())
    }

    /// The key in the address of a hosted page.
    pub(crate) fn derive_page_key(&self, page: PageKind, id: Id) -> SecretText {
        let mut message = [0; 17];
        message[0] = match page {
            PageKind::Enrolment => 1,
            PageKind::SignIn => 2,
        };
        message[1..].copy_from_slice(id.as_bytes());
        SecretText::new(encode_base64url(first_16(&hmac::sign(&self.page, &message)).expose()))
    }

    /// What stands for a relying party and a network in the database.
    pub(crate) fn derive_source(&self, source: &[u8]) -> [u8; 16] {
        *first_16(&hmac::sign(&self.source, &[b"source\0", source].concat())).expose()
    }

    /// What stands for a request that may be sent again, and may have a one-time code in it.
    pub(crate) fn derive_request(&self, request: &[u8]) -> [u8; 16] {
        *first_16(&hmac::sign(&self.source, &[b"request\0", request].concat())).expose()
    }

    /// A client's secret. It names its client, so that a wrong one is somebody's.
    pub(crate) fn derive_client_secret(&self, client: Id, secret: Id) -> SecretText {
        let tag = hmac::sign(&self.client, &[*client.as_bytes(), *secret.as_bytes()].concat());
        SecretText::new(format!("cs_{client}_{}", encode_base64url(tag.as_ref())))
    }

    /// What a database stores to recognise its master key by.
    pub(crate) fn derive_check(&self) -> Vec<u8> {
        hmac::sign(&self.check, b"countersign").as_ref().to_vec()
    }

    /// Whether a database with this check value belongs to this master key.
    pub(crate) fn checks(&self, stored: &[u8]) -> bool {
        self.derive_check().ct_eq(stored).into()
    }
}

#[expect(clippy::expect_used, reason = "32 bytes are within HKDF's limit of 255 hashes")]
fn expand(master: &hkdf::Prk, purpose: &'static str) -> SecretBytes<32> {
    let mut key = [0; 32];
    master
        .expand(&[purpose.as_bytes()], hkdf::HKDF_SHA256)
        .and_then(|key_material| key_material.fill(&mut key))
        .expect("HKDF gives 32 bytes");
    SecretBytes::new(key)
}

fn first_16(tag: &hmac::Tag) -> SecretBytes<16> {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(tag.as_ref()).for_each(|(byte, from)| *byte = *from);
    SecretBytes::new(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(seed: u8) -> Keys {
        Keys::derive(&MasterKey::from_bytes([seed; 32]))
    }

    #[test]
    fn derived_secrets_depend_on_master_key_purpose_and_row() {
        let (one, two) = (Id::from_bytes([1; 16]), Id::from_bytes([2; 16]));
        let ticket = keys(1).derive_ticket_secret(one);
        assert!(ticket.matches(keys(1).derive_ticket_secret(one).expose()));
        assert!(!ticket.matches(keys(1).derive_ticket_secret(two).expose()));
        assert!(!ticket.matches(keys(2).derive_ticket_secret(one).expose()));
        assert!(!ticket.matches(keys(1).derive_match_secret(one).expose_secret()));
        let page = keys(1).derive_page_key(PageKind::SignIn, one);
        assert!(!page.matches(keys(1).derive_page_key(PageKind::Enrolment, one).expose()));
    }

    #[test]
    fn numbers_have_the_digits_that_were_asked_for_and_spread_evenly() {
        let keys = keys(1);
        for digits in 2..=8 {
            let number = keys.derive_number(Id::make_random(), digits);
            assert_eq!(number.expose().len(), usize::from(digits));
            assert!(number.expose().bytes().all(|byte| byte.is_ascii_digit()));
        }
        let mut seen = [0_u32; 100];
        for index in 0..20_000_u128 {
            let number = keys.derive_number(Id::from_bytes(index.to_be_bytes()), 2);
            seen[number.expose().parse::<usize>().unwrap()] += 1;
        }
        assert!(seen.iter().all(|count| (130..=280).contains(count)), "{seen:?}");
    }

    #[test]
    fn only_the_right_master_key_checks() {
        let check = keys(1).derive_check();
        assert!(keys(1).checks(&check));
        assert!(!keys(2).checks(&check));
        assert!(!keys(1).checks(&check[1..]));
    }
}
