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
    /// Whether one was begun before and isn't done, as after the app was ended: offer to ``resume(checking:)`` it.
    public private(set) var isOpen = false
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

    /// Finds out whether one is open.
    public func load() async {
        do {
            isOpen = try await authenticator.openReplacements().contains(account)
        } catch {
            problem = Problem(error)
        }
    }

    /// Begins, which the platform asks the person for, and follows until it is over or the task is cancelled. One that is open ends
    /// with it.
    public func run() async {
        await follow { try await authenticator.replaceDevice(of: account) }
    }

    /// Goes on with the one that is open, as ``run()``.
    ///
    /// - Parameter isThePerson: Has the platform check the person, which no key does here. Without that nothing is shown.
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
