//! The library's log, handed to the shell.
//!
//! Only events of this workspace's own crates are handed on, and of those only what is known to be safe: level, target,
//! the text (which is constant), and the fields named in [`SAFE_FIELDS`]. Libraries below log URLs and headers.
//!
//! The sink is called on one thread of its own, so that a slow one slows nothing else: when it falls behind, records are
//! dropped and counted.

use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};

use crate::PlatformError;

/// Takes the library's log records.
///
/// # Contract
///
/// - It is called on one thread that does nothing else, one record at a time. It may block; then records are dropped, and
///   the next one says how many.
/// - It may throw: the record is lost, and nothing else happens.
#[uniffi::export(foreign)]
pub trait LogSink: Send + Sync {
    /// Takes one record.
    ///
    /// # Errors
    ///
    /// When it can't; the record is lost.
    fn log(&self, record: LogRecord) -> Result<(), PlatformError>;
}

/// One log record. There is never a secret, a URL or a name in it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct LogRecord {
    /// How serious it is.
    pub level: LogLevel,
    /// The part of the library that it comes from.
    pub target: String,
    /// What happened.
    pub text: String,
    /// How many records were dropped before this one.
    pub dropped: i64,
}

/// How serious a log record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, uniffi::Enum)]
pub enum LogLevel {
    /// A bug in the library.
    Error,
    /// Something that somebody may have to look after.
    Warn,
    /// What the library does.
    Info,
    /// How it does it.
    Debug,
}

/// Hands the library's log to `sink`, from `level` on up; without a sink nothing is logged any more, and the old sink is
/// freed. Nothing is logged before the first call.
#[uniffi::export(default(level = None))]
pub fn set_log_sink(sink: Option<Arc<dyn LogSink>>, level: Option<LogLevel>) {
    let log = LOG.get_or_init(|| {
        let log = Arc::new(Log::default());
        // Fails when the process has a subscriber already: a Rust program around this library, which then logs by itself.
        let _ = tracing::subscriber::set_global_default(Forwarder(Arc::clone(&log)));
        log
    });
    let level = if sink.is_some() { level.unwrap_or(LogLevel::Info).number() } else { 0 };
    log.level.store(level, Ordering::Relaxed);
    *log.queue.lock().unwrap_or_else(PoisonError::into_inner) = sink.and_then(start);
    tracing::callsite::rebuild_interest_cache();
}

static LOG: OnceLock<Arc<Log>> = OnceLock::new();

/// Fields whose values are kinds and codes, never anything that came from outside.
const SAFE_FIELDS: [&str; 2] = ["code", "error"];
const OWN_CRATES: &str = "countersign";
const QUEUE: usize = 256;

#[derive(Default)]
struct Log {
    /// [`LogLevel::number`], or 0 for nothing.
    level: AtomicU8,
    dropped: AtomicU32,
    queue: Mutex<Option<SyncSender<LogRecord>>>,
}

/// Starts the sink's thread. It ends when the sender is dropped.
fn start(sink: Arc<dyn LogSink>) -> Option<SyncSender<LogRecord>> {
    let (sender, receiver): (_, Receiver<LogRecord>) = sync_channel(QUEUE);
    let thread = std::thread::Builder::new().name("countersign-log".into());
    let run = move || {
        for record in receiver {
            let _ = sink.log(record);
        }
    };
    // Without a thread to spare there is no log.
    thread.spawn(run).ok().map(|_| sender)
}

/// The part of `tracing` that turns events into records.
struct Forwarder(Arc<Log>);

impl Forwarder {
    fn takes(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && number_of(*metadata.level()) <= self.0.level.load(Ordering::Relaxed)
    }
}

impl Subscriber for Forwarder {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        let is_own = metadata.target().starts_with(OWN_CRATES);
        if is_own && self.takes(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with(OWN_CRATES) && self.takes(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match self.0.level.load(Ordering::Relaxed) {
            0 => LevelFilter::OFF,
            1 => LevelFilter::ERROR,
            2 => LevelFilter::WARN,
            3 => LevelFilter::INFO,
            _ => LevelFilter::DEBUG,
        })
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        let dropped = self.0.dropped.swap(0, Ordering::Relaxed);
        let record = LogRecord {
            level: LogLevel::from(*event.metadata().level()),
            target: event.metadata().target().to_owned(),
            text: text.0,
            dropped: dropped.into(),
        };
        let queue = self.0.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.as_ref().is_some_and(|queue| queue.try_send(record).is_err()) {
            self.0.dropped.fetch_add(dropped.saturating_add(1), Ordering::Relaxed);
        }
    }

    // Spans are never taken, see `takes`.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Collects the text of an event, and of its fields the safe ones.
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string doesn't fail.
        let _ = match field.name() {
            "message" => {
                self.0.insert_str(0, &format!("{value:?}"));
                Ok(())
            }
            name if SAFE_FIELDS.contains(&name) => write!(self.0, ", {name}: {value:?}"),
            _ => Ok(()),
        };
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

impl LogLevel {
    const fn number(self) -> u8 {
        match self {
            Self::Error => 1,
            Self::Warn => 2,
            Self::Info => 3,
            Self::Debug => 4,
        }
    }
}

impl From<Level> for LogLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::ERROR => Self::Error,
            Level::WARN => Self::Warn,
            Level::INFO => Self::Info,
            _ => Self::Debug,
        }
    }
}

fn number_of(level: Level) -> u8 {
    if level == Level::TRACE { u8::MAX } else { LogLevel::from(level).number() }
}
