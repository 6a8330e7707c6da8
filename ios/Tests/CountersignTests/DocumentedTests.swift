import Countersign
import Foundation
import Testing

/// The lines of the README, compiled and run.
@Suite(.timeLimit(.minutes(1))) struct DocumentedTests {
    @Test func theDocumentedLinesWork() async throws {
        let service = try await Service.start(data: temporaryFolder())
        let enrolment = try await service.relyingParty().post("/v1/enrolments", ["user": "ada"])
        let page = try await Browser.open(try enrolment.text("page_url"))
        try await documented(
            file: temporaryFolder().appendingPathComponent("vault.db"),
            store: TestStore(),
            keys: TestKeys(),
            picture: try Picture(decoding: try await page.picture("qr")),
            askForNumber: { _ in
                try? await page.reload(until: "joined")
                return (try? page.number()) ?? ""
            })
        try await page.reload(until: "enrolled")
    }

    @Test func theDocumentedLinesTakeAccountsOverAndBackThemUp() async throws {
        let phone = try await Phone()
        let link = Data("otpauth://totp/North:ada?secret=JBSWY3DPEHPK3PXP\n".utf8)
        try await moveIn(phone.authenticator, export: link, password: nil)
        try await backUp(phone.authenticator, to: phone.folder, password: Passphrase("a passphrase as typed"))
        #expect(try await phone.authenticator.lastBackup()?.restorable == 1)
    }

    @Test(arguments: [1, 2]) func theyAreTheLinesOfTheDocument(_ block: Int) throws {
        let here = URL(fileURLWithPath: #filePath)
        let root = here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let document = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
        let shown = try #require(document.components(separatedBy: "```swift\n").dropFirst(block).first)
        let lines = try #require(shown.components(separatedBy: "```").first).split(separator: "\n")
            .filter { $0 != "import Countersign" }
        let source = try String(contentsOf: here, encoding: .utf8).split(separator: "\n")
            .map { $0.trimmingCharacters(in: .whitespaces) }
        let documented = lines.map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(source.contains(documented), "README.md and this file differ")
    }

    private func documented(
        file: URL,
        store: any VaultKeyStore,
        keys: any DeviceKeys,
        picture: Picture,
        askForNumber: (ApprovalRequest) async -> String
    ) async throws {
        // A vault, opened by this phone's own key or by a code on paper.
        let code = RecoveryCode.makeRandom()
        let vault = try await Vault.create(at: file, openedBy: [.keyStore(store), .recoveryCode(code)])
        let authenticator = try await Authenticator.open(vault, keys: keys)

        // The QR code of the enrolment page.
        guard case .offer(let offer)? = try await scanPicture(picture).first else { return }
        let device = DeviceDescription(name: "Ada's iPhone", platform: .ios, wakeUp: nil)
        let enrolment = try await authenticator.enrol(offer, as: device)
        print("The page shows \(enrolment.checkValue) too.")

        // Sign-ins, as they come: the first one makes this phone active.
        for try await event in authenticator.requestEvents {
            guard case .requestsChanged(let open) = event, let request = open.first else { continue }
            do {
                let number = await askForNumber(request)
                let answer = try await authenticator.approve(request.id, number: number)
                print("\(request.application): \(answer.outcome)")
            } catch let error as AuthenticatorError {
                print(error.describe())
            }
            break
        }

        // Codes, at once and whenever they change, without network.
        for try await codes in authenticator.liveCodes() {
            for row in codes.codes {
                if case .timed(let code, _, let seconds, _) = row.code { print("\(row.issuer) \(code) (\(seconds) s)") }
            }
            break
        }
    }
}

func moveIn(_ authenticator: Authenticator, export: Data, password: Passphrase?) async throws {
    let files = Import()
    let file = try await files.add(export, password: password)
    let preview = try await authenticator.previewImport(files)
    print("\(file.app): \(preview.total) entries, \(preview.refused) of them unusable.")
    let report = try await authenticator.importAccounts(files)
    print("\(report.proven) accounts were imported and verified.")
    // authenticator.undoImport() takes it back.
}

func backUp(_ authenticator: Authenticator, to folder: URL, password: Passphrase) async throws {
    let backup = try await authenticator.backUp(to: folder, password: password)
    print("\(backup.name) restores \(backup.rehearsal.restorable) of \(backup.rehearsal.total) accounts.")
}
