import Countersign
import CountersignModels
import Foundation
import Testing

/// Pictures that people really have.
@Suite struct ScanTests {
    private let first = "structured-append-part1-cut-in-secret.png"
    private let second = "structured-append-part2.png"

    @Test func aLinkInTwoCodesIsOfferedOnceBothWereSeen() async throws {
        guard case .parts? = try await scanPicture(try picture(second)).first else { throw Failure("no part") }
        let scanner = FrameScanner()
        guard
            case .parts(let count, let missing, let reason)? =
                try await scanner.scanPicture(picture: try picture(second)).first
        else { throw Failure("no part") }
        #expect(count == 2 && missing == [0] && reason.code == "scan_parts_missing")
        guard case .offer(let offer)? = try await scanner.scanPicture(picture: try picture(first)).first
        else { throw Failure("no offer") }
        guard case .otp(let account) = offer.content() else { throw Failure("no codes") }
        #expect(account.name == "ada" && !offer.hasUnreadableLetters())
    }

    @Test func anImportWaitsForAllCodesOfAText() async throws {
        let phone = try await Phone()
        let entries = Import()
        #expect(try await entries.add(try picture(first)).missingCodes == 1)
        let refused = try await failure { try await phone.authenticator.importAccounts(entries) }
        #expect(refused.code() == "scan_parts_missing")
        #expect(try await entries.add(try picture(second)).missingCodes == 0)
        #expect(try await phone.authenticator.importAccounts(entries).proven == 1)
    }

    @MainActor @Test func theScreenTellsThatAPartIsMissing() async throws {
        let phone = try await Phone()
        let model = ScanModel(phone.authenticator, device: .test)
        model.take(try await scanPicture(try picture(first)))
        #expect(model.problem?.code == "scan_parts_missing")
        guard case .looking = model.state else { throw Failure("\(model.state)") }
    }

    private func picture(_ name: String) throws -> Picture {
        let file = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("tests/vectors/scan/\(name)")
        return try Picture(decoding: Data(contentsOf: file))
    }
}
