use countersign_protocol::ServiceUrl;
use serde::Deserialize;

use super::*;
use countersign_otp::{CodeFormat, MovingFactor, OtpGenerator, ParametersError};

const VECTORS: &str = include_str!("../../../tests/vectors/offers.json");

#[derive(Deserialize)]
struct Vectors {
    time: u64,
    otp: Vec<OtpCase>,
    links: Vec<LinkCase>,
    migrations: Vec<MigrationCase>,
    refused: Vec<RefusedCase>,
}

#[derive(Deserialize)]
struct OtpCase {
    what: String,
    text: String,
    otp: Account,
}

#[derive(Deserialize)]
struct LinkCase {
    what: String,
    text: String,
    kind: String,
    service: ServiceUrl,
}

#[derive(Deserialize)]
struct MigrationCase {
    what: String,
    text: String,
    batch: i32,
    index: usize,
    count: usize,
    accounts: Vec<Account>,
    refused: Vec<Refused>,
}

#[derive(Deserialize)]
struct RefusedCase {
    what: String,
    text: String,
    error: String,
}

#[derive(Deserialize, Debug, PartialEq)]
struct Account {
    issuer: String,
    name: String,
    algorithm: String,
    format: String,
    digits: Option<u8>,
    period: Option<u32>,
    counter: Option<u64>,
    code: String,
}

#[derive(Deserialize, Debug, PartialEq)]
struct Refused {
    issuer: String,
    name: String,
    error: String,
}

impl Account {
    /// As the vectors write it, with the code of `time` (or of its counter) in place of the secret.
    fn describe(offer: &OtpOffer, time: u64) -> Self {
        let generator = OtpGenerator::new(&offer.parameters);
        let (format, digits) = match offer.parameters.format() {
            CodeFormat::Decimal { digits } => ("decimal", Some(digits)),
            CodeFormat::Steam => ("steam", None),
        };
        let (period, counter, code) = match offer.parameters.factor() {
            MovingFactor::Time { period } => (Some(period), None, generator.code_at(time).unwrap()),
            MovingFactor::Counter { next } => (None, Some(next), generator.code_for_counter(next)),
        };
        Self {
            issuer: offer.issuer.clone(),
            name: offer.name.clone(),
            algorithm: format!("{:?}", offer.parameters.algorithm()).to_uppercase(),
            format: format.to_owned(),
            digits,
            period,
            counter,
            code: code.to_string(),
        }
    }
}

fn vectors() -> Vectors {
    serde_json::from_str(VECTORS).unwrap()
}

/// An error as the vectors write it.
fn name(error: OfferError) -> String {
    match error {
        OfferError::TooLong => "too_long".to_owned(),
        OfferError::Empty => "empty".to_owned(),
        OfferError::NotAnOffer => "not_an_offer".to_owned(),
        OfferError::UnsupportedScheme(kind) => {
            format!("unsupported_scheme {}", kind.split(' ').next().unwrap_or_default())
        }
        OfferError::SeveralLinks => "several_links".to_owned(),
        OfferError::CutShort => "cut_short".to_owned(),
        OfferError::SecretInName => "secret_in_name".to_owned(),
        OfferError::UnsupportedType => "unsupported_type".to_owned(),
        OfferError::MissingSecret => "missing_secret".to_owned(),
        OfferError::BadSecret => "bad_secret".to_owned(),
        OfferError::UnsupportedAlgorithm => "unsupported_algorithm".to_owned(),
        OfferError::BadNumber(which) => format!("bad_number {which}"),
        OfferError::Contradiction(which) => format!("contradiction {which}"),
        OfferError::Parameters(ParametersError::EmptySecret) => "empty_secret".to_owned(),
        OfferError::Parameters(ParametersError::SecretTooLong) => "secret_too_long".to_owned(),
        OfferError::Parameters(ParametersError::Digits) => "digits".to_owned(),
        OfferError::Parameters(ParametersError::Period) => "period".to_owned(),
        OfferError::Parameters(ParametersError::Steam) => "steam".to_owned(),
        OfferError::Parameters(error) => panic!("the vectors have no name for: {error}"),
        OfferError::BadMigration => "bad_migration".to_owned(),
        OfferError::NewerVersion => "newer_version".to_owned(),
        OfferError::BrokenLink => "broken_link".to_owned(),
        OfferError::InsecureLink => "insecure_link".to_owned(),
    }
}

#[test]
fn links_of_real_issuers_give_the_codes_of_another_implementation() {
    let vectors = vectors();
    assert!(vectors.otp.len() > 40);
    for case in vectors.otp {
        match Offer::parse(&case.text) {
            Ok(Offer::Otp(offer)) => {
                assert_eq!(Account::describe(&offer, vectors.time), case.otp, "{}", case.what);
            }
            other => panic!("{}: {other:?}", case.what),
        }
    }
}

#[test]
fn links_of_the_approval_protocol_are_told_apart() {
    for case in vectors().links {
        match (Offer::parse(&case.text), case.kind.as_str()) {
            (Ok(Offer::Enrolment(link)), "enrolment") => assert_eq!(*link.service(), case.service),
            (Ok(Offer::Match(link)), "match") => assert_eq!(link.service, case.service),
            (other, _) => panic!("{}: {other:?}", case.what),
        }
    }
}

#[test]
fn exports_give_their_accounts_and_name_the_unusable_ones() {
    let vectors = vectors();
    for case in vectors.migrations {
        let Ok(Offer::Migration(part)) = Offer::parse(&case.text) else { panic!("{}", case.what) };
        let place = (part.batch, part.index, part.count);
        assert_eq!(place, (case.batch, case.index, case.count), "{}", case.what);
        let accounts: Vec<_> =
            part.accounts.iter().map(|offer| Account::describe(offer, vectors.time)).collect();
        assert_eq!(accounts, case.accounts, "{}", case.what);
        let refused = part.refused.into_iter().map(|refused| Refused {
            issuer: refused.issuer,
            name: refused.name,
            error: name(refused.reason),
        });
        assert_eq!(refused.collect::<Vec<_>>(), case.refused, "{}", case.what);
    }
}

#[test]
fn doubtful_texts_are_refused_with_the_reason() {
    let vectors = vectors();
    assert!(vectors.refused.len() > 60);
    for case in vectors.refused {
        let refused = Offer::parse(&case.text).expect_err(&case.what);
        assert_eq!(name(refused), case.error, "{}", case.what);
    }
}

#[test]
fn a_text_longer_than_any_qr_code_is_refused_unread() {
    let offer = "otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&issuer=";
    for length in [Offer::MAX_BYTES + 1, 10_000_000] {
        let text = format!("{offer}{}", "x".repeat(length - offer.len()));
        assert_eq!(Offer::parse(&text), Err(OfferError::TooLong));
    }
    let text = format!("{offer}{}", "x".repeat(Offer::MAX_BYTES - offer.len()));
    assert!(Offer::parse(&text).is_ok());
}

#[test]
fn no_error_and_no_debug_output_has_a_part_of_the_text() {
    const CANARY: &str = "MNQW4YLSPEQFO2LSMQQG64ZANVUWY3DFEBUGC4TEEBUWGYLSPFZQ";
    for text in [
        CANARY.to_owned(),
        format!("otpauth://totp/{CANARY}?secret={CANARY}1"),
        format!("otpauth://totp/{CANARY}?secret={CANARY}"),
        format!("otpauth://totp/a?secret={CANARY}&issuer=otpauth://totp/b?secret={CANARY}"),
        format!("otpauth://totp/a?secret={CANARY}AA"),
        format!("motp://{CANARY}?secret={CANARY}"),
        format!("otpauth://{CANARY}/a?secret={CANARY}"),
        format!("otpauth://totp/a?secret={CANARY}&digits={CANARY}"),
        format!("otpauth://totp/a?secret={CANARY}&secret=A{CANARY}"),
        format!("otpauth://totp/a?secret={CANARY}&algorithm={CANARY}"),
        format!("otpauth-migration://offline?data={CANARY}"),
        format!("https://approve.example/enrol#t={CANARY}&k={CANARY}"),
    ] {
        let error = Offer::parse(&text).unwrap_err();
        let shown = format!("{error} {error:?}").to_uppercase();
        assert!(!shown.contains(&CANARY[..8]), "{shown}");
    }
    let offer = Offer::parse(&format!("otpauth://totp/a?secret={CANARY}")).unwrap();
    let secret = data_encoding::BASE32_NOPAD.decode(CANARY.as_bytes()).unwrap();
    let shown = format!("{offer:?}");
    assert!(shown.contains("redacted"));
    assert!(!shown.contains(&CANARY[..8]) && !shown.contains(&format!("{secret:?}")[1..20]), "{shown}");
}

/// Every text that begins with `link` and is shorter.
fn prefixes(link: &str) -> impl Iterator<Item = &str> {
    link.char_indices().map(|(end, _)| &link[..end])
}

/// The offer of codes in a text.
fn codes(text: &str) -> Option<OtpOffer> {
    match Offer::parse(text) {
        Ok(Offer::Otp(offer)) => Some(offer),
        _ => None,
    }
}

#[test]
fn a_link_that_may_have_been_cut_in_its_secret_is_told() {
    for (text, may_be_cut) in [
        ("otpauth://totp/a?secret=JBSWY3DPEHPK3PXP", true),
        ("QR-Code:otpauth://totp/a?issuer=B&SECRET=JBSWY3DPEHPK3PXP\n", true),
        ("otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&issuer=B", false),
        ("otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&", false),
        ("otpauth-migration://offline?data=EAEYASgB", false),
        ("secret=JBSWY3DPEHPK3PXP", false),
        ("", false),
    ] {
        assert_eq!(Offer::may_be_cut(text), may_be_cut, "{text}");
    }
}

#[test]
fn no_link_of_the_vectors_gives_half_a_secret_when_it_is_cut() {
    for case in vectors().otp {
        let whole = codes(&case.text).unwrap();
        for text in prefixes(&case.text) {
            let Some(offer) = codes(text) else { continue };
            let is_whole = offer.parameters.secret() == whole.parameters.secret();
            assert!(is_whole || Offer::may_be_cut(text), "{} cut to {text}", case.what);
        }
    }
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in ".*") {
        let _ = Offer::parse(&text);
    }

    #[test]
    fn no_otpauth_text_panics(text in "otpauth://(totp|hotp|steam)/[a:%0-9]{0,9}\\?((secret|digits|period|counter|algorithm|encoder|issuer)=[A-Z0-9a-z%=+ -]{0,20}&){0,6}") {
        let _ = Offer::parse(&text);
    }

    #[test]
    fn no_export_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        let data = data_encoding::BASE64URL_NOPAD.encode(&bytes);
        let _ = Offer::parse(&format!("otpauth-migration://offline?data={data}"));
    }

    #[test]
    fn a_secret_survives_its_grouping_and_case(
        secret in proptest::collection::vec(proptest::num::u8::ANY, 1..80),
        group in 1..9_usize,
        separator in "( |-|%20|\\+)",
    ) {
        let symbols = data_encoding::BASE32_NOPAD.encode(&secret).to_lowercase();
        let groups: Vec<&str> =
            symbols.as_bytes().chunks(group).map(|group| std::str::from_utf8(group).unwrap()).collect();
        let text = format!("otpauth://totp/a?secret={}&issuer=B", groups.join(&separator));
        match Offer::parse(&text) {
            Ok(Offer::Otp(offer)) => assert_eq!(offer.parameters.secret().expose(), secret),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_link_that_is_cut_anywhere_gives_no_other_secret_unless_that_is_told(
        secret in proptest::collection::vec(proptest::num::u8::ANY, 1..40),
        issuer in "[A-Za-z#&+ %]{0,12}",
        is_last in proptest::bool::ANY,
        more in "(&digits=8|&period=60|&algorithm=SHA256|&steam|&image=x){0,3}",
    ) {
        let symbols = data_encoding::BASE32_NOPAD.encode(&secret);
        let link = if is_last {
            format!("otpauth://totp/a?issuer={issuer}{more}&secret={symbols}")
        } else {
            format!("otpauth://totp/a?secret={symbols}&issuer={issuer}{more}")
        };
        for text in prefixes(&link) {
            let Some(offer) = codes(text) else { continue };
            assert!(offer.parameters.secret().expose() == secret || Offer::may_be_cut(text), "{text}");
        }
    }

    #[test]
    fn no_secret_ever_is_in_a_name(
        label in "([A-Za-z:# ]{0,6}|otpauth://totp/b\\?|secret=|%20|SECRET|secret%3D){0,4}",
        issuer in "([A-Za-z&? ]{0,6}|\notpauth://totp/b\\?|secret=|SECRET|%3Fsecret%3D|otpauth%3A%2F%2F){0,4}",
        end in "(|&digits=8| otpauth://totp/b\\?secret=OTHER|&steam)",
    ) {
        const SECRET: &str = "MNQW4YLSPEQFO2LS";
        const OTHER: &str = "MQQG64ZANVUWY3DF";
        let text = format!("otpauth://totp/{label}?secret=SECRET&issuer={issuer}{end}");
        let text = text.replace("SECRET", SECRET).replace("OTHER", OTHER);
        if let Some(offer) = codes(&text) {
            let names = format!("{}|{}", offer.issuer, offer.name);
            assert!(!names.contains(SECRET) && !names.contains(OTHER), "{text}");
            assert!(!names.to_lowercase().contains("secret="), "{text}");
            assert_eq!(clean_label(&offer.issuer), offer.issuer);
            assert_eq!(clean_label(&offer.name), offer.name);
        }
    }
}
