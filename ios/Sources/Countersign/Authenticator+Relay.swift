import CountersignFFI

extension Authenticator {
    /// Accounts whose service can carry a move from this phone, by what it said last. Asks nobody.
    ///
    /// - Throws: ``AuthenticatorError`` when the vault can't be read.
    public func relayAccounts() async throws -> [RelayAccount] {
        try await core.relayAccounts()
    }

    /// Chooses which account's service the move goes over; `nil` for codes alone. The acceptance names it: choose before it is
    /// shown, and show the one that comes back.
    ///
    /// - Throws: ``AuthenticatorError/Refused(detail:)`` with the code `account_not_able` when the account isn't one of
    ///   ``relayAccounts()``; ``AuthenticatorError/Input(detail:)`` with `move_out_of_turn` once the accounts are sealed;
    ///   ``AuthenticatorError/Gone(detail:)`` without a move, or for no such account.
    @discardableResult
    public func chooseRelay(_ account: Id?) async throws -> Sending {
        try await core.chooseRelay(account: account)
    }

    /// Does once what the move can do over its service now; ``relayedTransfer(every:)`` does it as long as it takes.
    ///
    /// - Throws: ``AuthenticatorError/Network(detail:)``, and it can be called again; ``AuthenticatorError/Untrusted(detail:)``,
    ///   and it isn't; ``AuthenticatorError/Input(detail:)`` with the code `move_no_relay` when the move has no service,
    ///   `move_out_of_turn` before the check values were compared; ``AuthenticatorError/Gone(detail:)`` when the service has
    ///   nothing of the move any more, or there is none; those of the service. The move is as it was: show the codes.
    @discardableResult
    public func relayTransfer() async throws -> Transfer {
        let transfer = try await cancellable { try await core.relayTransfer(cancel: $0) }
        if case .oldPhone(let sending) = transfer, case .proven = sending.step { changes.send() }
        return transfer
    }

    /// The move under way, over its service as far as it has one: each state once, and the last one when the new phone's receipt
    /// is left, or the old phone has it.
    ///
    /// It asks while it is iterated: as soon as there is something to ask, and again when the network fails. Iterate it while
    /// the screen of the move is shown, on either phone; codes that are scanned meanwhile count as ever. Ends without a move. An
    /// error says that the service doesn't carry the move on: the codes that the phones show do.
    ///
    /// - Parameter pause: How long it waits before it asks again.
    public func relayedTransfer(every pause: Duration = .seconds(2)) -> RelayedTransfers {
        RelayedTransfers(authenticator: self, pause: pause)
    }

    /// Ends what the old phone has at the move's service, so that nothing is left there; it ends by itself within minutes. Call
    /// it before ``endTransfer()``. Without a service it does nothing.
    ///
    /// - Throws: ``AuthenticatorError`` of the network, the service or the key store. What is left there is sealed: end the move
    ///   all the same.
    public func endRelay() async throws {
        try await cancellable { try await core.endRelay(cancel: $0) }
    }
}

/// A move that may go over a service, at one moment.
public struct RelayedTransfer: Equatable, Sendable {
    /// Where it stands. Its codes finish it at any time.
    public let transfer: Transfer
    /// Why the service can't be asked for now: show the codes. It is asked again nevertheless.
    public let failure: ErrorDetail?
}

/// A move from moment to moment; see ``Authenticator/relayedTransfer(every:)``.
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
