import Foundation

/// Accepts one connection, reads, and never answers.
final class SilentService: Sendable {
    private let connection: AsyncStream<Void>
    private let end: AsyncStream<Void>

    init(port: Int) throws {
        let listener = try Socket.listening(on: UInt16(port))
        let (connection, connected) = AsyncStream<Void>.makeStream()
        let (end, ended) = AsyncStream<Void>.makeStream()
        self.connection = connection
        self.end = end
        Thread.detachNewThread {
            let peer = accept(listener, nil, nil)
            var buffer = [UInt8](repeating: 0, count: 4096)
            // The request has come once there is something to read; the peer is gone when there is nothing left.
            if read(peer, &buffer, buffer.count) > 0 { connected.finish() }
            while read(peer, &buffer, buffer.count) > 0 {}
            ended.finish()
            close(peer)
            close(listener)
        }
    }

    /// Waits until somebody has sent something.
    func connected() async {
        for await _ in connection {}
    }

    /// Waits until that one has closed the connection.
    func closed() async {
        for await _ in end {}
    }
}

/// Sockets of loopback.
enum Socket {
    /// A port that nobody listens on.
    static func freePort() throws -> Int {
        let descriptor = try bound(to: 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let named = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard named == 0 else { throw Failure("there is no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    static func listening(on port: UInt16) throws -> Int32 {
        let descriptor = try bound(to: port)
        guard listen(descriptor, 1) == 0 else { throw Failure("nobody can listen on port \(port)") }
        return descriptor
    }

    private static func bound(to port: UInt16) throws -> Int32 {
        let descriptor = socket(AF_INET, stream, 0)
        var reuse: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0 else {
            close(descriptor)
            throw Failure("port \(port) is taken")
        }
        return descriptor
    }

    #if os(Linux)
    private static let stream = Int32(SOCK_STREAM.rawValue)
    #else
    private static let stream = SOCK_STREAM
    #endif
}
