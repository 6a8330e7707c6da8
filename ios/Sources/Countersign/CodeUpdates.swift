import CountersignFFI

extension Authenticator {
    /// The codes of all accounts, now. Needs no network.
    ///
    /// - Parameter page: The requested part; without it, all rows. A row costs about 5 µs.
    /// - Throws: ``AuthenticatorError`` when the vault can't be read.
    public func codes(page: Page? = nil) async throws -> Codes {
        try await core.codes(page: page)
    }

    /// Makes the next code of an account with a counter. The advanced counter is stored before the code is returned, so
    /// that no code is returned twice.
    ///
    /// - Throws: ``AuthenticatorError/Gone(detail:)`` when there is no such account, or it has no counter.
    public func nextCode(of account: Id) async throws -> String {
        try await core.nextCode(account: account)
    }

    /// The codes of all accounts, at once and then whenever a code changes or an account is added, renamed, or removed, until
    /// the task that reads them is cancelled.
    ///
    /// Nothing runs between two changes: the sequence sleeps until the first code changes and then makes one call.
    ///
    /// ```swift
    /// for try await codes in authenticator.liveCodes() {
    ///     show(codes)
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - page: The requested part; without it, all rows.
    ///   - clock: The clock for waiting. It should continue while the device sleeps.
    public func liveCodes(
        page: Page? = nil,
        clock: any Clock<Duration> = ContinuousClock()
    ) -> CodeUpdates {
        CodeUpdates(core: core, changes: changes, page: page, clock: clock)
    }
}

/// Codes as they change; see ``Authenticator/liveCodes(page:clock:)``.
public struct CodeUpdates: AsyncSequence, Sendable {
    public typealias Element = Codes

    let core: any CountersignFFI.AuthenticatorProtocol
    let changes: ChangeSignal
    let page: Page?
    let clock: any Clock<Duration>

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(updates: self)
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        let updates: CodeUpdates
        var told: (version: Int, nextChange: Duration?)?

        init(updates: CodeUpdates) {
            self.updates = updates
        }

        /// The codes after the next change, or `nil` once the task is cancelled.
        ///
        /// - Throws: ``AuthenticatorError`` when the vault can't be read.
        public mutating func next() async throws -> Codes? {
            if let told {
                await updates.wait(after: told.version, atMost: told.nextChange)
            }
            if Task.isCancelled { return nil }
            // Read first: a change during the call is then told by the next one.
            let version = updates.changes.version
            let codes = try await updates.core.codes(page: updates.page)
            told = (version, codes.nextChangeMs.map { .milliseconds(Swift.max($0, 1)) })
            return codes
        }
    }

    /// Waits for a change by a call, or for the time to change a code.
    private func wait(after version: Int, atMost limit: Duration?) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await changes.wait(after: version) }
            if let limit {
                group.addTask { try? await clock.sleep(for: limit) }
            }
            await group.next()
            group.cancelAll()
        }
    }
}
