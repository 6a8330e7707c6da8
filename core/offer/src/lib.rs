//! Offers: what a scanned or pasted text offers to add, as a typed value.
//!
//! A text becomes an [`Offer`] or an [`OfferError`], and nothing in between: a text that isn't a link is never taken
//! for a secret, since a typing error would then become codes that are silently wrong. Each parser is tolerant where
//! real issuers differ in form, and strict where a guess could change the codes; its own header says which is which.
//! No error holds any of the text, because the text usually holds a secret.

mod base32;
mod batch;
mod container;
pub mod encoding;
mod error;
pub mod exports;
mod label;
mod migration;
mod otpauth;
mod pipush;
mod query;
mod rsa_key_size;
mod scheme;
mod text;
mod token;
mod two_step;
mod unlock;

use countersign_protocol::{EnrolmentLink, MatchLink, ProtocolError, ServiceUrl};

pub(crate) use base32::decode_base32;
pub use batch::{BatchError, MigrationBatch};
pub use container::{ContainerOffer, TokenContent, TokenKind, TokenOffer, is_nonce, is_time, read_token};
pub use error::OfferError;
pub(crate) use label::{clean as clean_label, issuer_and_name};
pub use migration::{MigrationPart, RefusedAccount};
pub(crate) use otpauth::algorithm_named;
pub use pipush::PushOffer;
pub use rsa_key_size::RsaKeySize;
pub(crate) use text::{End, is_link, split as split_links, trim as trim_text, trim_link};
pub use token::IssuedToken;
pub use two_step::{CompletedOffer, TwoStepOffer};
pub use unlock::Unlock;

use countersign_otp::OtpParameters;

/// What a text offers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Offer {
    /// One account's one-time codes (`otpauth://`).
    Otp(OtpOffer),
    /// One account's one-time codes, of whose secret the device makes a half.
    TwoStep(TwoStepOffer),
    /// Some of the accounts that another authenticator exports (`otpauth-migration://`).
    Migration(MigrationPart),
    /// Enrolment with an approval service, of whatever protocol.
    Enrolment(EnrolmentOffer),
    /// A smartphone container of privacyIDEA, by which a server hands out one-time codes and push tokens, and takes them back.
    Container(ContainerOffer),
    /// Not an account: the QR of a sign-in page, for scan matching.
    Match(MatchLink),
}

/// Enrolment with an approval service, by the protocol that it speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the protocols are a closed set: docs/adr/0013")]
pub enum EnrolmentOffer {
    /// Our own protocol.
    Native(EnrolmentLink),
    /// A push token of privacyIDEA.
    PrivacyIdea(PushOffer),
}

impl From<EnrolmentLink> for EnrolmentOffer {
    fn from(link: EnrolmentLink) -> Self {
        Self::Native(link)
    }
}

impl EnrolmentOffer {
    /// The approval service.
    #[must_use]
    pub const fn service(&self) -> &ServiceUrl {
        match self {
            Self::Native(link) => &link.service,
            Self::PrivacyIdea(offer) => &offer.service,
        }
    }
}

/// One account's one-time codes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OtpOffer {
    /// Who issues the account; empty if the offer doesn't say.
    pub issuer: String,
    /// The account's name at the issuer; may be empty.
    pub name: String,
    /// What the codes are made from.
    pub parameters: OtpParameters,
    /// Which token of its server it is, if the offer says.
    pub token: Option<IssuedToken>,
}

impl OtpOffer {
    /// An offer of codes that is no server's token.
    #[must_use]
    pub const fn new(issuer: String, name: String, parameters: OtpParameters) -> Self {
        Self { issuer, name, parameters, token: None }
    }
}

impl Offer {
    /// Longest text that is looked at, in bytes: more than any QR code holds.
    pub const MAX_BYTES: usize = 8 * 1024;

    /// Finds out what `text` offers. White space, a byte-order mark, quotation marks and the words of a QR reader around it
    /// don't matter.
    ///
    /// A text that holds two links, or that ends where no whole link does, is refused. A link that ends with its secret
    /// may have been cut all the same: see [`Offer::may_be_cut`].
    ///
    /// ```
    /// use countersign_offer::{Offer, OfferError};
    ///
    /// let text = "otpauth://totp/Example:alice@example.org?secret=JBSWY3DPEHPK3PXP&issuer=Example";
    /// let Ok(Offer::Otp(offer)) = Offer::parse(text) else { panic!("an offer of codes") };
    /// assert_eq!((offer.issuer.as_str(), offer.name.as_str()), ("Example", "alice@example.org"));
    ///
    /// assert_eq!(Offer::parse("JBSWY3DPEHPK3PXP"), Err(OfferError::NotAnOffer));
    /// ```
    ///
    /// # Errors
    ///
    /// [`OfferError`] says what is wrong with it, without repeating any of it.
    pub fn parse(text: &str) -> Result<Self, OfferError> {
        Self::parse_to(text, End::Open)
    }

    /// As [`Offer::parse`], of a text of which it is known what follows.
    pub(crate) fn parse_to(text: &str, end: End) -> Result<Self, OfferError> {
        if text.len() > Self::MAX_BYTES {
            return Err(OfferError::TooLong);
        }
        let text = text::link_of(text);
        if text.is_empty() {
            return Err(OfferError::Empty);
        }
        let Some((scheme, rest)) = text.split_once(":/") else { return Err(OfferError::NotAnOffer) };
        if let Some(name) = scheme::unsupported(scheme) {
            return Err(OfferError::UnsupportedScheme(name));
        }
        let rest = rest.strip_prefix('/').ok_or(OfferError::NotAnOffer)?;
        let scheme = scheme.to_ascii_lowercase();
        if matches!(scheme.as_str(), "otpauth" | "otpauth-migration" | "pia")
            && text::holds_another_link(&text)
        {
            return Err(OfferError::SeveralLinks);
        }
        let kind = rest.split(['/', '?', '#']).next().unwrap_or_default();
        match scheme.as_str() {
            "otpauth" | "pia" if kind.eq_ignore_ascii_case("pipush") => {
                let rest = rest.get(kind.len()..).unwrap_or_default();
                pipush::parse(rest).map(|offer| Self::Enrolment(EnrolmentOffer::PrivacyIdea(offer)))
            }
            "pia" if kind.eq_ignore_ascii_case("container") => {
                container::parse(rest.get(kind.len()..).unwrap_or_default()).map(Self::Container)
            }
            "pia" => Err(OfferError::UnsupportedType),
            "otpauth" => otpauth::parse(rest, end),
            "otpauth-migration" => migration::parse(rest).map(Self::Migration),
            "https" | "http" => parse_link(&text),
            _ => Err(OfferError::NotAnOffer),
        }
    }

    /// Whether `text` is a link that ends with its secret, so that nothing in it shows the secret to be whole. Where such
    /// a link was typed or pasted, tell the person to check the first code.
    #[must_use]
    pub fn may_be_cut(text: &str) -> bool {
        text.len() <= Self::MAX_BYTES && otpauth::ends_in_secret(&text::link_of(text))
    }
}

/// The two links of the approval protocol; any other web address is no offer.
fn parse_link(text: &str) -> Result<Offer, OfferError> {
    let broken = |error| match error {
        ProtocolError::InsecureUrl => OfferError::InsecureLink,
        _ => OfferError::BrokenLink,
    };
    let (address, _) = text.split_once('#').ok_or(OfferError::NotAnOffer)?;
    match address.rsplit_once('/') {
        Some((_, "enrol")) => {
            text.parse().map(|link| Offer::Enrolment(EnrolmentOffer::Native(link))).map_err(broken)
        }
        Some((_, "match")) => text.parse().map(Offer::Match).map_err(broken),
        _ => Err(OfferError::NotAnOffer),
    }
}

#[cfg(test)]
mod tests;
