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

    /// The same phone after its app has ended and was started again: nothing is left but what is on disk and in its key stores.
    func restarted() async throws -> Phone {
        authenticator.vault.lock()
        let vault = try await Vault.open(folder.appendingPathComponent("vault.db"))
        try await vault.unlock(with: .recoveryCode(recoveryCode))
        return Phone(
            folder: folder, keys: keys, recoveryCode: recoveryCode,
            authenticator: try await Authenticator.open(vault, keys: keys))
    }

    private init(folder: URL, keys: TestKeys, recoveryCode: RecoveryCode, authenticator: Authenticator) {
        (self.folder, self.keys, self.recoveryCode, self.authenticator) = (folder, keys, recoveryCode, authenticator)
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
