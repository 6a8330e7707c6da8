//! Camera frames: a stream of them within a budget, or a single one with all effort.

use super::attempt::{ATTEMPTS, Attempt, read_thoroughly, reduce};
use super::luma::{Luma, LumaView};
use super::{ScanError, ScannedText};

/// Reads a stream of camera frames.
///
/// Each frame gets the one attempt that reads most for its price. While that finds nothing, every few frames one of
/// the dearer attempts follows, each in its turn: a difficult code is found within a second, and an empty view doesn't
/// drain the battery.
#[derive(Clone, Debug, Default)]
pub struct FrameScanner {
    misses: usize,
}

/// How many frames in a row find nothing before a dearer attempt is made.
const FRAMES_PER_EXTRA_ATTEMPT: usize = 3;

impl FrameScanner {
    /// A scanner that has seen nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { misses: 0 }
    }

    /// The texts of the codes in this frame; empty if none was found.
    ///
    /// `luma` is the 8-bit luminance plane, `width` and `height` are in pixels, and `row_stride` is the distance from
    /// the beginning of a row to that of the next, in bytes.
    ///
    /// # Errors
    ///
    /// [`ScanError::BadFrame`] or [`ScanError::TooManyPixels`].
    pub fn scan(
        &mut self,
        luma: &[u8],
        width: usize,
        height: usize,
        row_stride: usize,
    ) -> Result<Vec<ScannedText>, ScanError> {
        let frame = LumaView::new(luma, width, height, row_stride)?;
        let reduced = reduce(frame);
        let frame = reduced.as_ref().map_or(frame, Luma::view);
        let mut texts = Attempt::first(&frame).read(frame);
        if texts.is_empty() {
            self.misses = self.misses.wrapping_add(1);
            if self.misses.is_multiple_of(FRAMES_PER_EXTRA_ATTEMPT) {
                let turn = self.misses / FRAMES_PER_EXTRA_ATTEMPT % ATTEMPTS.len();
                texts = ATTEMPTS[turn].read(frame);
            }
        }
        if !texts.is_empty() {
            self.misses = 0;
        }
        Ok(texts)
    }
}

/// The texts of the codes in a single frame, read with all effort; parameters and errors as in [`FrameScanner::scan`],
/// which is the one to use for a stream.
///
/// # Errors
///
/// [`ScanError::BadFrame`] or [`ScanError::TooManyPixels`].
pub fn scan_frame(
    luma: &[u8],
    width: usize,
    height: usize,
    row_stride: usize,
) -> Result<Vec<ScannedText>, ScanError> {
    LumaView::new(luma, width, height, row_stride).map(read_thoroughly)
}
