import Countersign
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct ErrorTests {
    @Test func aWrongPassphraseIsAWrongKeyAndTheRightOneOpens() async throws {
        let file = try temporaryFolder().appendingPathComponent("vault.db")
        let created = try await Vault.create(at: file, openedBy: [.passphrase(Passphrase("corréct horse"))])
        #expect(!created.isLocked)
        let vault = try await Vault.open(file)
        #expect(vault.isLocked)
        let wrong = try await failure { try await vault.unlock(with: .passphrase(Passphrase("battery staple"))) }
        #expect(wrong.kind == "WrongKey")
        #expect(vault.isLocked)
        let locked = try await failure { try await Authenticator.open(vault, keys: TestKeys()) }
        #expect(locked.kind == "Locked")
        // The same text in another normal form.
        try await vault.unlock(with: .passphrase(Passphrase("corre\u{301}ct horse")))
        #expect(!vault.isLocked)
    }

    @Test func aMissingVaultAndOneThatIsThereAreTold() async throws {
        let file = try temporaryFolder().appendingPathComponent("vault.db")
        let missing = try await failure { try await Vault.open(file) }
        #expect(missing.kind == "Vault" && missing.code() == "vault_missing")
        let openers = [VaultOpener.recoveryCode(RecoveryCode.makeRandom())]
        _ = try await Vault.create(at: file, openedBy: openers)
        let there = try await failure { try await Vault.create(at: file, openedBy: openers) }
        #expect(there.code() == "vault_already_exists")
        let last = try await failure { try await Vault.create(at: file, openedBy: []) }
        #expect(last.kind == "Vault")
    }

    @Test func aMistypedRecoveryCodeIsToldWithItsParameter() async throws {
        let short = try await failure { try RecoveryCode.parse(text: "ABCD-EFGH") }
        #expect(short.kind == "Input" && short.code() == "recovery_code_length" && short.parameter() == 8)
        let code = RecoveryCode.makeRandom()
        let typed = code.text().lowercased().replacingOccurrences(of: "-", with: " ")
        #expect(try RecoveryCode.parse(text: typed).text() == code.text())
    }

    @Test func anUnreachableServiceIsTheNetworksFaultAndTheListStays() async throws {
        let service = try await Service.start(data: temporaryFolder())
        let phone = try await Phone()
        let account = try await phone.enrol("ada", at: service)
        await service.kill()
        let error = try await failure { try await phone.authenticator.fetch(account) }
        #expect(error.kind == "Network")
        #expect(error.errorDescription == error.describe())
        let requests = try await phone.authenticator.waitForRequests()
        #expect(requests.open.isEmpty)
        #expect(requests.failures.map(\.account) == [account])
        #expect(try await phone.authenticator.codes().codes.count == 1)
    }

    @Test func aUsedTicketIsRefusedByItsCode() async throws {
        let service = try await Service.start(data: temporaryFolder())
        let enrolment = try await service.relyingParty().post(
            "/v1/enrolments", ["user": "ada", "show": "relying_party"])
        let link = try enrolment.text("link")
        let (first, second) = (try await Phone(), try await Phone())
        _ = try await first.authenticator.enrol(Offer.parse(text: link), as: .test)
        let error = try await failure { try await second.authenticator.enrol(Offer.parse(text: link), as: .test) }
        #expect(error.kind == "Refused" && error.code().contains("ticket"))
        #expect(try await second.authenticator.accounts().accounts.isEmpty)
    }

    @Test func anOfferOfAnotherKindIsInput() async throws {
        let phone = try await Phone()
        let offer = try Offer.parse(text: "otpauth://totp/Example:ada?secret=JBSWY3DPEHPK3PXP")
        let error = try await failure { try await phone.authenticator.enrol(offer, as: .test) }
        #expect(error.kind == "Input" && error.code() == "offer_other_kind")
    }

    @Test func anInvalidatedKeySaysSoAndTheAccountStays() async throws {
        let service = try await Service.start(data: temporaryFolder())
        let phone = try await Phone()
        let account = try await phone.enrol("ada", at: service)
        let signIn = try await service.relyingParty().signIn("ada")
        let request = try #require(try await phone.authenticator.fetch(account).first)
        await phone.keys.loseAll()
        let error = try await failure { try await phone.authenticator.approve(request.id, number: signIn.number) }
        #expect(error.kind == "KeyStore" && error.code() == "key_store_key_not_found")
        #expect(try await phone.authenticator.accounts().accounts.count == 1)
    }

    @Test func whatForeignCodeThrowsIsNeitherPassedOnNorLogged() async throws {
        struct Unexpected: Error {
            let secret = "correct horse battery staple"
        }
        let log = Log()
        setLogSink(log, level: .debug)
        defer { setLogSink(nil) }
        let service = try await Service.start(data: temporaryFolder())
        let armed = Flag()
        let phone = try await Phone(keys: TestKeys { _ in if armed.isSet { throw Unexpected() } })
        let account = try await phone.enrol("ada", at: service)
        let signIn = try await service.relyingParty().signIn("ada")
        let request = try #require(try await phone.authenticator.fetch(account).first)
        armed.set()
        let error = try await failure { try await phone.authenticator.approve(request.id, number: signIn.number) }
        #expect(error.kind == "KeyStore" && error.code() == "key_store_unavailable")
        for text in ["\(error)", String(reflecting: error), error.localizedDescription] + log.texts {
            #expect(!text.contains("battery"))
            #expect(!text.contains(signIn.number))
        }
    }

    @Test func nothingThatIsShownInADebuggerHasACodeOrANumberInIt() async throws {
        let phone = try await Phone(clock: TurnedClock(unixSeconds: 59))
        // The first vector of RFC 6238: 94287082.
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        let offer = try Offer.parse(text: "otpauth://totp/Example:ada?secret=\(secret)&digits=8")
        try await phone.authenticator.add([offer])
        let codes = try await phone.authenticator.codes()
        guard case .timed("94287082", _, _, _) = codes.codes[0].code else { throw Failure("another code") }
        let texts = [
            "\(codes)", "\(codes.codes[0])", String(reflecting: codes.codes), "\(offer)", "\(offer.content())",
            "\(MatchProof.number(number: "94287082"))", String(reflecting: phone.authenticator),
        ]
        for text in texts {
            #expect(!text.contains("94287082") && !text.contains(secret))
        }
    }
}

/// Keeps what is logged.
private final class Log: LogSink, @unchecked Sendable {
    private let lock = NSLock()
    private var records: [String] = []

    var texts: [String] { lock.withLock { records } }

    func log(record: LogRecord) throws {
        lock.withLock { records.append("\(record.target): \(record.text)") }
    }
}
