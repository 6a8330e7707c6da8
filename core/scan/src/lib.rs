//! Scanning: from a camera frame or a picture file to the texts of the QR codes in it.
//!
//! Two decoders of different descent do the reading: `rxing`'s port of ZXing-C++, which reads most, and `quircs`,
//! asked only when the first one finds nothing. What matters as much is what they are given:
//!
//! - half the resolution comes first for large frames: four times fewer pixels to look at, and the averaging takes
//!   noise away, so it is both faster and reads more than the full frame does;
//! - what still can't be read is tried again sharpened, which undoes shadows, glare and blur, inverted, and enlarged.
//!
//! A code's bytes are read here, whichever decoder found it (`content`, `charset`): neither decoder tells apart what is
//! whole from what is a part of a text, and none tells which letters it guessed.
//!
//! Pictures come from anyone, so sizes are checked before anything is allocated, the work is bounded, and a panic in a
//! decoder counts as "nothing found", without a word on standard error. `docs/performance.md` has what each step costs
//! and gains.

mod attempt;
mod bitmap;
mod charset;
mod contain;
mod content;
mod decoders;
mod error;
mod filters;
mod finders;
mod frame;
mod luma;
mod parts;
#[cfg(feature = "pictures")]
mod picture;
mod prepared;
mod symbol;
mod text;

pub use error::ScanError;
pub use frame::{FrameScanner, scan_frame};
pub use parts::{PartCollector, ScannedCode, ScannedParts};
#[cfg(feature = "pictures")]
pub use picture::{MAX_FILE_BYTES, scan_picture};
pub use text::ScannedText;

/// Most pixels that a picture or a frame may have; more is refused unread.
pub const MAX_PIXELS: usize = 50_000_000;

#[cfg(test)]
mod tests;
