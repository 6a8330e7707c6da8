import CountersignFFI
import Foundation

/// The authenticator on one open vault: accounts and their codes, enrolment, and sign-ins to approve.
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
    ///   - clock: The device's clocks. Without them it goes by the process's own, which stop while the device sleeps.
    ///   - roots: Certificate authorities (DER) to trust beside the public ones: an organisation's own.
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

    /// An authenticator whose device keys are kept in the vault: for simulators, for tests and for devices without secure
    /// hardware.
    ///
    /// - Parameter userCheck: How the app checks the person before it lets them approve; services are told.
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

    /// The time that codes and expiry go by, and how far the device's clock is off. Tell the person when `isCorrected`, and
    /// when it went back.
    public var clockStatus: ClockStatus {
        core.clockStatus()
    }

    /// The clock of every service that has told its time since the device was started, beside the time that is used.
    public var serviceClocks: [ServiceClock] {
        core.serviceClocks()
    }

    /// Keeps whose clock the person believes, of those that ``ClockStatus/undecided`` shows beside the device's. It answers the
    /// differences that there are now: about another the person is asked again.
    ///
    /// - Throws: ``AuthenticatorError/Gone(detail:)`` for a service that doesn't contradict the device's clock.
    @discardableResult
    public func chooseClock(_ choice: ClockChoice) async throws -> ClockStatus {
        try await changing { try await core.chooseClock(choice: choice) }
    }

    /// Forgets whose clock the person believes: they are asked again.
    ///
    /// - Returns: Whether there was anything to forget.
    @discardableResult
    public func undoClockChoice() async throws -> Bool {
        try await changing { try await core.undoClockChoice() }
    }

    /// When the person is to be asked for the passphrase; `nil` if the vault has none. Ask when it is due and the person has a
    /// moment, and never insist.
    public func passphraseReminder() async throws -> PassphraseReminder? {
        try await core.passphraseReminder()
    }

    /// Checks the passphrase that the person typed. Right and due, the time until the next reminder grows.
    ///
    /// - Throws: ``AuthenticatorError/WrongKey(detail:)``: the vault stays open, so let the person make another passphrase now
    ///   with ``Vault/replaceSlot(_:with:)``, once the platform has checked that it is them.
    @discardableResult
    public func check(_ passphrase: Passphrase) async throws -> PassphraseReminder {
        try await core.checkPassphrase(passphrase: passphrase)
    }

    /// Makes live codes look again: when the app comes to the front, or the system says that its clock was set.
    public func refresh() {
        changes.send()
    }
}
