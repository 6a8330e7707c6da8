import CountersignFFI

extension Authenticator {
    /// What is open now, those requests together that look alike: one row each. Asks nobody.
    public var requestGroups: [RequestGroup] {
        core.requestGroups()
    }

    /// Asks the services of all accounts at once because the person wants to see what there is: also of accounts that rest,
    /// whose requests are shown then. What a pull on the list calls.
    ///
    /// - Returns: What is open, and the accounts whose service couldn't be asked. Tell the person of those too.
    /// - Throws: ``AuthenticatorError`` when the accounts can't be read.
    public func askForRequests() async throws -> Requests {
        try await cancellable { try await core.askForRequests(cancel: $0) }
    }

    /// Turns requests down together; each is answered by itself, and no person is checked.
    ///
    /// - Returns: What became of each, or why it wasn't turned down.
    /// - Throws: `CancellationError` alone.
    @discardableResult
    public func turnDown(_ requests: [Id], _ how: TurnDown) async throws -> [TurnedDown] {
        try await changing {
            try await cancellable { try await core.turnDown(requests: requests, how: how, cancel: $0) }
        }
    }

    /// Accounts whose requests don't come by themselves: why, until when, and what helps.
    ///
    /// - Throws: ``AuthenticatorError`` when the vault can't be read.
    public func pauses() async throws -> [AccountPause] {
        try await core.pauses()
    }

    /// Ends an account's rest: the person says that the requests were their own. What the service has stopped stays so.
    ///
    /// - Throws: ``AuthenticatorError/Gone(detail:)`` when there is no such account.
    public func resume(_ account: Id) async throws {
        try await cancellable { try await core.resume(account: account, cancel: $0) }
    }
}

extension RequestGroup {
    /// The identifiers of all its requests, newest first: what ``Authenticator/turnDown(_:_:)`` takes.
    public var ids: [Id] {
        [newest.id] + older.map(\.id)
    }
}
