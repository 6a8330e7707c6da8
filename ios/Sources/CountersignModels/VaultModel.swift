import Countersign
import Foundation
import Observation

/// The vault of an app: not there yet, locked, open, or in trouble, and never silent about which.
@MainActor
@Observable
public final class VaultModel {
    /// Where it stands.
    public enum State {
        /// It hasn't been looked for.
        case unknown
        /// There is none: the person sets one up.
        case missing
        /// It was just made, and the person has to write this code down: it is shown once. Then
        /// ``VaultModel/check(recoveryCode:)`` goes on, or ``VaultModel/codeIsWrittenDown()`` if it is to be checked later.
        case created(RecoveryCode)
        /// It has to be unlocked in one of these ways.
        case locked([SlotKind])
        /// It is open.
        case open(Authenticator)
        /// It can't be used. Its sealed contents are kept as they are.
        case unusable(Problem)
    }

    /// Where it stands.
    public private(set) var state = State.unknown
    /// Whether a call is under way.
    public private(set) var isBusy = false
    /// What went wrong last.
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

    /// Looks for the file, and opens it, locked. Once it is open, nothing changes.
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

    /// Sets a new vault up: opened by the platform's key store, if there is one, and by a new recovery code.
    public func create() async {
        let code = RecoveryCode.makeRandom()
        var openers = [VaultOpener.recoveryCode(code)]
        if let store { openers.append(.keyStore(store)) }
        await work {
            vault = try await Vault.create(at: file, openedBy: openers)
            state = .created(code)
        }
    }

    /// The person has typed the recovery code back from the paper: right, it goes on.
    public func check(recoveryCode typed: String) async {
        guard case .created = state, let vault else { return }
        await work {
            try await vault.check(RecoveryCode.parse(text: typed))
            try await showOpen(vault)
        }
    }

    /// The person has written the recovery code down, and checks it later.
    public func codeIsWrittenDown() async {
        guard case .created = state, let vault else { return }
        await work { try await showOpen(vault) }
    }

    /// Unlocks by the platform's key store.
    public func unlock() async {
        guard let store else { return }
        await unlock(with: .keyStore(store))
    }

    /// Unlocks by what the person has typed.
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

    /// Locks it: when the person says so, or after a while in the background.
    public func lock() async {
        guard let vault else { return }
        vault.lock()
        await work { try await showLocked(vault) }
    }

    /// How services can wake this device, as the system has just told. They are told as soon as the vault is open.
    public func setWakeUp(_ wakeUp: WakeUp) async {
        self.wakeUp = wakeUp
        if case .open(let authenticator) = state { await tell(authenticator, wakeUp) }
    }

    /// What a service can't be told now, it is told before the next fetch.
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
