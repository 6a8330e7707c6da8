import CountersignFFI

extension Authenticator {
    /// Starts the replacement of this device for an account. The platform checks the person, as for an approval.
    ///
    /// Show the replacement's `link()` as a QR code, and follow ``steps(of:every:)``. This ends an earlier open
    /// replacement; ``resumeReplacement(of:)`` continues it instead.
    ///
    /// - Throws: ``AuthenticatorError/Cancelled(detail:)`` and ``AuthenticatorError/KeyStore(detail:)`` when the person wasn't
    ///   checked; ``AuthenticatorError/Gone(detail:)`` when the account isn't enrolled; ``AuthenticatorError/Refused(detail:)``
    ///   with the code `account_not_able` if the service doesn't support it; those of the network.
    public func replaceDevice(of account: Id) async throws -> Replacement {
        try await cancellable { try await core.replaceDevice(account: account, cancel: $0) }
    }

    /// Accounts with an open replacement whose outcome isn't known here, for example after the app was closed. Needs no
    /// network.
    ///
    /// - Throws: ``AuthenticatorError`` when the vault can't be read.
    public func openReplacements() async throws -> [Id] {
        try await core.openReplacements()
    }

    /// Resumes an account's open replacement: the same code, at the step that the service reports. `nil` if there is
    /// none, or the service no longer knows it.
    ///
    /// The key store prompts for no check here: check the person before you show the code or the number again.
    ///
    /// - Throws: ``AuthenticatorError/Network(detail:)``, and it can be asked again; those of the service.
    public func resumeReplacement(of account: Id) async throws -> Replacement? {
        try await cancellable { try await core.resumeReplacement(account: account, cancel: $0) }
    }

    /// Asks once for the current step.
    ///
    /// - Throws: ``AuthenticatorError/Network(detail:)``, and it can be asked again; those of the service.
    public func step(of replacement: Replacement) async throws -> ReplacementStep {
        let step = try await cancellable { try await core.replacementStep(replacement: replacement, cancel: $0) }
        if step == .done { changes.send() }
        return step
    }

    /// The steps of the replacement: each step once, and ``ReplacementStep/done`` or ``ReplacementStep/ended`` last. It
    /// asks the service while iterated, and retries after network errors. To give up the replacement, stop iterating.
    ///
    /// - Parameter pause: The interval between requests.
    public func steps(of replacement: Replacement, every pause: Duration = .seconds(2)) -> ReplacementSteps {
        ReplacementSteps(authenticator: self, replacement: replacement, pause: pause)
    }

    /// Devices that were activated for an account of this one since, and that the person hasn't seen yet. Ask after a
    /// fetch, and show them, so that the person notices a stranger's device.
    ///
    /// - Throws: ``AuthenticatorError`` when the vault can't be read.
    public func newDevices() async throws -> [NewDevice] {
        try await core.newDevices()
    }

    /// Records that the person has seen an account's new devices.
    ///
    /// - Throws: ``AuthenticatorError/Gone(detail:)`` when there is no such account.
    public func noteNewDevicesTold(of account: Id) async throws {
        try await core.noteNewDevicesTold(account: account)
    }
}

/// The steps of a replacement, each once.
public struct ReplacementSteps: AsyncSequence, Sendable {
    let authenticator: Authenticator
    let replacement: Replacement
    let pause: Duration

    /// Asks from the beginning.
    public func makeAsyncIterator() -> Iterator {
        Iterator(steps: self)
    }

    /// Asks until there is something new.
    public struct Iterator: AsyncIteratorProtocol {
        let steps: ReplacementSteps
        var shown: ReplacementStep?

        /// The next step; `nil` after the last.
        public mutating func next() async throws -> ReplacementStep? {
            if shown == .done || shown == .ended { return nil }
            var waits = shown != nil
            while true {
                if waits { try await Task.sleep(for: steps.pause) }
                waits = true
                do {
                    let step = try await steps.authenticator.step(of: steps.replacement)
                    guard step != shown else { continue }
                    shown = step
                    return step
                } catch AuthenticatorError.Network {
                    // The next time may get through.
                }
            }
        }
    }
}
