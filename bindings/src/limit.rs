//! Time limits around foreign code, and blocking work off the caller's thread.
//!
//! A Kotlin `Error` thrown in an async foreign method calls nobody back, so that Rust would wait for ever.

use std::time::Duration;

use countersign_core::KeyStoreError;

use crate::PlatformKeyError;

/// For what asks nobody: a key store that takes longer is broken.
pub(crate) const MACHINE: Duration = Duration::from_secs(30);
/// For what may ask the person: whoever hasn't answered by then isn't there.
pub(crate) const PERSON: Duration = Duration::from_mins(5);

/// Runs a call of the foreign key store, and gives up on it after `limit`.
pub(crate) async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, PlatformKeyError>>,
) -> Result<T, KeyStoreError> {
    match tokio::time::timeout(limit, call).await {
        Ok(result) => result.map_err(KeyStoreError::from),
        Err(_) if limit >= PERSON => Err(KeyStoreError::Cancelled),
        Err(_) => Err(KeyStoreError::Unavailable),
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
