//! Why a picture can't be scanned.

/// Why a picture or a frame was refused. A picture without a code in it is no error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// The frame has no pixels, or its buffer is shorter than its size and row stride say.
    #[error("the camera frame is incomplete")]
    BadFrame,
    /// More than [`super::MAX_PIXELS`] pixels.
    #[error("the picture is too large; crop it to the code, or take a smaller one")]
    TooManyPixels,
    /// A picture file that is longer than any is.
    #[error("the file is too large; crop the picture to the code, or take a smaller one")]
    FileTooLarge,
    /// Neither PNG, JPEG nor WebP.
    #[error("this is not a PNG, JPEG or WebP picture")]
    UnknownFormat,
    /// A picture that is damaged or cut short.
    #[error("the picture is damaged")]
    BadPicture,
    /// A text that is spread over several codes, some of which weren't seen.
    #[error("this is one text in {count} QR codes, and {missing} of them are missing; scan all of them")]
    PartsMissing {
        /// How many codes there are.
        count: usize,
        /// How many are missing.
        missing: usize,
    },
    /// A text that is spread over several codes, whose parity isn't that of the codes that were seen.
    #[error("these QR codes are parts of a text, but not of the same one; scan those of one text only")]
    PartsMismatched,
}

impl ScanError {
    /// A stable name for shells and scripts.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::BadFrame => "scan_bad_frame",
            Self::TooManyPixels => "scan_too_many_pixels",
            Self::FileTooLarge => "scan_file_too_large",
            Self::UnknownFormat => "scan_unknown_format",
            Self::BadPicture => "scan_bad_picture",
            Self::PartsMissing { .. } => "scan_parts_missing",
            Self::PartsMismatched => "scan_parts_mismatched",
        }
    }
}
