import Countersign
import Observation

/// The scanner's screen: shows what a code offers, lets the person confirm, and adds or enrols.
@MainActor
@Observable
public final class ScanModel {
    /// The current state.
    public enum State {
        /// The camera looks for a code.
        case looking
        /// An export of several codes: these parts are still missing.
        case collecting(MigrationProgress)
        /// The person has to confirm this.
        case confirming(Offer, OfferContent)
        /// It is being added or enrolled.
        case working
        /// Accounts were added.
        case added([AddedAccount])
        /// A container was registered, and its tokens have come.
        case registered(Container, ContainerSync)
        /// A new phone asks for this one's accounts with this code: continue with
        /// ``ScanModel/sendingModel(invitedBy:)``.
        case invited(String)
        /// This device is enrolled; its check value is to be compared, and its first request to be approved.
        case enrolled(Enrolment)
    }

    /// The current state.
    public private(set) var state = State.looking
    /// The person's input if a container's code asks for a passphrase; removed once it was used.
    public var passphrase = ""
    /// Whether the person has agreed to send it, if it is their own password at the organisation.
    public var agreesToSend = false
    /// The last error.
    public private(set) var problem: Problem?

    private let authenticator: Authenticator
    private let device: DeviceDescription
    private var batch: MigrationBatch?

    /// - Parameter device: This device's description at enrolment.
    public init(_ authenticator: Authenticator, device: DeviceDescription) {
        self.authenticator = authenticator
        self.device = device
    }

    /// Processes scanned or pasted text.
    public func take(text: String) {
        do {
            take(try Offer.parse(text: text))
        } catch {
            problem = Problem(error)
        }
    }

    /// Processes a frame or a picture. Of several codes, it uses the first one that offers something.
    public func take(_ codes: [ScannedCode]) {
        for case .offer(let offer) in codes {
            return take(offer)
        }
        guard case .looking = state else { return }
        switch codes.first {
        case .transfer(let text, .invitation): (problem, state) = (nil, .invited(text))
        // The camera continues, since codes are missing.
        case .parts(_, _, let reason), .other(let reason): problem = Problem(reason)
        default: break
        }
    }

    /// Processes an offer. A camera sees the same code many times: while the person confirms, nothing changes.
    public func take(_ offer: Offer) {
        switch state {
        case .looking, .collecting: break
        default: return
        }
        problem = nil
        do {
            let content = offer.content()
            if case .migration(_, let count, _, _) = content, count > 1 {
                try collect(offer)
            } else {
                state = .confirming(offer, content)
            }
        } catch {
            problem = Problem(error)
        }
    }

    /// Adds or enrols what the person has confirmed.
    public func confirm() async {
        guard case .confirming(let offer, let content) = state else { return }
        state = .working
        do {
            switch content {
            case .otp, .migration:
                state = .added(try await authenticator.add([offer]))
            case .enrolment:
                state = .enrolled(try await authenticator.enrol(offer, as: device))
            case .container(_, _, let prompt, let isSent, _):
                let container = try await authenticator.register(
                    offer, as: device.name, with: prompt.flatMap { _ in given(isSent: isSent) })
                passphrase = ""
                let sync = try await authenticator.synchronise(container.id, wakeUp: device.wakeUp)
                state = .registered(container, sync)
            case .match:
                // It belongs to a request; the screen of that one takes it.
                state = .looking
            }
            problem = nil
        } catch {
            // The same offer resumes an interrupted enrolment.
            problem = Problem(error)
            state = .confirming(offer, content)
        }
    }

    /// The screen of a move that a new phone asks for.
    public func sendingModel(invitedBy invitation: String) -> SendingModel {
        SendingModel(authenticator, invitation: invitation)
    }

    /// Looks for another code.
    public func startOver() {
        batch = nil
        problem = nil
        passphrase = ""
        agreesToSend = false
        state = .looking
    }

    /// What was typed, as what it is good for. Without consent it is offered as a proof, which the library doesn't send.
    private func given(isSent: Bool) -> ContainerPassphrase {
        let typed = Passphrase(passphrase)
        return isSent && agreesToSend ? .sentPassword(password: typed) : .proof(passphrase: typed)
    }

    private func collect(_ part: Offer) throws {
        let batch = try self.batch ?? MigrationBatch(first: part)
        self.batch = batch
        let progress = try batch.add(part: part)
        if let whole = batch.finish() {
            self.batch = nil
            state = .confirming(whole, whole.content())
        } else {
            state = .collecting(progress)
        }
    }
}
