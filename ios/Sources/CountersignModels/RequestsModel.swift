import Countersign
import Observation

/// The sign-ins that wait for the person, kept current while the app is in front.
@MainActor
@Observable
public final class RequestsModel {
    /// Every open request, oldest first.
    public private(set) var open: [ApprovalRequest] = [] {
        didSet { groups = authenticator.requestGroups }
    }
    /// The same requests, grouped by similarity: one row for each group.
    public private(set) var groups: [RequestGroup] = []
    /// Accounts whose service couldn't be asked: requests may be missing. Show a warning.
    public private(set) var failures: [AccountFailure] = []
    /// Accounts whose requests don't arrive automatically: why, until when, and what helps. Show it.
    public private(set) var pauses: [AccountPause] = []
    /// Devices that were activated for an account after this one. Show them, so that the person notices a stranger's.
    public private(set) var newDevices: [NewDevice] = []
    /// The last error.
    public private(set) var problem: Problem?

    private let authenticator: Authenticator

    public init(_ authenticator: Authenticator) {
        self.authenticator = authenticator
    }

    /// Follows the events until the task is cancelled: the app's `.task`.
    public func run() async {
        do {
            for try await event in authenticator.requestEvents {
                problem = nil
                switch event {
                case .requestsChanged(let open): self.open = open
                case .failuresChanged(let failures): self.failures = failures
                case .pausesChanged(let pauses): self.pauses = pauses
                case .clockChanged: break
                }
                newDevices = try await authenticator.newDevices()
            }
        } catch {
            open = []
            problem = Problem(error)
        }
    }

    /// Asks all services once, including those of paused accounts. Call it on pull to refresh.
    public func fetch() async {
        do {
            let requests = try await authenticator.askForRequests()
            open = requests.open
            failures = requests.failures
            pauses = requests.pauses
            newDevices = try await authenticator.newDevices()
            problem = nil
        } catch {
            problem = Problem(error)
        }
    }

    /// Rejects all requests of a row.
    public func turnDown(_ group: RequestGroup, _ how: TurnDown) async {
        do {
            let turnedDown = try await authenticator.turnDown(group.ids, how)
            problem = turnedDown.lazy.compactMap(\.error).first.flatMap { Problem($0) }
        } catch {
            problem = Problem(error)
        }
        open = authenticator.requests
    }

    /// Ends an account's pause: the requests were the person's own.
    public func resume(_ account: Id) async {
        do {
            try await authenticator.resume(account)
            problem = nil
        } catch {
            problem = Problem(error)
        }
    }

    /// The person has seen an account's new devices.
    public func noteNewDevicesTold(of account: Id) async {
        do {
            try await authenticator.noteNewDevicesTold(of: account)
            newDevices = try await authenticator.newDevices()
            problem = nil
        } catch {
            problem = Problem(error)
        }
    }

    /// The screen of one request.
    public func model(for request: ApprovalRequest) -> RequestModel {
        RequestModel(request, authenticator: authenticator)
    }
}
