import Countersign
import Foundation
import Observation

/// The screen by which a new phone takes this one's place at a service: a code, then a number to type there.
@MainActor
@Observable
public final class ReplacementModel {
    /// Where it stands.
    public enum State: Equatable, Sendable {
        /// Nothing was begun.
        case idle
        /// The new phone scans this, until then.
        case waiting(link: String, expiresAt: Date)
        /// The new phone must show this check value too. Then its owner types the number there, or scans the link's code.
        case activating(checkValue: String, number: String?, matchLink: String?)
        /// The new phone approves, and this one is revoked.
        case done
        /// It came to nothing, and this phone is as it was.
        case ended
    }

    /// Where it stands.
    public private(set) var state = State.idle
    /// What went wrong last.
    public private(set) var problem: Problem?

    private let authenticator: Authenticator
    private let account: Id
    private let pause: Duration

    /// - Parameter pause: How long it waits before it asks the service again.
    public init(_ authenticator: Authenticator, account: Id, pause: Duration = .seconds(2)) {
        self.authenticator = authenticator
        self.account = account
        self.pause = pause
    }

    /// Begins, which the platform asks the person for, and follows until it is over or the task is cancelled.
    public func run() async {
        problem = nil
        do {
            let replacement = try await authenticator.replaceDevice(of: account)
            let expiresAt = Date(timeIntervalSince1970: TimeInterval(replacement.expiresAt()))
            for try await step in authenticator.steps(of: replacement, every: pause) {
                state =
                    switch step {
                    case .waiting: .waiting(link: replacement.link(), expiresAt: expiresAt)
                    case .activating(let checkValue, let number, let matchLink):
                        .activating(checkValue: checkValue, number: number, matchLink: matchLink)
                    case .done: .done
                    case .ended: .ended
                    }
            }
        } catch {
            problem = Problem(error)
            if state != .done { state = .idle }
        }
    }
}
