import Countersign
import Observation

/// The sign-ins that wait for the person, kept current while the app is in front.
@MainActor
@Observable
public final class RequestsModel {
    /// Every open request, oldest first.
    public private(set) var open: [ApprovalRequest] = []
    /// Accounts whose service couldn't be asked: requests may be missing. Tell the person.
    public private(set) var failures: [AccountFailure] = []
    /// What went wrong last.
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
                case .clockChanged: break
                }
            }
        } catch {
            open = []
            problem = Problem(error)
        }
    }

    /// Asks all services once: what a wake-up, or a pull on the list, calls.
    public func fetch() async {
        do {
            let requests = try await authenticator.waitForRequests()
            open = requests.open
            failures = requests.failures
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
