// What a call across the border costs: `cargo xtask swift --bench`. The median of several rounds.

import Countersign
import CountersignFFI
import Foundation

let folder = FileManager.default.temporaryDirectory.appendingPathComponent("countersign-\(UUID().uuidString)")
defer { try? FileManager.default.removeItem(at: folder) }
let vault = try await Countersign.Vault.create(
    at: folder.appendingPathComponent("vault.db"), openedBy: [.recoveryCode(RecoveryCode.makeRandom())])
let authenticator = try await Countersign.Authenticator.openWithSoftwareKeys(vault, userCheck: .unchecked)
let text = "otpauth://totp/Example:ada?secret=JBSWY3DPEHPK3PXP"
let offers = try (0..<100).map { try Offer.parse(text: "otpauth://totp/Example:\($0)?secret=JBSWY3DPEHPK3PXP") }
try await authenticator.add(offers)
let (handle, offer) = (CancelHandle(), offers[0])

try await measure("method without arguments", times: 100_000) { _ = handle.isCancelled() }
try await measure("object, made and freed", times: 100_000) { _ = CancelHandle() }
try await measure("record (an offer's content)", times: 10_000) { _ = offer.content() }
try await measure("error thrown", times: 10_000) { _ = try? Offer.parse(text: "no offer") }
try await measure("100 codes", times: 100) { _ = try await authenticator.codes() }
try await measure("10 codes of 100", times: 100) { _ = try await authenticator.codes(page: Page(offset: 0, limit: 10)) }
try await measure("no codes of 100: the core's own work", times: 100) {
    _ = try await authenticator.codes(page: Page(offset: 0, limit: 0))
}
try await measure("100 accounts", times: 100) { _ = try await authenticator.accounts() }

func measure(_ what: String, times: Int, _ work: () async throws -> Void) async throws {
    var rounds: [Duration] = []
    for _ in 0..<7 {
        rounds.append(try await ContinuousClock().measure { for _ in 0..<times { try await work() } })
    }
    let (seconds, attoseconds) = rounds.sorted()[3].components
    let nanoseconds = (Double(seconds) * 1e9 + Double(attoseconds) / 1e9) / Double(times)
    print(String(format: "%12.0f ns", nanoseconds), what)
}
