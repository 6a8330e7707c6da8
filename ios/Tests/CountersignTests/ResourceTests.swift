import Countersign
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct ResourceTests {
    #if os(Linux)
    @Test func openingAndClosingLeavesNothingOpen() async throws {
        let file = try temporaryFolder().appendingPathComponent("vault.db")
        let code = RecoveryCode.makeRandom()
        _ = try await Vault.create(at: file, openedBy: [.recoveryCode(code)])
        let before = try openFiles()
        for _ in 0..<300 {
            let vault = try await Vault.open(file)
            try await vault.unlock(with: .recoveryCode(code))
            let authenticator = try await Authenticator.open(vault, keys: TestKeys())
            _ = try await authenticator.codes()
        }
        // Other tests run meanwhile, and have some files open too.
        #expect(try openFiles() < before + 100)
    }

    private func openFiles() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }
    #endif

    @Test func foreignObjectsAreFreedWithTheAuthenticator() async throws {
        weak var keys: TestKeys?
        do {
            let phone = try await Phone()
            keys = phone.keys
            _ = try await phone.authenticator.codes()
            #expect(keys != nil)
        }
        #expect(keys == nil)
    }

    @Test func manyTasksUseOneAuthenticator() async throws {
        let phone = try await Phone()
        let authenticator = phone.authenticator
        try await withThrowingTaskGroup(of: Int.self) { group in
            for index in 0..<50 {
                group.addTask {
                    let text = "otpauth://totp/Example:\(index)?secret=JBSWY3DPEHPK3PXP"
                    try await authenticator.add([Offer.parse(text: text)])
                    return try await authenticator.codes().codes.count
                }
            }
            for try await count in group { #expect((1...50).contains(count)) }
        }
        let names = try await authenticator.codes().codes.map(\.name)
        #expect(Set(names).count == 50)
    }

    @Test func aLongListComesInPages() async throws {
        let phone = try await Phone()
        let offers = try (0..<30).map { try Offer.parse(text: "otpauth://totp/Example:\($0)?secret=JBSWY3DPEHPK3PXP") }
        try await phone.authenticator.add(offers)
        let page = try await phone.authenticator.codes(page: Page(offset: 10, limit: 5))
        #expect(page.codes.map(\.name) == ["10", "11", "12", "13", "14"])
        #expect(page.total == 30)
    }
}
