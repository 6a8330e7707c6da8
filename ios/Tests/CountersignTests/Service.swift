import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The real approval service, as a process of its own on a free port of loopback.
final class Service: @unchecked Sendable {
    let url: URL
    private let process = Process()
    private let data: URL
    private let end: AsyncStream<Void>

    /// Starts it on `data`, and waits until it answers. It listens on `port`, or on a free one.
    static func start(data: URL, port: Int? = nil) async throws -> Service {
        let service = try Service(data: data, port: try port ?? Socket.freePort())
        try await service.waitUntilHealthy()
        return service
    }

    private init(data: URL, port: Int) throws {
        guard let program = ProcessInfo.processInfo.environment["COUNTERSIGN_SERVER"] else {
            throw Failure("COUNTERSIGN_SERVER must name the service's program; `cargo xtask swift` sets it")
        }
        url = URL(string: "http://127.0.0.1:\(port)")!
        self.data = data
        let (end, ended) = AsyncStream<Void>.makeStream()
        self.end = end
        process.terminationHandler = { _ in ended.finish() }
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["--data", data.path, "--listen", "127.0.0.1:\(port)"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    deinit {
        Foundation.kill(process.processIdentifier, SIGKILL)
    }

    var port: Int { url.port! }

    /// Kills it without warning: it gets no chance to save anything. (It wouldn't see SIGTERM: Foundation's threads block
    /// that, and a process inherits what its parent blocks.)
    func kill() async {
        Foundation.kill(process.processIdentifier, SIGKILL)
        for await _ in end {}
    }

    /// What an organisation's sign-in system asks of the service.
    func relyingParty() throws -> RelyingParty {
        let key = try String(contentsOf: data.appendingPathComponent("api-key"), encoding: .utf8)
        return RelyingParty(url: url, key: key.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    private func waitUntilHealthy() async throws {
        let end = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < end {
            let health = try? await URLSession.shared.data(from: url.appendingPathComponent("healthz"))
            if let (_, response) = health, (response as? HTTPURLResponse)?.statusCode == 200 { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw Failure("the service did not come up")
    }
}

/// A relying party with its API key.
struct RelyingParty: Sendable {
    let url: URL
    let key: String

    func post(_ path: String, _ body: [String: String]) async throws -> Reply {
        try await ask("POST", path, body)
    }

    func get(_ path: String) async throws -> Reply {
        try await ask("GET", path, nil)
    }

    func delete(_ path: String) async throws {
        _ = try await ask("DELETE", path, nil)
    }

    func takesCode(_ code: String, of user: String) async throws -> Bool {
        try await post("/v1/codes/verify", ["user": user, "code": code]).flag("valid")
    }

    /// Starts a sign-in of which the relying party itself shows the number.
    func signIn(_ user: String) async throws -> (id: String, number: String, matchLink: String) {
        let signIn = try await post(
            "/v1/sign-ins",
            [
                "user": user, "application": "Ward portal", "place": "Leeds", "ip": "192.0.2.7",
                "client": "Firefox on Windows", "show": "relying_party",
            ])
        return (try signIn.text("id"), try signIn.text("number"), try signIn.text("match_link"))
    }

    func state(of signIn: String) async throws -> String {
        try await get("/v1/sign-ins/\(signIn)").text("state")
    }

    private func ask(_ method: String, _ path: String, _ body: [String: String]?) async throws -> Reply {
        var request = URLRequest(url: URL(string: path, relativeTo: url)!)
        request.httpMethod = method
        request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization")
        if let body {
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
            request.httpBody = try JSONSerialization.data(withJSONObject: body)
        }
        let (data, response) = try await URLSession.shared.data(for: request)
        let status = (response as? HTTPURLResponse)?.statusCode ?? 0
        guard (200..<300).contains(status) else { throw Failure("the service answered \(status) to \(path)") }
        let members = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] ?? [:]
        return Reply(
            texts: members.compactMapValues { $0 as? String }, flags: members.compactMapValues { $0 as? Bool })
    }
}

/// What goes wrong in a test's surroundings.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// What a reply says.
struct Reply: Sendable {
    let texts: [String: String]
    let flags: [String: Bool]

    func text(_ name: String) throws -> String {
        guard let text = texts[name] else { throw Failure("the reply has no \(name)") }
        return text
    }

    func flag(_ name: String) throws -> Bool {
        guard let flag = flags[name] else { throw Failure("the reply has no \(name)") }
        return flag
    }
}
