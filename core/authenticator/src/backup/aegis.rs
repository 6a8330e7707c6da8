//! Aegis' plain JSON (its repository, `docs/vault.md`), which other authenticators read too.

use std::io::Write;

use data_encoding::BASE32_NOPAD;
use serde_json::to_string;
use zeroize::Zeroizing;

use super::{BackupError, visible};
use crate::Account;
use crate::otp::{Algorithm, CodeFormat, MovingFactor, OtpParameters};

/// The accounts with codes that aren't in the trash. Written piece by piece into a buffer that is wiped.
pub(super) fn write(accounts: &[Account]) -> Result<Zeroizing<Vec<u8>>, BackupError> {
    let entries: Vec<_> =
        visible(accounts).filter_map(|account| Some((account, account.otp.as_ref()?))).collect();
    // So that it never grows, which would leave copies behind.
    let names = |account: &Account| 6 * (account.issuer.len() + account.name.len());
    let size =
        entries.iter().map(|(account, otp)| 400 + names(account) + 2 * otp.secret().len()).sum::<usize>();
    let mut out = Zeroizing::new(Vec::with_capacity(size + 200));
    write!(*out, "{HEAD}")?;
    for (index, (account, otp)) in entries.iter().enumerate() {
        write!(*out, "{}", if index == 0 { "\n" } else { ",\n" })?;
        write_entry(&mut out, account, otp)?;
    }
    writeln!(*out, "\n]}}}}")?;
    Ok(out)
}

const HEAD: &str = r#"{"version":1,"header":{"slots":null,"params":null},"db":{"version":2,"entries":["#;

fn write_entry(out: &mut Vec<u8>, account: &Account, otp: &OtpParameters) -> Result<(), BackupError> {
    let text = |text: &str| to_string(text).map_err(|_| BackupError::Storage);
    let secret = Zeroizing::new(BASE32_NOPAD.encode(otp.secret().expose()));
    let algorithm = match otp.algorithm() {
        Algorithm::Sha1 => "SHA1",
        Algorithm::Sha256 => "SHA256",
        Algorithm::Sha512 => "SHA512",
    };
    let (kind, digits) = match (otp.format(), otp.factor()) {
        (CodeFormat::Steam, _) => ("steam", 5),
        (CodeFormat::Decimal { digits }, MovingFactor::Time { .. }) => ("totp", digits),
        (CodeFormat::Decimal { digits }, MovingFactor::Counter { .. }) => ("hotp", digits),
    };
    let (moving, value) = match otp.factor() {
        MovingFactor::Time { period } => ("period", u64::from(period)),
        MovingFactor::Counter { next } => ("counter", next),
    };
    write!(
        out,
        r#"{{"type":"{kind}","uuid":"{}","name":{},"issuer":{},"note":"","icon":null,"info":{{"secret":"{}","algo":"{algorithm}","digits":{digits},"{moving}":{value}}}}}"#,
        uuid(account.id.as_bytes()),
        text(&account.name)?,
        text(&account.issuer)?,
        secret.as_str(),
    )?;
    Ok(())
}

fn uuid(bytes: &[u8; 16]) -> String {
    let hex = data_encoding::HEXLOWER.encode(bytes);
    [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| hex.get(range).unwrap_or_default().to_owned()).join("-")
}
