//! What is in other apps' exports, those in `tests/vectors/import` and hostile ones.

#[cfg(feature = "archives")]
mod archives;
mod codes;
mod formats;
mod hostile;
mod links;

use super::*;
use crate::OtpOffer;
use countersign_otp::{Algorithm, CodeFormat, MovingFactor, OtpParameters};

const ALICE: &str = "otpauth://totp/Example:alice?secret=JBSWY3DPEHPK3PXP&issuer=Example";

fn vector(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/import/");
    std::fs::read(format!("{folder}{name}")).unwrap()
}

fn password() -> Secret {
    Secret::from(&b"correct horse battery"[..])
}

fn import_of(name: &str) -> Result<Import, ImportError> {
    let mut import = Import::new();
    import.add_file(&vector(name), Some(&password()))?;
    Ok(import)
}

fn offer(
    issuer: &str,
    name: &str,
    secret: Vec<u8>,
    algorithm: Algorithm,
    digits: u8,
    factor: MovingFactor,
) -> OtpOffer {
    let format = if digits == 5 { CodeFormat::Steam } else { CodeFormat::Decimal { digits } };
    let parameters = OtpParameters::new(Secret::new(secret), algorithm, format, factor).unwrap();
    OtpOffer { issuer: issuer.into(), name: name.into(), parameters, token: None }
}

fn time(period: u32) -> MovingFactor {
    MovingFactor::Time { period }
}

/// The accounts of the exports, as `generate.py` has them.
fn hospital() -> OtpOffer {
    offer("Northern Hospitals", "ada@north.example", (0..20).collect(), Algorithm::Sha1, 6, time(30))
}

fn bank() -> OtpOffer {
    offer("Bank", "ada", (20..52).collect(), Algorithm::Sha256, 8, time(60))
}

fn door() -> OtpOffer {
    offer(
        "Lab: door",
        "ward 7",
        (200..216).collect(),
        Algorithm::Sha512,
        7,
        MovingFactor::Counter { next: 42 },
    )
}

fn steam() -> OtpOffer {
    offer("Steam", "ada", b"steam secret of 20 B".to_vec(), Algorithm::Sha1, 5, time(30))
}
