//! `otpauth-migration://offline?data=…`, the export of Google Authenticator, which many others write and read.
//!
//! The data is a protobuf message in base64. Its schema was never published; the one below is what authenticators
//! agree on. An account that can't be used (MD5, an unknown type) is reported beside the good ones: never left out in
//! silence, and never a reason to lose the others.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use data_encoding::BASE32_NOPAD;
use percent_encoding::percent_decode;
use prost::Message;
use zeroize::{Zeroize, Zeroizing};

use super::otpauth::DEFAULT_DIGITS;
use super::{OfferError, OtpOffer, label};
use countersign_otp::Secret;
use countersign_otp::{Algorithm, CodeFormat, MovingFactor, OtpParameters};

/// One QR code of an export: some of its accounts, and where it stands among the others.
///
/// [`super::MigrationBatch`] puts the parts of one export together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MigrationPart {
    /// The same for all parts of one export.
    pub batch: i32,
    /// Which part this is, from 0.
    pub index: usize,
    /// How many parts there are, at least 1.
    pub count: usize,
    /// The accounts that can be added.
    pub accounts: Vec<OtpOffer>,
    /// The accounts that can't, and why.
    pub refused: Vec<RefusedAccount>,
}

/// An exported account that can't be added.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusedAccount {
    /// Who issues the account; may be empty.
    pub issuer: String,
    /// Its name at the issuer; may be empty.
    pub name: String,
    /// What is wrong with it.
    pub reason: OfferError,
}

/// More parts than any phone exports; it bounds what a hostile part can make [`super::MigrationBatch`] wait for.
const MAX_PARTS: usize = 256;

/// Reads what follows `otpauth-migration://`.
pub(super) fn parse(rest: &str) -> Result<MigrationPart, OfferError> {
    let (_offline, query) = rest.split_once('?').ok_or(OfferError::BadMigration)?;
    let mut data = query.split('&').filter_map(|pair| pair.strip_prefix("data="));
    let (Some(data), None) = (data.next(), data.next()) else { return Err(OfferError::BadMigration) };
    let mut payload = decode_payload(data)?;

    // An export of a single part may leave its place out, and protobuf leaves out every 0.
    let count = usize::try_from(payload.batch_size.max(1)).map_err(|_| OfferError::BadMigration)?;
    let index = usize::try_from(payload.batch_index).map_err(|_| OfferError::BadMigration)?;
    // The only part is the first one, also where it is counted from 1.
    let index = if (payload.batch_size, index) == (1, 1) { 0 } else { index };
    if count > MAX_PARTS || index >= count {
        return Err(OfferError::BadMigration);
    }

    let (mut accounts, mut refused) = (Vec::new(), Vec::new());
    for exported in &mut payload.accounts {
        let (issuer, name) = label::issuer_and_name(&exported.name, &exported.issuer);
        let secret = Zeroizing::new(BASE32_NOPAD.encode(&exported.secret));
        match exported.take_parameters() {
            // What is refused is named, so the names go.
            Ok(_) if [&issuer, &name].into_iter().any(|text| label::holds_secret(text, &secret)) => {
                let reason = OfferError::SecretInName;
                refused.push(RefusedAccount { issuer: String::new(), name: String::new(), reason });
            }
            Ok(parameters) => accounts.push(OtpOffer { issuer, name, parameters, token: None }),
            Err(reason) => refused.push(RefusedAccount { issuer, name, reason }),
        }
    }
    Ok(MigrationPart { batch: payload.batch_id, index, count, accounts, refused })
}

/// Both alphabets, with or without padding, and after what other programs do to a parameter: a `+` that became a space
/// or `%20`, line breaks, percent-encoding a second and third time.
fn decode_payload(data: &str) -> Result<Payload, OfferError> {
    let mut text: Zeroizing<Vec<u8>> = Zeroizing::new(data.as_bytes().to_vec());
    for _ in 0..=3 {
        text.retain(|byte| !matches!(byte, b'\r' | b'\n' | b'\t'));
        text = Zeroizing::new(percent_decode(&text).collect());
    }
    for byte in text.iter_mut() {
        match byte {
            b' ' | b'-' => *byte = b'+',
            b'_' => *byte = b'/',
            _ => {}
        }
    }
    // Spaces at the end are plus signs, or nothing.
    let end = text.iter().rposition(|byte| *byte != b'+').map_or(0, |last| last + 1);
    let short = text.get(..end).unwrap_or_default();
    [text.as_slice(), short].into_iter().find_map(decode_base64).ok_or(OfferError::BadMigration)
}

fn decode_base64(text: &[u8]) -> Option<Payload> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let bytes = GeneralPurpose::new(&STANDARD, config).decode(text).map(Zeroizing::new).ok()?;
    Payload::decode(bytes.as_slice()).ok()
}

#[derive(Message)]
#[prost(skip_debug)]
struct Payload {
    #[prost(message, repeated, tag = "1")]
    accounts: Vec<Exported>,
    #[prost(int32, tag = "3")]
    batch_size: i32,
    #[prost(int32, tag = "4")]
    batch_index: i32,
    #[prost(int32, tag = "5")]
    batch_id: i32,
}

#[derive(Message)]
#[prost(skip_debug)]
struct Exported {
    #[prost(bytes = "vec", tag = "1")]
    secret: Vec<u8>,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(string, tag = "3")]
    issuer: String,
    /// 1 SHA-1, 2 SHA-256, 3 SHA-512, 4 MD5.
    #[prost(int32, tag = "4")]
    algorithm: i32,
    /// 1 six, 2 eight.
    #[prost(int32, tag = "5")]
    digits: i32,
    /// 1 HOTP, 2 TOTP.
    #[prost(int32, tag = "6")]
    kind: i32,
    #[prost(int64, tag = "7")]
    counter: i64,
}

impl Exported {
    fn take_parameters(&mut self) -> Result<OtpParameters, OfferError> {
        let algorithm = match self.algorithm {
            0 | 1 => Algorithm::Sha1,
            2 => Algorithm::Sha256,
            3 => Algorithm::Sha512,
            _ => return Err(OfferError::UnsupportedAlgorithm),
        };
        let digits = match self.digits {
            0 | 1 => DEFAULT_DIGITS,
            2 => 8,
            _ => return Err(OfferError::BadNumber("digits")),
        };
        let factor = match self.kind {
            1 => MovingFactor::Counter {
                next: u64::try_from(self.counter).map_err(|_| OfferError::BadNumber("counter"))?,
            },
            2 => MovingFactor::Time { period: OtpParameters::DEFAULT_PERIOD },
            _ => return Err(OfferError::UnsupportedType),
        };
        let secret = Secret::new(std::mem::take(&mut self.secret));
        Ok(OtpParameters::new(secret, algorithm, CodeFormat::Decimal { digits }, factor)?)
    }
}

impl Drop for Exported {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}
