//! `otpauth://pipush/LABEL?PARAMETERS` and `pia://pipush/…`: the rollout of a push token of privacyIDEA.
//!
//! The server writes these links by a program, so the parser is strict: unknown parameters are left out, but what is
//! there must be of its form, and once. `sslverify=0` asks not to check the server's certificate; it is told and not
//! done.

use std::collections::HashMap;
use std::fmt;

use countersign_protocol::{ProtocolError, ServiceUrl};

use super::{OfferError, Unlock, label};
use crate::RsaKeySize;
use countersign_otp::Secret;

/// The offer of a push token.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PushOffer {
    /// Where the token registers, asks and answers.
    pub service: ServiceUrl,
    /// The token's serial.
    pub serial: String,
    /// Who issues it; may be empty.
    pub issuer: String,
    /// Its name, mostly the serial.
    pub name: String,
    /// Whether the offer asks not to check the server's certificate. It is checked all the same.
    pub asks_for_no_certificate_check: bool,
    /// How the server wants the person checked before each approval, if it does.
    pub unlock: Option<Unlock>,
    /// The size of a key in software, if a shell chooses one. Else the key is the phone's key store's, and where that makes
    /// no RSA keys one of the default size.
    pub key_size: Option<RsaKeySize>,
    /// The one-time secret.
    pub credential: Secret,
}

impl PushOffer {
    /// The one-time secret's digits.
    #[must_use]
    pub fn credential(&self) -> &str {
        // Hexadecimal digits, as the parser saw to.
        str::from_utf8(self.credential.expose()).unwrap_or_default()
    }
}

/// Reads what follows `otpauth://pipush` or `pia://pipush`.
pub(super) fn parse(rest: &str) -> Result<PushOffer, OfferError> {
    let (path, query) = rest.split_once('?').ok_or(OfferError::BrokenLink)?;
    let parameters = read_query(query)?;
    let find = |name: &str| parameters.get(name).map(String::as_str);
    match find("v") {
        Some("1") => {}
        Some(version) if is_newer(version) => return Err(OfferError::NewerVersion),
        _ => return Err(OfferError::BrokenLink),
    }
    let credential = find("enrollment_credential").ok_or(OfferError::MissingSecret)?;
    if !(32..=128).contains(&credential.len()) || !credential.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(OfferError::BadSecret);
    }
    let serial = find("serial").filter(|serial| is_serial(serial)).ok_or(OfferError::BrokenLink)?;
    let service = find("url").ok_or(OfferError::BrokenLink)?.parse().map_err(|error| match error {
        ProtocolError::InsecureUrl => OfferError::InsecureLink,
        _ => OfferError::BrokenLink,
    })?;
    let name = label::clean(&label::decode(path.strip_prefix('/').unwrap_or(path)));
    Ok(PushOffer {
        service,
        serial: serial.to_owned(),
        issuer: label::clean(find("issuer").unwrap_or_default()),
        name: if name.is_empty() { serial.to_owned() } else { name },
        asks_for_no_certificate_check: match find("sslverify") {
            None | Some("1") => false,
            Some("0") => true,
            Some(_) => return Err(OfferError::BrokenLink),
        },
        unlock: Unlock::read(&parameters),
        key_size: None,
        credential: Secret::from(credential.as_bytes()),
    })
}

/// Whether it is a version's number, and above 1.
fn is_newer(version: &str) -> bool {
    let is_number = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    is_number && !matches!(version.trim_start_matches('0'), "" | "1")
}

pub(super) fn read_query(query: &str) -> Result<HashMap<&str, String>, OfferError> {
    let mut parameters = HashMap::new();
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        if parameters.insert(name, label::decode(value)).is_some() {
            return Err(OfferError::BrokenLink);
        }
    }
    Ok(parameters)
}

/// A serial is a part of signed texts, so nothing else than these can be in it.
pub(super) fn is_serial(serial: &str) -> bool {
    (1..=64).contains(&serial.len())
        && serial.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// Without its secret.
impl fmt::Debug for PushOffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushOffer")
            .field("service", &self.service)
            .field("serial", &self.serial)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EnrolmentOffer, Offer};

    const LINK: &str = "otpauth://pipush/PIPU00000144?url=http%3A//127.0.0.1%3A5111/ttype/push&ttl=10\
        &issuer=privacyIDEA&enrollment_credential=6ea045275c903462317712b01142fa06d610a203&v=1&serial=PIPU00000144\
        &sslverify=1&poll_only=True";

    fn read(link: &str) -> Result<PushOffer, OfferError> {
        match Offer::parse(link)? {
            Offer::Enrolment(EnrolmentOffer::PrivacyIdea(offer)) => Ok(offer),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_link_of_either_scheme_is_read() {
        for link in [LINK.to_owned(), LINK.replace("otpauth", "pia"), LINK.replace("pipush", "PIPUSH")] {
            let offer = read(&link).unwrap();
            assert_eq!(offer.service.to_string(), "http://127.0.0.1:5111/ttype/push");
            assert_eq!((offer.serial.as_str(), offer.issuer.as_str()), ("PIPU00000144", "privacyIDEA"));
            assert!(!offer.asks_for_no_certificate_check);
            assert_eq!(offer.credential(), "6ea045275c903462317712b01142fa06d610a203");
        }
    }

    #[test]
    fn texts_are_percent_decoded_once_and_a_plus_stays() {
        let link = LINK.replace("pipush/PIPU00000144", "pipush/Ada%20+%2526");
        let offer = read(&link.replace("issuer=privacyIDEA", "issuer=A%26B%3A%20%2F")).unwrap();
        assert_eq!((offer.name.as_str(), offer.issuer.as_str()), ("Ada +%26", "A&B: /"));
    }

    #[test]
    fn a_wish_to_check_no_certificate_is_told() {
        assert!(read(&LINK.replace("sslverify=1", "sslverify=0")).unwrap().asks_for_no_certificate_check);
        assert_eq!(read(&LINK.replace("sslverify=1", "sslverify=False")), Err(OfferError::BrokenLink));
    }

    #[test]
    fn a_wish_for_a_check_of_the_person_is_read() {
        assert_eq!(read(LINK).unwrap().unlock, None);
        assert_eq!(read(&format!("{LINK}&pin=True")).unwrap().unlock, Some(Unlock::Pin));
        let both = format!("{LINK}&pin=True&app_force_unlock=biometric");
        assert_eq!(read(&both).unwrap().unlock, Some(Unlock::Biometric));
    }

    #[test]
    fn what_is_not_of_its_form_is_refused() {
        for (from, to, error) in [
            ("v=1", "v=2", OfferError::NewerVersion),
            ("v=1", "v=10", OfferError::NewerVersion),
            ("v=1", "v=99999999999999999999999", OfferError::NewerVersion),
            ("v=1", "v=0", OfferError::BrokenLink),
            ("v=1", "v=", OfferError::BrokenLink),
            ("v=1", "v=1.1", OfferError::BrokenLink),
            ("v=1", "v=-2", OfferError::BrokenLink),
            ("v=1", "v=x", OfferError::BrokenLink),
            ("&v=1", "", OfferError::BrokenLink),
            ("http%3A//127.0.0.1", "http%3A//192.0.2.1", OfferError::InsecureLink),
            ("http%3A//", "ftp%3A//", OfferError::InsecureLink),
            ("/ttype/push", "/ttype/push%3Fx=1", OfferError::BrokenLink),
            ("serial=PIPU00000144", "serial=PIPU%7C1", OfferError::BrokenLink),
            ("serial=PIPU00000144", "serial=A&serial=B", OfferError::BrokenLink),
            ("enrollment_credential=", "enrollment_credential=zz", OfferError::BadSecret),
            ("&enrollment_credential=", "&other=", OfferError::MissingSecret),
        ] {
            assert_eq!(read(&LINK.replacen(from, to, 1)), Err(error), "{to}");
        }
    }

    #[test]
    fn debug_output_has_no_secret() {
        assert!(!format!("{:?}", read(LINK).unwrap()).contains("6ea0"));
    }
}
