//! Camera frames: a stream of them within a budget, or a single one with all effort.

use super::attempt::{ATTEMPTS, Attempt, read_thoroughly};
use super::luma::LumaView;
use super::prepared::Prepared;
use super::{PartCollector, ScanError, ScannedCode};

/// Reads a stream of camera frames.
///
/// Each frame gets the one attempt that reads most for its price. While that finds nothing, every few frames one of
/// the dearer attempts follows, each in its turn: a difficult code is found within a second, and an empty view doesn't
/// drain the battery.
///
/// Texts that are spread over several codes come once all of those were seen, in whatever order; until then
/// [`ScannedCode::Parts`] says how many are missing.
#[derive(Clone, Debug, Default)]
pub struct FrameScanner {
    misses: usize,
    parts: PartCollector,
}

/// How many frames in a row find nothing before a dearer attempt is made.
const FRAMES_PER_EXTRA_ATTEMPT: usize = 4;

impl FrameScanner {
    /// A scanner that has seen nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { misses: 0, parts: PartCollector::new() }
    }

    /// The codes in this frame; empty if none was found.
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
    ) -> Result<Vec<ScannedCode>, ScanError> {
        let frame = Prepared::new(LumaView::new(luma, width, height, row_stride)?);
        let first = Attempt::first(&frame);
        let mut contents = first.read(&frame);
        if contents.is_empty() {
            self.misses = self.misses.wrapping_add(1);
            if self.misses.is_multiple_of(FRAMES_PER_EXTRA_ATTEMPT) {
                let others = ATTEMPTS.iter().filter(|attempt| **attempt != first && attempt.applies(&frame));
                let others: Vec<&Attempt> = others.collect();
                let turn = self.misses / FRAMES_PER_EXTRA_ATTEMPT % others.len().max(1);
                contents = others.get(turn).map_or_else(Vec::new, |attempt| attempt.read(&frame));
            }
        }
        if !contents.is_empty() {
            self.misses = 0;
        }
        Ok(self.parts.add(contents.into_iter().map(ScannedCode::from).collect()))
    }

    /// The codes in a single picture, read with all effort; parts of texts go with those of the frames and pictures before.
    /// Parameters and errors as in [`FrameScanner::scan`].
    ///
    /// # Errors
    ///
    /// [`ScanError::BadFrame`] or [`ScanError::TooManyPixels`].
    pub fn scan_thoroughly(
        &mut self,
        luma: &[u8],
        width: usize,
        height: usize,
        row_stride: usize,
    ) -> Result<Vec<ScannedCode>, ScanError> {
        let codes = scan_frame(luma, width, height, row_stride)?;
        Ok(self.parts.add(codes))
    }
}

/// The codes in a single frame, read with all effort; parameters and errors as in [`FrameScanner::scan`],
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
) -> Result<Vec<ScannedCode>, ScanError> {
    LumaView::new(luma, width, height, row_stride).map(read_thoroughly)
}
