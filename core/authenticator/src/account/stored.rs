//! An account as it is sealed, and its code parameters.

use countersign_protocol::Id;
use serde::{Deserialize, Serialize};

use super::Account;
use crate::Secret;
use crate::approvals::Binding;
use crate::offer::IssuedToken;
use crate::otp::{Algorithm, CodeFormat, MovingFactor, OtpParameters, ParametersError};

/// An account as it is sealed.
#[derive(PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct StoredAccount {
    pub(super) issuer: String,
    pub(super) name: String,
    #[serde(default, with = "stored_otp", skip_serializing_if = "Option::is_none")]
    pub(super) otp: Option<OtpParameters>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) binding: Option<Box<Binding>>,
    pub(super) created_at: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) trashed_at: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) moved_at: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<Box<IssuedToken>>,
    pub(super) position: u64,
}

impl StoredAccount {
    pub(super) fn new(account: Account, position: u64) -> Self {
        let Account { id: _, issuer, name, otp, binding, created_at, trashed_at, moved_at, token } = account;
        Self { issuer, name, otp, binding, created_at, trashed_at, moved_at, token, position }
    }

    pub(super) fn into_account(self, id: Id) -> Account {
        let Self { issuer, name, otp, binding, created_at, trashed_at, moved_at, token, position: _ } = self;
        Account { id, issuer, name, otp, binding, created_at, trashed_at, moved_at, token }
    }
}

/// Code parameters as they are sealed. They pass the same checks when they are read as when they were made.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredOtp {
    #[serde(with = "crate::vault::sealed_secret")]
    pub(super) secret: Secret,
    /// 1, 256 or 512.
    pub(super) sha: u16,
    /// None for Steam.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) digits: Option<u8>,
    /// Seconds, for codes by time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) period: Option<u32>,
    /// The next counter, for codes by counter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) counter: Option<u64>,
}

impl From<&OtpParameters> for StoredOtp {
    fn from(otp: &OtpParameters) -> Self {
        let (period, counter) = match otp.factor() {
            MovingFactor::Time { period } => (Some(period), None),
            MovingFactor::Counter { next } => (None, Some(next)),
        };
        Self {
            secret: otp.secret().clone(),
            sha: match otp.algorithm() {
                Algorithm::Sha1 => 1,
                Algorithm::Sha256 => 256,
                Algorithm::Sha512 => 512,
            },
            digits: match otp.format() {
                CodeFormat::Decimal { digits } => Some(digits),
                CodeFormat::Steam => None,
            },
            period,
            counter,
        }
    }
}

impl TryFrom<StoredOtp> for OtpParameters {
    type Error = StoredOtpError;

    fn try_from(stored: StoredOtp) -> Result<Self, StoredOtpError> {
        let algorithm = match stored.sha {
            1 => Algorithm::Sha1,
            256 => Algorithm::Sha256,
            512 => Algorithm::Sha512,
            _ => return Err(StoredOtpError::Algorithm),
        };
        let format = stored.digits.map_or(CodeFormat::Steam, |digits| CodeFormat::Decimal { digits });
        let factor = match (stored.period, stored.counter) {
            (Some(period), None) => MovingFactor::Time { period },
            (None, Some(next)) => MovingFactor::Counter { next },
            _ => return Err(StoredOtpError::Factor),
        };
        Ok(Self::new(stored.secret, algorithm, format, factor)?)
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum StoredOtpError {
    #[error("unknown hash")]
    Algorithm,
    #[error("neither time nor counter, or both")]
    Factor,
    #[error(transparent)]
    Parameters(#[from] ParametersError),
}

mod stored_otp {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{OtpParameters, StoredOtp};

    pub(super) fn serialize<S: Serializer>(
        otp: &Option<OtpParameters>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        otp.as_ref().map(StoredOtp::from).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<OtpParameters>, D::Error> {
        let stored = Option::<StoredOtp>::deserialize(deserializer)?;
        stored.map(OtpParameters::try_from).transpose().map_err(D::Error::custom)
    }
}
