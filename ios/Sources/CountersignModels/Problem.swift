import Countersign

/// A failure, for display.
public struct Problem: Equatable, Sendable {
    /// A stable name, for translations: look it up first.
    public let code: String
    /// What happened and what to do next, in English.
    public let text: String
    /// The text's number, if it has one.
    public let parameter: Int64?
    /// Whether the vault has to be unlocked first.
    public let needsUnlocking: Bool

    /// What a person picked can't be opened: a cloud's file that isn't here, one that went away.
    static let fileUnreadable = Problem(
        code: "file_unreadable", text: "the file can't be opened; copy it to this device, then choose it again")

    private init(code: String, text: String) {
        self.code = code
        self.text = text
        parameter = nil
        needsUnlocking = false
    }

    init(_ detail: ErrorDetail) {
        code = detail.code
        text = detail.description
        parameter = detail.parameter
        needsUnlocking = false
    }

    /// None for intentional actions: a dismissed prompt, a screen that was left.
    public init?(_ error: any Error) {
        switch error {
        case is CancellationError, AuthenticatorError.Cancelled:
            return nil
        case let error as AuthenticatorError:
            code = error.code()
            text = error.describe()
            parameter = error.parameter()
            if case .Locked = error { needsUnlocking = true } else { needsUnlocking = false }
        default:
            // Never the error's own text, which may contain anything.
            code = "internal"
            text = "internal error; please try again"
            parameter = nil
            needsUnlocking = false
        }
    }
}
