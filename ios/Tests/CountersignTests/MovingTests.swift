import Countersign
import CountersignModels
import Foundation
import Testing

/// Moving in from another app, and backups that have been read back.
@Suite(.timeLimit(.minutes(1))) @MainActor struct MovingTests {
    private static let secret = "JBSWY3DPEHPK3PXP"
    private static let link = "otpauth://totp/North:ada?secret=\(secret)&issuer=North"
    private static let password = "a passphrase as typed"

    @Test func anExportIsPreviewedImportedAndTakenBack() async throws {
        let (phone, files) = (try await Phone(), Import())
        let found = try await files.add(try export("aegis.json"))
        #expect(found.app == "Aegis")
        let preview = try await phone.authenticator.previewImport(files)
        #expect(preview.total == found.entries)
        #expect(try await phone.authenticator.accounts().total == 0)

        let options = ImportOptions(sameName: .keepBoth, partial: true)
        let report = try await phone.authenticator.importAccounts(files, options: options)
        #expect(report.proven > 0)
        #expect(try await phone.authenticator.lastImport()?.changes == report.proven)
        #expect(try await phone.authenticator.undoImport().trashed == report.proven)
        let error = try await failure { try await phone.authenticator.undoImport() }
        #expect(error.code() == "import_nothing_to_undo")
    }

    @Test func anEncryptedExportAsksForItsPasswordUntilItIsRight() async throws {
        let model = ImportModel(try await Phone().authenticator)
        let file = try export("aegis-encrypted.json")
        await model.add(file)
        #expect(model.isAsking)
        #expect(model.problem == nil)
        await model.add(file, password: Passphrase("canary-7f3a9c51"))
        #expect(model.isAsking)
        #expect(model.problem?.code == "import_wrong_password")
        #expect(model.problem?.text.contains("canary") == false)
        await model.add(file, password: Passphrase("correct horse battery"))
        #expect(model.problem == nil)
        await model.confirm()
        guard case .done(let report) = model.state else { throw Failure("not done") }
        #expect(report.proven > 0)
        #expect(await model.undo()?.trashed == report.proven)
        #expect(model.lastImport == nil)
    }

    @Test func aPictureWithoutACodeSaysSoAndAPictureFileIsNoExport() async throws {
        let model = ImportModel(try await Phone().authenticator)
        await model.add(Picture(luma: Data(repeating: 255, count: 6400), width: 80, height: 80))
        #expect(model.problem?.code == "picture_without_code")
        await model.add(Data([0xff, 0xd8, 0xff, 0xe0]))
        #expect(model.problem?.code == "import_is_picture")
    }

    @Test func theChoiceForARowIsShownAndDone() async throws {
        let phone = try await Phone()
        try await phone.authenticator.add([try Offer.parse(text: Self.link)])
        let model = ImportModel(phone.authenticator)
        await model.add(Data("otpauth://totp/North:ada?secret=GEZDGNBVGY3TQOJQ&issuer=North\n".utf8))
        guard case .previewing(let preview) = model.state else { throw Failure("no preview") }
        await model.choose(.replace, for: preview.rows[0])
        guard case .previewing(let chosen) = model.state,
            case .sameName(_, .replace) = chosen.rows[0].verdict
        else { throw Failure("the choice isn't shown") }
        await model.confirm()
        let accounts = try await phone.authenticator.accounts().accounts
        #expect(accounts.map { $0.trashedAt == nil }.sorted { !$0 && $1 } == [false, true])
    }

    @Test func aBackupIsProvenAndRestoresOnAnotherPhone() async throws {
        let phone = try await Phone()
        try await phone.authenticator.add([try Offer.parse(text: Self.link)])
        let model = BackupModel(phone.authenticator)
        await model.load()
        #expect(model.last == nil)
        await model.backUp(to: phone.folder, password: Passphrase(Self.password))
        #expect(model.problem == nil)
        #expect(model.last?.restorable == 1)

        let name = try #require(
            try FileManager.default.contentsOfDirectory(atPath: phone.folder.path)
                .first { $0.hasSuffix(".csgnbackup") })
        let file = try Data(contentsOf: phone.folder.appendingPathComponent(name))
        await model.check(file, password: Passphrase("mistyped"))
        #expect(model.problem?.code == "import_wrong_password")

        let (new, files) = (try await Phone(), Import())
        try await files.add(file, password: Passphrase(Self.password))
        #expect(try await new.authenticator.importAccounts(files).proven == 1)
        #expect(try await new.authenticator.codes().codes.count == 1)
    }

    @Test func anExportThatTheAppStoresCountsOnceItWasReadAgain() async throws {
        let phone = try await Phone()
        try await phone.authenticator.add([try Offer.parse(text: Self.link)])
        let file = try await phone.authenticator.export(.backup, password: Passphrase(Self.password))
        #expect(try await phone.authenticator.lastBackup() == nil)
        #expect(!String(reflecting: file).contains(Self.secret))
        let rehearsal = try await phone.authenticator.rehearse(file.content, password: Passphrase(Self.password))
        #expect(rehearsal.missing == 0)
        #expect(try await phone.authenticator.lastBackup() != nil)

        let plain = phone.folder.appendingPathComponent("accounts.txt")
        try await phone.authenticator.export(.links, to: plain)
        #expect(try String(contentsOf: plain, encoding: .utf8).contains(Self.secret))
        let error = try await failure { try await phone.authenticator.export(.links, to: plain) }
        #expect(error.code() == "backup_already_exists")
    }

    @Test func aFolderWithoutAPathThatLosesBytesKeepsItsOlderBackups() async throws {
        let (phone, cloud) = (try await Phone(), Cloud())
        try await phone.authenticator.add([try Offer.parse(text: Self.link)])
        let first = try await phone.authenticator.backUp(into: cloud, password: Passphrase(Self.password), keep: 1)
        #expect(try await cloud.names() == [first.name])
        await cloud.loseBytes()
        try await Task.sleep(for: .milliseconds(1100))
        let error = try await failure {
            try await phone.authenticator.backUp(into: cloud, password: Passphrase(Self.password), keep: 1)
        }
        #expect(error.code() == "backup_unreadable")
        #expect(try await cloud.names() == [first.name])
    }

    private func export(_ name: String) throws -> Data {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        return try Data(contentsOf: here.appendingPathComponent("../../../tests/vectors/import/\(name)").standardized)
    }
}

extension ImportModel {
    fileprivate var isAsking: Bool {
        if case .asking = state { true } else { false }
    }
}

/// As another app might keep it.
private actor Cloud: BackupFolder {
    private var files: [String: Data] = [:]
    private var losesBytes = false

    func loseBytes() {
        losesBytes = true
    }

    func names() async throws -> [String] {
        files.keys.sorted()
    }

    func write(name: String, content: Data) async throws {
        guard files[name] == nil else { throw BackupFolderError.AlreadyExists }
        files[name] = losesBytes ? content.dropLast() : content
    }

    func read(name: String) async throws -> Data {
        guard let content = files[name] else { throw BackupFolderError.Failed }
        return Data(content)
    }

    func remove(name: String) async throws {
        files[name] = nil
    }
}
