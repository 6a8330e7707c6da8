import Countersign
import Observation

/// The screen of one sign-in: shows everything that was signed, accepts the number, and answers.
@MainActor
@Observable
public final class RequestModel: Identifiable {
    /// The state of the answer.
    public enum State: Equatable, Sendable {
        /// The person has to decide.
        case asking
        /// The answer is on its way; the platform may be checking the person.
        case answering
        /// It is decided.
        case answered(Outcome)
    }

    /// What to show: all of it.
    public let request: ApprovalRequest
    /// The state of the answer.
    public private(set) var state = State.asking
    /// What the person has typed.
    public var number = ""
    /// Number of tries left after a wrong number.
    public private(set) var triesLeft: Int?
    /// Whether the report has locked push: no device will be asked until an administrator unlocks the account.
    public private(set) var locked = false
    /// A code that completes the sign-in: the person types it on the sign-in page. It is returned only once.
    public private(set) var code: String?
    /// The organisation's text about that code.
    public private(set) var message: String?
    /// The last error.
    public private(set) var problem: Problem?

    private let authenticator: Authenticator

    public init(_ request: ApprovalRequest, authenticator: Authenticator) {
        self.request = request
        self.authenticator = authenticator
    }

    /// How many digits the number has; `nil` when no number is asked for.
    public var digits: Int? {
        request.matching.digits.map(Int.init)
    }

    /// Options to choose from: the sign-in page shows one of them, and there is only one try.
    public var options: [String] {
        request.matching.options
    }

    /// Whether the QR code of the sign-in page can be scanned instead.
    public var acceptsScan: Bool {
        request.matching.scan
    }

    /// Whether what was typed can be the number. An organisation may ask for none; then there is nothing to type.
    public var canApprove: Bool {
        guard state == .asking else { return false }
        guard let digits else { return !acceptsScan && options.isEmpty }
        return number.filter(\.isWholeNumber).count == digits
    }

    /// Approves with what was typed. The platform checks the person.
    public func approve() async {
        guard canApprove else { return }
        await answer { [request, number, digits] authenticator in
            try await authenticator.approve(
                request.id, with: digits == nil ? .notAsked : .number(number: number))
        }
    }

    /// Approves with the option that the sign-in page shows. The platform checks the person.
    public func approve(choosing option: String) async {
        await answer { [request] in try await $0.approve(request.id, with: .choice(option: option)) }
    }

    /// Approves with the scanned code of the sign-in page. The platform checks the person.
    public func approve(scanned offer: Offer) async {
        await answer { [request] in try await $0.approve(request.id, with: .scanned(offer: offer)) }
    }

    /// Rejects it.
    public func deny() async {
        await answer { [request] in try await $0.deny(request.id) }
    }

    /// Rejects it, and reports to the organisation that somebody else is behind it.
    public func report() async {
        await answer { [request] in try await $0.report(request.id) }
    }

    /// Rejects and reports it; no device will be asked until an administrator unlocks the account.
    public func reportAndLock() async {
        await answer { [request] authenticator in
            let turnedDown = try await authenticator.turnDown([request.id], .reportAndLock)
            if let error = turnedDown.first?.error { throw error }
            guard let outcome = turnedDown.first?.outcome else { throw CancellationError() }
            return outcome
        }
    }

    private func answer(_ call: @Sendable (Authenticator) async throws -> AnswerOutcome) async {
        guard state == .asking else { return }
        state = .answering
        do {
            let answer = try await call(authenticator)
            problem = nil
            code = answer.code
            message = answer.message
            locked = answer.locked
            if answer.outcome == .wrongMatch, answer.triesLeft > 0 {
                triesLeft = Int(answer.triesLeft)
                number = ""
                state = .asking
            } else {
                state = .answered(answer.outcome)
            }
        } catch {
            // If dismissed or failed, it can be repeated: the same answer takes effect at most once.
            problem = Problem(error)
            state = .asking
        }
    }
}
