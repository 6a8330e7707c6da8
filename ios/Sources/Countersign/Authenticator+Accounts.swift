import CountersignFFI

extension Authenticator {
    /// The accounts in the person's order, with those in the trash.
    ///
    /// - Parameter page: The part that is asked for; all of them without one. A row costs some 5 µs.
    /// - Throws: ``AuthenticatorError`` when the vault can't be read. It never gives an empty list instead.
    public func accounts(page: Page? = nil) async throws -> Accounts {
        try await core.accounts(page: page)
    }

    /// Adds the accounts of these offers of one-time codes: all of them, or none.
    ///
    /// - Throws: ``AuthenticatorError/Input(detail:)`` for an offer of another kind.
    @discardableResult
    public func add(_ offers: [Offer]) async throws -> [AddedAccount] {
        try await changing { try await core.add(offers: offers) }
    }

    /// Gives an account another issuer and name.
    ///
    /// - Throws: ``AuthenticatorError/Gone(detail:)`` when there is no such account.
    public func rename(_ account: Id, issuer: String, name: String) async throws {
        try await changing { try await core.rename(account: account, issuer: issuer, name: name) }
    }

    /// Puts the accounts into this order; those that aren't named keep their places.
    ///
    /// - Throws: ``AuthenticatorError/Gone(detail:)`` when there is no such account.
    public func reorder(_ accounts: [Id]) async throws {
        try await changing { try await core.reorder(order: accounts) }
    }

    /// Puts an account in the trash: it shows no codes, takes no requests, and can be restored.
    ///
    /// - Throws: ``AuthenticatorError/Gone(detail:)`` when there is no such account.
    public func trash(_ account: Id) async throws {
        try await changing { try await core.trash(account: account) }
    }

    /// Takes an account out of the trash, as it was.
    ///
    /// - Throws: ``AuthenticatorError/Gone(detail:)`` when there is no such account.
    public func restore(_ account: Id) async throws {
        try await changing { try await core.restore(account: account) }
    }

    /// Deletes an account for good, with its device keys. It doesn't tell the service: ``revoke(_:)`` does, and comes first.
    ///
    /// - Throws: ``AuthenticatorError/Gone(detail:)`` when there is no such account.
    public func delete(_ account: Id) async throws {
        try await changing { try await cancellable { try await core.delete(account: account, cancel: $0) } }
    }

    /// Enrols this device by a scanned offer of enrolment: makes its keys, binds them, and stores the new account.
    ///
    /// Interrupted by anything, it is taken up again by the same offer. The device is active with its first approval, which
    /// the service asks for at once.
    ///
    /// - Returns: The new account, and a check value for the person to compare with the enrolment page's.
    /// - Throws: ``AuthenticatorError/Refused(detail:)`` when the service refuses the ticket;
    ///   ``AuthenticatorError/Input(detail:)`` for another kind of offer, or a name that can't be used; those of the network
    ///   and of the key store.
    public func enrol(_ offer: Offer, as device: DeviceDescription) async throws -> Enrolment {
        try await changing {
            try await cancellable { try await core.enrol(offer: offer, device: device, cancel: $0) }
        }
    }

    /// Gives this device a new name at the account's service.
    ///
    /// - Throws: ``AuthenticatorError/Gone(detail:)`` when the account isn't enrolled; ``AuthenticatorError/Input(detail:)``
    ///   for a name that can't be used; those of the network, the service and the key store.
    public func renameDevice(of account: Id, to name: String) async throws {
        try await cancellable { try await core.renameDevice(account: account, name: name, cancel: $0) }
    }

    /// Tells the services of all accounts how to wake this device from now on. Call it at each start and whenever the push
    /// service gives a new token: a service that knows it isn't told again.
    ///
    /// The address is in the vault before anything is sent: a service that can't be reached is told before the account's next
    /// fetch.
    ///
    /// - Parameter wakeUp: The address; `nil` when the device can't be woken any more.
    /// - Returns: The accounts whose service hasn't taken it yet.
    /// - Throws: ``AuthenticatorError`` when no service could use the address, or the vault can't be read or written.
    @discardableResult
    public func setWakeUp(_ wakeUp: WakeUp?) async throws -> [AccountFailure] {
        try await cancellable { try await core.setWakeUp(wakeUp: wakeUp, cancel: $0) }
    }

    /// Gives this device up at the account's service: from then on its keys and its codes are worth nothing there.
    ///
    /// - Throws: As ``renameDevice(of:to:)``.
    public func revoke(_ account: Id) async throws {
        try await changing { try await cancellable { try await core.revoke(account: account, cancel: $0) } }
    }

    /// Makes a call, and tells those who show codes, whether it worked or not.
    func changing<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation,
        _ call: () async throws -> Value
    ) async throws -> Value {
        defer { changes.send() }
        return try await call()
    }
}
