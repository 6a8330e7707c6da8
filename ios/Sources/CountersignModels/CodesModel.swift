import Countersign
import Observation

/// The screen of accounts: their codes with a countdown, and problems of the list.
@MainActor
@Observable
public final class CodesModel {
    /// An account's row.
    public struct Row: Identifiable, Equatable, Sendable {
        /// The account.
        public let id: Id
        /// Who issued it; may be empty.
        public let issuer: String
        /// Whose it is; may be empty.
        public let name: String
        /// Its code, or `nil` if codes are made on request or aren't valid.
        public fileprivate(set) var code: String?
        /// Why its service would refuse its codes; then there is none. Offer to remove the account when it was `removed`.
        public let refusal: CodeRefusal?
        /// The code after that, where the time makes them.
        public let next: String?
        /// Length of a time step in seconds.
        public let period: Int?
        fileprivate let remaining: Int
    }

    /// The accounts with codes, in the person's order.
    public private(set) var rows: [Row] = []
    /// Whether the codes have been read at least once: until then, no rows don't mean no accounts.
    public private(set) var isLoaded = false
    /// Number of accounts that can't be read. Show it: they are never left out silently.
    public private(set) var damaged = 0
    /// Whether accounts are missing from the file.
    public private(set) var completeness = Completeness.complete
    /// The time used for codes. Tell the person if it `isCorrected`, or if the clock went back.
    public private(set) var clock: ClockStatus?
    /// Number of codes that are corrected although their issuers provide no time.
    public private(set) var correctedByOthers = 0
    /// The last error.
    public private(set) var problem: Problem?

    private let authenticator: Authenticator
    private let sleeper: any Clock<Duration>
    private var readAt = ContinuousClock.now

    /// - Parameter clock: The clock for waiting.
    public init(_ authenticator: Authenticator, clock: any Clock<Duration> = ContinuousClock()) {
        self.authenticator = authenticator
        sleeper = clock
    }

    /// Keeps the rows current until the task is cancelled: the screen's `.task`.
    public func run() async {
        do {
            for try await codes in authenticator.liveCodes(clock: sleeper) {
                show(codes)
            }
        } catch {
            // What was shown may be wrong by now.
            rows = []
            isLoaded = false
            problem = Problem(error)
        }
    }

    /// Seconds until a row's code changes; `nil` when its codes are made on request.
    public func secondsLeft(of row: Row, at now: ContinuousClock.Instant = .now) -> Int? {
        guard row.period != nil else { return nil }
        return max(0, row.remaining - Int((now - readAt).components.seconds))
    }

    /// Makes the next code of an account whose codes come from a counter.
    public func makeCode(of row: Row) async {
        do {
            let code = try await authenticator.nextCode(of: row.id)
            if let index = rows.firstIndex(where: { $0.id == row.id }) { rows[index].code = code }
            problem = nil
        } catch {
            problem = Problem(error)
        }
    }

    /// Removes an account that its service doesn't know, without notifying it.
    public func remove(_ row: Row) async {
        do {
            try await authenticator.delete(row.id)
            problem = nil
        } catch {
            problem = Problem(error)
        }
    }

    private func show(_ codes: Codes) {
        let made = Dictionary(
            rows.filter { $0.period == nil && $0.refusal == nil }.map { ($0.id, $0.code) },
            uniquingKeysWith: { first, _ in first })
        readAt = .now
        rows = codes.codes.map { row in Row(row, made: made[row.account] ?? nil) }
        damaged = codes.damaged.count
        completeness = codes.completeness
        clock = codes.clock
        correctedByOthers = codes.codes.count { $0.correction == .otherService }
        isLoaded = true
        problem = nil
    }
}

extension CodesModel.Row {
    /// - Parameter made: The code that was made on request, which stays visible.
    fileprivate init(_ row: AccountCode, made: String?) {
        id = row.account
        issuer = row.issuer
        name = row.name
        if case .refused(let why) = row.code { refusal = why } else { refusal = nil }
        switch row.code {
        case .timed(let code, let next, let remaining, let period):
            self.code = code
            self.next = next
            self.period = Int(period)
            self.remaining = Int(remaining)
        case .onRequest:
            code = made
            next = nil
            period = nil
            remaining = 0
        case .refused:
            code = nil
            next = nil
            period = nil
            remaining = 0
        }
    }
}
