//! From the loosely typed fields of other apps to an offer, or a typed refusal.

use std::fmt;

use data_encoding::BASE64;
use zeroize::Zeroizing;

use super::error::{EntryError, ImportError};
use super::json::Json;
use super::names::shown_names;
use super::trash::{is_deleted, is_trashed};
use crate::{End, Offer, OfferError, OtpOffer, algorithm_named, clean_label, decode_base32, trim_text};
use countersign_otp::Secret;
use countersign_otp::{Algorithm, CodeFormat, MovingFactor, OtpParameters};

/// One entry of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// What can be added, or who it is for and why it can't.
    pub content: Result<OtpOffer, RefusedEntry>,
    /// Whether the other app has it in its trash.
    pub is_deleted: bool,
    /// Where it stands in its file, if not at its place among the entries.
    pub(super) place: Option<Place>,
}

impl Entry {
    pub(super) const fn new(content: Result<OtpOffer, RefusedEntry>) -> Self {
        Self { content, is_deleted: false, place: None }
    }

    pub(super) fn at(self, place: Place) -> Self {
        Self { place: Some(place), ..self }
    }

    pub(super) fn deleted_if(self, is_deleted: bool) -> Self {
        Self { is_deleted: self.is_deleted || is_deleted, ..self }
    }

    /// What can be added, if it can.
    #[must_use]
    pub const fn offer(&self) -> Option<&OtpOffer> {
        match &self.content {
            Ok(offer) => Some(offer),
            Err(_) => None,
        }
    }

    pub(super) fn into_offer(self) -> Option<OtpOffer> {
        self.content.ok()
    }
}

/// Where an entry stands in its file, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Place {
    /// In the line of this number.
    Line(usize),
    /// At this place among the entries of the file, or among the QR codes of a picture.
    Entry(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(f, "line {number}"),
            Self::Entry(number) => write!(f, "entry {number}"),
        }
    }
}

/// An entry that can't be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusedEntry {
    /// Who issues it, if that is plainly a name; may be empty.
    pub issuer: String,
    /// Whose it is, the same.
    pub name: String,
    /// Why it can't be used.
    pub reason: EntryError,
}

/// The entry of each item of a list.
pub(super) fn entries(items: &[Json], read: impl Fn(&Json) -> Entry) -> Vec<Entry> {
    items.iter().map(|item| read(item).deleted_if(is_deleted(item))).collect()
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

/// A number as it was found: none, or one that can't be right.
pub(super) type Number = Result<Option<u64>, OfferError>;

/// The fields of an entry. Apps write all of them for every kind of codes, so one that doesn't apply may hold anything.
pub(super) struct Fields {
    pub(super) kind: Kind,
    pub(super) secret: Secret,
    pub(super) algorithm: Algorithm,
    pub(super) digits: Number,
    pub(super) period: Number,
    pub(super) counter: Number,
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
            digits: numbers.number("digits"),
            period: numbers.number("period"),
            counter: numbers.counter("counter"),
        })
    }

    fn into_parameters(self) -> Result<OtpParameters, EntryError> {
        let bad = OfferError::BadNumber;
        let factor = match self.kind {
            Kind::Counter => MovingFactor::Counter { next: self.counter?.unwrap_or(0) },
            Kind::Time | Kind::Steam => {
                let period = self.period?.unwrap_or_else(|| OtpParameters::DEFAULT_PERIOD.into());
                MovingFactor::Time { period: u32::try_from(period).map_err(|_| bad("period"))? }
            }
        };
        let format = match self.kind {
            Kind::Steam => CodeFormat::Steam,
            Kind::Time | Kind::Counter => {
                let digits = self.digits?.unwrap_or(DEFAULT_DIGITS);
                CodeFormat::Decimal { digits: u8::try_from(digits).map_err(|_| bad("digits"))? }
            }
        };
        let parameters = OtpParameters::new(self.secret, self.algorithm, format, factor);
        Ok(parameters.map_err(OfferError::from)?)
    }
}

const DEFAULT_DIGITS: u64 = 6;

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
    Entry::new(match parameters {
        Ok(parameters) => Ok(OtpOffer { issuer, name, parameters, token: None }),
        Err(reason) => Err(RefusedEntry { issuer, name, reason }),
    })
}

/// An entry from an `otpauth` link, or a `steam` one as password managers write it. What the link doesn't name is
/// taken from beside it.
pub(super) fn entry_of_link(link: &str, issuer: &str, name: &str) -> Entry {
    read_link(link, End::Closed, issuer, name)
}

/// An entry from a text that is an `otpauth` link, if it is whole.
pub(super) fn entry_of_text(text: &str, end: End) -> Entry {
    read_link(text, end, "", "")
}

fn read_link(link: &str, end: End, issuer: &str, name: &str) -> Entry {
    let trimmed = trim_text(link);
    if let Some((scheme, secret)) = trimmed.split_once("://")
        && scheme.eq_ignore_ascii_case("steam")
    {
        let fields = base32(secret).map(|secret| Fields::of_secret(Kind::Steam, secret));
        return entry(either(issuer, "Steam"), name, fields);
    }
    let reason = match Offer::parse_to(trimmed, end) {
        Ok(Offer::Otp(offer)) => {
            let entry =
                finish(either(&offer.issuer, issuer), either(&offer.name, name), Ok(offer.parameters));
            return entry.deleted_if(is_trashed(trimmed));
        }
        Ok(Offer::Enrolment(_) | Offer::Match(_)) => EntryError::Approvals,
        Ok(_) => EntryError::Malformed,
        Err(error) => error.into(),
    };
    let (shown_issuer, shown_name) = shown_names(trimmed);
    finish(either(&shown_issuer, issuer), either(&shown_name, name), Err(reason))
        .deleted_if(is_trashed(trimmed))
}

impl Fields {
    /// A secret with everything else as nearly every issuer has it.
    pub(super) fn of_secret(kind: Kind, secret: Secret) -> Self {
        Self {
            kind,
            secret,
            algorithm: Algorithm::Sha1,
            digits: Ok(None),
            period: Ok(None),
            counter: Ok(None),
        }
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
