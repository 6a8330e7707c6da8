//! Attempts at reading a picture: in which size, in which form, by which decoder.

use super::ScannedText;
use super::contain::contain;
use super::decoders::{read_with_quircs, read_with_rxing};
use super::luma::{Luma, LumaView};

/// One attempt at reading a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    size: Size,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    Full,
    Half,
    /// For small pictures, whose modules are hardly larger than a pixel; others aren't read at this size.
    Double,
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
    pub(super) const fn first(picture: &LumaView<'_>) -> Self {
        let size = if picture.pixel_count() > MAX_PIXELS_AT_FULL_SIZE { Size::Half } else { Size::Full };
        Self { size, form: Form::Plain }
    }

    /// The texts that this attempt reads; none if the decoder panics.
    pub(super) fn read(self, picture: LumaView<'_>) -> Vec<ScannedText> {
        let texts = contain(|| {
            let luma = match self.size {
                Size::Full => picture.to_luma(),
                Size::Half => picture.halve(),
                Size::Double if picture.pixel_count() <= MAX_PIXELS_AT_FULL_SIZE => picture.double(),
                Size::Double => return Vec::new(),
            };
            if luma.width < SMALLEST_CODE || luma.height < SMALLEST_CODE {
                return Vec::new();
            }
            match self.form {
                Form::Plain => read_with_rxing(&luma, false),
                Form::Sharpened => read_with_rxing(&sharpen(&luma), false),
                Form::Filtered => read_with_rxing(&sharpen(&luma.smooth()), false),
                Form::Inverted => read_with_rxing(&luma, true),
                Form::Other => read_with_quircs(&sharpen(&luma.smooth())),
            }
        });
        let texts = texts.unwrap_or_default().into_iter().filter(|text| !text.is_empty());
        texts.map(ScannedText::new).collect()
    }
}

/// Reads a picture with all effort: as it is in both sizes, for several codes of different size; then, if that finds
/// nothing, one attempt after the other until one does.
pub(super) fn read_thoroughly(picture: LumaView<'_>) -> Vec<ScannedText> {
    let reduced = reduce(picture);
    let picture = reduced.as_ref().map_or(picture, Luma::view);
    let (plain, others) = ATTEMPTS.split_at(PLAIN_ATTEMPTS);
    let mut texts: Vec<ScannedText> = Vec::new();
    for text in plain.iter().flat_map(|attempt| attempt.read(picture)) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    if texts.is_empty() {
        texts = others
            .iter()
            .map(|attempt| attempt.read(picture))
            .find(|texts| !texts.is_empty())
            .unwrap_or_default();
    }
    texts
}

/// Halves a picture until it has no more pixels than it makes sense to look at; `None` if it has no more already.
pub(super) fn reduce(picture: LumaView<'_>) -> Option<Luma> {
    let mut reduced = (picture.pixel_count() > MAX_PIXELS_READ).then(|| picture.halve())?;
    while reduced.view().pixel_count() > MAX_PIXELS_READ {
        reduced = reduced.view().halve();
    }
    Some(reduced)
}

/// All attempts; those that take a picture as it is come first. Each of the others reads pictures that those before it
/// don't (`docs/performance.md`).
pub(super) const ATTEMPTS: [Attempt; 9] = [
    Attempt { size: Size::Full, form: Form::Plain },
    Attempt { size: Size::Half, form: Form::Plain },
    Attempt { size: Size::Half, form: Form::Sharpened },
    Attempt { size: Size::Full, form: Form::Filtered },
    Attempt { size: Size::Half, form: Form::Inverted },
    Attempt { size: Size::Full, form: Form::Inverted },
    Attempt { size: Size::Full, form: Form::Other },
    Attempt { size: Size::Double, form: Form::Plain },
    Attempt { size: Size::Double, form: Form::Filtered },
];
const PLAIN_ATTEMPTS: usize = 2;

/// Frames up to this size (VGA, say) are first read as they are, larger ones at half their size.
const MAX_PIXELS_AT_FULL_SIZE: usize = 640_000;
/// 2560 x 1600: a code that is large enough to be scanned is readable at that, and a decoder's worst case stays short.
const MAX_PIXELS_READ: usize = 4_096_000;
/// Modules of the smallest QR code along a side: with less than a pixel each, there is nothing to read.
const SMALLEST_CODE: usize = 21;

fn sharpen(luma: &Luma) -> Luma {
    luma.sharpen(5, 2)
}
