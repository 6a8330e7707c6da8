#if canImport(Darwin)
import Countersign
import Darwin
import Foundation

/// The phone's clocks: the one that continues while it sleeps, and the one that its owner or Apple sets. No app can
/// know who sets it, so the person is asked if a single service contradicts it.
public final class ContinuousDeviceClock: DeviceClock {
    private let boot: String

    public init() {
        boot = Self.bootSession() ?? UUID().uuidString
    }

    public func read() throws -> ClockReading {
        // CLOCK_MONOTONIC_RAW is mach_continuous_time here: it continues during sleep.
        let monotonic = clock_gettime_nsec_np(CLOCK_MONOTONIC_RAW)
        guard monotonic > 0 else { throw PlatformError.Failed }
        return ClockReading(
            wall: Int64(Date().timeIntervalSince1970 * 1000),
            monotonic: Int64(monotonic / 1_000_000),
            boot: boot)
    }

    private static func bootSession() -> String? {
        var length = 0
        guard sysctlbyname("kern.bootsessionuuid", nil, &length, nil, 0) == 0, length > 0 else { return nil }
        var text = [UInt8](repeating: 0, count: length)
        guard sysctlbyname("kern.bootsessionuuid", &text, &length, nil, 0) == 0 else { return nil }
        return String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
    }
}
#endif
