import Countersign
import Foundation
import Testing

/// What one approval takes: `cargo xtask swift --bench`. The same as `core/authenticator/benches/approval.rs`, against the same program; the
/// mean of 300 after 300, in the time that this process has a processor for.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["COUNTERSIGN_BENCH"] == "1")) struct ApprovalBench {
    @Test func measure() async throws {
        let service = try await Service.start(data: temporaryFolder())
        let portal = try service.relyingParty()
        let vault = try await Vault.create(
            at: temporaryFolder().appendingPathComponent("vault.db"), openedBy: [.recoveryCode(.makeRandom())])
        let authenticator = try await Authenticator.openWithSoftwareKeys(vault, userCheck: .unchecked)
        let enrolment = try await portal.post("/v1/enrolments", ["user": "ada", "show": "relying_party"])
        let offer = try Offer.parse(text: try enrolment.text("link"))
        let account = try await authenticator.enrol(offer, as: .test).account
        let page = try await Browser.open(try enrolment.text("page_url"))
        _ = try await approve(authenticator, account, try page.number())
        var times: [Double] = []
        for _ in 0..<600 {
            times.append(try await approve(authenticator, account, try await portal.signIn("ada").number))
        }
        print("fetch and approve: \(times.dropFirst(300).reduce(0, +) / 300) ms")
    }

    private func approve(_ authenticator: Authenticator, _ account: Id, _ number: String) async throws -> Double {
        let start = clock()
        let request = try #require(try await authenticator.fetch(account).first)
        _ = try await authenticator.approve(request.id, number: number)
        return Double(clock() - start) * 1000 / Double(CLOCKS_PER_SEC)
    }
}
