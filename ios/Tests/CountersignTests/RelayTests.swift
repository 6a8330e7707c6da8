import Countersign
import CountersignModels
import Foundation
import Testing

/// Moving to a new phone over the real service, in place of the codes that follow the first two.
@Suite(.timeLimit(.minutes(1))) struct RelayTests {
    private static let accounts = 12
    private static let proven = SendingStep.proven(held: 12, sent: 12, ahead: [])

    @Test func accountsMoveOverTheServiceAlthoughBothAppsEndAtEveryStep() async throws {
        let (service, first, second, account) = try await world()
        var (old, new) = (first, second)
        _ = try await greet(old, new, over: account)
        (old, new) = (try await old.restarted(), try await new.restarted())
        #expect(try await new.moments.first().receiving.step == .scanning(count: nil, missing: []))
        let sent = try await old.moments.first().sending
        #expect(sent.relay == TransferRelay(service: "127.0.0.1:\(service.port)", isDelivered: true))
        guard case .showing = sent.step else { throw Failure("\(sent.step)") }
        old = try await old.restarted()

        #expect(try await new.moments.first().receiving.step == .complete)
        new = try await new.restarted()
        #expect(try await new.moments.first().receiving.step == .complete)
        #expect(try await new.authenticator.storeReceived().report.proven == Int64(Self.accounts))
        new = try await new.restarted()
        let left = try await new.moments.all()
        #expect(left.count == 1)
        #expect(try left[0].receiving.relay?.isDelivered == true)

        let arrived = try await old.moments.all()
        #expect(arrived.count == 1)
        #expect(try arrived[0].sending.step == Self.proven)
        old = try await old.restarted()
        #expect(try await old.moments.first().sending.step == Self.proven)
        #expect(try await old.authenticator.removeMoved() == Int64(Self.accounts))
        #expect(try await old.moments.all().isEmpty)
        #expect(try await new.authenticator.codes().codes.count == Self.accounts)
    }

    @Test func oneLoopOnEachPhoneLastsForTheWholeMoveAndTellsEachStateOnce() async throws {
        let (service, old, new, account) = try await world()
        let invitation = try await new.authenticator.receiveAccounts().invitation()
        let begun = try await old.authenticator.sendAccounts(to: invitation)
        var (ofOld, ofNew) = (old.moments.makeAsyncIterator(), new.moments.makeAsyncIterator())
        #expect(try await ofOld.next()?.sending == begun)
        #expect(try await ofNew.next()?.receiving.step == .inviting(invitation: invitation))

        let chosen = try await old.authenticator.chooseRelay(account)
        #expect(try await ofOld.next()?.sending == chosen)
        let accepted = try await new.authenticator.receive(code: try chosen.acceptance())
        #expect(accepted.relay == chosen.relay && accepted.relay?.service == "127.0.0.1:\(service.port)")
        #expect(try await ofNew.next()?.receiving == accepted)
        try await old.authenticator.showAccounts(checkValue: chosen.checkValue)
        #expect(try await ofOld.next()?.sending.relay?.isDelivered == true)
        #expect(try await ofNew.next()?.receiving.step == .complete)
        try await new.authenticator.storeReceived()
        #expect(try await ofNew.next()?.receiving.relay?.isDelivered == true)
        #expect(try await ofNew.next() == nil)
        #expect(try await ofOld.next()?.sending.step == Self.proven)
        #expect(try await ofOld.next() == nil)
    }

    @Test func aCancelledCallClosesItsConnectionAndTheMoveIsAsItWas() async throws {
        let (service, old, new, account) = try await world()
        _ = try await greet(old, new, over: account)
        let before = try await old.authenticator.transfer()
        await service.kill()
        let silent = try SilentService(port: service.port)
        let moments = old.moments
        let following = Task { try await moments.first() }
        await silent.connected()
        following.cancel()
        await #expect(throws: CancellationError.self) { try await following.value }
        await silent.closed()
        #expect(try await old.authenticator.transfer() == before)
    }

    @Test func withoutTheServiceItSaysSoGoesOnTryingAndCodesFinishTheMove() async throws {
        let (service, old, new, account) = try await world()
        let codes = try await greet(old, new, over: account)
        await service.kill()
        var (ofOld, ofNew) = (old.moments.makeAsyncIterator(), new.moments.makeAsyncIterator())
        let (stuckOld, stuckNew) = (try #require(try await ofOld.next()), try #require(try await ofNew.next()))
        #expect([stuckOld, stuckNew].map { $0.failure?.code } == ["network_unreachable", "network_unreachable"])
        #expect(try stuckOld.sending.step == .showing(codes: codes, missing: []))

        for code in codes { _ = try await new.authenticator.receive(code: code) }
        let receipt = try await new.authenticator.storeReceived().receipt
        for code in receipt { _ = try await old.authenticator.receive(receipt: code) }
        #expect(try await ofOld.next()?.sending.step == Self.proven)
        #expect(try await ofOld.next() == nil)
        try await new.authenticator.endTransfer()
        #expect(try await ofNew.next() == nil)
        #expect(try await new.authenticator.codes().codes.count == Self.accounts)
    }

    @Test func aServiceThatComesBackCarriesOn() async throws {
        let folder = try temporaryFolder()
        let (service, old, new, account) = try await world(folder)
        _ = try await greet(old, new, over: account)
        await service.kill()
        var moments = old.moments.makeAsyncIterator()
        #expect(try await moments.next()?.failure?.code == "network_unreachable")
        let again = try await Service.start(data: folder, port: service.port)
        var last = try await moments.next()
        if last?.failure == nil, try last?.sending.relay?.isDelivered == false { last = try await moments.next() }
        #expect(try last?.failure == nil && last?.sending.relay?.isDelivered == true)
        #expect(try await new.moments.first().receiving.step == .complete)
        await again.kill()
    }

    @Test func aServiceIsChosenAndLeftOutAgainAndWhatIsThereIsEnded() async throws {
        let (service, old, new, account) = try await world()
        let able = try await old.authenticator.relayAccounts()
        #expect(able == [RelayAccount(account: account, service: "127.0.0.1:\(service.port)")])
        let begun = try await old.authenticator.sendAccounts(
            to: try await new.authenticator.receiveAccounts().invitation())
        #expect(try await old.authenticator.chooseRelay(account).step != begun.step)
        let early = try await failure { try await old.authenticator.relayTransfer() }
        #expect(early.kind == "Input" && early.code() == "move_out_of_turn")
        #expect(try await old.authenticator.chooseRelay(nil) == begun)
        let none = try await failure { try await old.authenticator.relayTransfer() }
        #expect(none.kind == "Input" && none.code() == "move_no_relay")
        let other = try #require(try await old.authenticator.accounts().accounts.first { $0.id != account }).id
        let unable = try await failure { try await old.authenticator.chooseRelay(other) }
        #expect(unable.kind == "Refused" && unable.code() == "account_not_able")
        try await old.authenticator.chooseRelay(account)

        try await old.authenticator.showAccounts(checkValue: begun.checkValue)
        #expect(try await old.moments.first().sending.relay?.isDelivered == true)
        try await old.authenticator.endRelay()
        try await old.authenticator.endTransfer()
        #expect(try await old.moments.all().isEmpty)
        let over = try await failure { try await old.authenticator.relayTransfer() }
        #expect(over.kind == "Gone" && over.code() == "move_not_under_way")
    }

    /// A service, a phone that is enrolled there with accounts to move, a new phone, and the account of the service.
    private func world(_ folder: URL? = nil) async throws -> (Service, old: Phone, new: Phone, Id) {
        let service = try await Service.start(data: try folder ?? temporaryFolder())
        let (old, new) = (try await Phone(), try await Phone())
        let account = try await old.enrol("ada", at: service)
        let links = "ABCDEFGHIJKL".enumerated().map { index, letter in
            "otpauth://totp/North:\(index)?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3P\(letter)A&issuer=North"
        }
        try await old.authenticator.add(try links.map { try Offer.parse(text: $0) })
        return (service, old, new, account)
    }

    /// Both phones as far as the accounts being sealed, over the account's service. Gives the old one's codes.
    private func greet(_ old: Phone, _ new: Phone, over account: Id) async throws -> [String] {
        _ = try await old.authenticator.sendAccounts(to: try await new.authenticator.receiveAccounts().invitation())
        let chosen = try await old.authenticator.chooseRelay(account)
        _ = try await new.authenticator.receive(code: try chosen.acceptance())
        return try await old.authenticator.showAccounts(checkValue: chosen.checkValue).codes
    }
}

/// The screens of a move over a service, without a screen.
@MainActor @Suite(.timeLimit(.minutes(1))) struct RelayModelTests {
    @Test func bothScreensNameTheServiceAndFollowTheMove() async throws {
        let service = try await Service.start(data: temporaryFolder())
        let (sending, receiving, account) = try await screens(service)
        #expect(sending.relayAccounts.map(\.account) == [account])
        await sending.chooseRelay(account)
        await sending.begin()
        guard case .comparing(let acceptance) = sending.state else { throw Failure("\(sending.state)") }
        await receiving.take(text: acceptance)
        #expect(sending.relay?.service == "127.0.0.1:\(service.port)" && receiving.relay == sending.relay)

        let taking = Task { await receiving.follow() }
        sending.checkValue = try #require(receiving.checkValue)
        await sending.showAccounts()
        let giving = Task { await sending.follow() }
        await until { if case .previewing = receiving.state { true } else { false } }
        await receiving.store()
        await giving.value
        #expect(sending.state == .proven(held: 1, sent: 1, ahead: []) && sending.problem == nil)
        await taking.value
        #expect(receiving.relay?.isDelivered == true && receiving.report?.proven == 1)
        await sending.remove()
        #expect(sending.state == .finished(removed: 1))
        await receiving.end()
        #expect(receiving.state == .idle && receiving.relay == nil && receiving.problem == nil)
    }

    @Test func theServiceIsLeftOutForANewPhoneThatKnowsNone() async throws {
        let service = try await Service.start(data: temporaryFolder())
        let (sending, receiving, account) = try await screens(service)
        await sending.chooseRelay(account)
        await sending.begin()
        let named = sending.state
        await sending.chooseRelay(nil)
        guard case .comparing(let acceptance) = sending.state else { throw Failure("\(sending.state)") }
        #expect(sending.relay == nil && sending.state != named)
        await receiving.take(text: acceptance)
        #expect(receiving.relay == nil && receiving.checkValue != nil)
    }

    @Test func aServiceThatIsAwayIsToldAndTheCodesGoOn() async throws {
        let service = try await Service.start(data: temporaryFolder())
        let (sending, receiving, account) = try await screens(service)
        await sending.chooseRelay(account)
        await sending.begin()
        guard case .comparing(let acceptance) = sending.state else { throw Failure("\(sending.state)") }
        await receiving.take(text: acceptance)
        await service.kill()
        sending.checkValue = try #require(receiving.checkValue)
        await sending.showAccounts()
        let following = (Task { await sending.follow() }, Task { await receiving.follow() })
        await until { sending.relayProblem != nil && receiving.relayProblem != nil }
        #expect(sending.relayProblem?.code == "network_unreachable" && sending.problem == nil)
        guard case .showing(let codes, _) = sending.state else { throw Failure("\(sending.state)") }
        for code in codes { await receiving.take(text: code) }
        await receiving.store()
        guard case .stored(let receipt) = receiving.state else { throw Failure("\(receiving.state)") }
        for code in receipt { await sending.take(text: code) }
        #expect(sending.state == .proven(held: 1, sent: 1, ahead: []))
        await following.0.value
        await sending.end()
        #expect(sending.state == .looking && sending.problem == nil)
        following.1.cancel()
        await following.1.value
    }

    /// The screens of both phones, as far as the old one's question whose the new phone is; and the account of the service.
    private func screens(_ service: Service) async throws -> (SendingModel, ReceivingModel, Id) {
        let (old, new) = (try await Phone(), try await Phone())
        let account = try await old.enrol("ada", at: service)
        try await old.authenticator.add([
            try Offer.parse(text: "otpauth://totp/North:0?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=North")
        ])
        let receiving = ReceivingModel(new.authenticator, pause: .milliseconds(20))
        await receiving.begin()
        guard case .inviting(let invitation) = receiving.state else { throw Failure("\(receiving.state)") }
        let sending = SendingModel(old.authenticator, invitation: invitation, pause: .milliseconds(20))
        await sending.load()
        return (sending, receiving, account)
    }
}

extension Phone {
    fileprivate var moments: RelayedTransfers { authenticator.relayedTransfer(every: .milliseconds(20)) }
}

extension RelayedTransfers {
    fileprivate func first() async throws -> RelayedTransfer {
        try #require(try await first { _ in true })
    }

    fileprivate func all() async throws -> [RelayedTransfer] {
        try await reduce(into: []) { $0.append($1) }
    }
}

extension RelayedTransfer {
    fileprivate var sending: Sending {
        get throws {
            guard case .oldPhone(let sending) = transfer else { throw Failure("\(transfer)") }
            return sending
        }
    }

    fileprivate var receiving: Receiving {
        get throws {
            guard case .newPhone(let receiving) = transfer else { throw Failure("\(transfer)") }
            return receiving
        }
    }
}
