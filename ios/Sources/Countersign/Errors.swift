import CountersignFFI
import Foundation

/// Any failure of the authenticator, grouped by what can be done about it. `code()` is a stable name for programs and
/// translations,
/// `describe()` an English text for people. Neither ever contains a secret or a URL.
public typealias AuthenticatorError = CountersignFFI.AuthenticatorError
/// What happened, for programs, for translations and for people.
public typealias ErrorDetail = CountersignFFI.ErrorDetail

extension AuthenticatorError: LocalizedError {
    /// What happened and what to do next, in English.
    public var errorDescription: String? {
        describe()
    }
}
