import Countersign
import CountersignModels
import Foundation
import Testing

/// The screens of a move, of a replacement and of the reminder, without a screen.
@MainActor @Suite(.timeLimit(.minutes(1))) struct TransferModelTests {
    @Test func bothScreensLeadThroughAMove() async throws {
        let (old, new) = (try await Phone(), try await Phone())
        try await old.add("0", "1", "2")
        let receiving = ReceivingModel(new.authenticator)
        await receiving.load()
        #expect(receiving.state == .idle)
        await receiving.begin()
        guard case .inviting(let invitation) = receiving.state else { throw Failure("\(receiving.state)") }

        // Nothing begins before the person has said that the new phone is theirs.
        let scan = ScanModel(old.authenticator, device: .test)
        scan.take([.transfer(text: invitation, kind: .invitation)])
        guard case .invited(invitation) = scan.state else { throw Failure("\(scan.state)") }
        let sending = scan.sendingModel(invitedBy: invitation)
        await sending.load()
        #expect(sending.state == .confirming(invitation: invitation))
        #expect(try await old.authenticator.transfer() == nil)
        await sending.begin()
        guard case .comparing(let acceptance) = sending.state else { throw Failure("\(sending.state)") }
        await receiving.take([.transfer(text: acceptance, kind: .acceptance)])
        #expect(receiving.state == .scanning(count: nil, missing: []))

        sending.checkValue = "0000-0000"
        await sending.showAccounts()
        #expect(sending.problem?.code == "move_check_value_differs")
        #expect(sending.state == .comparing(acceptance: acceptance))
        sending.checkValue = try #require(receiving.checkValue)
        sending.setMoves(sending.accounts[2].id, false)
        await sending.showAccounts()
        guard case .showing(let codes, _) = sending.state else { throw Failure("\(sending.state)") }

        await receiving.take(text: "not a code")
        #expect(receiving.problem?.code == "move_not_a_code")
        // Another start of the app goes on where it was.
        let again = ReceivingModel(new.authenticator)
        await again.load()
        for code in codes { await again.take([.transfer(text: code, kind: .accounts)]) }
        guard case .previewing(let preview) = again.state else { throw Failure("\(again.state)") }
        #expect(preview.rows.map(\.name) == ["0", "1"])
        await again.store()
        #expect(again.report?.proven == 2)
        guard case .stored(let receipt) = again.state else { throw Failure("\(again.state)") }
        for code in receipt { await sending.take([.transfer(text: code, kind: .receipt)]) }
        #expect(sending.state == .proven(held: 2, sent: 2, ahead: []))
        await again.end()
        #expect(again.state == .idle)
        await sending.remove()
        #expect(sending.state == .finished(removed: 2))

        let settings = SettingsModel(old.authenticator)
        await settings.load()
        #expect(settings.accounts.filter { $0.movedAt != nil && $0.trashedAt != nil }.count == 2)
        await settings.takeBack(settings.accounts[0])
        #expect(settings.accounts.filter { $0.movedAt != nil }.count == 1)
    }

    @Test func aNameThatIsTakenIsThePersonsChoice() async throws {
        let (old, new) = (try await Phone(), try await Phone())
        try await old.add("0")
        try await new.authenticator.add([
            try Offer.parse(text: "otpauth://totp/North:0?secret=GEZDGNBVGY3TQOJQ&issuer=North")
        ])
        let (sending, receiving) = (SendingModel(old.authenticator), ReceivingModel(new.authenticator))
        await receiving.begin()
        guard case .inviting(let invitation) = receiving.state else { throw Failure("\(receiving.state)") }
        await sending.take(text: invitation)
        await sending.begin()
        guard case .comparing(let acceptance) = sending.state else { throw Failure("\(sending.state)") }
        await receiving.take(text: acceptance)
        sending.checkValue = receiving.checkValue ?? ""
        await sending.showAccounts()
        guard case .showing(let codes, _) = sending.state else { throw Failure("\(sending.state)") }
        for code in codes { await receiving.take(text: code) }
        guard case .previewing(let preview) = receiving.state else { throw Failure("\(receiving.state)") }
        await receiving.choose(.skip, for: preview.rows[0])
        guard case .previewing(let chosen) = receiving.state, case .sameName(_, .skip) = chosen.rows[0].verdict
        else { throw Failure("the choice isn't shown") }
        await receiving.store()
        #expect(receiving.report?.rows.map(\.outcome) == [.skipped])
        await sending.end()
        #expect(sending.state == .looking)
        #expect(try await old.authenticator.accounts().accounts.allSatisfy { $0.trashedAt == nil })
    }

    @Test func theScreenOfAReplacementShowsTheCodeThenTheNumber() async throws {
        let service = try await Service.start(data: temporaryFolder())
        let (old, new) = (try await Phone(), try await Phone())
        let model = ReplacementModel(
            old.authenticator, account: try await old.enrol("ada", at: service), pause: .milliseconds(50))
        let running = Task { await model.run() }
        await until { if case .waiting = model.state { true } else { false } }
        guard case .waiting(let link, let expiresAt) = model.state else { throw Failure("\(model.state)") }
        #expect(expiresAt > .now)
        let enrolled = try await new.authenticator.enrol(try Offer.parse(text: link), as: .test)
        await until { if case .activating = model.state { true } else { false } }
        guard case .activating(enrolled.checkValue, let number?, _) = model.state else { throw Failure("no number") }
        let activation = try #require(try await new.authenticator.fetch(enrolled.account).first)
        _ = try await new.authenticator.approve(activation.id, number: number)
        await running.value
        #expect(model.state == .done && model.problem == nil)
    }

    @Test func aReplacementGoesOnAfterThePersonWasCheckedAgain() async throws {
        let service = try await Service.start(data: temporaryFolder())
        let (old, new) = (try await Phone(), try await Phone())
        let account = try await old.enrol("ada", at: service)
        let first = ReplacementModel(old.authenticator, account: account, pause: .milliseconds(50))
        await first.load()
        #expect(!first.isOpen)
        let left = Task { await first.run() }
        await until { if case .waiting = first.state { true } else { false } }
        let shown = first.state
        left.cancel()
        await left.value
        #expect(first.state == .idle && first.isOpen && first.problem == nil)

        let model = ReplacementModel(
            try await old.restarted().authenticator, account: account, pause: .milliseconds(50))
        await model.load()
        #expect(model.isOpen)
        await model.resume { false }
        #expect(model.state == .idle && model.isOpen)
        let running = Task { await model.resume { true } }
        await until { if case .waiting = model.state { true } else { false } }
        guard case .waiting(let link, _) = model.state, model.state == shown else { throw Failure("another code") }
        let enrolled = try await new.authenticator.enrol(try Offer.parse(text: link), as: .test)
        await until { if case .activating = model.state { true } else { false } }
        guard case .activating(enrolled.checkValue, let number?, _) = model.state else { throw Failure("no number") }
        let activation = try #require(try await new.authenticator.fetch(enrolled.account).first)
        _ = try await new.authenticator.approve(activation.id, number: number)
        await running.value
        #expect(model.state == .done && !model.isOpen && model.problem == nil)
    }

    @Test func aReplacementThatIsBegunAnewEndsTheOneBefore() async throws {
        let service = try await Service.start(data: temporaryFolder())
        let (old, new) = (try await Phone(), try await Phone())
        let account = try await old.enrol("ada", at: service)
        let before = try await old.authenticator.replaceDevice(of: account)
        let model = ReplacementModel(old.authenticator, account: account, pause: .milliseconds(50))
        await model.load()
        #expect(model.isOpen)
        let running = Task { await model.run() }
        await until { if case .waiting = model.state { true } else { false } }
        guard case .waiting(let link, _) = model.state else { throw Failure("\(model.state)") }
        #expect(link != before.link())
        let refused = try await failure {
            try await new.authenticator.enrol(try Offer.parse(text: before.link()), as: .test)
        }
        #expect(refused.kind == "Refused")
        running.cancel()
        await running.value
        #expect(model.isOpen && model.problem == nil)
    }

    @Test func aNewDeviceIsToldUntilThePersonKnows() async throws {
        let service = try await Service.start(data: temporaryFolder())
        let (phone, another) = (try await Phone(), try await Phone())
        let account = try await phone.enrol("ada", at: service)
        let model = RequestsModel(phone.authenticator)
        await model.fetch()
        #expect(model.newDevices.isEmpty)
        _ = try await another.enrol("ada", at: service)
        await model.fetch()
        #expect(model.newDevices.map(\.account) == [account])
        await model.noteNewDevicesTold(of: account)
        #expect(model.newDevices.isEmpty && model.problem == nil)
    }

    @Test func aForgottenPassphraseIsReplacedWhileTheVaultIsOpen() async throws {
        let phone = try await Phone()
        let model = ReminderModel(phone.authenticator)
        await model.load()
        #expect(model.state == .quiet)
        try await phone.authenticator.vault.addSlot(.passphrase(Passphrase("corréct horse")))
        await model.load()
        #expect(model.state == .asking)
        model.later()
        #expect(model.state == .quiet)
        await model.load()
        await model.check(Passphrase("battery staple"))
        #expect(model.state == .forgotten && model.problem == nil)
        await model.replace(with: Passphrase("another one"))
        #expect(model.state == .remembered)
        #expect(try await phone.authenticator.passphraseReminder()?.isDue == false)
        let vault = try await Vault.open(phone.folder.appendingPathComponent("vault.db"))
        try await vault.unlock(with: .passphrase(Passphrase("another one")))
    }
}

extension Phone {
    fileprivate func add(_ names: String...) async throws {
        let links = zip(names, "ABCDEFGH").map { name, letter in
            "otpauth://totp/North:\(name)?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3P\(letter)A&issuer=North"
        }
        try await authenticator.add(try links.map { try Offer.parse(text: $0) })
    }
}
