import CountersignFFI

extension Authenticator {
    /// Begins to let another device take this one's place for an account. The platform checks the person, as for an approval.
    ///
    /// Show the replacement's `link()` as a QR code, and follow ``steps(of:every:)``. One that was begun before and isn't done ends
    /// with it: ``resumeReplacement(of:)`` goes on with it instead.
    ///
    /// - Throws: ``AuthenticatorError/Cancelled(detail:)`` and ``AuthenticatorError/KeyStore(detail:)`` when the person wasn't
    ///   checked; ``AuthenticatorError/Gone(detail:)`` when the account isn't enrolled; ``AuthenticatorError/Refused(detail:)``
    ///   with the code `account_not_able` where the service has no such message; those of the network.
    public func replaceDevice(of account: Id) async throws -> Replacement {
        try await cancellable { try await core.replaceDevice(account: account, cancel: $0) }
    }

    /// Accounts with a replacement that was begun here and whose end isn't known here, as after the app was ended. Asks nobody.
    ///
    /// - Throws: ``AuthenticatorError`` when the vault can't be read.
    public func openReplacements() async throws -> [Id] {
        try await core.openReplacements()
    }

    /// Takes up the replacement of an account that was begun before: the same code, at the step that the service tells. `nil` if
    /// there is none, or the service doesn't know it any more.
    ///
    /// The key store asks for nobody here: check the person before you show the code or the number again.
    ///
    /// - Throws: ``AuthenticatorError/Network(detail:)``, and it can be asked again; those of the service.
    public func resumeReplacement(of account: Id) async throws -> Replacement? {
        try await cancellable { try await core.resumeReplacement(account: account, cancel: $0) }
    }

    /// Asks once how far the other device is.
    ///
    /// - Throws: ``AuthenticatorError/Network(detail:)``, and it can be asked again; those of the service.
    public func step(of replacement: Replacement) async throws -> ReplacementStep {
        let step = try await cancellable { try await core.replacementStep(replacement: replacement, cancel: $0) }
        if step == .done { changes.send() }
        return step
    }

    /// How far the other device is: each step once, and ``ReplacementStep/done`` or ``ReplacementStep/ended`` last. It asks while
    /// it is iterated, and asks again when the network fails. To give the replacement up, stop iterating.
    ///
    /// - Parameter pause: How long it waits before it asks again.
    public func steps(of replacement: Replacement, every pause: Duration = .seconds(2)) -> ReplacementSteps {
        ReplacementSteps(authenticator: self, replacement: replacement, pause: pause)
    }

    /// Devices that have become able to approve for an account of this one since, and that the person wasn't told of yet. Ask
    /// after a fetch, and tell: one that isn't theirs is somebody else's.
    ///
    /// - Throws: ``AuthenticatorError`` when the vault can't be read.
    public func newDevices() async throws -> [NewDevice] {
        try await core.newDevices()
    }

    /// Notes that the person was told of an account's new devices.
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
