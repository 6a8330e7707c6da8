//! Device keys: the two P-256 keys of every enrolled account, and the RSA keys that some servers need.
//!
//! The platform holds them ([`DeviceKeys`]: Android's Keystore, Apple's Secure Enclave). [`SoftwareKeys`] keeps them in
//! the vault, for the command line, for tests and for phones without such hardware.

pub(crate) mod rsa;
mod software;

use async_trait::async_trait;
pub use countersign_offer::RsaKeySize;
use countersign_protocol::Id;
pub use countersign_protocol::messages::UserCheck;
pub use software::SoftwareKeys;

use crate::KeyStoreError;

/// Which key of which account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "an account and a role name a key, and always will")]
pub struct KeyName {
    /// The account.
    pub account: Id,
    /// Which of its keys.
    pub role: KeyRole,
}

/// What a key is for, and so what its use needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the protocols have these keys")]
pub enum KeyRole {
    /// Fetching, life cycle, deny, report. Usable in the background; MUST NOT ask the person anything.
    Device,
    /// Approving. The platform MUST release it on a check of the person alone, for one signature a check.
    Approval,
    /// The RSA key of a push token of privacyIDEA, for fetching and answering alike. Usable in the background; MUST NOT ask
    /// the person anything. Where the store [has RSA](DeviceKeys::has_rsa) alone, and under an identifier of its own in
    /// place of the account's.
    Push,
}

/// What a person is told when the platform asks for the check that releases an approval key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "shells read it, the core makes it")]
pub struct Prompt {
    /// The application that is signed in to, for the prompt's title.
    pub application: String,
    /// The account's issuer and name, for its second line.
    pub account: String,
}

/// The platform's key store.
///
/// # Contract
///
/// - **Encodings.** Public keys are uncompressed X9.63 points (`0x04`, x, y; 65 bytes). Signatures are DER
///   (`SEQUENCE { r, s }`) ECDSA over the SHA-256 of `message`; the implementation hashes. For [`KeyRole::Push`] the public
///   key is `SubjectPublicKeyInfo` in DER of an RSA key of 2048 bits or more, and signatures are PKCS#1 v1.5 with SHA-256.
/// - **Keys** never leave the implementation. They are bound to this device and left out of backups; each approval key
///   is invalidated when a new fingerprint or face is enrolled, where the platform can do that.
/// - **Threads.** Any method may be called from any thread, several at once and for the same key. No method may call
///   back into the authenticator.
/// - **Waiting.** `sign` with an approval key may take minutes, until the person has been checked. Dropping the future
///   takes the prompt away; no signature may be given out afterwards.
/// - **Idempotence.** `make` replaces a key of the same name: nothing is bound to it yet. `delete` of a key that isn't
///   there succeeds.
/// - **Errors** say what to do next: see [`KeyStoreError`]. A key that is gone for good is `Invalidated` or `NotFound`,
///   never `Unavailable`.
#[async_trait]
pub trait DeviceKeys: Send + Sync {
    /// Makes a new key pair and gives its public key.
    async fn make(&self, key: KeyName) -> Result<Vec<u8>, KeyStoreError>;

    /// Signs `message`. `prompt` is there for approval keys.
    async fn sign(
        &self,
        key: KeyName,
        message: &[u8],
        prompt: Option<Prompt>,
    ) -> Result<Vec<u8>, KeyStoreError>;

    /// Deletes the key.
    async fn delete(&self, key: KeyName) -> Result<(), KeyStoreError>;

    /// How this store checks the person before it releases an approval key.
    fn user_check(&self) -> UserCheck;

    /// Whether the keys are in hardware that doesn't give them out.
    fn in_hardware(&self) -> bool;

    /// Whether it makes keys of the role [`KeyRole::Push`]. Where it doesn't, the core keeps them in the vault.
    fn has_rsa(&self) -> bool {
        false
    }
}
