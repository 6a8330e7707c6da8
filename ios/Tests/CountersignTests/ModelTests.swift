import Countersign
import CountersignModels
import Foundation
import Testing

/// The screens' logic, without a screen.
@MainActor @Suite(.timeLimit(.minutes(1))) struct ModelTests {
    @Test func aVaultIsMissingThenOpenThenLockedThenOpenAgain() async throws {
        let file = try temporaryFolder().appendingPathComponent("vault.db")
        let first = VaultModel(file: file, keys: TestKeys())
        await first.open()
        guard case .missing = first.state else { throw Failure("\(first.state)") }
        await first.create()
        guard case .created(let code) = first.state else { throw Failure("\(first.state)") }
        await first.check(recoveryCode: RecoveryCode.makeRandom().text())
        guard case .created = first.state else { throw Failure("\(first.state)") }
        #expect(first.problem?.code == "vault_wrong_key")
        await first.check(recoveryCode: code.text().lowercased())
        guard case .open(let authenticator) = first.state else { throw Failure("\(first.state)") }
        #expect(try await authenticator.vault.recoverability() == .proven)

        let second = VaultModel(file: file, keys: TestKeys())
        await second.open()
        guard case .locked([.recoveryCode]) = second.state else { throw Failure("\(second.state)") }
        await second.unlock(recoveryCode: "no such code")
        #expect(second.problem?.code == "recovery_code_symbol" || second.problem?.code == "recovery_code_length")
        await second.unlock(recoveryCode: code.text().lowercased())
        guard case .open = second.state else { throw Failure("\(second.state)") }
        await second.lock()
        guard case .locked = second.state else { throw Failure("\(second.state)") }
    }

    @Test func aFileThatIsNoVaultIsUnusableAndKept() async throws {
        let file = try temporaryFolder().appendingPathComponent("vault.db")
        try Data("a text".utf8).write(to: file)
        let model = VaultModel(file: file, keys: TestKeys())
        await model.open()
        guard case .unusable(let problem) = model.state else { throw Failure("\(model.state)") }
        #expect(problem.code == "vault_damaged")
        #expect(try Data(contentsOf: file) == Data("a text".utf8))
    }

    @Test func aScannedEnrolmentIsConfirmedActivatedAndShowsItsCode() async throws {
        let service = try await Service.start(data: temporaryFolder())
        let enrolment = try await service.relyingParty().post("/v1/enrolments", ["user": "ada"])
        let page = try await Browser.open(try enrolment.text("page_url"))
        let phone = try await Phone()
        let scan = ScanModel(phone.authenticator, device: .test)
        scan.take(try await scanPicture(try Picture(decoding: try await page.picture("qr"))))
        guard case .confirming(_, .enrolment(let host)) = scan.state else { throw Failure("\(scan.state)") }
        #expect(host == "127.0.0.1:\(service.port)")
        await scan.confirm()
        guard case .enrolled(let enrolled) = scan.state else { throw Failure("\(scan.state)") }
        try await page.reload(until: "joined")

        let requests = RequestsModel(phone.authenticator)
        await requests.fetch()
        let activation = requests.model(for: try #require(requests.open.first))
        let number = try page.number()
        activation.number = String(number.dropLast())
        #expect(!activation.canApprove)
        activation.number = number
        #expect(activation.canApprove)
        await activation.approve()
        #expect(activation.state == .answered(.approved))

        let codes = CodesModel(phone.authenticator)
        let showing = Task { await codes.run() }
        await until { codes.isLoaded }
        let row = try #require(codes.rows.first)
        #expect(row.id == enrolled.account && row.code?.count == 6)
        #expect((0...30).contains(try #require(codes.secondsLeft(of: row))))
        showing.cancel()
        await showing.value
    }

    @Test func anAccountWhoseActivationWasDeniedShowsNoCodeAndIsRemoved() async throws {
        let service = try await Service.start(data: temporaryFolder())
        let enrolment = try await service.relyingParty().post("/v1/enrolments", ["user": "ada"])
        let page = try await Browser.open(try enrolment.text("page_url"))
        let phone = try await Phone()
        let scan = ScanModel(phone.authenticator, device: .test)
        scan.take(try await scanPicture(try Picture(decoding: try await page.picture("qr"))))
        await scan.confirm()
        let codes = CodesModel(phone.authenticator)
        let showing = Task { await codes.run() }
        await until { codes.rows.first?.refusal == .notActive }
        #expect(codes.rows.first?.code == nil)

        let requests = RequestsModel(phone.authenticator)
        await requests.fetch()
        let activation = requests.model(for: try #require(requests.open.first))
        await activation.deny()
        try await page.reload(until: "denied")
        await until { codes.rows.first?.refusal == .removed }
        #expect(codes.rows.first?.code == nil)
        await codes.remove(try #require(codes.rows.first))
        await until { codes.rows.isEmpty }
        #expect(codes.problem == nil)
        showing.cancel()
        await showing.value
    }

    @Test func aRequestAppearsAndGoesAndAnAnswerIsGivenOnce() async throws {
        let service = try await Service.start(data: temporaryFolder())
        let phone = try await Phone()
        _ = try await phone.enrol("ada", at: service)
        let requests = RequestsModel(phone.authenticator)
        let following = Task { await requests.run() }
        let signIn = try await service.relyingParty().signIn("ada")
        await until { !requests.open.isEmpty }
        let model = requests.model(for: requests.open[0])
        #expect(model.acceptsScan)
        await model.approve(scanned: try Offer.parse(text: signIn.matchLink))
        #expect(model.state == .answered(.approved))
        await model.deny()
        #expect(model.state == .answered(.approved))
        await until { requests.open.isEmpty }
        #expect(try await service.relyingParty().state(of: signIn.id) == "approved")
        following.cancel()
        await following.value
    }

    @Test func anExportOfSeveralCodesIsCollected() async throws {
        let phone = try await Phone()
        let scan = ScanModel(phone.authenticator, device: .test)
        scan.take(text: "not a code at all")
        #expect(scan.problem != nil)
        for (index, vector) in try twoParts().enumerated() {
            scan.take(text: vector)
            if index == 0 {
                guard case .collecting(let progress) = scan.state else { throw Failure("\(scan.state)") }
                #expect(progress.missing == [1])
            }
        }
        guard case .confirming(_, .migration(_, _, let accounts, _)) = scan.state else {
            throw Failure("\(scan.state)")
        }
        await scan.confirm()
        guard case .added(let added) = scan.state else { throw Failure("\(scan.state)") }
        #expect(added.count == accounts.count && added.count == 2)

        let settings = SettingsModel(phone.authenticator)
        await settings.load()
        #expect(settings.accounts.count == 2)
        await settings.setTrashed(settings.accounts[0], true)
        #expect(settings.accounts.filter { $0.trashedAt != nil }.count == 1)
        await settings.delete(settings.accounts[0])
        #expect(settings.accounts.count == 1)
        let renewed = try #require(await settings.renewRecoveryCode())
        let authenticator = phone.authenticator
        authenticator.vault.lock()
        let old = try await failure { try await authenticator.vault.unlock(with: .recoveryCode(phone.recoveryCode)) }
        #expect(old.kind == "WrongKey")
        try await authenticator.vault.unlock(with: .recoveryCode(renewed))
    }

    @Test func aContainersCodeSendsAPasswordOnlyWhereThePersonAgrees() async throws {
        let phone = try await Phone()
        let scan = ScanModel(phone.authenticator, device: .test)
        // Nobody listens there.
        scan.take(
            text: "pia://container/S1?time=2026&url=https%3A//127.0.0.1%3A9/&serial=S1&passphrase=Password%3F"
                + "&nonce=7440e149aecf020fc7f82ad578032485a3ca5514&send_passphrase=True")
        guard case .confirming(_, .container(_, _, let prompt, let isSent, _)) = scan.state else {
            throw Failure("\(scan.state)")
        }
        #expect(prompt == "Password?" && isSent)
        scan.passphrase = "a password"
        await scan.confirm()
        #expect(scan.problem?.code == "container_consent_needed")
        scan.agreesToSend = true
        await scan.confirm()
        #expect(scan.problem?.code == "network_unreachable")
        #expect(try await phone.authenticator.containers().containers.count == 1)
    }

    /// An export in two parts, put together by hand: one account each.
    private func twoParts() throws -> [String] {
        try (0..<2).map { index in
            let secret = Data((0..<20).map { UInt8($0 + index) })
            let name = Data("ada\(index)".utf8)
            // OtpParameters: secret, name, algorithm SHA-1, six digits, by the time.
            let account = field(1, secret) + field(2, name) + Data([0x20, 1, 0x28, 1, 0x30, 2])
            // MigrationPayload: the account, version 1, two parts, which one, the batch's number.
            let payload = field(1, account) + Data([0x10, 1, 0x18, 2, 0x20, UInt8(index), 0x28, 7])
            var allowed = CharacterSet.alphanumerics
            allowed.insert("=")
            let text = payload.base64EncodedString().addingPercentEncoding(withAllowedCharacters: allowed)
            return "otpauth-migration://offline?data=\(try text ?? { throw Failure("no text") }())"
        }
    }

    private func field(_ number: UInt8, _ bytes: Data) -> Data {
        Data([number << 3 | 2, UInt8(bytes.count)]) + bytes
    }
}
