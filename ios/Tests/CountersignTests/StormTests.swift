import Countersign
import CountersignModels
import Foundation
import Testing

/// Push storms, against the real service.
@Suite(.timeLimit(.minutes(1))) struct StormTests {
    @Test func aStormIsOneRowAndOneAnswerAndThenItIsQuietUntilThePersonAsks() async throws {
        let service = try await Service.start(data: temporaryFolder())
        let (phone, portal) = (try await Phone(), try service.relyingParty())
        let account = try await phone.enrol("ada", at: service)
        let authenticator = phone.authenticator
        var storm: [String] = []
        for _ in 0..<3 { storm.append(try await portal.signIn("ada").id) }
        _ = try await authenticator.waitForRequests()
        let groups = authenticator.requestGroups
        #expect(groups.count == 1)
        let row = try #require(groups.first)
        #expect(Set(row.ids) == Set(storm))
        let turnedDown = try await authenticator.turnDown(row.ids, .deny)
        #expect(turnedDown.allSatisfy { $0.error == nil })
        for signIn in storm { #expect(try await portal.state(of: signIn) == "denied") }

        let signIn = try await portal.signIn("ada")
        let quiet = try await authenticator.waitForRequests()
        #expect(quiet.open.isEmpty)
        let pause = try #require(quiet.pauses.first)
        #expect(pause.account == account && pause.reason == .turnedDown && pause.denied == 3)
        #expect(pause.waysOut == [.ask, .resume, .wait])
        let asked = try #require(try await authenticator.askForRequests().open.first)
        #expect(try await authenticator.approve(asked.id, number: signIn.number).outcome == .approved)
        #expect(try await authenticator.pauses().isEmpty)
    }

    @Test @MainActor func thisIsntMeLocksTheAccountAndTheModelSaysSo() async throws {
        let service = try await Service.start(data: temporaryFolder())
        let (phone, portal) = (try await Phone(), try service.relyingParty())
        _ = try await phone.enrol("ada", at: service)
        let signIn = try await portal.signIn("ada")
        let requests = RequestsModel(phone.authenticator)
        await requests.fetch()
        let row = try #require(requests.groups.first)
        #expect(row.newest.canLock)
        let model = requests.model(for: row.newest)
        await model.reportAndLock()
        #expect(model.state == .answered(.reported) && model.locked)
        #expect(try await portal.state(of: signIn.id) == "reported")
        await requests.fetch()
        #expect(requests.groups.isEmpty && requests.pauses.first?.reason == .serviceLock)
    }

    @Test @MainActor func theModelTurnsARowDownAndResumes() async throws {
        let service = try await Service.start(data: temporaryFolder())
        let (phone, portal) = (try await Phone(), try service.relyingParty())
        let account = try await phone.enrol("ada", at: service)
        for _ in 0..<3 { _ = try await portal.signIn("ada") }
        let requests = RequestsModel(phone.authenticator)
        await requests.fetch()
        await requests.turnDown(try #require(requests.groups.first), .report)
        #expect(requests.problem == nil && requests.open.isEmpty)
        #expect(try await phone.authenticator.pauses().first?.reported == 3)
        await requests.resume(account)
        #expect(try await phone.authenticator.pauses().isEmpty)
    }
}
