import Countersign
import Foundation

/// A phone: a vault in a folder of its own, and device keys that are not Rust's.
struct Phone {
    let folder: URL
    let keys: TestKeys
    let recoveryCode: RecoveryCode
    let authenticator: Authenticator

    init(keys: TestKeys = TestKeys(), clock: (any DeviceClock)? = nil) async throws {
        folder = try temporaryFolder()
        self.keys = keys
        recoveryCode = RecoveryCode.makeRandom()
        let vault = try await Vault.create(
            at: folder.appendingPathComponent("vault.db"), openedBy: [.recoveryCode(recoveryCode)])
        authenticator = try await Authenticator.open(vault, keys: keys, clock: clock)
    }

    /// Enrols `user`, with the activation that the service asks for at once.
    func enrol(_ user: String, at service: Service) async throws -> Id {
        let portal = try service.relyingParty()
        let enrolment = try await portal.post("/v1/enrolments", ["user": user, "show": "relying_party"])
        let offer = try Offer.parse(text: try enrolment.text("link"))
        let account = try await authenticator.enrol(offer, as: .test).account
        let page = try await Browser.open(try enrolment.text("page_url"))
        guard let activation = try await authenticator.fetch(account).first else { throw Failure("no activation") }
        _ = try await authenticator.approve(activation.id, number: try page.number())
        return account
    }
}

extension DeviceDescription {
    static let test = DeviceDescription(name: "Ada's phone", platform: .ios, wakeUp: nil)
}

/// A folder that nobody else has.
func temporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("countersign-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
}
