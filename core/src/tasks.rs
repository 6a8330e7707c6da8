//! Blocking work, off the threads that poll futures.

/// Runs `work` on the runtime's pool for blocking work. Dropping the future doesn't stop `work`: it is short, and ends
/// in one transaction or none.
///
/// # Panics
///
/// Passes on a panic of `work`.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(failure) => match failure.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down, and this future with it.
            Err(_) => std::future::pending().await,
        },
    }
}
