//! Picture files: PNG, JPEG and WebP, told by their content.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use super::attempt::read_thoroughly;
use super::contain::contain;
use super::luma::{Luma, LumaView};
use super::{MAX_PIXELS, ScanError, ScannedCode};

/// Longest picture file, in bytes.
pub const MAX_FILE_BYTES: usize = 32 * 1024 * 1024;

/// What a decoder may allocate, in bytes: a picture of [`MAX_PIXELS`] with 8 bits in each of 4 channels.
const MAX_ALLOCATION: u64 = 200_000_000;

/// The codes in a picture file, each once; empty if none was found.
///
/// # Errors
///
/// [`ScanError`] says why the file can't be read. Its size in pixels is checked before any of them is decoded.
pub fn scan_picture(file: &[u8]) -> Result<Vec<ScannedCode>, ScanError> {
    if file.len() > MAX_FILE_BYTES {
        return Err(ScanError::FileTooLarge);
    }
    let decoded = contain(|| decode(file)).unwrap_or(Err(ScanError::BadPicture))?;
    let codes = read_thoroughly(decoded.over_white.view());
    Ok(match decoded.over_black {
        Some(over_black) if codes.is_empty() => read_thoroughly(over_black.view()),
        _ => codes,
    })
}

/// What a picture file shows.
struct Decoded {
    /// As nearly every viewer shows it.
    over_white: Luma,
    /// If any of it is transparent: light modules on nothing are seen on a dark page alone.
    over_black: Option<Luma>,
}

fn decode(file: &[u8]) -> Result<Decoded, ScanError> {
    let mut reader =
        ImageReader::new(Cursor::new(file)).with_guessed_format().map_err(|_| ScanError::UnknownFormat)?;
    if !matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP)) {
        return Err(ScanError::UnknownFormat);
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_ALLOCATION);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|_| ScanError::BadPicture)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if usize::try_from(pixels).is_ok_and(|pixels| pixels > MAX_PIXELS)
        || decoder.total_bytes() > MAX_ALLOCATION
    {
        return Err(ScanError::TooManyPixels);
    }
    let picture = DynamicImage::from_decoder(decoder).map_err(|_| ScanError::BadPicture)?;
    let decoded = to_luma(picture);
    // The dimensions that the pixels really have, checked like a camera's.
    let Luma { pixels, width, height } = &decoded.over_white;
    LumaView::new(pixels, *width, *height, *width).map_err(|_| ScanError::BadPicture)?;
    Ok(decoded)
}

fn to_luma(picture: DynamicImage) -> Decoded {
    let size = |length: u32| usize::try_from(length).unwrap_or_default();
    let (width, height) = (size(picture.width()), size(picture.height()));
    let of = |pixels: Vec<u8>| Luma { pixels, width, height };
    if !picture.color().has_alpha() {
        return Decoded { over_white: of(picture.into_luma8().into_raw()), over_black: None };
    }
    let picture = picture.into_luma_alpha8();
    let over = |ground: u8| {
        let blend = |[value, alpha]: [u8; 2]| {
            let sum = u16::from(value) * u16::from(alpha) + u16::from(ground) * (255 - u16::from(alpha));
            ((sum + 127) / 255).to_le_bytes()[0]
        };
        of(picture.pixels().map(|pixel| blend(pixel.0)).collect())
    };
    let is_transparent = picture.pixels().any(|pixel| pixel.0[1] < u8::MAX);
    Decoded { over_white: over(u8::MAX), over_black: is_transparent.then(|| over(0)) }
}
