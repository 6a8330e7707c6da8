use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::*;
use crate::Secret;

#[derive(Deserialize)]
struct HotpVectors {
    secret_hex: String,
    digits: u8,
    codes: Vec<HotpCode>,
}

#[derive(Deserialize)]
struct HotpCode {
    counter: u64,
    code: String,
}

#[derive(Deserialize)]
struct TotpVectors {
    digits: u8,
    period: u32,
    codes: Vec<TotpCode>,
}

#[derive(Deserialize)]
struct TotpCode {
    time: u64,
    algorithm: String,
    secret_hex: String,
    code: String,
}

#[derive(Deserialize)]
struct OtherVectors {
    codes: Vec<OtherCode>,
}

#[derive(Deserialize)]
struct OtherCode {
    what: String,
    secret_hex: String,
    algorithm: String,
    format: String,
    digits: Option<u8>,
    period: u32,
    time: u64,
    code: String,
    next: String,
    remaining_seconds: u32,
}

fn vectors<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap()
}

fn secret(hex: &str) -> Secret {
    Secret::new(data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap())
}

fn algorithm(name: &str) -> Algorithm {
    match name {
        "SHA1" => Algorithm::Sha1,
        "SHA256" => Algorithm::Sha256,
        "SHA512" => Algorithm::Sha512,
        other => panic!("unknown algorithm {other} in the vectors"),
    }
}

fn generator(secret: Secret, algorithm: Algorithm, format: CodeFormat, factor: MovingFactor) -> OtpGenerator {
    OtpGenerator::new(&OtpParameters::new(secret, algorithm, format, factor).unwrap())
}

#[test]
fn hotp_gives_the_codes_of_rfc_4226_appendix_d() {
    let vectors: HotpVectors = vectors(include_str!("../../../../tests/vectors/hotp.json"));
    let format = CodeFormat::Decimal { digits: vectors.digits };
    let factor = MovingFactor::Counter { next: 0 };
    let generator = generator(secret(&vectors.secret_hex), Algorithm::Sha1, format, factor);
    assert_eq!(vectors.codes.len(), 10);
    for HotpCode { counter, code } in vectors.codes {
        assert_eq!(generator.code_for_counter(counter).as_str(), code, "counter {counter}");
    }
}

#[test]
fn totp_gives_the_codes_of_rfc_6238_appendix_b() {
    let vectors: TotpVectors = vectors(include_str!("../../../../tests/vectors/totp.json"));
    let format = CodeFormat::Decimal { digits: vectors.digits };
    let factor = MovingFactor::Time { period: vectors.period };
    assert_eq!(vectors.codes.len(), 18);
    for case in vectors.codes {
        let generator = generator(secret(&case.secret_hex), algorithm(&case.algorithm), format, factor);
        let code = generator.code_at(case.time).unwrap();
        assert_eq!(code.as_str(), case.code, "{} at {}", case.algorithm, case.time);
    }
}

#[test]
fn steam_and_unusual_parameters_give_the_codes_of_another_implementation() {
    let vectors: OtherVectors = vectors(include_str!("../../../../tests/vectors/codes.json"));
    assert!(!vectors.codes.is_empty());
    for case in vectors.codes {
        let format = match (case.format.as_str(), case.digits) {
            ("steam", None) => CodeFormat::Steam,
            ("decimal", Some(digits)) => CodeFormat::Decimal { digits },
            other => panic!("unknown format {other:?} in the vectors"),
        };
        let factor = MovingFactor::Time { period: case.period };
        let generator = generator(secret(&case.secret_hex), algorithm(&case.algorithm), format, factor);
        let shown = generator.codes_at(case.time).unwrap();
        assert_eq!(generator.code_at(case.time), Some(shown.code), "{}", case.what);
        assert_eq!(shown.code.as_str(), case.code, "{}", case.what);
        assert_eq!(shown.next.as_str(), case.next, "{}", case.what);
        assert_eq!(shown.remaining_seconds, case.remaining_seconds, "{}", case.what);
    }
}

#[test]
fn a_code_lasts_until_its_step_ends() {
    let format = CodeFormat::Decimal { digits: 6 };
    let generator =
        generator(Secret::make_random(20), Algorithm::Sha1, format, MovingFactor::Time { period: 30 });
    let at = |time| generator.codes_at(time).unwrap();
    assert_eq!([at(60), at(61), at(89)].map(|shown| shown.remaining_seconds), [30, 29, 1]);
    assert_eq!(at(60).code, at(89).code);
    assert_eq!(at(89).next, at(90).code);
    assert_eq!(at(90).remaining_seconds, 30);
}

#[test]
fn the_end_of_time_gives_codes_and_no_panic() {
    for period in [1, 30, u32::MAX] {
        let format = CodeFormat::Decimal { digits: 6 };
        let generator =
            generator(Secret::make_random(20), Algorithm::Sha1, format, MovingFactor::Time { period });
        let shown = generator.codes_at(u64::MAX).unwrap();
        assert!((1..=period).contains(&shown.remaining_seconds));
        assert_eq!(shown.code, generator.code_for_counter(u64::MAX / u64::from(period)));
    }
}

#[test]
fn a_counter_account_has_no_code_of_the_time() {
    let format = CodeFormat::Decimal { digits: 6 };
    let generator =
        generator(Secret::make_random(20), Algorithm::Sha1, format, MovingFactor::Counter { next: 5 });
    assert_eq!((generator.code_at(59), generator.codes_at(59)), (None, None));
}

#[test]
fn another_secret_algorithm_or_counter_gives_another_code() {
    let factor = MovingFactor::Counter { next: 0 };
    let format = CodeFormat::Decimal { digits: 10 };
    let code = |secret: &[u8], algorithm, counter| {
        generator(Secret::from(secret), algorithm, format, factor).code_for_counter(counter)
    };
    let right = code(b"12345678901234567890", Algorithm::Sha1, 1);
    assert_eq!(right, code(b"12345678901234567890", Algorithm::Sha1, 1));
    assert_ne!(right, code(b"12345678901234567891", Algorithm::Sha1, 1));
    assert_ne!(right, code(b"1234567890123456789", Algorithm::Sha1, 1));
    assert_ne!(right, code(b"12345678901234567890", Algorithm::Sha256, 1));
    assert_ne!(right, code(b"12345678901234567890", Algorithm::Sha512, 1));
    assert_ne!(right, code(b"12345678901234567890", Algorithm::Sha1, 2));
}

proptest::proptest! {
    #[test]
    fn every_code_is_the_one_of_totp_rs(
        secret in proptest::collection::vec(proptest::num::u8::ANY, 1..200),
        hash in 0..3_usize,
        digits in 6..=9_u8,
        period in 1..100_000_u32,
        time in 0..=u64::MAX,
    ) {
        let (ours, theirs) = [
            (Algorithm::Sha1, totp_rs::Algorithm::SHA1),
            (Algorithm::Sha256, totp_rs::Algorithm::SHA256),
            (Algorithm::Sha512, totp_rs::Algorithm::SHA512),
        ][hash];
        let oracle = totp_rs::Builder::new()
            .with_algorithm(theirs)
            .with_digits(digits)
            .with_step_duration(u64::from(period))
            .with_secret(secret.clone())
            .build_noncompliant();
        let format = CodeFormat::Decimal { digits };
        let generator = generator(Secret::new(secret), ours, format, MovingFactor::Time { period });
        assert_eq!(generator.code_at(time).unwrap().to_string(), oracle.generate(time).to_string());
    }
}

#[test]
fn debug_output_has_neither_key_nor_code() {
    let generator = OtpGenerator::new(&OtpParameters::new_steam(Secret::make_random(20)).unwrap());
    assert_eq!(format!("{generator:?}"), "OtpGenerator { format: Steam, factor: Time { period: 30 }, .. }");
    let shown = format!("{:?}", generator.codes_at(59).unwrap());
    assert!(!shown.contains(generator.code_at(59).unwrap().as_str()), "{shown}");
}
