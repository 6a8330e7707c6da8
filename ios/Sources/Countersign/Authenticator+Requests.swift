import CountersignFFI

extension Authenticator {
    /// What is open now, by what the last deliveries brought. Asks nobody.
    public var requests: [ApprovalRequest] {
        core.requests()
    }

    /// Events about sign-ins, as they happen, until the task that reads them is cancelled. For an app that is in front; one
    /// sequence at a time is enough, since it asks the services of all accounts.
    ///
    /// ```swift
    /// for try await event in authenticator.requestEvents {
    ///     if case .requestsChanged(let open) = event { show(open) }
    /// }
    /// ```
    public var requestEvents: RequestEvents {
        RequestEvents(watcher: core.watch(), changes: changes)
    }

    /// Asks the services of all accounts once: what a wake-up calls.
    ///
    /// - Parameter wait: How long to wait for something new, at most a minute; zero comes back once all have answered.
    /// - Returns: What is open, and the accounts whose service couldn't be asked. Tell the person of those too.
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
    ///   the key store. When the service says that this device was removed, the account is marked so.
    public func fetch(_ account: Id, upTo wait: Duration = .zero) async throws -> [ApprovalRequest] {
        try await cancellable {
            try await core.fetch(account: account, waitMs: wait.milliseconds, cancel: $0)
        }
    }

    /// Approves a request, with the proof that the person sees the sign-in page. The platform checks the person before it
    /// releases the approval key.
    ///
    /// Again after a failure of the network, it sends the same answer again: it has one effect at most.
    ///
    /// - Throws: ``AuthenticatorError/Input(detail:)`` when the proof can't be right (no try is used up);
    ///   ``AuthenticatorError/Cancelled(detail:)`` and ``AuthenticatorError/KeyStore(detail:)`` when the person was not checked;
    ///   ``AuthenticatorError/Gone(detail:)`` when there is no such request any more; those of the network and the service.
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

    /// Turns a request down.
    ///
    /// - Throws: As ``approve(_:with:)``. No person is checked.
    @discardableResult
    public func deny(_ request: Id) async throws -> AnswerOutcome {
        try await changing { try await cancellable { try await core.deny(request: request, cancel: $0) } }
    }

    /// Turns a request down, and tells the organisation that somebody else is behind it.
    ///
    /// - Throws: As ``approve(_:with:)``. No person is checked.
    @discardableResult
    public func report(_ request: Id) async throws -> AnswerOutcome {
        try await changing { try await cancellable { try await core.report(request: request, cancel: $0) } }
    }
}

/// Events about sign-ins; see ``Authenticator/requestEvents``.
///
/// Each event holds the whole of what it is about, so that none has to be remembered. The first one is always the list of open
/// requests. No thread and no connection is held between two events.
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
        /// - Throws: ``AuthenticatorError/Locked(detail:)`` when the vault was locked; begin anew once it is open again.
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
    /// As the library takes it: never negative, and rounded down.
    var milliseconds: UInt32 {
        let (seconds, attoseconds) = components
        let milliseconds = seconds.multipliedReportingOverflow(by: 1000)
        if milliseconds.overflow { return seconds < 0 ? 0 : .max }
        return UInt32(clamping: milliseconds.partialValue + attoseconds / 1_000_000_000_000_000)
    }
}
