import Countersign
import Observation

/// The settings screen: the vault's slots, and its state.
@MainActor
@Observable
public final class SettingsModel {
    /// The vault's slots.
    public private(set) var slots: [KeySlot] = []
    /// Whether a person could open the vault without this phone.
    public private(set) var recoverability: Recoverability?
    /// The result of the last check.
    public private(set) var health: Health?
    /// The accounts, with those in the trash.
    public private(set) var accounts: [AccountSummary] = []
    /// The last error.
    public private(set) var problem: Problem?

    private let authenticator: Authenticator

    public init(_ authenticator: Authenticator) {
        self.authenticator = authenticator
    }

    /// Reads the screen's content.
    public func load() async {
        await work {
            slots = try await authenticator.vault.slots()
            recoverability = try await authenticator.vault.recoverability()
            accounts = try await authenticator.accounts().accounts
        }
    }

    /// Reads the whole vault. Takes a second or so for many accounts.
    public func check() async {
        await work { health = try await authenticator.vault.check() }
    }

    /// Replaces the recovery code by a new one.
    ///
    /// - Returns: The code for the person to write down, shown once; `nil` if it failed.
    public func renewRecoveryCode() async -> RecoveryCode? {
        let code = RecoveryCode.makeRandom()
        let done = await work {
            let vault = authenticator.vault
            if let old = try await vault.slots().first(where: { $0.kind == .recoveryCode }) {
                try await vault.replaceSlot(old.id, with: .recoveryCode(code))
            } else {
                try await vault.addSlot(.recoveryCode(code))
            }
            slots = try await vault.slots()
            recoverability = try await vault.recoverability()
        }
        return done ? code : nil
    }

    /// Checks a recovery code that was typed back from the paper.
    public func check(recoveryCode typed: String) async {
        await work {
            try await authenticator.vault.check(RecoveryCode.parse(text: typed))
            recoverability = try await authenticator.vault.recoverability()
        }
    }

    /// Moves an account to the trash, or restores it.
    public func setTrashed(_ account: AccountSummary, _ isTrashed: Bool) async {
        await work {
            if isTrashed {
                try await authenticator.trash(account.id)
            } else {
                try await authenticator.restore(account.id)
            }
            accounts = try await authenticator.accounts().accounts
        }
    }

    /// Lets this phone make codes of a moved account again: the new phone is gone, or no longer has it.
    public func takeBack(_ account: AccountSummary) async {
        await work {
            try await authenticator.takeBack(account.id)
            accounts = try await authenticator.accounts().accounts
        }
    }

    /// Revokes this device at the account's service, if it has one, and deletes the account.
    public func delete(_ account: AccountSummary) async {
        await work {
            if account.binding == .active || account.binding == .awaitingActivation {
                try await authenticator.revoke(account.id)
            }
            try await authenticator.delete(account.id)
            accounts = try await authenticator.accounts().accounts
        }
    }

    @discardableResult
    private func work(_ call: () async throws -> Void) async -> Bool {
        problem = nil
        do {
            try await call()
            return true
        } catch {
            problem = Problem(error)
            return false
        }
    }
}
