//! Showing the codes of a step: as pictures in a folder, one after another on the terminal, or as texts on a pipe.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use crossterm::event::{Event, EventStream, KeyEventKind};
use futures_util::StreamExt;

use super::Shown;
use super::report::MoveReport;
use crate::failure::Failure;
use crate::output::Output;
use crate::qr::Modules;
use crate::screen::Screen;
use crate::text::DIM;

/// Reports where the move stands, and shows its codes.
pub(super) async fn codes(mut report: MoveReport, shown: &Shown, output: Output) -> Result<(), Failure> {
    let wanted = |number: u16| shown.only.is_empty() || shown.only.contains(&number);
    let mut number = 0_u16;
    report.codes.retain(|_| {
        number = number.saturating_add(1);
        wanted(number)
    });
    if let Some(folder) = &shown.out {
        report.files = write_pictures(folder, &report)?;
    } else if output.is_for_a_person() && !report.codes.is_empty() {
        output.report(&report)?;
        return play(&report.codes).await;
    }
    output.report(&report)
}

/// Writes the pictures of the codes; earlier ones of the same names make room.
fn write_pictures(folder: &Path, report: &MoveReport) -> Result<Vec<String>, Failure> {
    let names = report.file_names();
    let written = report.codes.iter().zip(names).map(|(code, name)| {
        let png = Modules::of(code).and_then(|modules| modules.to_png());
        let png = png.ok_or_else(|| std::io::Error::other("a picture can't be made"))?;
        let path = folder.join(name);
        fs::write(&path, png)?;
        Ok(path.display().to_string())
    });
    written.collect()
}

/// Shows the codes one after another until a key is pressed; a single one stays.
async fn play(codes: &[String]) -> Result<(), Failure> {
    let pictures: Vec<Modules> = codes.iter().filter_map(|code| Modules::of(code)).collect();
    let fits = |modules: &Modules| {
        let (columns, lines) = modules.size();
        crossterm::terminal::size()
            .is_ok_and(|(width, height)| usize::from(width) >= columns && usize::from(height) > lines)
    };
    if !pictures.iter().all(fits) {
        return Err(Failure::Usage(
            "the terminal is too small for the codes; enlarge it, or give --out with a folder for pictures"
                .to_owned(),
        ));
    }
    let mut screen = Screen::enter()?;
    let mut events = EventStream::new();
    for (index, modules) in pictures.iter().enumerate().cycle() {
        let mut lines = modules.to_lines();
        lines.push(format!("{DIM}{} of {}   any key goes on{DIM:#}", index + 1, pictures.len()));
        screen.draw(lines)?;
        let turn = if pictures.len() == 1 { Duration::MAX } else { TURN };
        let next = tokio::time::sleep(turn);
        tokio::pin!(next);
        loop {
            tokio::select! {
                () = &mut next => break,
                event = events.next() => match event {
                    Some(Ok(Event::Key(key))) if key.kind != KeyEventKind::Release => return Ok(()),
                    Some(Ok(Event::Resize(..))) => screen.forget()?,
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(error.into()),
                    None => return Ok(()),
                },
            }
        }
    }
    Ok(std::io::stdout().flush()?)
}

/// Long enough for a phone's camera to read each.
const TURN: Duration = Duration::from_millis(400);
