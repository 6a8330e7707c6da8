import Countersign
import CountersignFFI
import Foundation

/// What a call across the border costs: `cargo xtask swift --bench`. The median of seven rounds.
///
/// It doesn't run in `main`: that belongs to the main actor, and the way there and back would be measured too.
@main
struct Bench {
    static func main() async throws {
        try await run()
    }

    private static func run() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("countersign-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let vault = try await Countersign.Vault.create(
            at: folder.appendingPathComponent("vault.db"), openedBy: [.recoveryCode(RecoveryCode.makeRandom())])
        let authenticator = try await Countersign.Authenticator.openWithSoftwareKeys(vault, userCheck: .unchecked)
        let offers = try (0..<100).map { try Offer.parse(text: "otpauth://totp/Example:\($0)?secret=JBSWY3DPEHPK3PXP") }
        try await authenticator.add(offers)
        let (handle, offer) = (CancelHandle(), offers[0])

        report("method without arguments", calls(100_000) { _ = handle.isCancelled() })
        report("object, made and freed", calls(100_000) { _ = CancelHandle() })
        report("record with two texts", calls(10_000) { _ = offer.content() })
        report("error thrown", calls(10_000) { _ = try? Offer.parse(text: "no offer") })
        for (what, rows) in [("no codes of 100: the core's own work", 0), ("10 codes of 100", 10), ("100 codes", 100)] {
            let page = Page(offset: 0, limit: UInt32(rows))
            report(what, try await asyncCalls(100) { _ = try await authenticator.codes(page: page) })
        }
        report("100 accounts", try await asyncCalls(100) { _ = try await authenticator.accounts() })
    }

    private static func calls(_ count: Int, _ call: () -> Void) -> Double {
        let rounds = (0..<7).map { _ in ContinuousClock().measure { for _ in 0..<count { call() } } }
        return nanoseconds(rounds) / Double(count)
    }

    private static func asyncCalls(_ count: Int, _ call: () async throws -> Void) async throws -> Double {
        var rounds: [Duration] = []
        for _ in 0..<7 {
            rounds.append(try await ContinuousClock().measure { for _ in 0..<count { try await call() } })
        }
        return nanoseconds(rounds) / Double(count)
    }

    private static func nanoseconds(_ rounds: [Duration]) -> Double {
        let (seconds, attoseconds) = rounds.sorted()[rounds.count / 2].components
        return Double(seconds) * 1e9 + Double(attoseconds) / 1e9
    }

    private static func report(_ what: String, _ nanoseconds: Double) {
        print(String(format: "%10.0f ns ", nanoseconds), what)
    }
}
