import Countersign
import Observation

/// Asks for the passphrase at growing intervals, so that it isn't forgotten. The person can skip it.
@MainActor
@Observable
public final class ReminderModel {
    /// The current state.
    public enum State: Equatable, Sendable {
        /// There is nothing to ask.
        case quiet
        /// It is time to ask.
        case asking
        /// It was typed correctly.
        case remembered
        /// It was typed wrongly. The vault is open: the person may try again, or set a new passphrase.
        case forgotten
    }

    /// The current state.
    public private(set) var state = State.quiet
    /// The last error.
    public private(set) var problem: Problem?

    private let authenticator: Authenticator

    public init(_ authenticator: Authenticator) {
        self.authenticator = authenticator
    }

    /// Checks whether it is time to ask.
    public func load() async {
        await work {
            state = try await authenticator.passphraseReminder()?.isDue == true ? .asking : .quiet
        }
    }

    /// Checks what the person typed.
    public func check(_ passphrase: Passphrase) async {
        await work {
            do {
                try await authenticator.check(passphrase)
                state = .remembered
            } catch AuthenticatorError.WrongKey {
                state = .forgotten
            }
        }
    }

    /// Replaces a forgotten passphrase. Perform a user check first.
    public func replace(with passphrase: Passphrase) async {
        guard state == .forgotten else { return }
        await work {
            let vault = authenticator.vault
            guard let old = try await vault.slots().first(where: { $0.kind == .passphrase }) else { return }
            try await vault.replaceSlot(old.id, with: .passphrase(passphrase))
            try await authenticator.check(passphrase)
            state = .remembered
        }
    }

    /// The person doesn't want to be asked now.
    public func later() {
        state = .quiet
    }

    private func work(_ call: () async throws -> Void) async {
        problem = nil
        do {
            try await call()
        } catch {
            problem = Problem(error)
        }
    }
}
