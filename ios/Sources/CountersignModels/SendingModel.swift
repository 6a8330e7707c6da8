import Countersign
import Observation

/// The old phone's screen of a move: reads the new phone's code, its check value, and the receipt.
@MainActor
@Observable
public final class SendingModel {
    /// The current state.
    public enum State: Equatable, Sendable {
        /// The camera looks for the new phone's code.
        case looking
        /// This code was scanned. The person has to confirm that they hold the new phone.
        case confirming(invitation: String)
        /// Show this code to the new phone, and let the person type the check value that it shows.
        case comparing(acceptance: String)
        /// Show these codes in turn, and scan the receipt; these numbers of it are missing once one was scanned.
        case showing(codes: [String], missing: [Int32])
        /// The number of sent accounts that the new phone has proved to have. These accounts made codes in the
        /// meantime.
        case proven(held: Int64, sent: Int64, ahead: [Id])
        /// It is over. This many accounts went to the trash here.
        case finished(removed: Int64)
    }

    /// The current state.
    public private(set) var state = State.looking
    /// The check value as typed so far.
    public var checkValue = ""
    /// The accounts that could move.
    public private(set) var accounts: [AccountSummary] = []
    /// Those that stay: the person's choice, before the codes are shown.
    public private(set) var staying: Set<Id> = []
    /// Accounts whose service could relay the move instead of codes.
    public private(set) var relayAccounts: [RelayAccount] = []
    /// The person's choice among them; `nil` for codes only.
    public private(set) var relayAccount: Id?
    /// The service that relays the move: show it, and ``follow()`` it.
    public private(set) var relay: TransferRelay?
    /// Why that service can't be reached at the moment; the new phone can scan the codes in the meantime.
    public private(set) var relayProblem: Problem?
    /// Notes about single accounts, such as those that the new phone has to be enrolled for.
    public private(set) var leftBehind: [LeftBehind] = []
    /// Whether a call is in progress.
    public private(set) var isBusy = false
    /// The last error.
    public private(set) var problem: Problem?

    private let authenticator: Authenticator
    private let pause: Duration

    /// - Parameters:
    ///   - invitation: The new phone's code, if it was scanned already.
    ///   - pause: The interval between requests to a service.
    public init(_ authenticator: Authenticator, invitation: String? = nil, pause: Duration = .seconds(2)) {
        self.authenticator = authenticator
        self.pause = pause
        if let invitation { state = .confirming(invitation: invitation) }
    }

    /// Resumes an interrupted move.
    public func load() async {
        await work {
            accounts = try await authenticator.accounts().accounts.filter { $0.trashedAt == nil }
            relayAccounts = try await authenticator.relayAccounts()
            if case .oldPhone(let sending)? = try await authenticator.transfer() { show(sending) }
        }
    }

    /// Processes the camera's codes.
    public func take(_ codes: [ScannedCode]) async {
        for case .transfer(let text, _) in codes { await take(text: text) }
    }

    /// Processes the text of one of the new phone's codes: its invitation, or a part of its receipt.
    public func take(text: String) async {
        switch state {
        case .looking:
            (problem, state) = (nil, .confirming(invitation: text))
        case .showing where !isBusy:
            await work { show(try await authenticator.receive(receipt: text)) }
        default:
            // A camera sees the same code many times.
            break
        }
    }

    /// The person has confirmed that they hold the new phone.
    public func begin() async {
        guard case .confirming(let invitation) = state else { return }
        state = .looking
        await work {
            show(try await authenticator.sendAccounts(to: invitation))
            if let relayAccount { show(try await authenticator.chooseRelay(relayAccount)) }
        }
    }

    /// The person's choice of a service, before ``begin()`` or while the acceptance is shown, which then changes. `nil`
    /// for none, for example if the new phone's app is too old.
    public func chooseRelay(_ account: Id?) async {
        relayAccount = account
        guard case .comparing = state else { return }
        await work { show(try await authenticator.chooseRelay(account)) }
    }

    /// Sends the accounts to the service, and waits for the receipt until it is there or the task is cancelled: use it
    /// as the screen's `.task` while there is a ``relay``.
    public func follow() async {
        do {
            for try await moment in authenticator.relayedTransfer(every: pause) {
                guard case .oldPhone(let sending) = moment.transfer, case .showing = state else { continue }
                relayProblem = moment.failure.map(Problem.init)
                show(sending)
            }
        } catch {
            problem = Problem(error)
        }
    }

    /// The person's choice for one account.
    public func setMoves(_ account: Id, _ moves: Bool) {
        staying = moves ? staying.subtracting([account]) : staying.union([account])
    }

    /// Compares the check value that was typed, and shows the accounts.
    public func showAccounts() async {
        guard case .comparing = state else { return }
        await work {
            let chosen = staying.isEmpty ? nil : accounts.map(\.id).filter { !staying.contains($0) }
            let shown = try await authenticator.showAccounts(checkValue: checkValue, accounts: chosen)
            leftBehind = shown.rehearsal.leftBehind
            state = .showing(codes: shown.codes, missing: [])
        }
    }

    /// Moves the accounts that have arrived to the trash.
    public func remove() async {
        guard case .proven = state else { return }
        await work {
            await endRelay()
            state = .finished(removed: try await authenticator.removeMoved())
        }
    }

    /// Keeps the accounts here as well.
    public func keep() async {
        guard case .proven = state else { return }
        await work {
            await endRelay()
            try await authenticator.endTransfer()
            state = .finished(removed: 0)
        }
    }

    /// Ends the move at any step. Accounts stay as they are.
    public func end() async {
        await work {
            await endRelay()
            try await authenticator.endTransfer()
            (state, checkValue, leftBehind) = (.looking, "", [])
            (relayAccount, relay, relayProblem) = (nil, nil, nil)
        }
    }

    /// Removes the move from the service, if it can be reached soon. Otherwise the data, which is sealed, expires
    /// within minutes.
    private func endRelay() async {
        guard relay != nil else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [authenticator] in try? await authenticator.endRelay() }
            group.addTask { try? await Task.sleep(for: .seconds(5)) }
            await group.next()
            group.cancelAll()
        }
    }

    private func show(_ sending: Sending) {
        relay = sending.relay
        state =
            switch sending.step {
            case .comparing(let acceptance): .comparing(acceptance: acceptance)
            case .showing(let codes, let missing): .showing(codes: codes, missing: missing)
            case .proven(let held, let sent, let ahead): .proven(held: held, sent: sent, ahead: ahead)
            }
    }

    private func work(_ call: () async throws -> Void) async {
        (problem, isBusy) = (nil, true)
        defer { isBusy = false }
        do {
            try await call()
        } catch {
            problem = Problem(error)
        }
    }
}
