import Countersign

/// The library's error that a call ends with. Anything else, and success, is a failure of the test.
func failure<Value: Sendable>(
    isolation: isolated (any Actor)? = #isolation,
    of call: () async throws -> Value
) async throws -> AuthenticatorError {
    do {
        _ = try await call()
    } catch let error as AuthenticatorError {
        return error
    }
    throw Failure("the call succeeded")
}

extension AuthenticatorError {
    /// Its variant, which says what a caller can do next.
    var kind: String {
        switch self {
        case .Cancelled: "Cancelled"
        case .Locked: "Locked"
        case .WrongKey: "WrongKey"
        case .Vault: "Vault"
        case .KeyStore: "KeyStore"
        case .Input: "Input"
        case .Network: "Network"
        case .Untrusted: "Untrusted"
        case .Refused: "Refused"
        case .Gone: "Gone"
        case .Busy: "Busy"
        }
    }
}
