import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// A browser as far as a page of the service needs one: it keeps the cookie, and shows text and pictures. One task at a time
/// looks at it.
final class Browser: @unchecked Sendable {
    private let session: URLSession
    private let url: URL
    private var cookie: String?
    private(set) var html = ""

    /// Opens a page for the first time; the service then knows this browser by its cookie.
    static func open(_ url: String) async throws -> Browser {
        guard let url = URL(string: url) else { throw Failure("that is not an address") }
        let page = Browser(url)
        try await page.load(url)
        return page
    }

    private init(_ url: URL) {
        // Linux's URLSession loses a cookie that comes with a redirection, so both are done here.
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpShouldSetCookies = false
        session = URLSession(configuration: configuration, delegate: StayHere(), delegateQueue: nil)
        self.url = url
    }

    /// Loads it again until it is in `state`, for at most five seconds.
    func reload(until state: String) async throws {
        let end = ContinuousClock.now + .seconds(5)
        while !html.contains("data-state=\"\(state)\"") {
            guard ContinuousClock.now < end else { throw Failure("the page did not come to say \(state)") }
            try await Task.sleep(for: .milliseconds(50))
            try await load(url)
        }
    }

    /// The number that a person reads off the page.
    func number() throws -> String {
        guard let number = between("data-number=\"", "\"", in: html) else { throw Failure("the page shows no number") }
        return number
    }

    /// The text of the element with this id.
    func text(_ id: String) throws -> String {
        guard let rest = html.range(of: "id=\"\(id)\"").map({ String(html[$0.upperBound...]) }),
            let text = between(">", "<", in: rest)
        else { throw Failure("the page has no \(id)") }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The bytes of the picture with this id.
    func picture(_ id: String) async throws -> Data {
        guard let rest = html.range(of: "id=\"\(id)\"").map({ String(html[$0.upperBound...]) }),
            let source = between("src=\"", "\"", in: rest)?.replacingOccurrences(of: "&amp;", with: "&"),
            let picture = URL(string: source, relativeTo: url)
        else { throw Failure("the page has no picture \(id)") }
        return try await get(picture)
    }

    private func load(_ url: URL) async throws {
        html = String(decoding: try await get(url), as: UTF8.self)
    }

    private func get(_ url: URL) async throws -> Data {
        var request = URLRequest(url: url)
        request.setValue(cookie, forHTTPHeaderField: "Cookie")
        let (data, response) = try await session.data(for: request)
        guard let response = response as? HTTPURLResponse else { throw Failure("that is no page") }
        if let set = response.value(forHTTPHeaderField: "Set-Cookie") {
            cookie = String(set.prefix { $0 != ";" })
        }
        // The first visit sends the browser on, to an address without the page's key.
        if let location = response.value(forHTTPHeaderField: "Location"),
            let next = URL(string: location, relativeTo: url)
        {
            return try await get(next)
        }
        guard response.statusCode == 200 else { throw Failure("the page answers \(response.statusCode)") }
        return data
    }
}

/// Follows no redirection.
private final class StayHere: NSObject, URLSessionTaskDelegate, Sendable {
    func urlSession(
        _ session: URLSession,
        task: URLSessionTask,
        willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest,
        completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }
}

private func between(_ before: String, _ after: String, in text: String) -> String? {
    guard let start = text.range(of: before),
        let end = text.range(of: after, range: start.upperBound..<text.endIndex)
    else { return nil }
    return String(text[start.upperBound..<end.lowerBound])
}
