import CountersignFFI

/// Runs a call of the library so that cancelling the Swift task cancels it in Rust too.
///
/// UniFFI leaves a cancelled task waiting until the call is over. The handle ends the call at once and drops its future, with
/// whatever it had under way: a network request, a prompt.
///
/// - Throws: `CancellationError` when the task was cancelled, and not ``AuthenticatorError/Cancelled(detail:)``: that one
///   says that the person dismissed a prompt.
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
