//! Attempts at reading a picture: in which size, in which form, by which decoder.

use super::contain::contain;
use super::content::Content;
use super::decoders::{read_with_quircs, read_with_rxing};
use super::luma::LumaView;
use super::prepared::{Prepared, Size};
use super::{PartCollector, ScannedCode};

/// One attempt at reading a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    size: Size,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// As it is.
    Plain,
    /// With its local contrast raised.
    Sharpened,
    /// Smoothed, then sharpened: a band-pass for noisy, blurred or badly lit pictures.
    Filtered,
    /// Light and dark exchanged, for codes on dark pages.
    Inverted,
    /// Filtered, and read by the other decoder, which is better at slanted codes.
    Other,
}

impl Attempt {
    /// The first attempt at a frame of a stream: what reads most for its price.
    pub(super) const fn first(picture: &Prepared<'_>) -> Self {
        let size = if picture.is_small() { Size::Full } else { Size::Half };
        Self { size, form: Form::Plain }
    }

    /// Whether it has anything to read in this picture.
    pub(super) fn applies(self, picture: &Prepared<'_>) -> bool {
        match self.size {
            Size::Full | Size::Half => true,
            Size::Double => picture.is_small(),
            Size::True => picture.is_reduced(),
        }
    }

    /// The codes that this attempt reads; none if the decoder panics.
    pub(super) fn read(self, picture: &Prepared<'_>) -> Vec<Content> {
        if !self.applies(picture) || !picture.has_room(self.size, SMALLEST_CODE) {
            return Vec::new();
        }
        let size = self.size;
        let codes = contain(|| match self.form {
            Form::Plain => read_with_rxing(picture.bitmap(size)),
            Form::Sharpened => read_with_rxing(&picture.sharpened(size)),
            Form::Filtered => read_with_rxing(&picture.filtered(size)),
            Form::Inverted => read_with_rxing(&picture.bitmap(size).invert()),
            Form::Other => read_with_quircs(picture.filtered_luma()),
        });
        let mut codes = codes.unwrap_or_default();
        codes.retain(|code| !code.is_empty());
        codes
    }
}

/// Reads a picture with all effort: as it is in every size, for several codes of different size; then, if that finds
/// nothing, or not all parts of a text, one attempt after the other until one does.
pub(super) fn read_thoroughly(picture: LumaView<'_>) -> Vec<ScannedCode> {
    let picture = Prepared::new(picture);
    let mut contents: Vec<Content> = Vec::new();
    let mut codes = Vec::new();
    for (index, attempt) in ATTEMPTS.iter().enumerate() {
        let is_whole = |code: &ScannedCode| matches!(code, ScannedCode::Text(_));
        if index >= PLAIN_ATTEMPTS && !codes.is_empty() && codes.iter().all(is_whole) {
            break;
        }
        let known = contents.len();
        for content in attempt.read(&picture) {
            if !contents.contains(&content) {
                contents.push(content);
            }
        }
        if contents.len() > known {
            codes = PartCollector::new().add(contents.iter().cloned().map(ScannedCode::from).collect());
        }
    }
    codes
}

/// All attempts; those that take a picture as it is come first. Each of the others reads pictures that those before it
/// don't (`docs/performance.md`).
pub(super) const ATTEMPTS: [Attempt; 11] = [
    Attempt { size: Size::Full, form: Form::Plain },
    Attempt { size: Size::Half, form: Form::Plain },
    Attempt { size: Size::True, form: Form::Plain },
    Attempt { size: Size::Half, form: Form::Sharpened },
    Attempt { size: Size::Full, form: Form::Filtered },
    Attempt { size: Size::Half, form: Form::Inverted },
    Attempt { size: Size::Full, form: Form::Inverted },
    Attempt { size: Size::True, form: Form::Inverted },
    Attempt { size: Size::Full, form: Form::Other },
    Attempt { size: Size::Double, form: Form::Plain },
    Attempt { size: Size::Double, form: Form::Filtered },
];
const PLAIN_ATTEMPTS: usize = 3;

/// Modules of the smallest QR code along a side: with less than a pixel each, there is nothing to read.
const SMALLEST_CODE: usize = 21;
