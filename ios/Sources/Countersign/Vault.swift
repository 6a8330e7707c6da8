import CountersignFFI
import Foundation

/// A vault file and, while it is unlocked, its keys.
///
/// Its content is sealed under one random key, which is wrapped in slots: any one of them opens the vault. Give every
/// vault at least two, so that a person who loses one still has the other.
public final class Vault: Sendable {
    let core: CountersignFFI.Vault

    /// Creates a vault that each of these can open, and its folder if necessary. The new vault is unlocked.
    ///
    /// - Throws: ``AuthenticatorError/Vault(detail:)`` with the code `vault_already_exists` if anything is there, or
    ///   `vault_last_slot` if no opener was given; those of the key store.
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

    /// Moves a vault that nobody can open into a new folder next to it, so that another can be created in its place.
    /// Nothing is deleted: with the key, it can be opened there later.
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
    ///   ``AuthenticatorError/KeyStore(detail:)`` for the key store's answer, which doesn't affect the other slots;
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

    /// The key slots. Needs no key, but which slots are proven is known only while unlocked.
    ///
    /// - Throws: ``AuthenticatorError`` when the file can't be read.
    public func slots() async throws -> [KeySlot] {
        try await core.slots()
    }

    /// Adds another way to open it.
    ///
    /// - Returns: The new slot's identifier.
    /// - Throws: ``AuthenticatorError/Locked(detail:)``; those of the key store.
    @discardableResult
    public func addSlot(_ opener: VaultOpener) async throws -> Id {
        let slot = try await opener.makeSlot()
        try await core.addSlot(slot: slot)
        return slot.id()
    }

    /// Replaces one way to open it by another, in one step.
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

    /// Whether a person could open it without this device's key store. If not, show a warning; nothing is refused.
    ///
    /// - Throws: ``AuthenticatorError/Locked(detail:)``.
    public func recoverability() async throws -> Recoverability {
        try await core.recoverability()
    }

    /// Checks a recovery code that the person typed back, and records that it is proven. Ask for it once, after
    /// creating it.
    ///
    /// - Throws: ``AuthenticatorError/WrongKey(detail:)`` when it was written down wrongly, or is an older one.
    public func check(_ code: RecoveryCode) async throws {
        try await core.checkRecoveryCode(code: code)
    }

    /// Reads the whole file and opens every record; while it is locked, only the file and the slots are checked.
    ///
    /// - Throws: ``AuthenticatorError/Vault(detail:)`` when too much is damaged to determine the rest.
    public func check() async throws -> Health {
        try await core.check()
    }

    /// Accepts the remaining records as complete, after the person has seen what was lost.
    ///
    /// - Throws: ``AuthenticatorError`` when the file can't be read or written.
    public func acceptLoss() async throws {
        try await core.acceptLoss()
    }
}

/// A way to open a vault.
public enum VaultOpener: Sendable {
    /// A passphrase, through Argon2id.
    case passphrase(Passphrase)
    /// A recovery code on paper.
    case recoveryCode(RecoveryCode)
    /// A key in the platform's key store: `SecureEnclaveVaultKeys` on an iPhone.
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
    /// From typed text. Swift can't overwrite a `String`; a field that provides bytes should use `init(utf8:)` and
    /// overwrite them.
    public convenience init(_ typed: String) {
        self.init(utf8: Data(typed.precomposedStringWithCanonicalMapping.utf8))
    }
}
