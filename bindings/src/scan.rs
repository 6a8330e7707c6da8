//! Scanning: camera frames and pictures to what the codes in them offer. The texts of offers stay in Rust.
//!
//! Picture files are the platform's to decode: it knows more formats (iPhones take their photos in HEIC), and the library
//! spares 450 kB.

use std::sync::{Arc, Mutex, PoisonError};

use countersign_core::Error;
use countersign_core::scan::{self, ScannedText};
use countersign_core::tasks::blocking;
use countersign_core::transfer::{TransferCode, TransferError};
use zeroize::Zeroizing;

use crate::{AuthenticatorError, ErrorDetail, Offer, TransferCodeKind};

/// Reads a stream of camera frames: quickly each, and with more effort every few frames while nothing is found.
#[derive(Default, uniffi::Object)]
pub struct FrameScanner(Mutex<scan::FrameScanner>);

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
        let texts = scanner.scan(luma, width, height, row_stride).map_err(Error::from)?;
        Ok(codes(&texts))
    }
}

/// The codes in a picture, each once and with all effort; empty if none was found. For camera frames see [`FrameScanner`].
///
/// # Errors
///
/// [`AuthenticatorError::Input`] when the picture isn't what its numbers say, or too large.
#[uniffi::export(async_runtime = "tokio")]
pub async fn scan_picture(picture: Picture) -> Result<Vec<ScannedCode>, AuthenticatorError> {
    let (luma, [width, height]) = picture.into_parts();
    let texts = blocking(move || scan::scan_frame(&luma, width, height, width)).await.map_err(Error::from)?;
    Ok(codes(&texts))
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

fn codes(texts: &[ScannedText]) -> Vec<ScannedCode> {
    texts.iter().map(|text| code(text.expose())).collect()
}

fn code(text: &str) -> ScannedCode {
    match TransferCode::parse(text) {
        Ok(code) => return ScannedCode::Transfer { text: text.to_owned(), kind: (&code).into() },
        Err(TransferError::NotACode) => {}
        Err(error) => return ScannedCode::Other { reason: Error::from(error).into() },
    }
    match Offer::read(text) {
        Ok(offer) => ScannedCode::Offer { offer },
        Err(error) => ScannedCode::Other { reason: error.detail().clone() },
    }
}
