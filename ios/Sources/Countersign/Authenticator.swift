import CountersignFFI
import Foundation

/// The authenticator on one open vault: accounts and their codes, enrolment, and sign-in requests.
///
/// It may be used from any task. A call that waits for the network, the key store or a person ends at once, with a
/// `CancellationError`, when its task is cancelled; everything else throws ``AuthenticatorError``.
public final class Authenticator: Sendable {
    /// The vault that it works on.
    public let vault: Vault
    let core: any CountersignFFI.AuthenticatorProtocol
    let changes = ChangeSignal()

    /// An authenticator on an unlocked vault, with the platform's key store.
    ///
    /// - Parameters:
    ///   - keys: Where this device's keys are: `SecureEnclaveKeys` on an iPhone.
    ///   - clock: The device's clocks. The default is the process's clock, which stops while the device sleeps.
    ///   - roots: Certificate authorities (DER) to trust in addition to the public ones, such as the organisation's.
    /// - Throws: ``AuthenticatorError/Locked(detail:)``; ``AuthenticatorError/Untrusted(detail:)`` when a root isn't a
    ///   certificate.
    public static func open(
        _ vault: Vault,
        keys: any DeviceKeys,
        clock: (any DeviceClock)? = nil,
        roots: [Data] = []
    ) async throws -> Authenticator {
        let core = try await CountersignFFI.Authenticator.open(
            vault: vault.core, keys: keys, clock: clock, roots: roots)
        return Authenticator(core, vault: vault)
    }

    /// An authenticator with device keys kept in the vault: for simulators, tests and devices without secure hardware.
    ///
    /// - Parameter userCheck: How the app checks the person before an approval; it is reported to services.
    /// - Throws: As ``open(_:keys:clock:roots:)``.
    public static func openWithSoftwareKeys(
        _ vault: Vault,
        userCheck: UserCheck,
        clock: (any DeviceClock)? = nil,
        roots: [Data] = []
    ) async throws -> Authenticator {
        let core = try await CountersignFFI.Authenticator.openWithSoftwareKeys(
            vault: vault.core, userCheck: userCheck, clock: clock, roots: roots)
        return Authenticator(core, vault: vault)
    }

    private init(_ core: any CountersignFFI.AuthenticatorProtocol, vault: Vault) {
        self.core = core
        self.vault = vault
    }

    /// The time used for codes and expiry, and how far the device's clock is off. Tell the person if `isCorrected`, and
    /// if it went back.
    public var clockStatus: ClockStatus {
        core.clockStatus()
    }

    /// The clock of every service that has provided its time since the device was started, relative to the time that is
    /// used.
    public var serviceClocks: [ServiceClock] {
        core.serviceClocks()
    }

    /// Stores the person's choice between the device's clock and those in ``ClockStatus/undecided``. It covers the
    /// current differences: any other leads to a new question.
    ///
    /// - Throws: ``AuthenticatorError/Gone(detail:)`` for a service that doesn't contradict the device's clock.
    @discardableResult
    public func chooseClock(_ choice: ClockChoice) async throws -> ClockStatus {
        try await changing { try await core.chooseClock(choice: choice) }
    }

    /// Removes the person's choice of a clock: they will be asked again.
    ///
    /// - Returns: Whether there was a choice.
    @discardableResult
    public func undoClockChoice() async throws -> Bool {
        try await changing { try await core.undoClockChoice() }
    }

    /// When to ask the person for the passphrase; `nil` if the vault has none. Ask when it is due and convenient, and
    /// let the person skip it.
    public func passphraseReminder() async throws -> PassphraseReminder? {
        try await core.passphraseReminder()
    }

    /// Checks the passphrase that the person typed. If it is right and was due, the interval to the next reminder
    /// grows.
    ///
    /// - Throws: ``AuthenticatorError/WrongKey(detail:)``: the vault stays open, so let the person set a new passphrase
    ///   now with ``Vault/replaceSlot(_:with:)``, after a user check.
    @discardableResult
    public func check(_ passphrase: Passphrase) async throws -> PassphraseReminder {
        try await core.checkPassphrase(passphrase: passphrase)
    }

    /// Updates live codes. Call it when the app comes to the foreground, or when the system's clock was set.
    public func refresh() {
        changes.send()
    }
}
