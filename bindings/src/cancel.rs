//! Cancelling a call from the other language.

use std::sync::Arc;

use tokio::sync::watch;

use crate::AuthenticatorError;

/// Cancels the calls that it was given to: each ends at once with [`AuthenticatorError::Cancelled`], and its Rust future is
/// dropped with whatever it had under way (a network request, a prompt). Once cancelled it stays so: make one a call.
///
/// A Kotlin coroutine that is cancelled drops the future by itself; a Swift task doesn't, and needs
/// `withTaskCancellationHandler` around the call.
#[derive(Default, uniffi::Object)]
pub struct CancelHandle {
    cancelled: watch::Sender<bool>,
}

#[uniffi::export]
impl CancelHandle {
    /// A handle that isn't cancelled.
    #[uniffi::constructor]
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Cancels every call that has this handle, and every later one. May be called from any thread, any number of times.
    pub fn cancel(&self) {
        self.cancelled.send_replace(true);
    }

    /// Whether it has been cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        *self.cancelled.borrow()
    }
}

/// Runs `work` to its end, or drops it when `cancel` is cancelled.
pub(crate) async fn cancellable<T, E: Into<AuthenticatorError>>(
    cancel: Option<Arc<CancelHandle>>,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, AuthenticatorError> {
    let Some(cancel) = cancel else { return work.await.map_err(Into::into) };
    let mut cancelled = cancel.cancelled.subscribe();
    tokio::select! {
        biased;
        _ = cancelled.wait_for(|cancelled| *cancelled) => Err(AuthenticatorError::cancelled()),
        result = work => result.map_err(Into::into),
    }
}
