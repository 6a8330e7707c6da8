//! QR codes that this program shows: as pictures, and on the terminal.

use std::io::{self, Cursor, Write};

use image::{GrayImage, ImageFormat, Luma};
use qrcode::{Color, EcLevel, QrCode};

/// The modules of a code with the white around it (ISO/IEC 18004, section 6.3.8); true is dark.
pub(crate) struct Modules {
    side: usize,
    dark: Vec<bool>,
}

impl Modules {
    /// None if the text is too long for a QR code.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
        let (inner, side) = (code.width(), code.width() + 2 * QUIET_ZONE);
        let colors = code.to_colors();
        let mut dark = vec![false; side * side];
        for (row, colors) in colors.chunks(inner).enumerate() {
            let start = (row + QUIET_ZONE) * side + QUIET_ZONE;
            for (module, color) in dark.iter_mut().skip(start).zip(colors) {
                *module = *color == Color::Dark;
            }
        }
        Some(Self { side, dark })
    }

    /// A PNG.
    pub(crate) fn to_png(&self) -> Option<Vec<u8>> {
        let side = u32::try_from(self.side).ok()? * SCALE;
        let picture = GrayImage::from_fn(side, side, |x, y| {
            let at = |pixel: u32| usize::try_from(pixel / SCALE).unwrap_or_default();
            Luma([if self.is_dark(at(x), at(y)) { 0 } else { 255 }])
        });
        let mut png = Cursor::new(Vec::new());
        picture.write_to(&mut png, ImageFormat::Png).ok()?;
        Some(png.into_inner())
    }

    /// Lines of half blocks, two modules above each other in each character. Black on white whatever the terminal's own
    /// colours, since many scanners read no inverted code.
    pub(crate) fn to_lines(&self) -> Vec<String> {
        let line = |row: usize| {
            let blocks = (0..self.side).map(|column| {
                match (self.is_dark(column, row), self.is_dark(column, row + 1)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                }
            });
            format!("{BLACK_ON_WHITE}{}{RESET}", blocks.collect::<String>())
        };
        (0..self.side).step_by(2).map(line).collect()
    }

    /// Shows it on the terminal, below what was written to `out` before. It goes past what takes colours out of the output
    /// (`NO_COLOR`): without them it would be inverted on a dark terminal.
    pub(crate) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        out.flush()?;
        let mut terminal = io::stdout().lock();
        self.to_lines().iter().try_for_each(|line| writeln!(terminal, "{line}"))?;
        terminal.flush()
    }

    /// Columns and lines that it takes.
    pub(crate) const fn size(&self) -> (usize, usize) {
        (self.side, self.side.div_ceil(2))
    }

    fn is_dark(&self, column: usize, row: usize) -> bool {
        self.dark.get(row * self.side + column).is_some_and(|dark| *dark)
    }
}

const QUIET_ZONE: usize = 4;
/// Pixels of a module.
const SCALE: u32 = 6;
const BLACK_ON_WHITE: &str = "\u{1b}[38;2;0;0;0;48;2;255;255;255m";
const RESET: &str = "\u{1b}[0m";

#[cfg(test)]
mod tests {
    use countersign_authenticator::scan::scan_picture;

    use super::*;

    #[test]
    fn a_picture_reads_as_its_text_and_the_terminal_shows_the_same_modules() {
        let text = format!("COUNTERSIGN-MOVE:{}", "A7".repeat(350));
        let modules = Modules::of(&text).unwrap();
        let read = scan_picture(&modules.to_png().unwrap()).unwrap();
        assert_eq!(read[0].text().unwrap().expose(), text);

        let lines = modules.to_lines();
        assert_eq!((modules.size(), lines.len()), ((85, 43), 43));
        let first = lines[2].trim_start_matches(BLACK_ON_WHITE);
        assert!(first.starts_with("    █▀▀▀▀▀█"), "the finder pattern's corner: {first}");
        assert!(Modules::of(&"x".repeat(4000)).is_none());
    }
}
