//! Full-screen codes with a countdown, until the person quits.

use std::collections::HashSet;
use std::time::Duration;

use countersign_authenticator::Authenticator;
use countersign_authenticator::protocol::Id;
use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use futures_util::StreamExt;

use super::report;
use super::view::CodesReport;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::text::{BOLD, DIM, ERROR, WARNING, cut};

pub(super) async fn run(authenticator: &Authenticator, wanted: Option<&HashSet<Id>>) -> Result<(), Failure> {
    let mut screen = Screen::enter()?;
    let mut events = EventStream::new();
    let mut first = 0_usize;
    loop {
        let report = report(authenticator, wanted)?;
        let (width, height) =
            crossterm::terminal::size().map_or((80, 24), |(w, h)| (usize::from(w), usize::from(h)));
        let page = height.saturating_sub(FRAME_ROWS).max(1);
        first = first.min(report.codes.len().saturating_sub(page));
        screen.draw(frame(&report, first, page, width))?;

        // Seconds are counted by the service's clock, so the display follows its changes.
        let next_second = Duration::from_millis(1000 - report.unix_ms % 1000);
        let event = tokio::select! {
            event = events.next() => event,
            () = tokio::time::sleep(next_second) => continue,
        };
        match event {
            Some(Ok(Event::Key(key))) if key.kind != KeyEventKind::Release => match key.code {
                _ if is_quit(key) => return Ok(()),
                KeyCode::Up | KeyCode::Char('k') => first = first.saturating_sub(1),
                KeyCode::Down | KeyCode::Char('j') => first = first.saturating_add(1),
                KeyCode::PageUp => first = first.saturating_sub(page),
                KeyCode::PageDown | KeyCode::Char(' ') => first = first.saturating_add(page),
                KeyCode::Home => first = 0,
                KeyCode::End => first = usize::MAX,
                _ => {}
            },
            Some(Ok(Event::Resize(..))) => screen.forget()?,
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error.into()),
            None => return Ok(()),
        }
    }
}

/// Title, blank line, blank line, three lines of notes and the last line with the keys.
const FRAME_ROWS: usize = 7;

fn frame(report: &CodesReport, first: usize, page: usize, width: usize) -> Vec<String> {
    let mut lines = vec![format!("{BOLD}Codes{BOLD:#}"), String::new()];
    if report.codes.is_empty() {
        lines.push(cut("No account has codes yet; `countersign enrol` adds some.", width));
    }
    lines.extend(report.codes.iter().skip(first).take(page).map(|row| row.line(width)));
    lines.push(String::new());
    if let Some(correction) = &report.correction {
        lines.push(format!("{WARNING}{}{WARNING:#}", cut(correction, width)));
    }
    if let Some(loss) = &report.loss {
        lines.push(format!("{ERROR}{}{ERROR:#}", cut(&loss.to_string(), width)));
    }
    if let [first, ..] = report.advice().as_slice() {
        lines.push(format!("{WARNING}{}{WARNING:#}", cut(first, width)));
    }
    let hidden = report.codes.len().saturating_sub(page);
    let keys = if hidden > 0 {
        let last = (first + page).min(report.codes.len());
        format!("q quits, ↑↓ scroll   {}–{last} of {}", first + 1, report.codes.len())
    } else {
        "q quits".to_owned()
    };
    lines.push(format!("{DIM}{}{DIM:#}", cut(&keys, width)));
    lines
}

fn is_quit(key: KeyEvent) -> bool {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    matches!(key.code, KeyCode::Char('q') | KeyCode::Esc)
        || (control && matches!(key.code, KeyCode::Char('c' | 'd')))
}
