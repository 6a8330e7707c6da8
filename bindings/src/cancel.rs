//! Cancelling a call from the other language.

use std::future::{Future, pending, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

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
    let mut cancelled = cancellation(cancel);
    let mut work = pin!(work);
    poll_fn(|context| match cancelled.as_mut().poll(context) {
        Poll::Ready(()) => Poll::Ready(Err(AuthenticatorError::cancelled())),
        Poll::Pending => work.as_mut().poll(context).map_err(Into::into),
    })
    .await
}

/// Ends when `cancel` is cancelled. Apart from the work, so that it is compiled once and not for each kind of work.
fn cancellation(cancel: Option<Arc<CancelHandle>>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        let Some(cancel) = cancel else { return pending().await };
        // Its sender is the handle, which is held here.
        let _ = cancel.cancelled.subscribe().wait_for(|cancelled| *cancelled).await;
    })
}
