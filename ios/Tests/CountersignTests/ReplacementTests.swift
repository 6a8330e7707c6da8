import Countersign
import Foundation
import Testing

/// A new phone in place of the old one, against the real service.
@Suite(.timeLimit(.minutes(1))) struct ReplacementTests {
    @Test func aNewPhoneApprovesInPlaceOfTheOldOneWhichIsRevokedThen() async throws {
        let service = try await Service.start(data: temporaryFolder())
        let (old, new) = (try await Phone(), try await Phone())
        let account = try await old.enrol("ada", at: service)
        let replacement = try await old.authenticator.replaceDevice(of: account)
        #expect(replacement.account() == account)
        var steps = old.authenticator.steps(of: replacement, every: .milliseconds(50)).makeAsyncIterator()
        #expect(try await steps.next() == .waiting)

        let enrolled = try await new.authenticator.enrol(try Offer.parse(text: replacement.link()), as: .test)
        let activating = try await steps.next()
        guard case .activating(let checkValue, let number?, _)? = activating else { throw Failure("no number") }
        // An app that was ended meanwhile goes on where it was.
        #expect(try await old.authenticator.openReplacements() == [account])
        let resumed = try #require(try await old.authenticator.resumeReplacement(of: account))
        #expect(try await old.authenticator.step(of: resumed) == activating)
        #expect(checkValue == enrolled.checkValue)
        #expect(!"\(try #require(activating))".contains(number))
        // The old phone works until the new one does.
        #expect(try await old.binding() == .active)

        let activation = try #require(try await new.authenticator.fetch(enrolled.account).first)
        #expect(try await new.authenticator.approve(activation.id, number: number).outcome == .approved)
        #expect(try await steps.next() == .done)
        #expect(try await steps.next() == nil)
        #expect(try await old.authenticator.openReplacements().isEmpty)
        #expect(try await old.binding() == .revoked)
        #expect(try await old.authenticator.accounts().accounts[0].movedAt != nil)

        let signIn = try await service.relyingParty().signIn("ada")
        let request = try #require(try await new.authenticator.fetch(enrolled.account).first)
        #expect(try await new.authenticator.approve(request.id, number: signIn.number).outcome == .approved)
        #expect(try await service.relyingParty().state(of: signIn.id) == "approved")
    }

    @Test func anotherDeviceOfThePersonsIsToldOnce() async throws {
        let service = try await Service.start(data: temporaryFolder())
        let (phone, another) = (try await Phone(), try await Phone())
        let account = try await phone.enrol("ada", at: service)
        _ = try await phone.authenticator.waitForRequests()
        #expect(try await phone.authenticator.newDevices().isEmpty)
        _ = try await another.enrol("ada", at: service)
        _ = try await phone.authenticator.waitForRequests()
        let told = try await phone.authenticator.newDevices()
        #expect(told.map(\.account) == [account] && told.map(\.name) == [DeviceDescription.test.name])
        try await phone.authenticator.noteNewDevicesTold(of: account)
        #expect(try await phone.authenticator.newDevices().isEmpty)
    }
}

extension Phone {
    fileprivate func binding() async throws -> BindingState? {
        try await authenticator.accounts().accounts.first?.binding
    }
}
