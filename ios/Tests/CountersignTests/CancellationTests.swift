import Countersign
import Foundation
import Testing

/// Cancelling a Swift task drops the Rust future. None of these tests goes by time: without the drop they would wait for
/// ever, and end by their time limit.
@Suite(.timeLimit(.minutes(1))) struct CancellationTests {
    @Test func cancellingAnApprovalTakesThePromptAway() async throws {
        let (shown, prompt) = AsyncStream<Void>.makeStream()
        let (gone, dismissal) = AsyncStream<Void>.makeStream()
        let armed = Flag()
        let keys = TestKeys { _ in
            guard armed.isSet else { return }
            prompt.yield()
            let (never, _) = AsyncStream<Void>.makeStream()
            for await _ in never {}  // Ends with the task that Rust cancels.
            dismissal.yield()
            throw CancellationError()
        }
        let service = try await Service.start(data: temporaryFolder())
        let phone = try await Phone(keys: keys)
        let account = try await phone.enrol("ada", at: service)
        let signIn = try await service.relyingParty().signIn("ada")
        let request = try #require(try await phone.authenticator.fetch(account).first)

        armed.set()
        let authenticator = phone.authenticator
        let approval = Task { try await authenticator.approve(request.id, number: signIn.number) }
        for await _ in shown { break }
        approval.cancel()
        await #expect(throws: CancellationError.self) { try await approval.value }
        // The foreign call ends only because its Rust future was dropped.
        for await _ in gone { break }
        #expect(try await service.relyingParty().state(of: signIn.id) == "pending")
    }

    @Test func cancellingAFetchClosesItsConnection() async throws {
        let service = try await Service.start(data: temporaryFolder())
        let phone = try await Phone()
        let account = try await phone.enrol("ada", at: service)
        let port = service.port
        await service.kill()
        let silent = try SilentService(port: port)

        let authenticator = phone.authenticator
        let fetch = Task { try await authenticator.fetch(account, upTo: .seconds(60)) }
        await silent.connected()
        fetch.cancel()
        await #expect(throws: CancellationError.self) { try await fetch.value }
        await silent.closed()
    }

    @Test func anAlreadyCancelledTaskDoesNothing() async throws {
        let service = try await Service.start(data: temporaryFolder())
        let phone = try await Phone()
        let enrolment = try await service.relyingParty().post(
            "/v1/enrolments", ["user": "ada", "show": "relying_party"])
        let offer = try Offer.parse(text: try enrolment.text("link"))
        let authenticator = phone.authenticator
        let enrol = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await authenticator.enrol(offer, as: .test)
        }
        await #expect(throws: CancellationError.self) { try await enrol.value }
        #expect(await phone.keys.count == 0)
        // The offer is as good as before.
        #expect(try await authenticator.enrol(offer, as: .test).user == "ada")
    }

    @Test func eventsEndWithTheirTask() async throws {
        let phone = try await Phone()
        let (seen, sight) = AsyncStream<RequestEvent>.makeStream()
        let authenticator = phone.authenticator
        let reading = Task {
            for try await event in authenticator.requestEvents { sight.yield(event) }
        }
        for await event in seen {
            #expect(event == .requestsChanged(open: []))
            break
        }
        reading.cancel()
        try await reading.value
    }

    @Test func dismissingThePromptIsNoCancellationOfTheTask() async throws {
        let armed = Flag()
        let keys = TestKeys { _ in
            if armed.isSet { throw PlatformKeyError.Cancelled }
        }
        let service = try await Service.start(data: temporaryFolder())
        let phone = try await Phone(keys: keys)
        let account = try await phone.enrol("ada", at: service)
        let signIn = try await service.relyingParty().signIn("ada")
        let request = try #require(try await phone.authenticator.fetch(account).first)
        armed.set()
        let error = try await failure { try await phone.authenticator.approve(request.id, number: signIn.number) }
        #expect(error.kind == "Cancelled")
        armed.clear()
        #expect(try await phone.authenticator.approve(request.id, number: signIn.number).outcome == .approved)
    }
}

/// Something that is so, or isn't.
final class Flag: @unchecked Sendable {
    private let lock = NSLock()
    private var value = false

    var isSet: Bool { lock.withLock { value } }
    func set() { lock.withLock { value = true } }
    func clear() { lock.withLock { value = false } }
}
