#if canImport(os)
import Countersign
import os

/// Forwards the library's log to the system's: `setLogSink(SystemLog())`.
public final class SystemLog: LogSink {
    private let logger = Logger(subsystem: "org.countersign", category: "core")

    public init() {}

    public func log(record: LogRecord) throws {
        // A record never contains a secret, a URL or a name.
        let text = "\(record.target): \(record.text)"
        switch record.level {
        case .error: logger.fault("\(text, privacy: .public)")
        case .warn: logger.error("\(text, privacy: .public)")
        case .info: logger.info("\(text, privacy: .public)")
        case .debug: logger.debug("\(text, privacy: .public)")
        }
        if record.dropped > 0 { logger.error("\(record.dropped) records were dropped") }
    }
}
#endif
