import Countersign
import Observation

/// The old phone's screen of a move: it takes the new phone's code, the check value that is read there, and the receipt.
@MainActor
@Observable
public final class SendingModel {
    /// Where it stands.
    public enum State: Equatable, Sendable {
        /// The camera looks for the new phone's code.
        case looking
        /// This code was scanned. The person has to say that the new phone is in their hands.
        case confirming(invitation: String)
        /// Show this code to the new phone, and let the person type the check value that it shows.
        case comparing(acceptance: String)
        /// Show these codes in turn, and look for the receipt, of which these numbers are missing once one was scanned.
        case showing(codes: [String], missing: [Int32])
        /// The new phone has proven to hold so many of those that it was sent. These accounts gave out codes meanwhile.
        case proven(held: Int64, sent: Int64, ahead: [Id])
        /// It is over. So many accounts went to the trash here.
        case finished(removed: Int64)
    }

    /// Where it stands.
    public private(set) var state = State.looking
    /// What the person has typed of the check value.
    public var checkValue = ""
    /// The accounts that could move.
    public private(set) var accounts: [AccountSummary] = []
    /// Those that stay: the person's choice, before the codes are shown.
    public private(set) var staying: Set<Id> = []
    /// Accounts whose service could carry the move in place of codes.
    public private(set) var relayAccounts: [RelayAccount] = []
    /// The person's choice among them; `nil` for codes alone.
    public private(set) var relayAccount: Id?
    /// The service that the move goes over: tell which it is, and ``follow()`` it.
    public private(set) var relay: TransferRelay?
    /// Why that service can't be asked for now; the new phone can scan the codes meanwhile.
    public private(set) var relayProblem: Problem?
    /// What is to be said about single accounts, such as those that the new phone has to be enrolled for.
    public private(set) var leftBehind: [LeftBehind] = []
    /// Whether a call is under way.
    public private(set) var isBusy = false
    /// What went wrong last.
    public private(set) var problem: Problem?

    private let authenticator: Authenticator
    private let pause: Duration

    /// - Parameters:
    ///   - invitation: The new phone's code, if it was scanned already.
    ///   - pause: How long it waits before it asks a service again.
    public init(_ authenticator: Authenticator, invitation: String? = nil, pause: Duration = .seconds(2)) {
        self.authenticator = authenticator
        self.pause = pause
        if let invitation { state = .confirming(invitation: invitation) }
    }

    /// Goes on with a move that was interrupted.
    public func load() async {
        await work {
            accounts = try await authenticator.accounts().accounts.filter { $0.trashedAt == nil }
            relayAccounts = try await authenticator.relayAccounts()
            if case .oldPhone(let sending)? = try await authenticator.transfer() { show(sending) }
        }
    }

    /// Takes what a camera sees.
    public func take(_ codes: [ScannedCode]) async {
        for case .transfer(let text, _) in codes { await take(text: text) }
    }

    /// Takes the text of a code of the new phone's: its invitation, or a part of its receipt.
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

    /// The person has said that the new phone is in their hands.
    public func begin() async {
        guard case .confirming(let invitation) = state else { return }
        state = .looking
        await work {
            show(try await authenticator.sendAccounts(to: invitation))
            if let relayAccount { show(try await authenticator.chooseRelay(relayAccount)) }
        }
    }

    /// The person's choice of a service, before they ``begin()``; also while the acceptance is shown, which is another one then.
    /// `nil` leaves it out, as for a new phone whose app is too old for it.
    public func chooseRelay(_ account: Id?) async {
        relayAccount = account
        guard case .comparing = state else { return }
        await work { show(try await authenticator.chooseRelay(account)) }
    }

    /// Gives the accounts to the service, and waits for the receipt until it is there or the task is cancelled: the screen's
    /// `.task` while there is a ``relay``.
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

    /// Puts the accounts that have arrived in the trash here.
    public func remove() async {
        guard case .proven = state else { return }
        await work {
            await endRelay()
            state = .finished(removed: try await authenticator.removeMoved())
        }
    }

    /// Keeps the accounts here too.
    public func keep() async {
        guard case .proven = state else { return }
        await work {
            await endRelay()
            try await authenticator.endTransfer()
            state = .finished(removed: 0)
        }
    }

    /// Ends the move at whatever step it is. Accounts stay as they are.
    public func end() async {
        await work {
            await endRelay()
            try await authenticator.endTransfer()
            (state, checkValue, leftBehind) = (.looking, "", [])
            (relayAccount, relay, relayProblem) = (nil, nil, nil)
        }
    }

    /// Ends what the service has, if it can be told soon. It is sealed, and goes by itself within minutes.
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
