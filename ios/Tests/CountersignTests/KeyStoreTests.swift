import Countersign
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct KeyStoreTests {
    @Test func aForeignKeyStoreOpensTheVault() async throws {
        let file = try temporaryFolder().appendingPathComponent("vault.db")
        let store = TestStore()
        _ = try await Vault.create(at: file, openedBy: [.keyStore(store)])
        let vault = try await Vault.open(file)
        #expect(try await vault.slots().map(\.kind) == [.keyStore])
        try await vault.unlock(with: .keyStore(store))
        #expect(!vault.isLocked)
    }

    @Test func aStoreThatLostItsKeyLeavesTheRecoveryCode() async throws {
        let file = try temporaryFolder().appendingPathComponent("vault.db")
        let (store, code) = (TestStore(), RecoveryCode.makeRandom())
        _ = try await Vault.create(at: file, openedBy: [.keyStore(store), .recoveryCode(code)])
        await store.loseAll()
        let vault = try await Vault.open(file)
        let error = try await failure { try await vault.unlock(with: .keyStore(store)) }
        #expect(error.kind == "KeyStore" && error.code() == "key_store_key_not_found")
        try await vault.unlock(with: .recoveryCode(code))
        // A new slot takes the place of the lost one, in one step.
        let lost = try #require(try await vault.slots().first { $0.kind == .keyStore })
        try await vault.replaceSlot(lost.id, with: .keyStore(store))
        vault.lock()
        try await vault.unlock(with: .keyStore(store))
        #expect(try await vault.check().isSound)
    }

    @Test func aVaultThatNobodyCanOpenIsSetAsideAndNotDeleted() async throws {
        let file = try temporaryFolder().appendingPathComponent("vault.db")
        let code = RecoveryCode.makeRandom()
        _ = try await Vault.create(at: file, openedBy: [.recoveryCode(code)])
        let folder = try await Vault.setAside(file)
        _ = try await Vault.create(at: file, openedBy: [.recoveryCode(RecoveryCode.makeRandom())])
        let old = try await Vault.open(folder.appendingPathComponent("vault.db"))
        try await old.unlock(with: .recoveryCode(code))
        #expect(!old.isLocked)
    }

    @Test func aVaultThatOnlyThisDeviceOpensIsWarnedOf() async throws {
        let file = try temporaryFolder().appendingPathComponent("vault.db")
        let (store, code) = (TestStore(), RecoveryCode.makeRandom())
        let vault = try await Vault.create(at: file, openedBy: [.keyStore(store)])
        try await vault.unlock(with: .keyStore(store))
        #expect(try await vault.recoverability() == .deviceOnly)
        try await vault.addSlot(.recoveryCode(code))
        #expect(try await vault.recoverability() == .unproven)
        let wrong = try await failure { try await vault.check(RecoveryCode.makeRandom()) }
        #expect(wrong.kind == "WrongKey")
        try await vault.check(code)
        #expect(try await vault.recoverability() == .proven)
    }

    @Test func aPassphraseIsAskedForWhileAnotherCanStillBeMade() async throws {
        let phone = try await Phone(clock: TurnedClock(unixSeconds: 1_795_500_000))
        #expect(try await phone.authenticator.passphraseReminder() == nil)
        try await phone.authenticator.vault.addSlot(.passphrase(Passphrase("correct horse")))
        #expect(try await phone.authenticator.passphraseReminder()?.isDue == true)
        let wrong = try await failure { try await phone.authenticator.check(Passphrase("forgotten")) }
        #expect(wrong.kind == "WrongKey" && !phone.authenticator.vault.isLocked)
        let next = try await phone.authenticator.check(Passphrase("correct horse"))
        #expect(!next.isDue && next.dueAt == 1_795_500_000 + 86_400)
    }

    @Test func cancellingAnUnlockTakesThePromptAway() async throws {
        let file = try temporaryFolder().appendingPathComponent("vault.db")
        let store = TestStore()
        _ = try await Vault.create(at: file, openedBy: [.keyStore(store)])
        let vault = try await Vault.open(file)
        let (shown, prompt) = AsyncStream<Void>.makeStream()
        await store.ask { prompt.yield() }
        let unlock = Task { try await vault.unlock(with: .keyStore(store)) }
        for await _ in shown { break }
        unlock.cancel()
        await #expect(throws: CancellationError.self) { try await unlock.value }
        #expect(vault.isLocked)
        await store.dismissed()
    }

    @Test func softwareKeysDoWithoutAPlatform() async throws {
        let file = try temporaryFolder().appendingPathComponent("vault.db")
        let vault = try await Vault.create(at: file, openedBy: [.recoveryCode(RecoveryCode.makeRandom())])
        let authenticator = try await Authenticator.openWithSoftwareKeys(vault, userCheck: .passphrase)
        let service = try await Service.start(data: temporaryFolder())
        let enrolment = try await service.relyingParty().post(
            "/v1/enrolments", ["user": "ada", "show": "relying_party"])
        let enrolled = try await authenticator.enrol(Offer.parse(text: try enrolment.text("link")), as: .test)
        #expect(try await authenticator.fetch(enrolled.account).map(\.purpose) == [.activation])
    }
}

/// A key store in memory, which wraps by exclusive or: good enough for a test of the border, and for nothing else.
actor TestStore: VaultKeyStore {
    private var pads: [Id: Data] = [:]
    private var onPrompt: (@Sendable () -> Void)?
    private let (end, ended) = AsyncStream<Void>.makeStream()

    /// From now on it asks the person, who doesn't answer.
    func ask(_ prompt: @escaping @Sendable () -> Void) {
        onPrompt = prompt
    }

    /// Waits until the prompt is taken away.
    nonisolated func dismissed() async {
        for await _ in end {}
    }

    func loseAll() {
        pads = [:]
    }

    func wrap(slot: Id, key: Data) async throws -> Data {
        let pad = pads[slot] ?? Data((0..<key.count).map { _ in UInt8.random(in: 0...255) })
        pads[slot] = pad
        return Data(zip(key, pad).map { $0 ^ $1 })
    }

    func unwrap(slot: Id, wrapped: Data) async throws -> Data {
        if let onPrompt {
            onPrompt()
            let (never, _) = AsyncStream<Void>.makeStream()
            for await _ in never {}
            ended.finish()
            throw PlatformKeyError.Cancelled
        }
        guard let pad = pads[slot] else { throw PlatformKeyError.NotFound }
        return Data(zip(wrapped, pad).map { $0 ^ $1 })
    }

    func forget(slot: Id) async throws {
        pads[slot] = nil
    }
}
