import Countersign
import Foundation
import Observation

/// The screen that replaces this phone at a service: a code to scan, then a number to type on the new phone.
@MainActor
@Observable
public final class ReplacementModel {
    /// The current state.
    public enum State: Equatable, Sendable {
        /// Not started.
        case idle
        /// The new phone scans this link before that time.
        case waiting(link: String, expiresAt: Date)
        /// The new phone must show this check value too. Then its owner types the number there, or scans the link's code.
        case activating(checkValue: String, number: String?, matchLink: String?)
        /// The new phone approves, and this one is revoked.
        case done
        /// The replacement failed. This phone is unchanged.
        case ended
    }

    /// The current state.
    public private(set) var state = State.idle
    /// Whether a replacement is open, for example after the app was closed: offer to ``resume(checking:)`` it.
    public private(set) var isOpen = false
    /// The last error.
    public private(set) var problem: Problem?

    private let authenticator: Authenticator
    private let account: Id
    private let pause: Duration

    /// - Parameter pause: The interval between requests to the service.
    public init(_ authenticator: Authenticator, account: Id, pause: Duration = .seconds(2)) {
        self.authenticator = authenticator
        self.account = account
        self.pause = pause
    }

    /// Checks whether one is open.
    public func load() async {
        do {
            isOpen = try await authenticator.openReplacements().contains(account)
        } catch {
            problem = Problem(error)
        }
    }

    /// Starts a replacement after a user check, and follows it until it is over or the task is cancelled. This ends an
    /// open one.
    public func run() async {
        await follow { try await authenticator.replaceDevice(of: account) }
    }

    /// Resumes the open replacement, like ``run()``.
    ///
    /// - Parameter isThePerson: Performs the user check, since no key does here. If it fails, nothing is shown.
    public func resume(checking isThePerson: () async -> Bool) async {
        guard await isThePerson() else { return }
        await follow { try await authenticator.resumeReplacement(of: account) }
    }

    private func follow(_ begin: () async throws -> Replacement?) async {
        problem = nil
        do {
            if let replacement = try await begin() {
                for try await step in authenticator.steps(of: replacement, every: pause) {
                    show(step, of: replacement)
                }
            } else {
                state = .ended
            }
        } catch {
            problem = Problem(error)
            if state != .done { state = .idle }
        }
        await load()
    }

    private func show(_ step: ReplacementStep, of replacement: Replacement) {
        state =
            switch step {
            case .waiting:
                .waiting(
                    link: replacement.link(),
                    expiresAt: Date(timeIntervalSince1970: TimeInterval(replacement.expiresAt())))
            case .activating(let checkValue, let number, let matchLink):
                .activating(checkValue: checkValue, number: number, matchLink: matchLink)
            case .done: .done
            case .ended: .ended
            }
    }
}
