//! Time limits around foreign code.
//!
//! A Kotlin `Error` thrown in an async foreign method calls nobody back, so that Rust would wait for ever.

use std::time::Duration;

use countersign_authenticator::KeyStoreError;
use countersign_authenticator::backup::BackupError;

/// How long foreign code may take, and what it means when it takes longer.
pub(crate) struct Limit<E> {
    time: Duration,
    silence: E,
}

/// For what asks nobody: a key store that takes longer is broken.
pub(crate) const MACHINE: Limit<KeyStoreError> = Limit {
    time: if cfg!(test) { Duration::from_millis(10) } else { Duration::from_secs(30) },
    silence: KeyStoreError::Unavailable,
};
/// For what may ask the person: whoever hasn't answered by then isn't there.
pub(crate) const PERSON: Limit<KeyStoreError> = Limit {
    time: if cfg!(test) { Duration::from_millis(10) } else { Duration::from_mins(5) },
    silence: KeyStoreError::Cancelled,
};

/// For what may have to move a file over a network.
pub(crate) const FILE: Limit<BackupError> = Limit {
    time: if cfg!(test) { Duration::from_millis(10) } else { Duration::from_mins(5) },
    silence: BackupError::Storage,
};

/// Runs a call of foreign code, and drops it at the limit.
pub(crate) async fn within<T, E, F: Into<E>>(
    limit: Limit<E>,
    call: impl Future<Output = Result<T, F>>,
) -> Result<T, E> {
    match tokio::time::timeout(limit.time, call).await {
        Ok(result) => result.map_err(F::into),
        Err(_) => Err(limit.silence),
    }
}

#[cfg(test)]
mod tests;
