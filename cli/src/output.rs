//! Where everything that is said goes: results to standard output, the rest to standard error.
//!
//! A result is a [`Report`]: the same value is one line of JSON for a program, or text for a person.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::text::{ERROR, wrap};

/// A command's result. Its JSON form, described in `docs/cli.md`, only ever grows.
pub(crate) trait Report: Serialize {
    /// Writes it for a person.
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()>;
}

/// How text should look.
#[derive(Clone, Copy)]
pub(crate) struct Look {
    /// Whether a person reads it, and not a program.
    pub(crate) terminal: bool,
    /// Columns.
    pub(crate) width: usize,
    /// Whether QR codes can be shown: a person reads it, on a terminal that knows colours.
    pub(crate) draws: bool,
    /// The least that is of use.
    pub(crate) quiet: bool,
}

/// The program's mouth.
#[derive(Clone, Copy)]
pub(crate) struct Output {
    json: bool,
    quiet: bool,
}

impl Output {
    pub(crate) const fn new(json: bool, quiet: bool) -> Self {
        Self { json, quiet }
    }

    pub(crate) const fn is_json(self) -> bool {
        self.json
    }

    /// Whether a person sits at the other end of standard output and wants text.
    pub(crate) fn is_for_a_person(self) -> bool {
        !self.json && io::stdout().is_terminal()
    }

    /// Writes a result.
    pub(crate) fn report(self, report: &impl Report) -> Result<(), Failure> {
        let mut out = anstream::stdout().lock();
        if self.json {
            serde_json::to_writer(&mut out, report).map_err(io::Error::from)?;
            writeln!(out)?;
        } else {
            let terminal = self.is_for_a_person();
            let draws = terminal && !self.quiet && can_move_cursor();
            let look = Look { terminal, width: width(), draws, quiet: self.quiet };
            report.write_text(&mut out, look)?;
        }
        Ok(out.flush()?)
    }

    /// Prints a message for the person, in addition to the result.
    pub(crate) fn note(self, text: impl Display) {
        if !self.json && !self.quiet {
            tell(&format!("{text}\n"));
        }
    }

    /// Tells a failure, and how the program ends on it.
    pub(crate) fn fail(self, failure: &Failure) -> Exit {
        let exit = failure.exit();
        let cancelled = exit == Exit::Cancelled && !self.json;
        if exit == Exit::Ok || cancelled {
            return exit;
        }
        let message = match failure.advice() {
            Some(advice) => format!("{failure}; {advice}"),
            None => failure.to_string(),
        };
        if self.json {
            tell_json_error(failure.code(), &message);
        } else {
            tell(&format!("{ERROR}error:{ERROR:#} {message}\n"));
        }
        exit
    }
}

/// Writes to standard error, wrapped for a person. If even that fails there is nobody left to tell.
pub(crate) fn tell(text: &str) {
    let wrapped;
    let text = if io::stderr().is_terminal() {
        wrapped = wrap(text, width(), 0);
        &wrapped
    } else {
        text
    };
    let _ = anstream::stderr().write_all(text.as_bytes());
}

/// An error as a program reads it.
pub(crate) fn tell_json_error(code: &str, message: &str) {
    tell(&format!("{}\n", serde_json::json!({ "error": { "code": code, "message": message } })));
}

/// Whether the terminal understands escapes, so that a screen can be drawn and a line changed.
pub(crate) fn can_move_cursor() -> bool {
    match std::env::var_os("TERM") {
        Some(terminal) => !terminal.is_empty() && terminal != "dumb",
        None => cfg!(windows),
    }
}

/// Columns of the terminal, or of a page where there is none.
pub(crate) fn width() -> usize {
    crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns)).max(20)
}
