//! The log: what reaches the sink, and what doesn't. A process has one log, so this is one test.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use countersign_ffi::{LogLevel, LogRecord, LogSink, PlatformError, set_log_sink};

/// Passes records on, once it is let go.
struct Sink {
    records: Sender<LogRecord>,
    gate: Mutex<Receiver<()>>,
}

impl LogSink for Sink {
    fn log(&self, record: LogRecord) -> Result<(), PlatformError> {
        let _ = self.gate.lock().unwrap().recv();
        self.records.send(record).map_err(|_| PlatformError::Failed)
    }
}

/// A sink, the records it was given, and the gate: it takes a record for each message, and all once the gate is gone.
fn sink() -> (Arc<Sink>, Receiver<LogRecord>, Sender<()>) {
    let ((records, received), (open, gate)) = (channel(), channel());
    (Arc::new(Sink { records, gate: Mutex::new(gate) }), received, open)
}

#[test]
fn the_sink_gets_what_is_safe_and_never_holds_the_library_up() {
    let (first, received, gate) = sink();
    set_log_sink(Some(first), None);
    drop(gate);

    tracing::warn!(target: "countersign_authenticator::x", code = "a_code", name = "planted-canary", "it happened");
    tracing::warn!(target: "countersign_authenticator::x", error = %"a kind", url = "planted-canary");
    tracing::warn!(target: "reqwest::connect", "planted-canary");
    tracing::debug!(target: "countersign_authenticator::x", "too much detail");
    tracing::error!(target: "countersign_ffi", "the last one");
    let records: Vec<_> = received.iter().take(3).collect();
    let texts: Vec<_> = records.iter().map(|record| record.text.as_str()).collect();
    assert_eq!(texts, ["it happened, code: a_code", ", error: a kind", "the last one"]);
    assert_eq!((records[0].level, records[2].level), (LogLevel::Warn, LogLevel::Error));
    assert_eq!(records[0].target, "countersign_authenticator::x");

    // A sink that takes nothing: the queue fills, the rest is dropped and counted, and nobody has waited.
    let (slow, received, gate) = sink();
    set_log_sink(Some(slow), Some(LogLevel::Debug));
    const MANY: usize = 1_000;
    for number in 0..MANY {
        tracing::debug!(target: "countersign_authenticator::x", code = number, "one of many");
    }
    drop(gate);
    let mut records = received.iter();
    // The second record leaves a place in the queue.
    let mut taken: Vec<_> = records.by_ref().take(2).collect();
    tracing::debug!(target: "countersign_authenticator::x", "after the flood");
    let last = loop {
        let record = records.next().unwrap();
        if record.text == "after the flood" {
            break record;
        }
        taken.push(record);
    };
    assert!(taken.len() >= 256, "{}", taken.len());
    // Any of them may follow a gap: where depends on when the sink's thread took its first record.
    let dropped: i64 = taken.iter().chain([&last]).map(|record| record.dropped).sum();
    assert_eq!(usize::try_from(dropped).unwrap() + taken.len(), MANY);

    // Without a sink nothing is logged, and the last one is let go.
    set_log_sink(None, None);
    tracing::error!(target: "countersign_authenticator::x", "nobody hears it");
    assert!(received.recv().is_err());
}
