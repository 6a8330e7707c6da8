//! The parameters of an `otpauth` link.
//!
//! Nothing but `&` ends a parameter: `otpauth` has no fragment, so `#` is a character like others. A part without `=`
//! belongs to the issuer before it (`issuer=AT&T`), except the mark `steam`. Where such a part ends a text that may have
//! been cut and is the beginning of a parameter's name, the link is refused: it may have asked for other digits.

use zeroize::Zeroizing;

use super::text::End;
use super::{OfferError, base32, label};

/// The parameters that matter, still percent-encoded.
#[derive(Default)]
pub(super) struct Query<'a> {
    pub(super) secret: Option<&'a str>,
    pub(super) issuer: Option<&'a str>,
    /// FreeOTP's: the issuer as the link first named it.
    pub(super) first_issuer: Option<&'a str>,
    pub(super) algorithm: Option<&'a str>,
    pub(super) digits: Option<&'a str>,
    pub(super) period: Option<&'a str>,
    pub(super) counter: Option<&'a str>,
    pub(super) encoder: Option<&'a str>,
    pub(super) step_salt: Option<&'a str>,
    pub(super) step_output: Option<&'a str>,
    pub(super) step_rounds: Option<&'a str>,
    /// Stratum's mark of a Steam account whose issuer has another name.
    pub(super) is_steam: bool,
}

impl<'a> Query<'a> {
    pub(super) fn parse(query: &'a str, end: End) -> Result<Self, OfferError> {
        let mut parsed = Self::default();
        // The value of an issuer begins here, if that is the last parameter so far.
        let mut issuer_start = None;
        let (mut last, mut start) = ("", 0);
        for part in query.split('&') {
            let part_end = start + part.len();
            // A link copied out of a page's source has its ampersands escaped.
            let (name, value) = match part.strip_prefix("amp;").unwrap_or(part).split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (part.strip_prefix("amp;").unwrap_or(part), None),
            };
            match value {
                Some(value) => {
                    last = parsed.set(name, value)?;
                    issuer_start = (last == "issuer").then_some(part_end - value.len());
                }
                None if name.trim().eq_ignore_ascii_case("steam") => {
                    parsed.is_steam = true;
                    last = "";
                }
                None if end != End::Closed && part_end == query.len() && begins_parameter(name) => {
                    return Err(OfferError::CutShort);
                }
                None => {
                    if let Some(issuer) = issuer_start.filter(|_| !name.trim().is_empty()) {
                        parsed.issuer = query.get(issuer..part_end);
                    }
                    last = "";
                }
            }
            start = part_end + 1;
        }
        parsed.check_end(query, last, end)?;
        Ok(parsed)
    }

    /// Keeps a parameter. Gives its name if it is one that matters.
    fn set(&mut self, name: &str, value: &'a str) -> Result<&'static str, OfferError> {
        let (field, name) = match name.trim().to_ascii_lowercase().as_str() {
            "secret" => (&mut self.secret, "secret"),
            "issuer" => (&mut self.issuer, "issuer"),
            "issuerint" => (&mut self.first_issuer, "issuerInt"),
            "algorithm" => (&mut self.algorithm, "algorithm"),
            "digits" => (&mut self.digits, "digits"),
            "period" => (&mut self.period, "period"),
            "counter" => (&mut self.counter, "counter"),
            "encoder" => (&mut self.encoder, "encoder"),
            "2step_salt" => (&mut self.step_salt, "2step_salt"),
            "2step_output" => (&mut self.step_output, "2step_output"),
            "2step_difficulty" => (&mut self.step_rounds, "2step_difficulty"),
            "steam" => {
                self.is_steam |= !matches!(value, "0" | "false");
                return Ok("");
            }
            _ => return Ok(""),
        };
        if field.is_some_and(|earlier| earlier != value) {
            return Err(OfferError::Contradiction(name));
        }
        *field = Some(value);
        Ok(name)
    }

    /// Refuses what ends as no whole link does.
    fn check_end(&self, query: &str, last: &str, end: End) -> Result<(), OfferError> {
        let secret = self.secret.unwrap_or_default();
        let is_cut = match (last, end) {
            (_, End::Closed) => false,
            ("secret", _) if secret.is_empty() => false,
            ("secret", End::Cut) => true,
            ("secret", End::Open) => {
                ends_in_escape(secret) || !base32::may_be_whole(&Zeroizing::new(label::decode(secret)))
            }
            // The rest of 10, 15, 20, 30, 60 or 90 is missing.
            ("period", _) => self.period.is_some_and(|period| matches!(period.as_bytes(), [b'1'..=b'9'])),
            // An issuer may end in `100%`.
            _ => ends_in_escape(query) && !query.ends_with('%'),
        };
        if is_cut { Err(OfferError::CutShort) } else { Ok(()) }
    }
}

/// Whether the text ends in the middle of a percent escape.
fn ends_in_escape(text: &str) -> bool {
    match text.as_bytes() {
        [.., b'%'] => true,
        [.., b'%', digit] => digit.is_ascii_hexdigit(),
        _ => false,
    }
}

/// Whether a part could have become a parameter, had the text gone on.
fn begins_parameter(part: &str) -> bool {
    const NAMES: [&str; 13] = [
        "secret",
        "issuer",
        "issuerInt",
        "algorithm",
        "digits",
        "period",
        "counter",
        "encoder",
        "image",
        "steam",
        "2step_salt",
        "2step_output",
        "2step_difficulty",
    ];
    !part.is_empty() && NAMES.iter().any(|name| name.starts_with(part))
}

/// Whether the last parameter is the secret.
pub(super) fn ends_in_secret(query: &str) -> bool {
    let last = query.rsplit('&').next().unwrap_or_default();
    let last = last.strip_prefix("amp;").unwrap_or(last);
    last.split_once('=')
        .is_some_and(|(name, value)| name.trim().eq_ignore_ascii_case("secret") && !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<Query<'_>, OfferError> {
        Query::parse(query, End::Open)
    }

    #[test]
    fn an_ampersand_in_an_issuer_is_part_of_it() {
        for (query, issuer) in [
            ("issuer=AT&T&digits=8", "AT&T"),
            ("issuer=Marks & Spencer", "Marks & Spencer"),
            ("issuer=AT&amp;T&amp;digits=8", "AT&amp;T"),
            ("issuer=A&B&C", "A&B&C"),
            ("issuer=Valve&steam", "Valve"),
            ("issuer=A&", "A"),
            ("issuer=A&&digits=8", "A"),
            ("issuer=A&image=x&B", "A"),
        ] {
            assert_eq!(parse(query).unwrap().issuer, Some(issuer), "{query}");
        }
    }

    #[test]
    fn nothing_but_an_ampersand_ends_a_parameter() {
        let query = parse("issuer=Team #1&digits=8").unwrap();
        assert_eq!((query.issuer, query.digits), (Some("Team #1"), Some("8")));
    }

    #[test]
    fn a_parameter_of_which_a_part_is_there_is_a_cut_only_at_the_end() {
        for part in ["d", "dig", "digits", "s", "sec", "algorithm", "2step", "period=3", "issuer=Foo%2"] {
            let query = format!("image=A&{part}");
            assert_eq!(parse(&query).err(), Some(OfferError::CutShort), "{query}");
            assert!(Query::parse(&query, End::Closed).is_ok(), "{query}");
            assert!(parse(&format!("{query}&image=x")).is_ok(), "{query}");
        }
        assert!(parse("issuer=100%").is_ok());
    }

    #[test]
    fn the_mark_of_steam_is_read_with_and_without_a_value() {
        for (query, is_steam) in [
            ("steam", true),
            ("a=b&steam&c=d", true),
            ("steam=1", true),
            ("steam=false", false),
            ("issuer=steam", false),
        ] {
            assert_eq!(parse(query).unwrap().is_steam, is_steam, "{query}");
        }
    }
}
