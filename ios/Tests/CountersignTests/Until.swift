import Observation

/// Waits until a model says so, looking only when it has changed.
@MainActor
func until(_ condition: () -> Bool) async {
    while true {
        let (changes, change) = AsyncStream<Void>.makeStream()
        if withObservationTracking(condition, onChange: { change.finish() }) { return }
        for await _ in changes {}
        // Observation tells of a change just before it is made.
        await Task.yield()
    }
}
