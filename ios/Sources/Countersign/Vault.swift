import CountersignFFI
import Foundation

/// A vault file and, while it is unlocked, its keys.
///
/// Everything in it is sealed under one random key, which is kept in slots: any one of them opens the vault. Give every vault
/// two at least, so that a person who loses one still has the other.
public final class Vault: Sendable {
    let core: CountersignFFI.Vault

    /// Creates a vault that each of these opens, and its folder if need be; the new vault is unlocked.
    ///
    /// - Throws: ``AuthenticatorError/Vault(detail:)`` with the code `vault_already_exists` whatever is there, or
    ///   `vault_last_slot` when nothing opens it; those of the key store.
    public static func create(at file: URL, openedBy openers: [VaultOpener]) async throws -> Vault {
        var slots: [NewSlot] = []
        for opener in openers {
            slots.append(try await opener.makeSlot())
        }
        return Vault(try await CountersignFFI.Vault.create(path: file.path, slots: slots))
    }

    /// Opens a vault file. It is locked.
    ///
    /// - Throws: ``AuthenticatorError/Vault(detail:)`` with the code `vault_missing`, `not_a_vault`, `vault_damaged` or
    ///   `vault_newer_schema`. None of them changes the file.
    public static func open(_ file: URL) async throws -> Vault {
        Vault(try await CountersignFFI.Vault.open(path: file.path))
    }

    /// Moves a vault that nobody can open out of the way, into a new folder beside it, so that another can be made at its place.
    /// Nothing is deleted: whoever finds the key later opens it there.
    ///
    /// - Returns: The folder.
    public static func setAside(_ file: URL) async throws -> URL {
        URL(fileURLWithPath: try await setVaultAside(path: file.path), isDirectory: true)
    }

    init(_ core: CountersignFFI.Vault) {
        self.core = core
    }

    /// Whether the keys are absent.
    public var isLocked: Bool {
        core.isLocked()
    }

    /// Unlocks it. A passphrase takes about a fifth of a second of one core.
    ///
    /// - Throws: ``AuthenticatorError/WrongKey(detail:)``; ``AuthenticatorError/Cancelled(detail:)`` and
    ///   ``AuthenticatorError/KeyStore(detail:)`` for what the key store answered, with the other slots as good as before;
    ///   ``AuthenticatorError/Vault(detail:)`` when the vault has no slot of that kind.
    public func unlock(with opener: VaultOpener) async throws {
        switch opener {
        case .passphrase(let passphrase):
            try await core.unlockWithPassphrase(passphrase: passphrase)
        case .recoveryCode(let code):
            try await core.unlockWithRecoveryCode(code: code)
        case .keyStore(let store):
            try await cancellable { try await core.unlockWithKeyStore(store: store, cancel: $0) }
        }
    }

    /// Wipes the keys. Every later call that needs them throws ``AuthenticatorError/Locked(detail:)``.
    public func lock() {
        core.lock()
    }

    /// What opens it. Needs no key, but tells only with one which ways have been proven.
    ///
    /// - Throws: ``AuthenticatorError`` when the file can't be read.
    public func slots() async throws -> [KeySlot] {
        try await core.slots()
    }

    /// Adds one more way to open it.
    ///
    /// - Returns: The new slot's identifier.
    /// - Throws: ``AuthenticatorError/Locked(detail:)``; those of the key store.
    @discardableResult
    public func addSlot(_ opener: VaultOpener) async throws -> Id {
        let slot = try await opener.makeSlot()
        try await core.addSlot(slot: slot)
        return slot.id()
    }

    /// Puts a new way to open it in the place of another, in one step.
    ///
    /// - Returns: The new slot's identifier.
    /// - Throws: ``AuthenticatorError/Vault(detail:)`` with the code `vault_no_such_slot`; those of the key store.
    @discardableResult
    public func replaceSlot(_ slot: Id, with opener: VaultOpener) async throws -> Id {
        let new = try await opener.makeSlot()
        try await core.replaceSlot(id: slot, slot: new)
        return new.id()
    }

    /// Removes a way to open it. For one held by a key store, let the store forget its key afterwards.
    ///
    /// - Throws: ``AuthenticatorError/Vault(detail:)`` with the code `vault_last_slot` when no undamaged slot would be left, or
    ///   `vault_no_such_slot`.
    public func removeSlot(_ slot: Id) async throws {
        try await core.removeSlot(id: slot)
    }

    /// Changes the passphrase, in one step: at any moment either the old one or the new one opens the vault.
    ///
    /// - Throws: ``AuthenticatorError/WrongKey(detail:)``; ``AuthenticatorError/Vault(detail:)`` when it has no passphrase;
    ///   ``AuthenticatorError/Input(detail:)`` when the new one is empty.
    public func changePassphrase(from current: Passphrase, to new: Passphrase) async throws {
        try await core.changePassphrase(current: current, new: new)
    }

    /// Whether a person could open it if this device's key store were gone. A state to warn of; nothing is refused for it.
    ///
    /// - Throws: ``AuthenticatorError/Locked(detail:)``.
    public func recoverability() async throws -> Recoverability {
        try await core.recoverability()
    }

    /// Checks a recovery code that the person typed back, and notes that it has been proven. Ask for it once, when it was made.
    ///
    /// - Throws: ``AuthenticatorError/WrongKey(detail:)`` when it was written down wrongly, or is an older one.
    public func check(_ code: RecoveryCode) async throws {
        try await core.checkRecoveryCode(code: code)
    }

    /// Reads the whole file and opens every record; while it is locked, the file and the slots alone are checked.
    ///
    /// - Throws: ``AuthenticatorError/Vault(detail:)`` when so much is damaged that the rest can't be told.
    public func check() async throws -> Health {
        try await core.check()
    }

    /// Takes the records that are there as complete from now on, once the person has been told of what was lost.
    ///
    /// - Throws: ``AuthenticatorError`` when the file can't be read or written.
    public func acceptLoss() async throws {
        try await core.acceptLoss()
    }
}

/// What opens a vault.
public enum VaultOpener: Sendable {
    /// What the person knows, through Argon2id.
    case passphrase(Passphrase)
    /// What the person has on paper.
    case recoveryCode(RecoveryCode)
    /// A key that the platform holds: `SecureEnclaveVaultKeys` on an iPhone.
    case keyStore(any VaultKeyStore)

    func makeSlot() async throws -> NewSlot {
        switch self {
        case .passphrase(let passphrase):
            try await .fromPassphrase(passphrase: passphrase)
        case .recoveryCode(let code):
            .fromRecoveryCode(code: code)
        case .keyStore(let store):
            try await cancellable { try await .fromKeyStore(store: store, cancel: $0) }
        }
    }
}

extension Passphrase {
    /// From what the person typed. Swift can't overwrite a `String`; a field that gives its bytes should use
    /// `init(utf8:)` and overwrite them.
    public convenience init(_ typed: String) {
        self.init(utf8: Data(typed.precomposedStringWithCanonicalMapping.utf8))
    }
}
