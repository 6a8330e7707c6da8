import Countersign
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct ResourceTests {
    #if os(Linux)
    @Test func tenThousandVaultsAndHandlesOpenedAndClosedLeaveNothingBehind() async throws {
        let file = try temporaryFolder().appendingPathComponent("vault.db")
        _ = try await Vault.create(at: file, openedBy: [.recoveryCode(RecoveryCode.makeRandom())])
        try await expectNothingLeft(after: 10_000) {
            #expect(try await Vault.open(file).isLocked)
            _ = try Offer.parse(text: "otpauth://totp/a:b?secret=JBSWY3DPEHPK3PXP").content()
        }
    }

    @Test func aThousandAuthenticatorsLeaveNothingBehind() async throws {
        let file = try temporaryFolder().appendingPathComponent("vault.db")
        let code = RecoveryCode.makeRandom()
        _ = try await Vault.create(at: file, openedBy: [.recoveryCode(code)])
        try await expectNothingLeft(after: 1000) {
            let vault = try await Vault.open(file)
            try await vault.unlock(with: .recoveryCode(code))
            let authenticator = try await Authenticator.open(vault, keys: TestKeys())
            _ = try await authenticator.codes()
        }
    }

    /// Other tests run meanwhile, which have some files and memory too. What stays open takes thousands of the one, or hundreds of
    /// megabytes of the other.
    private func expectNothingLeft(after times: Int, _ work: () async throws -> Void) async throws {
        for _ in 0..<times / 2 { try await work() }
        let before = try resources()
        for _ in 0..<times { try await work() }
        let after = try resources()
        #expect(after.files < before.files + 100)
        #expect(after.megabytes < before.megabytes + 200)
    }

    private func resources() throws -> (files: Int, megabytes: Int) {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let resident = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return (
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count,
            (Int(resident.filter(\.isNumber)) ?? 0) / 1024
        )
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
