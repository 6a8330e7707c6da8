//! Device keys, which the platform holds.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_authenticator::{KeyStoreError, keys};

use crate::limit::{MACHINE, PERSON, within};
use crate::{Id, PlatformKeyError};

/// The platform's key store: Android's Keystore, Apple's Secure Enclave.
///
/// # Contract
///
/// - **Encodings.** Public keys are uncompressed X9.63 points (`0x04`, x, y; 65 bytes). Signatures are DER
///   (`SEQUENCE { r, s }`) ECDSA over the SHA-256 of `message`; the implementation hashes. For [`KeyRole::Push`] the public
///   key is `SubjectPublicKeyInfo` in DER of an RSA key of 2048 bits or more, and signatures are PKCS#1 v1.5 with SHA-256.
/// - **Keys** never leave the implementation. They are bound to this device and left out of backups; each approval key
///   is invalidated when a new fingerprint or face is enrolled, where the platform can do that.
/// - **Threads.** Any method may be called from any thread, several at once and for the same key. No method may call
///   back into the library.
/// - **Waiting.** `sign` with an approval key may take minutes, until the person has been checked; it is given up after
///   five, and everything else after 30 seconds. When the call is cancelled (Kotlin: the coroutine, Swift: the task), take
///   the prompt away; no signature may be given out afterwards.
/// - **Idempotence.** `make` replaces a key of the same name: nothing is bound to it yet. `delete` of a key that isn't
///   there succeeds.
/// - **Errors** say what to do next. A key that is gone for good is `Invalidated` or `NotFound`, never `Unavailable`.
///   Anything else that is thrown counts as `Unavailable` and is neither logged nor kept. In Kotlin, catch `Throwable`:
///   an `Error` that escapes from an async method reaches nobody, and the call waits for its time limit.
#[uniffi::export(foreign)]
#[async_trait]
pub trait DeviceKeys: Send + Sync {
    /// Makes a new key pair and gives its public key.
    ///
    /// # Errors
    ///
    /// As the contract says.
    async fn make(&self, key: KeyName) -> Result<Vec<u8>, PlatformKeyError>;

    /// Signs `message`. `prompt` is there for approval keys.
    ///
    /// # Errors
    ///
    /// As the contract says.
    async fn sign(
        &self,
        key: KeyName,
        message: Vec<u8>,
        prompt: Option<Prompt>,
    ) -> Result<Vec<u8>, PlatformKeyError>;

    /// Deletes the key.
    ///
    /// # Errors
    ///
    /// As the contract says.
    async fn delete(&self, key: KeyName) -> Result<(), PlatformKeyError>;

    /// How this store checks the person before it releases an approval key. Returns at once.
    ///
    /// # Errors
    ///
    /// When it can't tell; that counts as [`UserCheck::Unchecked`].
    fn user_check(&self) -> Result<UserCheck, PlatformKeyError>;

    /// Whether the keys are in hardware that doesn't give them out. Returns at once.
    ///
    /// # Errors
    ///
    /// When it can't tell; that counts as no.
    fn in_hardware(&self) -> Result<bool, PlatformKeyError>;

    /// Whether it makes keys of the role `Push`. Where it doesn't, they are kept in the vault. Returns at once.
    ///
    /// # Errors
    ///
    /// When it can't tell; that counts as no.
    fn has_rsa(&self) -> Result<bool, PlatformKeyError>;
}

/// Which key of which account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct KeyName {
    /// The account.
    pub account: Id,
    /// Which of its keys.
    pub role: KeyRole,
}

/// What a key is for, and so what its use needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum KeyRole {
    /// Fetching, life cycle, deny, report. Usable in the background; MUST NOT ask the person anything.
    Device,
    /// Approving. The platform MUST release it on a check of the person alone, for one signature a check.
    Approval,
    /// The RSA key of a push token of privacyIDEA, for fetching and answering alike. Usable in the background; MUST NOT ask
    /// the person anything. Only where the store `has_rsa`, and under an identifier of its own in place of the account's.
    Push,
}

/// What a person is told when the platform asks for the check that releases an approval key.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Prompt {
    /// The application that is signed in to, for the prompt's title.
    pub application: String,
    /// The account's issuer and name, for its second line.
    pub account: String,
}

/// How a device checks the person before it signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum UserCheck {
    /// Fingerprint or face.
    Biometric,
    /// The device's PIN, pattern or password.
    DeviceCredential,
    /// The vault's passphrase.
    Passphrase,
    /// Not at all. (The core's `None`, which Swift would take for an empty optional.)
    Unchecked,
}

impl From<UserCheck> for keys::UserCheck {
    fn from(check: UserCheck) -> Self {
        match check {
            UserCheck::Biometric => Self::Biometric,
            UserCheck::DeviceCredential => Self::DeviceCredential,
            UserCheck::Passphrase => Self::Passphrase,
            UserCheck::Unchecked => Self::None,
        }
    }
}

impl From<keys::KeyName> for KeyName {
    fn from(key: keys::KeyName) -> Self {
        let role = match key.role {
            keys::KeyRole::Device => KeyRole::Device,
            keys::KeyRole::Approval => KeyRole::Approval,
            keys::KeyRole::Push => KeyRole::Push,
        };
        Self { account: key.account, role }
    }
}

/// The foreign key store as the core's.
pub(crate) struct ForeignKeys(pub(crate) Arc<dyn DeviceKeys>);

#[async_trait]
impl keys::DeviceKeys for ForeignKeys {
    async fn make(&self, key: keys::KeyName) -> Result<Vec<u8>, KeyStoreError> {
        within(MACHINE, self.0.make(key.into())).await
    }

    async fn sign(
        &self,
        key: keys::KeyName,
        message: &[u8],
        prompt: Option<keys::Prompt>,
    ) -> Result<Vec<u8>, KeyStoreError> {
        let limit = match key.role {
            keys::KeyRole::Device | keys::KeyRole::Push => MACHINE,
            keys::KeyRole::Approval => PERSON,
        };
        let prompt = prompt.map(|prompt| Prompt { application: prompt.application, account: prompt.account });
        within(limit, self.0.sign(key.into(), message.to_vec(), prompt)).await
    }

    async fn delete(&self, key: keys::KeyName) -> Result<(), KeyStoreError> {
        within(MACHINE, self.0.delete(key.into())).await
    }

    fn user_check(&self) -> keys::UserCheck {
        self.0.user_check().unwrap_or(UserCheck::Unchecked).into()
    }

    fn in_hardware(&self) -> bool {
        self.0.in_hardware().unwrap_or(false)
    }

    fn has_rsa(&self) -> bool {
        self.0.has_rsa().unwrap_or(false)
    }
}
