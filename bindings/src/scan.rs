//! Scanning: camera frames and pictures to what the codes in them offer. The texts of offers stay in Rust.
//!
//! Picture files are the platform's to decode: it knows more formats (iPhones take their photos in HEIC), and the library
//! spares 450 kB.

use std::sync::{Arc, Mutex, PoisonError};

use countersign_authenticator::Error;
use countersign_authenticator::scan::{self, ScanError, ScannedText};
use countersign_authenticator::tasks::blocking;
use countersign_authenticator::transfer::{TransferCode, TransferError};
use zeroize::Zeroizing;

use crate::{AuthenticatorError, ErrorDetail, Offer, TransferCodeKind};

/// Reads a stream of camera frames: quickly each, and with more effort every few frames while nothing is found.
///
/// A text may be spread over several codes. The scanner keeps the parts that it has seen, in whatever order, and gives what the
/// text offers once all of them are there.
#[derive(Default, uniffi::Object)]
pub struct FrameScanner(Arc<Mutex<scan::FrameScanner>>);

/// A picture as the platform's own decoder gives it: a screenshot, a photo, whatever its file format.
#[derive(Clone, uniffi::Record)]
pub struct Picture {
    /// Its 8-bit luminance, row after row without a gap. What is transparent in it is white.
    pub luma: Vec<u8>,
    /// Pixels of a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// A code in a picture.
#[derive(Clone, uniffi::Enum)]
pub enum ScannedCode {
    /// It offers something.
    Offer {
        /// What.
        offer: Arc<Offer>,
    },
    /// It is a code of a move between two phones.
    Transfer {
        /// Its text. What is secret in it is sealed.
        text: String,
        /// What it is, and so what to do with it.
        kind: TransferCodeKind,
    },
    /// Some of the codes that one text is spread over. Nothing can be added before all of them were seen: ask for the next one,
    /// and go on scanning.
    Parts {
        /// How many codes there are.
        count: i32,
        /// Those that weren't seen yet, from 0.
        missing: Vec<i32>,
        /// The same in words.
        reason: ErrorDetail,
    },
    /// It doesn't, and this is why. Say so if it stays in view, and go on scanning.
    Other {
        /// Why, without any of its text.
        reason: ErrorDetail,
    },
}

#[uniffi::export]
impl FrameScanner {
    /// A scanner that has seen nothing yet.
    #[uniffi::constructor]
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The codes in this frame; empty if none was found. Takes a few milliseconds: call it on the camera's thread, and drop
    /// the frames that come meanwhile.
    ///
    /// `luma` is the 8-bit luminance plane (Android: plane 0 of `YUV_420_888`, a direct buffer that isn't copied; Apple:
    /// plane 0 of `kCVPixelFormatType_420YpCbCr8BiPlanarFullRange`), `width` and `height` are in pixels, and
    /// `row_stride` is the distance from the beginning of a row to that of the next, in bytes.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Input`] when the frame isn't what its numbers say, or too large.
    pub fn scan(
        &self,
        luma: &[u8],
        width: u32,
        height: u32,
        row_stride: u32,
    ) -> Result<Vec<ScannedCode>, AuthenticatorError> {
        let [width, height, row_stride] = [width, height, row_stride].map(length);
        let mut scanner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = scanner.scan(luma, width, height, row_stride).map_err(Error::from)?;
        Ok(codes(&found))
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl FrameScanner {
    /// The codes in a picture, with all effort. Parts of a text go with those of the frames and pictures before.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Input`] when the picture isn't what its numbers say, or too large.
    pub async fn scan_picture(&self, picture: Picture) -> Result<Vec<ScannedCode>, AuthenticatorError> {
        let (luma, [width, height]) = picture.into_parts();
        let scanner = self.0.clone();
        let found = blocking(move || {
            let mut scanner = scanner.lock().unwrap_or_else(PoisonError::into_inner);
            scanner.scan_thoroughly(&luma, width, height, width)
        });
        Ok(codes(&found.await.map_err(Error::from)?))
    }
}

/// The codes in a picture, each once and with all effort; empty if none was found. For camera frames, and for texts that are
/// spread over several pictures, see [`FrameScanner`].
///
/// # Errors
///
/// [`AuthenticatorError::Input`] when the picture isn't what its numbers say, or too large.
#[uniffi::export(async_runtime = "tokio")]
pub async fn scan_picture(picture: Picture) -> Result<Vec<ScannedCode>, AuthenticatorError> {
    let (luma, [width, height]) = picture.into_parts();
    let found = blocking(move || scan::scan_frame(&luma, width, height, width)).await.map_err(Error::from)?;
    Ok(codes(&found))
}

impl Picture {
    /// The luminance, wiped when it is dropped, for the picture may show a secret; width and height.
    pub(crate) fn into_parts(self) -> (Zeroizing<Vec<u8>>, [usize; 2]) {
        (Zeroizing::new(self.luma), [self.width, self.height].map(length))
    }
}

fn length(pixels: u32) -> usize {
    usize::try_from(pixels).unwrap_or(usize::MAX)
}

fn codes(found: &[scan::ScannedCode]) -> Vec<ScannedCode> {
    found.iter().map(code).collect()
}

fn code(code: &scan::ScannedCode) -> ScannedCode {
    match (code.text(), code) {
        (Ok(text), _) => code_of_text(text),
        (Err(error @ ScanError::PartsMissing { .. }), scan::ScannedCode::Parts(parts)) => {
            ScannedCode::Parts {
                count: small(parts.count()),
                missing: parts.missing().into_iter().map(small).collect(),
                reason: Error::from(error).into(),
            }
        }
        (Err(error), _) => ScannedCode::Other { reason: Error::from(error).into() },
    }
}

fn small(number: usize) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

fn code_of_text(text: &ScannedText) -> ScannedCode {
    match TransferCode::parse(text.expose()) {
        Ok(code) => return ScannedCode::Transfer { text: text.expose().to_owned(), kind: (&code).into() },
        Err(TransferError::NotACode) => {}
        Err(error) => return ScannedCode::Other { reason: Error::from(error).into() },
    }
    match Offer::read(text.expose(), text.has_unreadable_letters()) {
        Ok(offer) => ScannedCode::Offer { offer },
        Err(error) => ScannedCode::Other { reason: error.detail().clone() },
    }
}
