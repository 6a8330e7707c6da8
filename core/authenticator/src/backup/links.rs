//! `otpauth` links, one on each line.

use std::fmt::Write;

use data_encoding::BASE32_NOPAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use super::visible;
use crate::Account;
use crate::otp::{Algorithm, CodeFormat, MovingFactor, OtpParameters};

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The accounts with codes that aren't in the trash.
pub(super) fn write(accounts: &[Account]) -> Zeroizing<Vec<u8>> {
    let links: Vec<_> = visible(accounts)
        .filter_map(|account| Some(link(&account.issuer, &account.name, account.otp.as_ref()?)))
        .collect();
    let mut text = Zeroizing::new(Vec::with_capacity(links.iter().map(|link| link.len() + 1).sum()));
    for link in &links {
        text.extend_from_slice(link.as_bytes());
        text.push(b'\n');
    }
    text
}

fn link(issuer: &str, name: &str, otp: &OtpParameters) -> Zeroizing<String> {
    let encode = |text| utf8_percent_encode(text, RESERVED);
    let mut link =
        Zeroizing::new(String::with_capacity(512 + 6 * (issuer.len() + name.len()) + 2 * otp.secret().len()));
    let kind = match (otp.format(), otp.factor()) {
        (CodeFormat::Steam, _) => "steam",
        (_, MovingFactor::Time { .. }) => "totp",
        (_, MovingFactor::Counter { .. }) => "hotp",
    };
    // A label is split at its first colon, so an issuer with one stands in its parameter alone.
    let prefix = if issuer.contains(':') { String::new() } else { format!("{}:", encode(issuer)) };
    let secret = Zeroizing::new(BASE32_NOPAD.encode(otp.secret().expose()));
    let algorithm = match otp.algorithm() {
        Algorithm::Sha1 => "SHA1",
        Algorithm::Sha256 => "SHA256",
        Algorithm::Sha512 => "SHA512",
    };
    // Writing to a string doesn't fail.
    let _ = write!(link, "otpauth://{kind}/{prefix}{}?secret={}", encode(name), secret.as_str());
    let _ = write!(link, "&issuer={}&algorithm={algorithm}", encode(issuer));
    if let CodeFormat::Decimal { digits } = otp.format() {
        let _ = write!(link, "&digits={digits}");
    }
    let _ = match otp.factor() {
        MovingFactor::Time { period } => write!(link, "&period={period}"),
        MovingFactor::Counter { next } => write!(link, "&counter={next}"),
    };
    link
}
