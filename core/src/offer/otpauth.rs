//! `otpauth://TYPE/LABEL?PARAMETERS`, the link of nearly every issuer.
//!
//! There is no standard; Google's "Key URI Format" is what all begin from. Tolerated, as issuers differ and it can't
//! change a code: any case of scheme, type and parameter names; a secret in either case, with spaces, dashes and
//! padding; a label that is missing, percent-encoded or not; a missing issuer; parameters that nobody knows; `SHA-1`
//! or `HmacSHA1` for `SHA1`; a missing HOTP counter, which is 0 (a server only ever looks ahead).
//!
//! Refused, since it could: a secret that isn't base32 or has an impossible length, an unknown algorithm, numbers out
//! of range, and a parameter given twice with different values.
//!
//! `otpauth://daypassword`, privacyIDEA's, is a TOTP whose period is a day. With any of `2step_salt`, `2step_output` and
//! `2step_difficulty` the secret is only half of one: that is another offer, [`TwoStepOffer`].
//!
//! Steam is told by `otpauth://steam` or `encoder=steam`, and by the issuer `Steam` with 5 digits or with none named,
//! which is how other authenticators tell it too. Its digits, period and algorithm can be left out but not changed.

use std::borrow::Cow;

use data_encoding::{Encoding, Specification};
use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

use super::{Offer, OfferError, OtpOffer, TwoStepOffer, label};
use crate::Secret;
use crate::otp::{Algorithm, CodeFormat, MovingFactor, OtpParameters};

/// Reads what follows `otpauth://`.
pub(super) fn parse(rest: &str) -> Result<Offer, OfferError> {
    let (rest, _fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (kind, label) = path.split_once('/').unwrap_or((path, ""));
    let kind = Kind::parse(kind)?;
    let query = Query::parse(query)?;

    let issuer = query.issuer.map(label::decode).unwrap_or_default();
    let (issuer, name) = label::issuer_and_name(&label::decode(label), &issuer);
    let secret = decode_secret(query.secret.ok_or(OfferError::MissingSecret)?)?;
    let algorithm = query.algorithm.map_or(Ok(Algorithm::Sha1), parse_algorithm)?;
    let digits = query.digits.map(|text| parse_number(text, "digits")).transpose()?;
    let period = query.period.map(|text| parse_number(text, "period")).transpose()?;

    let is_steam = kind == Kind::Steam
        || query.encoder.is_some_and(|encoder| encoder.eq_ignore_ascii_case("steam"))
        || (kind == Kind::Totp && issuer == "Steam" && matches!(digits, None | Some(5)));
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
    let offer = OtpOffer { issuer, name, parameters };
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

/// The parameters that matter, still percent-encoded.
#[derive(Default)]
struct Query<'a> {
    secret: Option<&'a str>,
    issuer: Option<&'a str>,
    algorithm: Option<&'a str>,
    digits: Option<&'a str>,
    period: Option<&'a str>,
    counter: Option<&'a str>,
    encoder: Option<&'a str>,
    step_salt: Option<&'a str>,
    step_output: Option<&'a str>,
    step_rounds: Option<&'a str>,
}

impl<'a> Query<'a> {
    fn parse(query: &'a str) -> Result<Self, OfferError> {
        let mut parsed = Self::default();
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            // A link copied out of a page's source has its ampersands escaped.
            let name = name.trim().to_ascii_lowercase();
            let (field, name) = match name.strip_prefix("amp;").unwrap_or(&name) {
                "secret" => (&mut parsed.secret, "secret"),
                "issuer" => (&mut parsed.issuer, "issuer"),
                "algorithm" => (&mut parsed.algorithm, "algorithm"),
                "digits" => (&mut parsed.digits, "digits"),
                "period" => (&mut parsed.period, "period"),
                "counter" => (&mut parsed.counter, "counter"),
                "encoder" => (&mut parsed.encoder, "encoder"),
                "2step_salt" => (&mut parsed.step_salt, "2step_salt"),
                "2step_output" => (&mut parsed.step_output, "2step_output"),
                "2step_difficulty" => (&mut parsed.step_rounds, "2step_difficulty"),
                _ => continue,
            };
            if field.is_some_and(|earlier| earlier != value) {
                return Err(OfferError::Contradiction(name));
            }
            *field = Some(value);
        }
        Ok(parsed)
    }
}

fn decode_secret(text: &str) -> Result<Secret, OfferError> {
    let decoded: Zeroizing<Vec<u8>> = Zeroizing::new(percent_decode_str(text).collect());
    decode_base32(&decoded)
}

/// A secret in base32, in either case, with separators and padding or without.
pub(crate) fn decode_base32(text: &[u8]) -> Result<Secret, OfferError> {
    let mut symbols = Zeroizing::new(Vec::with_capacity(text.len()));
    symbols.extend(text.iter().filter(|byte| !SEPARATORS.contains(byte)).map(u8::to_ascii_uppercase));
    while symbols.pop_if(|last| *last == b'=').is_some() {}
    if symbols.is_empty() {
        return Err(OfferError::MissingSecret);
    }
    let encoding = base32().ok_or(OfferError::BadSecret)?;
    encoding.decode(&symbols).map(Secret::new).map_err(|_| OfferError::BadSecret)
}

/// What people and issuers put between groups of characters; form encoders write a space as `+`.
const SEPARATORS: &[u8] = b" -+\t\r\n";

/// RFC 4648 base32 without padding. Bits beyond the last whole byte are ignored: issuers that make a secret from
/// random characters leave them set, and every decoder drops them.
fn base32() -> Option<Encoding> {
    let mut specification = Specification::new();
    specification.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    specification.check_trailing_bits = false;
    specification.encoding().ok()
}

fn parse_algorithm(text: &str) -> Result<Algorithm, OfferError> {
    algorithm_named(&percent_decode_str(text).decode_utf8_lossy())
}

/// A hash by any of the names that it has.
pub(crate) fn algorithm_named(text: &str) -> Result<Algorithm, OfferError> {
    let name = text.to_ascii_uppercase().replace(['-', '_'], "");
    match name.strip_prefix("HMAC").unwrap_or(&name) {
        "SHA1" => Ok(Algorithm::Sha1),
        "SHA256" => Ok(Algorithm::Sha256),
        "SHA512" => Ok(Algorithm::Sha512),
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
