import CountersignFFI

extension Authenticator {
    /// The open requests, grouped by similarity: one row for each group. Needs no network.
    public var requestGroups: [RequestGroup] {
        core.requestGroups()
    }

    /// Asks the services of all accounts at the person's request, including paused accounts, whose requests are then
    /// shown. Call it on pull to refresh.
    ///
    /// - Returns: The open requests, and the accounts whose service couldn't be asked. Show both.
    /// - Throws: ``AuthenticatorError`` when the accounts can't be read.
    public func askForRequests() async throws -> Requests {
        try await cancellable { try await core.askForRequests(cancel: $0) }
    }

    /// Rejects several requests; each is answered separately, without a user check.
    ///
    /// - Returns: The outcome of each, or the error.
    /// - Throws: Only `CancellationError`.
    @discardableResult
    public func turnDown(_ requests: [Id], _ how: TurnDown) async throws -> [TurnedDown] {
        try await changing {
            try await cancellable { try await core.turnDown(requests: requests, how: how, cancel: $0) }
        }
    }

    /// Accounts whose requests don't arrive automatically: why, until when, and what helps.
    ///
    /// - Throws: ``AuthenticatorError`` when the vault can't be read.
    public func pauses() async throws -> [AccountPause] {
        try await core.pauses()
    }

    /// Ends an account's pause, because the requests were the person's own. A stop by the service remains in force.
    ///
    /// - Throws: ``AuthenticatorError/Gone(detail:)`` when there is no such account.
    public func resume(_ account: Id) async throws {
        try await cancellable { try await core.resume(account: account, cancel: $0) }
    }
}

extension RequestGroup {
    /// The identifiers of all its requests, newest first, for ``Authenticator/turnDown(_:_:)``.
    public var ids: [Id] {
        [newest.id] + older.map(\.id)
    }
}
