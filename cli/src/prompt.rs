//! Asking the person: passphrases without echo, numbers, confirmations.
//!
//! Questions go to standard error and answers come from the terminal itself, so that both standard input and standard
//! output may be pipes.

use std::io::{self, IsTerminal, Write};

use countersign_authenticator::Secret;
use crossterm::cursor::MoveToColumn;
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::execute;
use crossterm::terminal::{Clear, ClearType};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::screen::RawMode;
use crate::{output, passphrase};

/// Whether there is a person to ask.
pub(crate) fn can_ask() -> bool {
    io::stderr().is_terminal() && (io::stdin().is_terminal() || has_controlling_terminal())
}

/// Asks for a passphrase or a password.
pub(crate) fn secret(question: &str) -> Result<Secret, Failure> {
    Ok(passphrase::composed(&hidden(question)?))
}

/// Asks for something else that must not be seen.
pub(crate) fn hidden(question: &str) -> Result<Zeroizing<String>, Failure> {
    read_line(question, Echo::Nothing)
}

/// Asks for a line.
pub(crate) fn line(question: &str) -> Result<String, Failure> {
    Ok(read_line(question, Echo::Text)?.to_string())
}

/// Asks for something that is typed from paper: seen while it is typed, and gone from the screen afterwards.
pub(crate) fn from_paper(question: &str) -> Result<Zeroizing<String>, Failure> {
    read_line(question, Echo::Passing)
}

/// Asks for yes or no; anything but yes is no.
pub(crate) fn confirm(question: &str) -> Result<bool, Failure> {
    let answer = line(&format!("{question} [y/N] "))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// A line being typed. Wiped on drop, and never moved in memory while it grows.
pub(crate) struct LineEditor {
    text: Zeroizing<String>,
}

/// What a key did to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    /// It goes on.
    Open,
    /// Enter.
    Done,
    /// Ctrl-C, Ctrl-D on an empty line, or Escape.
    Cancelled,
}

impl LineEditor {
    pub(crate) fn new() -> Self {
        Self { text: Zeroizing::new(String::with_capacity(MAX_LINE_BYTES)) }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn key(&mut self, key: KeyEvent) -> Edit {
        if key.kind == KeyEventKind::Release {
            return Edit::Open;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter => return Edit::Done,
            // An Enter typed before raw mode began: the terminal has made a line feed of it.
            KeyCode::Char('j') if control => return Edit::Done,
            KeyCode::Esc => return Edit::Cancelled,
            KeyCode::Char('c') if control => return Edit::Cancelled,
            KeyCode::Char('d') if control && self.text.is_empty() => return Edit::Cancelled,
            KeyCode::Char('u') if control => self.text.clear(),
            KeyCode::Char('h') if control => drop(self.text.pop()),
            KeyCode::Backspace => drop(self.text.pop()),
            KeyCode::Char(c) if !control && self.text.len() + c.len_utf8() <= MAX_LINE_BYTES => {
                self.text.push(c)
            }
            _ => {}
        }
        Edit::Open
    }
}

/// Longer than any passphrase or link.
const MAX_LINE_BYTES: usize = 4096;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Echo {
    Text,
    /// As text, until Enter.
    Passing,
    Nothing,
}

fn read_line(question: &str, echo: Echo) -> Result<Zeroizing<String>, Failure> {
    let mut out = anstream::stderr().lock();
    // Raw mode first: a terminal in cooked mode would turn the Enter of a fast answer into a line feed, which isn't Enter.
    let raw = RawMode::enter()?;
    write!(out, "{}", question.replace('\n', "\r\n"))?;
    out.flush()?;
    let mut editor = LineEditor::new();
    let edit = loop {
        let Event::Key(key) = crossterm::event::read()? else { continue };
        let before = editor.text().chars().count();
        let edit = editor.key(key);
        if edit != Edit::Open {
            break edit;
        }
        if echo != Echo::Nothing {
            show_change(&mut out, before, editor.text())?;
        }
    };
    drop(raw);
    if echo == Echo::Passing && output::can_move_cursor() {
        execute!(out, MoveToColumn(0), Clear(ClearType::CurrentLine))?;
        write!(out, "{question}…")?;
    }
    writeln!(out)?;
    match edit {
        Edit::Done => Ok(editor.text),
        _ => Err(Failure::Cancelled),
    }
}

/// Shows what became of a line whose first `before` characters are shown. Only the end of a line changes, so taking back
/// and adding there is enough.
pub(crate) fn show_change(out: &mut impl Write, before: usize, text: &str) -> io::Result<()> {
    for _ in text.chars().count()..before {
        write!(out, "\u{8} \u{8}")?;
    }
    for c in text.chars().skip(before) {
        write!(out, "{c}")?;
    }
    out.flush()
}

fn has_controlling_terminal() -> bool {
    cfg!(unix) && std::fs::File::open("/dev/tty").is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(editor: &mut LineEditor, text: &str) {
        for c in text.chars() {
            assert_eq!(editor.key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)), Edit::Open);
        }
    }

    fn control(editor: &mut LineEditor, c: char) -> Edit {
        editor.key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL))
    }

    #[test]
    fn a_line_is_typed_corrected_and_sent() {
        let mut editor = LineEditor::new();
        typed(&mut editor, "12é");
        editor.key(KeyCode::Backspace.into());
        typed(&mut editor, "3");
        assert_eq!(editor.text(), "123");
        assert_eq!(editor.key(KeyCode::Enter.into()), Edit::Done);
    }

    #[test]
    fn control_u_empties_the_line_and_control_c_cancels() {
        let mut editor = LineEditor::new();
        typed(&mut editor, "secret");
        assert_eq!(control(&mut editor, 'd'), Edit::Open);
        assert_eq!(control(&mut editor, 'u'), Edit::Open);
        assert_eq!(editor.text(), "");
        assert_eq!(control(&mut editor, 'c'), Edit::Cancelled);
    }

    #[test]
    fn an_enter_that_was_typed_ahead_ends_the_line() {
        let mut editor = LineEditor::new();
        typed(&mut editor, "y");
        assert_eq!(control(&mut editor, 'j'), Edit::Done);
        assert_eq!(editor.text(), "y");
    }

    #[test]
    fn a_line_never_grows_beyond_its_buffer() {
        let mut editor = LineEditor::new();
        let start = editor.text.as_ptr();
        typed(&mut editor, &"€".repeat(2000));
        assert!(editor.text().len() <= MAX_LINE_BYTES && editor.text().len() > MAX_LINE_BYTES - 3);
        assert_eq!(editor.text.as_ptr(), start);
    }
}
