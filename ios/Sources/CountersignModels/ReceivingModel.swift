import Countersign
import Observation

/// The new phone's screen of a move: shows its code, scans the old phone's, shows a preview, and stores the accounts.
@MainActor
@Observable
public final class ReceivingModel {
    /// The current state.
    public enum State: Equatable, Sendable {
        /// Not started.
        case idle
        /// Show this code to the old phone, and scan the one that it answers with.
        case inviting(invitation: String)
        /// Show the check value, and scan the codes that the old phone then shows.
        case scanning(count: Int32?, missing: [Int32])
        /// The preview.
        case previewing(ImportPreview)
        /// The accounts were stored and verified. Show this receipt to the old phone.
        case stored(receipt: [String])
    }

    /// The current state.
    public private(set) var state = State.idle
    /// The check value to type on the old phone.
    public private(set) var checkValue: String?
    /// The service that relays the accounts, if the old phone has named one: show it, and ``follow()`` it.
    public private(set) var relay: TransferRelay?
    /// Why that service can't be reached at the moment; codes can be scanned in the meantime.
    public private(set) var relayProblem: Problem?
    /// The outcome for each account; `nil` after a restart.
    public private(set) var report: ImportReport?
    /// What to do with accounts if one of the same name exists. ``preview()`` shows it.
    public var sameName = SameName.keepBoth
    /// Whether a call is in progress.
    public private(set) var isBusy = false
    /// The last error.
    public private(set) var problem: Problem?

    private let authenticator: Authenticator
    private let pause: Duration
    private var choices: [Int64: SameName] = [:]

    /// - Parameter pause: The interval between requests to a service.
    public init(_ authenticator: Authenticator, pause: Duration = .seconds(2)) {
        self.authenticator = authenticator
        self.pause = pause
    }

    /// Resumes an interrupted move.
    public func load() async {
        await work {
            if case .newPhone(let receiving)? = try await authenticator.transfer() { try await show(receiving) }
        }
    }

    /// Starts a move.
    public func begin() async {
        await work { try await show(try await authenticator.receiveAccounts()) }
    }

    /// Processes the camera's codes.
    public func take(_ codes: [ScannedCode]) async {
        for case .transfer(let text, _) in codes { await take(text: text) }
    }

    /// Processes the text of one of the old phone's codes.
    public func take(text: String) async {
        switch state {
        case .inviting where !isBusy, .scanning where !isBusy:
            await work { try await show(try await authenticator.receive(code: text)) }
        default:
            // A camera sees the same code many times.
            break
        }
    }

    /// Fetches the accounts from the service, and leaves the receipt there once they are stored, until that is done or
    /// the task is cancelled: use it as the screen's `.task` while there is a ``relay``.
    public func follow() async {
        do {
            for try await moment in authenticator.relayedTransfer(every: pause) {
                guard case .newPhone(let receiving) = moment.transfer, relay != nil else { continue }
                relayProblem = moment.failure.map(Problem.init)
                switch state {
                case .scanning: try await show(receiving)
                case .stored: relay = receiving.relay
                default: break
                }
            }
        } catch {
            problem = Problem(error)
        }
    }

    /// Shows a preview with the current choices.
    public func preview() async {
        await work { state = .previewing(try await authenticator.previewReceived(options: options)) }
    }

    /// The person's choice for one account.
    public func choose(_ choice: SameName, for row: ImportRow) async {
        choices[row.row] = choice
        await preview()
    }

    /// Stores the received accounts.
    public func store() async {
        guard case .previewing = state else { return }
        await work {
            let received = try await authenticator.storeReceived(options: options)
            (report, state) = (received.report, .stored(receipt: received.receipt))
        }
    }

    /// Ends the move: the old phone has scanned the receipt, or the person has changed their mind.
    public func end() async {
        await work {
            try await authenticator.endTransfer()
            (state, checkValue, report, choices) = (.idle, nil, nil, [:])
            (relay, relayProblem) = (nil, nil)
        }
    }

    private var options: ImportOptions {
        ImportOptions(sameName: sameName, choices: choices.map { RowChoice(row: $0.key, choice: $0.value) })
    }

    private func show(_ receiving: Receiving) async throws {
        (checkValue, relay) = (receiving.checkValue, receiving.relay)
        state =
            switch receiving.step {
            case .inviting(let invitation): .inviting(invitation: invitation)
            case .scanning(let count, let missing): .scanning(count: count, missing: missing)
            case .complete: .previewing(try await authenticator.previewReceived(options: options))
            case .stored(let receipt): .stored(receipt: receipt)
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
