//! Taking over the terminal, and restoring it in any case.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::{AutoStream, ColorChoice};
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};

static RAW: AtomicBool = AtomicBool::new(false);
static ALTERNATE: AtomicBool = AtomicBool::new(false);

/// Keys come one by one and unechoed, until this is dropped.
pub(crate) struct RawMode(());

impl RawMode {
    pub(crate) fn enter() -> io::Result<Self> {
        enable_raw_mode()?;
        RAW.store(true, Ordering::SeqCst);
        Ok(Self(()))
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        restore();
    }
}

/// The whole screen, until this is dropped; what was there before comes back, and codes leave no trace in its history.
pub(crate) struct Screen {
    shown: Vec<String>,
    _raw: RawMode,
}

impl Screen {
    pub(crate) fn enter() -> io::Result<Self> {
        let raw = RawMode::enter()?;
        ALTERNATE.store(true, Ordering::SeqCst);
        execute!(io::stdout(), EnterAlternateScreen, Hide)?;
        Ok(Self { shown: Vec::new(), _raw: raw })
    }

    /// Shows these lines. Only what has changed is written, and at one moment, so that nothing flickers.
    pub(crate) fn draw(&mut self, lines: Vec<String>) -> io::Result<()> {
        // Without colours wanted, none are written.
        self.draw_with(lines, ColorChoice::Auto)
    }

    /// The same for a QR code, which is inverted on a dark terminal without its colours.
    pub(crate) fn draw_in_colour(&mut self, lines: Vec<String>) -> io::Result<()> {
        self.draw_with(lines, ColorChoice::Always)
    }

    fn draw_with(&mut self, lines: Vec<String>, colours: ColorChoice) -> io::Result<()> {
        let mut out = io::stdout().lock();
        queue!(out, BeginSynchronizedUpdate)?;
        for (row, line) in lines.iter().enumerate() {
            if self.shown.get(row) == Some(line) {
                continue;
            }
            queue!(out, MoveTo(0, u16::try_from(row).unwrap_or(u16::MAX)))?;
            write!(AutoStream::new(&mut out, colours), "{line}")?;
            queue!(out, Clear(ClearType::UntilNewLine))?;
        }
        if lines.len() < self.shown.len() {
            queue!(
                out,
                MoveTo(0, u16::try_from(lines.len()).unwrap_or(u16::MAX)),
                Clear(ClearType::FromCursorDown)
            )?;
        }
        queue!(out, EndSynchronizedUpdate)?;
        out.flush()?;
        self.shown = lines;
        Ok(())
    }

    /// Forgets what is shown, so that the next drawing writes everything: after a change of size.
    pub(crate) fn forget(&mut self) -> io::Result<()> {
        self.shown.clear();
        execute!(io::stdout(), Clear(ClearType::All))
    }
}

/// Restores the terminal. Safe to call at any time and more than once.
pub(crate) fn restore() {
    if ALTERNATE.swap(false, Ordering::SeqCst) {
        let _ = execute!(io::stdout(), Show, LeaveAlternateScreen);
    }
    if RAW.swap(false, Ordering::SeqCst) {
        let _ = disable_raw_mode();
    }
}

/// Restores the terminal when the program is asked to stop.
#[cfg(unix)]
pub(crate) async fn restore_on_signal() {
    use tokio::signal::unix::{SignalKind, signal};

    let (Ok(mut terminate), Ok(mut hang_up)) =
        (signal(SignalKind::terminate()), signal(SignalKind::hangup()))
    else {
        return;
    };
    let number = tokio::select! {
        _ = terminate.recv() => 15,
        _ = hang_up.recv() => 1,
    };
    restore();
    std::process::exit(128 + number);
}
