import Countersign
import Foundation
import Observation

/// The vault of an app, with its state: missing, locked, open or unusable.
@MainActor
@Observable
public final class VaultModel {
    /// The current state.
    public enum State {
        /// Not checked yet.
        case unknown
        /// There is none: let the person create one.
        case missing
        /// It was just created, and the person has to write down this code, which is shown once. Continue with
        /// ``VaultModel/check(recoveryCode:)``, or with ``VaultModel/codeIsWrittenDown()`` to check it later.
        case created(RecoveryCode)
        /// It has to be unlocked in one of these ways.
        case locked([SlotKind])
        /// It is open.
        case open(Authenticator)
        /// It can't be used. Its sealed content is left unchanged.
        case unusable(Problem)
    }

    /// The current state.
    public private(set) var state = State.unknown
    /// Whether a call is in progress.
    public private(set) var isBusy = false
    /// The last error.
    public private(set) var problem: Problem?

    private let file: URL
    private let keys: any DeviceKeys
    private let clock: (any DeviceClock)?
    private let store: (any VaultKeyStore)?
    private var vault: Vault?
    private var wakeUp: WakeUp?

    /// - Parameters:
    ///   - keys: Where this device's keys are.
    ///   - clock: The device's clocks.
    ///   - store: The platform's key store for the vault, if it has one.
    public init(
        file: URL,
        keys: any DeviceKeys,
        clock: (any DeviceClock)? = nil,
        store: (any VaultKeyStore)? = nil
    ) {
        self.file = file
        self.keys = keys
        self.clock = clock
        self.store = store
    }

    /// Opens the file, locked. If it is already open, nothing changes.
    public func open() async {
        guard vault == nil, !isBusy else { return }
        await work {
            do {
                let vault = try await Vault.open(file)
                self.vault = vault
                try await showLocked(vault)
            } catch let error as AuthenticatorError where error.code() == "vault_missing" {
                state = .missing
            } catch {
                if let problem = Problem(error) { state = .unusable(problem) }
            }
        }
    }

    /// Creates a new vault, opened by the platform's key store, if there is one, and by a new recovery code.
    public func create() async {
        let code = RecoveryCode.makeRandom()
        var openers = [VaultOpener.recoveryCode(code)]
        if let store { openers.append(.keyStore(store)) }
        await work {
            vault = try await Vault.create(at: file, openedBy: openers)
            state = .created(code)
        }
    }

    /// Checks the recovery code that the person typed from paper, and continues if it is right.
    public func check(recoveryCode typed: String) async {
        guard case .created = state, let vault else { return }
        await work {
            try await vault.check(RecoveryCode.parse(text: typed))
            try await showOpen(vault)
        }
    }

    /// The person has written down the recovery code, and will check it later.
    public func codeIsWrittenDown() async {
        guard case .created = state, let vault else { return }
        await work { try await showOpen(vault) }
    }

    /// Unlocks by the platform's key store.
    public func unlock() async {
        guard let store else { return }
        await unlock(with: .keyStore(store))
    }

    /// Unlocks with the typed passphrase.
    public func unlock(with opener: VaultOpener) async {
        guard let vault else { return }
        await work {
            try await vault.unlock(with: opener)
            try await showOpen(vault)
        }
    }

    /// Unlocks by a recovery code as it was typed: any case, with or without hyphens.
    public func unlock(recoveryCode typed: String) async {
        do {
            let code = try RecoveryCode.parse(text: typed)
            await unlock(with: .recoveryCode(code))
        } catch {
            problem = Problem(error)
        }
    }

    /// Locks it, at the person's request or after a while in the background.
    public func lock() async {
        guard let vault else { return }
        vault.lock()
        await work { try await showLocked(vault) }
    }

    /// The address for wake-ups, as the system has just provided it. It is sent to services as soon as the vault is
    /// open.
    public func setWakeUp(_ wakeUp: WakeUp) async {
        self.wakeUp = wakeUp
        if case .open(let authenticator) = state { await tell(authenticator, wakeUp) }
    }

    /// If a service can't be reached now, it gets the address before the next fetch.
    private func tell(_ authenticator: Authenticator, _ wakeUp: WakeUp) async {
        _ = try? await authenticator.setWakeUp(wakeUp)
    }

    private func showLocked(_ vault: Vault) async throws {
        state = .locked(try await vault.slots().filter { !$0.damaged }.map(\.kind))
    }

    private func showOpen(_ vault: Vault) async throws {
        let authenticator = try await Authenticator.open(vault, keys: keys, clock: clock)
        state = .open(authenticator)
        if let wakeUp { Task { await tell(authenticator, wakeUp) } }
    }

    private func work(_ call: () async throws -> Void) async {
        isBusy = true
        defer { isBusy = false }
        problem = nil
        do {
            try await call()
        } catch {
            problem = Problem(error)
        }
    }
}
