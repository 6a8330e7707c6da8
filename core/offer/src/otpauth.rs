//! `otpauth://TYPE/LABEL?PARAMETERS`, the link of nearly every issuer.
//!
//! There is no standard; Google's "Key URI Format" is what all begin from. Tolerated, as issuers differ and it can't
//! change a code: any case of scheme, type and parameter names; what [`super::base32`] tolerates in a secret; a label that
//! is missing, percent-encoded or not; a missing issuer; parameters that nobody knows; a hash by any of its names; a missing
//! HOTP counter, which is 0 (a server only ever looks ahead).
//!
//! Refused, since it could: a secret that isn't base32, an unknown algorithm, numbers out of range, a parameter given twice
//! with different values, and a link that looks cut ([`super::query`]). A name that holds a link or the secret itself
//! is refused, too: names are shown and stored where secrets aren't.
//!
//! `otpauth://daypassword`, privacyIDEA's, is a TOTP whose period is a day. With any of `2step_salt`, `2step_output` and
//! `2step_difficulty` the secret is only half of one: that is another offer, [`TwoStepOffer`].
//!
//! Steam is told by `otpauth://steam`, by `encoder=steam`, by Stratum's `&steam`, by the issuer or the whole label `Steam`
//! (in any case) with 5 digits or with none named, which is how other authenticators tell it too, and by 5 digits with any
//! name that has Steam in it, since nobody else makes codes of 5. Its digits, period and algorithm can be left out but not
//! changed.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

use super::base32::decode_base32;
use super::query::Query;
use super::text::End;
use super::{IssuedToken, Offer, OfferError, OtpOffer, TwoStepOffer, label, query};
use countersign_otp::{Algorithm, CodeFormat, MovingFactor, OtpParameters};

/// Reads what follows `otpauth://`.
pub(super) fn parse(rest: &str, end: End) -> Result<Offer, OfferError> {
    let (path, query) = split_path(rest);
    let (kind, label) = path.split_once('/').unwrap_or((path, ""));
    let kind = Kind::parse(kind)?;
    let raw_query = query;
    let query = Query::parse(query, end)?;

    let (issuer, name) = names(label, &query);
    let secret_text = Zeroizing::new(label::decode(query.secret.ok_or(OfferError::MissingSecret)?));
    let secret = decode_base32(secret_text.as_bytes())?;
    if [&issuer, &name].into_iter().any(|text| label::holds_secret(text, &secret_text)) {
        return Err(OfferError::SecretInName);
    }
    let algorithm = query.algorithm.map_or(Ok(Algorithm::Sha1), parse_algorithm)?;
    let digits = query.digits.map(|text| parse_number(text, "digits")).transpose()?;
    let period = query.period.map(|text| parse_number(text, "period")).transpose()?;

    let is_steam = kind == Kind::Steam
        || query.is_steam
        || query.encoder.is_some_and(|encoder| encoder.eq_ignore_ascii_case("steam"))
        || (kind == Kind::Totp && is_named_steam(&issuer, &name, digits));
    let format = match digits {
        None | Some(5) if is_steam => CodeFormat::Steam,
        _ if is_steam => return Err(OfferError::BadNumber("digits")),
        digits => CodeFormat::Decimal { digits: digits.unwrap_or(DEFAULT_DIGITS) },
    };
    let factor = match kind {
        Kind::Totp | Kind::Steam => {
            MovingFactor::Time { period: period.unwrap_or(OtpParameters::DEFAULT_PERIOD) }
        }
        Kind::DayPassword => MovingFactor::Time { period: period.unwrap_or(DAY) },
        Kind::Hotp => {
            let next = query.counter.map_or(Ok(0), |text| parse_number(text, "counter"))?;
            MovingFactor::Counter { next }
        }
    };
    let parameters = OtpParameters::new(secret, algorithm, format, factor)?;
    // A label that names Steam alone, as WinAuth's does, is no name of a person's.
    let (issuer, name) =
        if is_steam && issuer.is_empty() && is_steam_word(&name) { (name, issuer) } else { (issuer, name) };
    let token = IssuedToken::read(raw_query, &issuer);
    let offer = OtpOffer { issuer, name, parameters, token };
    let two_step = [query.step_salt, query.step_output, query.step_rounds];
    if two_step == [None; 3] {
        return Ok(Offer::Otp(offer));
    }
    let [salt, output, rounds] =
        two_step.map(|text| text.map(|text| parse_number(text, "2step")).transpose());
    TwoStepOffer::new(offer, salt?, output?, rounds?).map(Offer::TwoStep)
}

/// Seconds.
const DAY: u32 = 86_400;

pub(super) const DEFAULT_DIGITS: u8 = 6;

/// Parts the type and the label from the parameters. A question mark in the label (`What?:ada`) doesn't: parameters begin
/// with the first one before a parameter's name.
fn split_path(rest: &str) -> (&str, &str) {
    let parted = |mark| {
        let (path, query) = rest.split_at_checked(mark)?;
        Some((path, query.strip_prefix('?')?))
    };
    let begins_query = |query: &str| {
        let name = query.split(['=', '&']).next().unwrap_or_default();
        name.len() < query.len() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let mut marks = rest.match_indices('?').filter_map(|(mark, _)| parted(mark));
    marks.find(|(_, query)| begins_query(query)).or_else(|| rest.split_once('?')).unwrap_or((rest, ""))
}

/// Whether the last thing of a link is its secret.
pub(super) fn ends_in_secret(link: &str) -> bool {
    let scheme = "otpauth://";
    let rest = link.split_at_checked(scheme.len()).filter(|(start, _)| start.eq_ignore_ascii_case(scheme));
    rest.is_some_and(|(_, rest)| query::ends_in_secret(split_path(rest).1))
}

fn names(label: &str, query: &Query<'_>) -> (String, String) {
    // An ampersand that a page's source has escaped.
    let decode = |text: &str| label::decode(text).replace("&amp;", "&");
    let mut issuers = [query.issuer, query.first_issuer].into_iter().flatten().map(decode);
    let issuer = issuers.find(|text| !text.is_empty()).unwrap_or_default();
    label::issuer_and_name(&decode(label), &issuer)
}

fn is_named_steam(issuer: &str, name: &str, digits: Option<u8>) -> bool {
    match digits {
        None => is_steam_word(issuer) || (issuer.is_empty() && is_steam_word(name)),
        Some(5) => [issuer, name].into_iter().any(|text| text.to_ascii_lowercase().contains("steam")),
        Some(_) => false,
    }
}

fn is_steam_word(text: &str) -> bool {
    text.eq_ignore_ascii_case("steam")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Totp,
    Hotp,
    Steam,
    DayPassword,
}

impl Kind {
    fn parse(text: &str) -> Result<Self, OfferError> {
        match text.to_ascii_lowercase().as_str() {
            "totp" => Ok(Self::Totp),
            "hotp" => Ok(Self::Hotp),
            "steam" => Ok(Self::Steam),
            "daypassword" => Ok(Self::DayPassword),
            _ => Err(OfferError::UnsupportedType),
        }
    }
}

fn parse_algorithm(text: &str) -> Result<Algorithm, OfferError> {
    algorithm_named(&percent_decode_str(text).decode_utf8_lossy())
}

/// A hash by any of the names that it has: `SHA1`, `sha-1`, `HmacSHA1`, and as programs print a value of an enumeration,
/// `Algorithm.sha1`.
pub(crate) fn algorithm_named(text: &str) -> Result<Algorithm, OfferError> {
    let last = text.rsplit(['.', ':', '/', '#']).next().unwrap_or_default();
    let is_kept = |c: &char| !matches!(c, '-' | '_') && !c.is_whitespace();
    let name: String = last.chars().filter(is_kept).map(|c| c.to_ascii_uppercase()).collect();
    match name.strip_prefix("HMAC").unwrap_or(&name) {
        "SHA1" => Ok(Algorithm::Sha1),
        "SHA256" | "SHA2256" => Ok(Algorithm::Sha256),
        "SHA512" | "SHA2512" => Ok(Algorithm::Sha512),
        _ => Err(OfferError::UnsupportedAlgorithm),
    }
}

fn parse_number<T: std::str::FromStr>(text: &str, name: &'static str) -> Result<T, OfferError> {
    let text: Cow<'_, str> = percent_decode_str(text).decode_utf8_lossy();
    let digits = text.trim();
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(OfferError::BadNumber(name));
    }
    digits.parse().map_err(|_| OfferError::BadNumber(name))
}
