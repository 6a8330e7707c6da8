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
            picture: try await page.picture("qr"),
            askForNumber: { _ in
                try? await page.reload(until: "joined")
                return (try? page.number()) ?? ""
            })
        try await page.reload(until: "enrolled")
    }

    @Test func theyAreTheLinesOfTheDocument() throws {
        let here = URL(fileURLWithPath: #filePath)
        let root = here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let document = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
        let block = try #require(document.components(separatedBy: "```swift\n").dropFirst().first)
        let lines = try #require(block.components(separatedBy: "```").first).split(separator: "\n").dropFirst()
        let source = try String(contentsOf: here, encoding: .utf8).split(separator: "\n")
            .map { $0.trimmingCharacters(in: .whitespaces) }
        let documented = lines.map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(source.contains(documented), "README.md and this file differ")
    }

    private func documented(
        file: URL,
        store: any VaultKeyStore,
        keys: any DeviceKeys,
        picture: Data,
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
