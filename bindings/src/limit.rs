//! Time limits around foreign code.
//!
//! A Kotlin `Error` thrown in an async foreign method calls nobody back, so that Rust would wait for ever.

use std::time::Duration;

use countersign_core::KeyStoreError;

use crate::PlatformKeyError;

/// How long foreign code may take, and what it means when it takes longer.
pub(crate) struct Limit {
    time: Duration,
    silence: KeyStoreError,
}

/// For what asks nobody: a key store that takes longer is broken.
pub(crate) const MACHINE: Limit = Limit {
    time: if cfg!(test) { Duration::from_millis(10) } else { Duration::from_secs(30) },
    silence: KeyStoreError::Unavailable,
};
/// For what may ask the person: whoever hasn't answered by then isn't there.
pub(crate) const PERSON: Limit = Limit {
    time: if cfg!(test) { Duration::from_millis(10) } else { Duration::from_mins(5) },
    silence: KeyStoreError::Cancelled,
};

/// Runs a call of a foreign key store, and drops it at the limit.
pub(crate) async fn within<T>(
    limit: Limit,
    call: impl Future<Output = Result<T, PlatformKeyError>>,
) -> Result<T, KeyStoreError> {
    match tokio::time::timeout(limit.time, call).await {
        Ok(result) => result.map_err(KeyStoreError::from),
        Err(_) => Err(limit.silence),
    }
}

#[cfg(test)]
mod tests;
