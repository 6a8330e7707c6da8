import CountersignFFI

/// Runs a call to the library so that cancelling the Swift task also cancels it in Rust.
///
/// With UniFFI, a cancelled task waits until the call is over. The handle ends the call at once and drops its future
/// with its work in progress: a network request, a prompt.
///
/// - Throws: `CancellationError` when the task was cancelled, not ``AuthenticatorError/Cancelled(detail:)``, which
///   means that the person dismissed a prompt.
func cancellable<Value: Sendable>(
    isolation: isolated (any Actor)? = #isolation,
    _ call: (CancelHandle) async throws -> Value
) async throws -> Value {
    let handle = CancelHandle()
    return try await withTaskCancellationHandler {
        do {
            return try await call(handle)
        } catch AuthenticatorError.Cancelled where handle.isCancelled() {
            throw CancellationError()
        }
    } onCancel: {
        handle.cancel()
    }
}
