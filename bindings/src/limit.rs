//! Time limits around foreign code, and blocking work off the caller's thread.
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

/// Runs `work` on the pool for blocking work: futures are polled on the caller's thread, often the one that draws.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(failure) => match failure.try_into_panic() {
            // UniFFI turns it into the language's own error.
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down, and this future with it.
            Err(_) => std::future::pending().await,
        },
    }
}

#[cfg(test)]
mod tests;
