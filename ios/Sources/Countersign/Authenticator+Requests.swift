import CountersignFFI

extension Authenticator {
    /// The open requests, as of the last deliveries. Needs no network.
    public var requests: [ApprovalRequest] {
        core.requests()
    }

    /// Events about sign-ins until the reading task is cancelled. For an app in the foreground; one sequence at a time
    /// is enough, since it asks the services of all accounts.
    ///
    /// ```swift
    /// for try await event in authenticator.requestEvents {
    ///     if case .requestsChanged(let open) = event { show(open) }
    /// }
    /// ```
    public var requestEvents: RequestEvents {
        RequestEvents(watcher: core.watch(), changes: changes)
    }

    /// Asks the services of all accounts once. Call it on a wake-up.
    ///
    /// - Parameter wait: How long to wait for something new, at most a minute; with zero, it returns once all have
    ///   answered.
    /// - Returns: The open requests, and the accounts whose service couldn't be asked. Show both.
    /// - Throws: ``AuthenticatorError`` when the accounts can't be read.
    public func waitForRequests(upTo wait: Duration = .zero) async throws -> Requests {
        try await cancellable {
            try await core.waitForRequests(waitMs: wait.milliseconds, cancel: $0)
        }
    }

    /// Asks the service of one account at once.
    ///
    /// - Parameter wait: How long to wait for something new, at most a minute.
    /// - Throws: ``AuthenticatorError/Gone(detail:)`` when the account isn't enrolled; those of the network, the service and
    ///   the key store. If the service says that this device was removed, the account is marked as revoked.
    public func fetch(_ account: Id, upTo wait: Duration = .zero) async throws -> [ApprovalRequest] {
        try await cancellable {
            try await core.fetch(account: account, waitMs: wait.milliseconds, cancel: $0)
        }
    }

    /// Approves a request, with the proof that the person sees the sign-in page. The platform checks the person before it
    /// releases the approval key.
    ///
    /// If called again after a network error, it sends the same answer, which takes effect at most once.
    ///
    /// - Throws: ``AuthenticatorError/Input(detail:)`` when the proof can't be right (no try is used up);
    ///   ``AuthenticatorError/Cancelled(detail:)`` and ``AuthenticatorError/KeyStore(detail:)`` when the person was not checked;
    ///   ``AuthenticatorError/Gone(detail:)`` when there no longer is such a request; those of the network and the
    ///   service.
    public func approve(_ request: Id, with proof: MatchProof) async throws -> AnswerOutcome {
        try await changing {
            try await cancellable { try await core.approve(request: request, proof: proof, cancel: $0) }
        }
    }

    /// Approves a request with the number that the sign-in page shows, as typed.
    ///
    /// - Throws: As ``approve(_:with:)``.
    public func approve(_ request: Id, number: String) async throws -> AnswerOutcome {
        try await approve(request, with: .number(number: number))
    }

    /// Rejects a request.
    ///
    /// - Throws: As ``approve(_:with:)``. Needs no user check.
    @discardableResult
    public func deny(_ request: Id) async throws -> AnswerOutcome {
        try await changing { try await cancellable { try await core.deny(request: request, cancel: $0) } }
    }

    /// Rejects a request, and reports to the organisation that somebody else is behind it.
    ///
    /// - Throws: As ``approve(_:with:)``. Needs no user check.
    @discardableResult
    public func report(_ request: Id) async throws -> AnswerOutcome {
        try await changing { try await cancellable { try await core.report(request: request, cancel: $0) } }
    }
}

/// Events about sign-ins; see ``Authenticator/requestEvents``.
///
/// Each event contains the complete new state, so that no earlier one is needed. The first one is always the list of
/// open requests. No thread and no connection is held between two events.
public struct RequestEvents: AsyncSequence, Sendable {
    public typealias Element = RequestEvent

    let watcher: any CountersignFFI.RequestWatcherProtocol
    let changes: ChangeSignal

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(watcher: watcher, changes: changes)
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        let watcher: any CountersignFFI.RequestWatcherProtocol
        let changes: ChangeSignal

        /// The next event, or `nil` once the task is cancelled.
        ///
        /// - Throws: ``AuthenticatorError/Locked(detail:)`` when the vault was locked; start a new sequence once it is
        ///   open again.
        public mutating func next() async throws -> RequestEvent? {
            do {
                let event = try await cancellable { try await watcher.nextEvent(cancel: $0) }
                switch event {
                // With the time, the codes have changed. They also come and go as a service activates this device or revokes it.
                case .clockChanged, .requestsChanged, .failuresChanged: changes.send()
                default: break
                }
                return event
            } catch is CancellationError {
                return nil
            }
        }
    }
}

extension Duration {
    /// In the library's form: never negative, and rounded down.
    var milliseconds: UInt32 {
        let (seconds, attoseconds) = components
        let milliseconds = seconds.multipliedReportingOverflow(by: 1000)
        if milliseconds.overflow { return seconds < 0 ? 0 : .max }
        return UInt32(clamping: milliseconds.partialValue + attoseconds / 1_000_000_000_000_000)
    }
}
