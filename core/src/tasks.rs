//! Blocking work, off the threads that poll futures.

use std::any::Any;

/// Runs `work` on the runtime's pool for blocking work. Dropping the future doesn't stop `work`: it should be short, and
/// end in one transaction or none.
///
/// # Panics
///
/// Passes on a panic of `work`.
#[expect(clippy::expect_used, reason = "what comes out is what was put in three lines above")]
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    // Erased, so that tokio's code for a task is compiled once, and not for each of the many kinds of work.
    let erased: Box<dyn FnOnce() -> Box<dyn Any + Send> + Send> = Box::new(move || Box::new(work()));
    match tokio::task::spawn_blocking(erased).await {
        Ok(result) => *result.downcast().expect("the work's own result"),
        Err(failure) => match failure.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down, and this future with it.
            Err(_) => std::future::pending().await,
        },
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
