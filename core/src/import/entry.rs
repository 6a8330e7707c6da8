//! From the loosely typed fields of other apps to an offer, or a typed refusal.

use data_encoding::BASE64;
use zeroize::Zeroizing;

use super::error::{EntryError, ImportError};
use super::json::Json;
use crate::Secret;
use crate::offer::{Offer, OfferError, OtpOffer, algorithm_named, clean_label, decode_base32};
use crate::otp::{Algorithm, CodeFormat, MovingFactor, OtpParameters};

/// One entry of an export: what can be added, or who it is for and why it can't.
pub(super) type Entry = Result<OtpOffer, RefusedEntry>;

/// An entry that can't be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RefusedEntry {
    pub(super) issuer: String,
    pub(super) name: String,
    pub(super) reason: EntryError,
}

/// What kind of codes an entry has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Time,
    Counter,
    Steam,
}

impl Kind {
    /// By the name that nearly all formats use, in any case.
    pub(super) fn named(name: &str) -> Result<Self, OfferError> {
        match name.to_ascii_lowercase().as_str() {
            "totp" | "" => Ok(Self::Time),
            "hotp" => Ok(Self::Counter),
            "steam" => Ok(Self::Steam),
            _ => Err(OfferError::UnsupportedType),
        }
    }
}

/// The fields of an entry, as far as they could be read.
pub(super) struct Fields {
    pub(super) kind: Kind,
    pub(super) secret: Secret,
    pub(super) algorithm: Algorithm,
    pub(super) digits: Option<u64>,
    pub(super) period: Option<u64>,
    pub(super) counter: Option<u64>,
}

impl Fields {
    /// From the texts of an entry, and the object in which its numbers have the names that nearly all formats use.
    pub(super) fn read(
        numbers: &Json,
        kind: &str,
        secret: &str,
        algorithm: &str,
    ) -> Result<Self, EntryError> {
        Ok(Self {
            kind: Kind::named(kind)?,
            secret: base32(secret)?,
            algorithm: algorithm_of(algorithm)?,
            digits: numbers.number("digits")?,
            period: numbers.number("period")?,
            counter: numbers.number("counter")?,
        })
    }

    fn into_parameters(self) -> Result<OtpParameters, EntryError> {
        let bad = OfferError::BadNumber;
        let digits = u8::try_from(self.digits.unwrap_or(6)).map_err(|_| bad("digits"))?;
        let factor = match self.kind {
            Kind::Counter => MovingFactor::Counter { next: self.counter.unwrap_or(0) },
            Kind::Time | Kind::Steam => {
                let period = self.period.unwrap_or_else(|| OtpParameters::DEFAULT_PERIOD.into());
                MovingFactor::Time { period: u32::try_from(period).map_err(|_| bad("period"))? }
            }
        };
        let format = match self.kind {
            Kind::Steam => CodeFormat::Steam,
            _ => CodeFormat::Decimal { digits },
        };
        let parameters = OtpParameters::new(self.secret, self.algorithm, format, factor);
        Ok(parameters.map_err(OfferError::from)?)
    }
}

/// The first of two texts that isn't empty.
pub(super) fn either<'t>(first: &'t str, second: &'t str) -> &'t str {
    if first.is_empty() { second } else { first }
}

/// An entry of these names and fields.
pub(super) fn entry(issuer: &str, name: &str, fields: Result<Fields, EntryError>) -> Entry {
    finish(issuer, name, fields.and_then(Fields::into_parameters))
}

fn finish(issuer: &str, name: &str, parameters: Result<OtpParameters, EntryError>) -> Entry {
    let (issuer, name) = (clean_label(issuer), clean_label(name));
    match parameters {
        Ok(parameters) => Ok(OtpOffer { issuer, name, parameters }),
        Err(reason) => Err(RefusedEntry { issuer, name, reason }),
    }
}

/// An entry from an `otpauth` link, or a `steam` one as password managers write it. What the link doesn't name is
/// taken from beside it.
pub(super) fn entry_of_link(link: &str, issuer: &str, name: &str) -> Entry {
    let trimmed = link.trim();
    if let Some((scheme, secret)) = trimmed.split_once("://")
        && scheme.eq_ignore_ascii_case("steam")
    {
        let fields = base32(secret).map(|secret| Fields::of_secret(Kind::Steam, secret));
        return entry(either(issuer, "Steam"), name, fields);
    }
    match Offer::parse(trimmed) {
        Ok(Offer::Otp(offer)) => {
            finish(either(&offer.issuer, issuer), either(&offer.name, name), Ok(offer.parameters))
        }
        Ok(Offer::Enrolment(_) | Offer::Match(_)) => finish(issuer, name, Err(EntryError::Approvals)),
        Ok(_) => finish(issuer, name, Err(EntryError::Malformed)),
        Err(error) => finish(issuer, name, Err(error.into())),
    }
}

impl Fields {
    /// A secret with everything else as nearly every issuer has it.
    pub(super) fn of_secret(kind: Kind, secret: Secret) -> Self {
        Self { kind, secret, algorithm: Algorithm::Sha1, digits: None, period: None, counter: None }
    }
}

pub(super) fn base32(text: &str) -> Result<Secret, EntryError> {
    Ok(decode_base32(text.as_bytes())?)
}

/// SHA-1 where none is named.
pub(super) fn algorithm_of(name: &str) -> Result<Algorithm, EntryError> {
    if name.is_empty() { Ok(Algorithm::Sha1) } else { Ok(algorithm_named(name)?) }
}

/// Base64 of a file's own parts.
pub(super) fn base64(text: &str) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    BASE64.decode(text.as_bytes()).map(Zeroizing::new).map_err(|_| ImportError::Damaged)
}

pub(super) fn hex(text: &str) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes());
    bytes.map(Zeroizing::new).map_err(|_| ImportError::Damaged)
}
