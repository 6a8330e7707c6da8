//! Blocking work, off the threads that poll futures.

use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::task::JoinHandle;

/// Runs `work` on the runtime's pool for blocking work, once the future is polled. Dropping the future doesn't stop `work`: it
/// should be short, and end in one transaction or none.
///
/// # Panics
///
/// Passes on a panic of `work`.
pub fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Blocking<T> {
    Blocking { task: Task::Waiting(Some(Box::new(move || Box::new(work())))), result: PhantomData }
}

/// Blocking work, and what comes out of it.
///
/// Erased, so that the code of a task is compiled once, and not for each of the many kinds of work.
#[must_use = "nothing runs before it is polled"]
pub struct Blocking<T> {
    task: Task,
    result: PhantomData<fn() -> T>,
}

type Erased = Box<dyn Any + Send>;

enum Task {
    Waiting(Option<Box<dyn FnOnce() -> Erased + Send>>),
    Running(JoinHandle<Erased>),
}

impl<T: 'static> Future for Blocking<T> {
    type Output = T;

    #[expect(clippy::expect_used, reason = "what comes out is what was put in above")]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let result = self.get_mut().task.poll(context);
        result.map(|erased| *erased.downcast().expect("the work's own result"))
    }
}

impl Task {
    #[inline(never)]
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Erased> {
        if let Self::Waiting(work) = self {
            let Some(work) = work.take() else { return Poll::Pending };
            *self = Self::Running(tokio::task::spawn_blocking(work));
        }
        let Self::Running(running) = self else { return Poll::Pending };
        match Pin::new(running).poll(context) {
            Poll::Ready(Ok(result)) => Poll::Ready(result),
            Poll::Ready(Err(failure)) => match failure.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is shutting down, and this future with it.
                Err(_) => Poll::Pending,
            },
            Poll::Pending => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_result_comes_back() {
        assert_eq!(blocking(|| vec![1, 2]).await, [1, 2]);
        assert_eq!(blocking(|| Err::<(), _>("no")).await, Err("no"));
    }

    #[tokio::test]
    #[should_panic = "as it was"]
    async fn a_panic_is_passed_on() {
        blocking(|| panic!("as it was")).await
    }
}
