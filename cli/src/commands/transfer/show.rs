//! Shows the codes of a step: as pictures in a folder, one after another on the terminal, or as texts on a pipe.

use std::io;
use std::path::Path;
use std::time::Duration;

use crossterm::event::{Event, EventStream, KeyEventKind};
use futures_util::StreamExt;

use super::Shown;
use super::report::MoveReport;
use crate::failure::Failure;
use crate::input;
use crate::output::{Output, can_move_cursor};
use crate::qr::Modules;
use crate::screen::Screen;
use crate::text::DIM;

/// Reports the state of the move, and shows its codes.
pub(super) async fn codes(mut report: MoveReport, shown: &Shown, output: Output) -> Result<(), Failure> {
    let (count, names) = (report.codes.len(), report.file_names());
    let numbered = (1_u16..).zip(std::mem::take(&mut report.codes)).zip(names);
    let wanted = |number: u16| shown.only.is_empty() || shown.only.contains(&number);
    let mut pictures = Vec::new();
    for ((number, code), name) in numbered.filter(|((number, _), _)| wanted(*number)) {
        pictures.push(Picture { number, name, modules: Modules::of(&code).ok_or_else(no_picture)? });
        report.codes.push(code);
    }
    if let Some(folder) = &shown.out {
        report.files = pictures.iter().map(|picture| picture.write(folder)).collect::<Result<_, _>>()?;
    } else if output.is_for_a_person() && !pictures.is_empty() {
        output.report(&report)?;
        return play(&pictures, count).await;
    }
    output.report(&report)
}

/// Checks that codes can be shown, before anything is done.
pub(super) fn check(shown: &Shown, output: Output) -> Result<(), Failure> {
    match &shown.out {
        Some(folder) => input::check_folder(folder),
        None if output.is_for_a_person() && !can_move_cursor() => Err(Failure::Usage(
            "this terminal can't show pictures; use --out with a folder, or get the codes as texts on a pipe"
                .to_owned(),
        )),
        None => Ok(()),
    }
}

/// One code as it is shown.
struct Picture {
    number: u16,
    name: String,
    modules: Modules,
}

impl Picture {
    /// Writes a file, replacing an earlier one of the same name.
    fn write(&self, folder: &Path) -> Result<String, Failure> {
        let path = folder.join(&self.name);
        input::write_file(&path, &self.modules.to_png().ok_or_else(no_picture)?)?;
        Ok(path.display().to_string())
    }
}

fn no_picture() -> io::Error {
    io::Error::other("the picture can't be created")
}

/// Shows the codes one after another until a key is pressed; a single one stays.
async fn play(pictures: &[Picture], count: usize) -> Result<(), Failure> {
    let fits = |picture: &Picture| {
        let (columns, lines) = picture.modules.size();
        crossterm::terminal::size()
            .is_ok_and(|(width, height)| usize::from(width) >= columns && usize::from(height) > lines)
    };
    if !pictures.iter().all(fits) {
        return Err(Failure::Usage(
            "the terminal is too small for the codes; enlarge it, or use --out with a folder for pictures"
                .to_owned(),
        ));
    }
    let mut screen = Screen::enter()?;
    let mut events = EventStream::new();
    for picture in pictures.iter().cycle() {
        let mut lines = picture.modules.to_lines();
        lines.push(format!("{DIM}{} of {count}   press any key to continue{DIM:#}", picture.number));
        screen.draw_in_colour(lines)?;
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
    Ok(())
}

/// Long enough for a phone's camera to read each code.
const TURN: Duration = Duration::from_millis(400);
