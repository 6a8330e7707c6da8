import Countersign
import Foundation

/// The device's clocks, which a test turns. They stand still otherwise.
final class TurnedClock: DeviceClock, @unchecked Sendable {
    private let lock = NSLock()
    private var wall: Int64
    private var monotonic: Int64 = 0

    init(unixSeconds: Int64) {
        wall = unixSeconds * 1000
    }

    func advance(by duration: Duration) {
        let milliseconds = duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
        lock.withLock {
            wall += milliseconds
            monotonic += milliseconds
        }
    }

    func read() throws -> ClockReading {
        lock.withLock { ClockReading(wall: wall, monotonic: monotonic, boot: "a test's boot") }
    }
}

/// A clock to sleep by, whose sleepers a test wakes. It tells of each sleep as it begins.
final class SleepClock: Clock, @unchecked Sendable {
    struct Instant: InstantProtocol {
        var offset = Duration.zero

        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    struct Sleep: Sendable {
        let duration: Duration
        let wake: @Sendable () -> Void
    }

    /// Every sleep, as it begins.
    let sleeps: AsyncStream<Sleep>
    private let begun: AsyncStream<Sleep>.Continuation

    init() {
        (sleeps, begun) = AsyncStream.makeStream()
    }

    var now: Instant { Instant() }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let (woken, waker) = AsyncStream<Void>.makeStream()
        begun.yield(Sleep(duration: now.duration(to: deadline)) { waker.finish() })
        for await _ in woken {}
        try Task.checkCancellation()
    }
}
