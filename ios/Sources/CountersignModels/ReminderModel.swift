import Countersign
import Observation

/// The question that keeps a passphrase in mind: asked at growing intervals, never insisted on.
@MainActor
@Observable
public final class ReminderModel {
    /// Where it stands.
    public enum State: Equatable, Sendable {
        /// There is nothing to ask.
        case quiet
        /// It is time to ask.
        case asking
        /// It was typed rightly.
        case remembered
        /// It was typed wrongly. The vault is open: the person may try again, or make another passphrase.
        case forgotten
    }

    /// Where it stands.
    public private(set) var state = State.quiet
    /// What went wrong last.
    public private(set) var problem: Problem?

    private let authenticator: Authenticator

    public init(_ authenticator: Authenticator) {
        self.authenticator = authenticator
    }

    /// Finds out whether it is time to ask.
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

    /// Puts another passphrase in the place of the forgotten one. Have the platform check that it is the person first.
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
