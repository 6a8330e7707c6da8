//! What a platform's key store may answer when it is asked to use a key.
//!
//! The vault's foreign-held key slot and the device keys are both kept there (Android Keystore, Apple Keychain and
//! Secure Enclave), so both report the same errors.

/// Why the key store didn't use the key. Each variant asks for another next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum KeyStoreError {
    /// The person dismissed the prompt. Ask again when they try again.
    #[error("the person cancelled")]
    Cancelled,
    /// The device or the key is locked for now: no unlock since boot, or too many failed attempts. Try later.
    #[error("the key store is locked for now; unlock the device and try again")]
    Locked,
    /// The key exists but will never work again: a fingerprint was added, or the screen lock removed.
    #[error(
        "the key store gave the key up, since a fingerprint or the screen lock was changed; nothing is lost: use another way in, or enrol this account again"
    )]
    Invalidated,
    /// There is no such key: another device, restored data, or a cleared key store.
    #[error(
        "the key store has no such key: this is another device, or its keys were cleared; nothing is lost: use another way in, or enrol this account again"
    )]
    NotFound,
    /// The key store failed, or this device hasn't one that is good enough.
    #[error("the key store failed; try again, or use another way in")]
    Unavailable,
}

impl KeyStoreError {
    /// A stable name for shells and scripts.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Cancelled => "key_store_cancelled",
            Self::Locked => "key_store_locked",
            Self::Invalidated => "key_store_invalidated",
            Self::NotFound => "key_store_key_not_found",
            Self::Unavailable => "key_store_unavailable",
        }
    }
}
