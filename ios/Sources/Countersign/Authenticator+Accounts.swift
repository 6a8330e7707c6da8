import CountersignFFI

extension Authenticator {
    /// The accounts in the person's order, with those in the trash.
    ///
    /// - Parameter page: The requested part; without it, all rows. A row costs about 5 µs.
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

    /// Puts the accounts into this order; all others keep their positions.
    ///
    /// - Throws: ``AuthenticatorError/Gone(detail:)`` when there is no such account.
    public func reorder(_ accounts: [Id]) async throws {
        try await changing { try await core.reorder(order: accounts) }
    }

    /// Moves an account to the trash: it shows no codes, receives no requests, and can be restored.
    ///
    /// - Throws: ``AuthenticatorError/Gone(detail:)`` when there is no such account.
    public func trash(_ account: Id) async throws {
        try await changing { try await core.trash(account: account) }
    }

    /// Restores an account from the trash, unchanged.
    ///
    /// - Throws: ``AuthenticatorError/Gone(detail:)`` when there is no such account.
    public func restore(_ account: Id) async throws {
        try await changing { try await core.restore(account: account) }
    }

    /// Deletes an account permanently, with its device keys. It doesn't notify the service: call ``revoke(_:)`` first.
    ///
    /// - Throws: ``AuthenticatorError/Gone(detail:)`` when there is no such account.
    public func delete(_ account: Id) async throws {
        try await changing { try await cancellable { try await core.delete(account: account, cancel: $0) } }
    }

    /// Enrols this device with a scanned enrolment offer: generates its keys, registers them, and stores the new
    /// account.
    ///
    /// After an interruption, the same offer resumes it. The device becomes active with its first approval, which the
    /// service requests at once.
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

    /// Sends the services of all accounts the new address for wake-ups. Call it at each start and whenever the push
    /// service provides a new token: it is sent only to services that don't know it yet.
    ///
    /// The address is stored in the vault before it is sent. If a service can't be reached, it gets the address before
    /// the account's next fetch.
    ///
    /// - Parameter wakeUp: The address; `nil` if the device can no longer be woken.
    /// - Returns: The accounts whose service hasn't confirmed it yet.
    /// - Throws: ``AuthenticatorError`` when no service could use the address, or the vault can't be read or written.
    @discardableResult
    public func setWakeUp(_ wakeUp: WakeUp?) async throws -> [AccountFailure] {
        try await cancellable { try await core.setWakeUp(wakeUp: wakeUp, cancel: $0) }
    }

    /// Revokes this device at the account's service, which no longer accepts its keys and codes.
    ///
    /// - Throws: As ``renameDevice(of:to:)``.
    public func revoke(_ account: Id) async throws {
        try await changing { try await cancellable { try await core.revoke(account: account, cancel: $0) } }
    }

    /// Makes a call, and then notifies readers of codes, whether it succeeded or not.
    func changing<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation,
        _ call: () async throws -> Value
    ) async throws -> Value {
        defer { changes.send() }
        return try await call()
    }
}
