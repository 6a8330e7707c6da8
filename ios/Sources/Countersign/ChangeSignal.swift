import Foundation

/// Notifies views that something may have changed, without saying what.
///
/// A waiter passes the version that it has seen, so that it misses no change between two waits.
final class ChangeSignal: @unchecked Sendable {
    private let lock = NSLock()
    // Guarded by `lock`.
    private var latest = 0
    private var waiters: [UUID: CheckedContinuation<Void, Never>] = [:]

    /// The version of the last change.
    var version: Int {
        lock.withLock { latest }
    }

    /// Wakes all waiters.
    func send() {
        let woken = lock.withLock {
            latest += 1
            defer { waiters.removeAll() }
            return Array(waiters.values)
        }
        for waiter in woken {
            waiter.resume()
        }
    }

    /// Waits until there is a change after `version`, or the task is cancelled.
    func wait(after version: Int) async {
        let name = UUID()
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let isOver = lock.withLock {
                    // Cancelled before this line, the handler below has found nobody to wake.
                    if latest != version || Task.isCancelled { return true }
                    waiters[name] = waiter
                    return false
                }
                if isOver { waiter.resume() }
            }
        } onCancel: {
            lock.withLock { waiters.removeValue(forKey: name) }?.resume()
        }
    }
}
