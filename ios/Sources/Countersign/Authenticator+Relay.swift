import CountersignFFI

extension Authenticator {
    /// Accounts whose service can relay a move from this phone, as of its last reply. Needs no network.
    ///
    /// - Throws: ``AuthenticatorError`` when the vault can't be read.
    public func relayAccounts() async throws -> [RelayAccount] {
        try await core.relayAccounts()
    }

    /// Chooses the account whose service relays the move; `nil` for codes only. The acceptance names it: choose before
    /// showing it, and show the returned one.
    ///
    /// - Throws: ``AuthenticatorError/Refused(detail:)`` with the code `account_not_able` when the account isn't one of
    ///   ``relayAccounts()``; ``AuthenticatorError/Input(detail:)`` with `move_out_of_turn` once the accounts are sealed;
    ///   ``AuthenticatorError/Gone(detail:)`` without a move, or for no such account.
    @discardableResult
    public func chooseRelay(_ account: Id?) async throws -> Sending {
        try await core.chooseRelay(account: account)
    }

    /// Performs the next step of the move through its service once; ``relayedTransfer(every:)`` repeats it until the
    /// end.
    ///
    /// - Throws: ``AuthenticatorError/Network(detail:)``, and it can be called again; ``AuthenticatorError/Untrusted(detail:)``,
    ///   and it isn't; ``AuthenticatorError/Input(detail:)`` with the code `move_no_relay` when the move has no service,
    ///   `move_out_of_turn` before the check values were compared; ``AuthenticatorError/Gone(detail:)`` when the
    ///   service no longer has the move, or there is none; those of the service. The move is unchanged: show the codes.
    @discardableResult
    public func relayTransfer() async throws -> Transfer {
        let transfer = try await cancellable { try await core.relayTransfer(cancel: $0) }
        if case .oldPhone(let sending) = transfer, case .proven = sending.step { changes.send() }
        return transfer
    }

    /// The move in progress, through its service if it has one: each state once, and the last one when the new phone
    /// has left the receipt, or the old phone has it.
    ///
    /// While iterated, it asks the service if there is something to ask, and retries after network errors. Iterate it
    /// on both phones while the screen of the move is shown. Codes can be scanned in the meantime. It ends if there is
    /// no move. An error means that the service no longer relays the move: continue with the codes that the phones
    /// show.
    ///
    /// - Parameter pause: The interval between requests.
    public func relayedTransfer(every pause: Duration = .seconds(2)) -> RelayedTransfers {
        RelayedTransfers(authenticator: self, pause: pause)
    }

    /// Removes the old phone's data from the move's service, where it would expire within minutes. Call it before
    /// ``endTransfer()``. Without a service it does nothing.
    ///
    /// - Throws: ``AuthenticatorError`` of the network, the service or the key store. Anything left there is sealed:
    ///   end the move anyway.
    public func endRelay() async throws {
        try await cancellable { try await core.endRelay(cancel: $0) }
    }
}

/// The state of a move that may go through a service.
public struct RelayedTransfer: Equatable, Sendable {
    /// The move's state. Its codes can complete it at any time.
    public let transfer: Transfer
    /// Why the service can't be reached at the moment: show the codes. The service is asked again anyway.
    public let failure: ErrorDetail?
}

/// The states of a move; see ``Authenticator/relayedTransfer(every:)``.
public struct RelayedTransfers: AsyncSequence, Sendable {
    let authenticator: Authenticator
    let pause: Duration

    /// Asks from the beginning.
    public func makeAsyncIterator() -> Iterator {
        Iterator(authenticator: authenticator, pause: pause)
    }

    /// Asks until there is something new.
    public struct Iterator: AsyncIteratorProtocol {
        let authenticator: Authenticator
        let pause: Duration
        var shown: RelayedTransfer?
        var isOver = false

        /// The next state; `nil` after the last, or without a move.
        public mutating func next() async throws -> RelayedTransfer? {
            var waits = shown != nil
            while !isOver {
                if waits { try await Task.sleep(for: pause) }
                waits = true
                let now = try await ask()
                isOver = now?.transfer.isOver ?? true
                guard now != shown else { continue }
                shown = now
                return now
            }
            return nil
        }

        private func ask() async throws -> RelayedTransfer? {
            guard let stands = try await authenticator.transfer() else { return nil }
            do {
                let transfer = stands.hasToAsk ? try await authenticator.relayTransfer() : stands
                return RelayedTransfer(transfer: transfer, failure: nil)
            } catch let error as AuthenticatorError {
                guard let left = try await authenticator.transfer() else { return nil }
                guard case .Network(let detail) = error else { throw error }
                return RelayedTransfer(transfer: left, failure: detail)
            }
        }
    }
}

extension Transfer {
    fileprivate var hasToAsk: Bool {
        switch self {
        case .newPhone(let receiving): return receiving.relay != nil
        case .oldPhone(let sending):
            if case .comparing = sending.step { return false }
            return sending.relay != nil
        }
    }

    fileprivate var isOver: Bool {
        switch self {
        case .newPhone(let receiving):
            if case .stored = receiving.step { return receiving.relay?.isDelivered != false }
        case .oldPhone(let sending):
            if case .proven = sending.step { return true }
        }
        return false
    }
}
