//! `pia://container/SERIAL?PARAMETERS`: the registration of a smartphone container of privacyIDEA; and the links of
//! tokens that such a container brings.
//!
//! As strict as [`super::pipush`], and for the same reason. `key_algorithm` is a wish that the server doesn't hold a
//! device to: the device's own P-256 key is used, which may be in hardware.

use std::fmt;

use countersign_protocol::{ProtocolError, ServiceUrl};
use serde::{Deserialize, Serialize};

use super::pipush::{is_serial, read_query};
use super::{EnrolmentOffer, Offer, OfferError, OtpOffer, PushOffer, label};
use countersign_otp::{MovingFactor, Secret};

/// The offer of a container.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContainerOffer {
    /// The server.
    pub service: ServiceUrl,
    /// The container's serial.
    pub serial: String,
    /// Who issues it; may be empty.
    pub issuer: String,
    /// What the person is asked for, in the organisation's words, if a passphrase is needed.
    pub prompt: Option<String>,
    /// Whether that passphrase is the person's own password and is sent to the server; else it proves itself by a
    /// signature and stays here.
    pub sends_passphrase: bool,
    /// For how many minutes the code is valid from when it was made, which it doesn't say in a way that can be trusted.
    pub valid_minutes: Option<u32>,
    /// Whether the offer asks not to check the server's certificate. It is checked all the same.
    pub asks_for_no_certificate_check: bool,
    /// The server's address as the offer has it: a part of signed texts, byte for byte.
    pub base: String,
    /// The one-time secret.
    pub nonce: Secret,
    /// When it was made, as the offer has it.
    pub time: String,
}

impl ContainerOffer {
    /// The one-time secret's digits.
    #[must_use]
    pub fn nonce(&self) -> &str {
        // Hexadecimal digits, as the parser saw to.
        str::from_utf8(self.nonce.expose()).unwrap_or_default()
    }
}

/// Reads what follows `pia://container`.
pub(super) fn parse(rest: &str) -> Result<ContainerOffer, OfferError> {
    let (_label, query) = rest.split_once('?').ok_or(OfferError::BrokenLink)?;
    let parameters = read_query(query)?;
    let find = |name: &str| parameters.get(name).map(String::as_str);
    let is_true = |name: &str, absent: bool| match find(name) {
        None => Ok(absent),
        Some("True") => Ok(true),
        Some("False") => Ok(false),
        Some(_) => Err(OfferError::BrokenLink),
    };
    let nonce = find("nonce").ok_or(OfferError::MissingSecret)?;
    if !is_nonce(nonce) {
        return Err(OfferError::BadSecret);
    }
    if !find("hash_algorithm").unwrap_or("SHA256").eq_ignore_ascii_case("sha256") {
        return Err(OfferError::UnsupportedAlgorithm);
    }
    let base = find("url").ok_or(OfferError::BrokenLink)?;
    let service = base.parse().map_err(|error| match error {
        ProtocolError::InsecureUrl => OfferError::InsecureLink,
        _ => OfferError::BrokenLink,
    })?;
    let prompt = label::clean(find("passphrase").unwrap_or_default());
    Ok(ContainerOffer {
        service,
        serial: find("serial").filter(|serial| is_serial(serial)).ok_or(OfferError::BrokenLink)?.to_owned(),
        issuer: label::clean(find("issuer").unwrap_or_default()),
        sends_passphrase: is_true("send_passphrase", false)? && !prompt.is_empty(),
        prompt: (!prompt.is_empty()).then_some(prompt),
        valid_minutes: find("ttl").and_then(|minutes| minutes.parse().ok()),
        asks_for_no_certificate_check: !is_true("ssl_verify", true)?,
        base: Some(base).filter(|base| !base.contains('|')).ok_or(OfferError::BrokenLink)?.to_owned(),
        nonce: Secret::from(nonce.as_bytes()),
        time: find("time").filter(|time| is_time(time)).ok_or(OfferError::BrokenLink)?.to_owned(),
    })
}

/// Hexadecimal digits: a part of signed texts, so nothing else than these can be in it.
#[must_use]
pub fn is_nonce(nonce: &str) -> bool {
    (32..=128).contains(&nonce.len()) && nonce.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A time in ISO 8601, to be signed as it is.
#[must_use]
pub fn is_time(time: &str) -> bool {
    let is_good = |byte: u8| byte.is_ascii_digit() || b"TZ:+-. ".contains(&byte);
    (1..=64).contains(&time.len()) && time.bytes().all(is_good)
}

/// Without its secret.
impl fmt::Debug for ContainerOffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContainerOffer")
            .field("service", &self.service)
            .field("serial", &self.serial)
            .finish_non_exhaustive()
    }
}

/// What a container's token is, in the server's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(clippy::exhaustive_enums, reason = "a container's list has to say each of them")]
pub enum TokenKind {
    /// Codes by time.
    Totp,
    /// Codes by counter.
    Hotp,
    /// Codes of a day.
    DayPassword,
    /// Push.
    Push,
}

/// One token that a container brings.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a token has these three")]
pub struct TokenOffer {
    /// Its serial.
    pub serial: String,
    /// What it is.
    pub kind: TokenKind,
    /// What is in it.
    pub content: TokenContent,
}

/// What is in a container's token.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "whoever stores tokens must know every one of them")]
pub enum TokenContent {
    /// Codes.
    Codes(OtpOffer),
    /// Push.
    Push(PushOffer),
}

/// Reads the link of a container's token. Unlike one that a person scans, it has to name the token's serial.
///
/// # Errors
///
/// Why it can't be used, with its serial as far as that is known.
pub fn read_token(link: &str) -> Result<TokenOffer, (Option<String>, OfferError)> {
    let (address, query) = link.split_once('?').unwrap_or((link, ""));
    let serial = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("serial="))
        .map(label::decode)
        .filter(|serial| is_serial(serial));
    let refused = |error| (serial.clone(), error);
    let content = match Offer::parse(link).map_err(refused)? {
        Offer::Otp(offer) => TokenContent::Codes(offer),
        Offer::Enrolment(EnrolmentOffer::PrivacyIdea(offer)) => TokenContent::Push(offer),
        _ => return Err(refused(OfferError::UnsupportedType)),
    };
    let kind = match &content {
        TokenContent::Push(_) => TokenKind::Push,
        TokenContent::Codes(offer) => match offer.parameters.factor() {
            MovingFactor::Counter { .. } => TokenKind::Hotp,
            MovingFactor::Time { .. } if address.contains("://daypassword/") => TokenKind::DayPassword,
            MovingFactor::Time { .. } => TokenKind::Totp,
        },
    };
    let serial = serial.ok_or((None, OfferError::BrokenLink))?;
    Ok(TokenOffer { serial, kind, content })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "pia://container/SMPH00007BDD?issuer=privacyIDEA&ttl=10\
        &nonce=7440e149aecf020fc7f82ad578032485a3ca5514&time=2026-11-24T03%3A05%3A47.570365%2B00%3A00\
        &url=http%3A//127.0.0.1%3A5111/&serial=SMPH00007BDD&key_algorithm=secp384r1&hash_algorithm=SHA256\
        &ssl_verify=True&passphrase=&send_passphrase=False";

    fn read(link: &str) -> Result<ContainerOffer, OfferError> {
        match Offer::parse(link)? {
            Offer::Container(offer) => Ok(offer),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_link_is_read() {
        let offer = read(LINK).unwrap();
        assert_eq!((offer.serial.as_str(), offer.issuer.as_str()), ("SMPH00007BDD", "privacyIDEA"));
        assert_eq!(offer.service.to_string(), "http://127.0.0.1:5111");
        // As the server writes them, since they are signed.
        assert_eq!(
            (offer.base.as_str(), offer.time.as_str()),
            ("http://127.0.0.1:5111/", "2026-11-24T03:05:47.570365+00:00")
        );
        assert_eq!((offer.prompt, offer.sends_passphrase), (None, false));
        assert_eq!((offer.valid_minutes, offer.asks_for_no_certificate_check), (Some(10), false));
    }

    #[test]
    fn what_becomes_of_a_passphrase_is_told() {
        let asked = LINK.replace("passphrase=&", "passphrase=Pet%3F&");
        let offer = read(&asked).unwrap();
        assert_eq!((offer.prompt.as_deref(), offer.sends_passphrase), (Some("Pet?"), false));
        let offer = read(&asked.replace("send_passphrase=False", "send_passphrase=True")).unwrap();
        assert!(offer.sends_passphrase);
        // Without a prompt nobody is asked, so nothing is sent.
        assert!(
            !read(&LINK.replace("send_passphrase=False", "send_passphrase=True")).unwrap().sends_passphrase
        );
    }

    #[test]
    fn what_is_not_of_its_form_is_refused() {
        for (from, to, error) in [
            ("http%3A//127.0.0.1", "http%3A//192.0.2.1", OfferError::InsecureLink),
            ("5111/", "5111/a%7Cb", OfferError::BrokenLink),
            ("5111/", "5111/%3Fx=1", OfferError::BrokenLink),
            ("&serial=SMPH00007BDD", "&serial=SMPH%7C1", OfferError::BrokenLink),
            ("&serial=SMPH00007BDD", "&serial=A&serial=B", OfferError::BrokenLink),
            ("nonce=", "nonce=zz", OfferError::BadSecret),
            ("&nonce=", "&other=", OfferError::MissingSecret),
            ("time=", "time=%7C", OfferError::BrokenLink),
            ("SHA256", "SHA1", OfferError::UnsupportedAlgorithm),
            ("ssl_verify=True", "ssl_verify=0", OfferError::BrokenLink),
            ("send_passphrase=False", "send_passphrase=no", OfferError::BrokenLink),
        ] {
            assert_eq!(read(&LINK.replacen(from, to, 1)), Err(error), "{to}");
        }
        assert!(
            read(&LINK.replace("ssl_verify=True", "ssl_verify=False")).unwrap().asks_for_no_certificate_check
        );
    }

    #[test]
    fn debug_output_has_no_secret() {
        assert!(!format!("{:?}", read(LINK).unwrap()).contains("7440e1"));
    }

    #[test]
    fn a_token_of_a_container_names_its_serial_and_kind() {
        for (link, kind) in [
            ("otpauth://totp/T?secret=JBSWY3DPEHPK3PXP&period=30&serial=S1", TokenKind::Totp),
            ("otpauth://hotp/T?serial=S1&secret=JBSWY3DPEHPK3PXP&counter=1", TokenKind::Hotp),
            ("otpauth://daypassword/T?secret=JBSWY3DPEHPK3PXP&serial=S1", TokenKind::DayPassword),
        ] {
            let token = read_token(link).map_err(|(_, error)| error).unwrap();
            assert_eq!((token.serial.as_str(), token.kind), ("S1", kind), "{link}");
        }
        let refused = |link| read_token(link).err().unwrap();
        assert_eq!(refused("otpauth://totp/T?secret=JBSWY3DPEHPK3PXP"), (None, OfferError::BrokenLink));
        assert_eq!(
            refused("otpauth://totp/T?secret=JBSWY3DPEHPK3PXP&2step_salt=8&serial=S1"),
            (Some("S1".into()), OfferError::UnsupportedType)
        );
        assert_eq!(refused(LINK).1, OfferError::UnsupportedType);
    }
}
