//! Picture files: PNG, JPEG and WebP, told by their content.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use super::attempt::read_thoroughly;
use super::contain::contain;
use super::luma::{Luma, LumaView};
use super::{MAX_PIXELS, ScanError, ScannedText};

/// Longest picture file, in bytes.
pub const MAX_FILE_BYTES: usize = 32 * 1024 * 1024;

/// What a decoder may allocate, in bytes: a picture of [`MAX_PIXELS`] with 8 bits in each of 4 channels.
const MAX_ALLOCATION: u64 = 200_000_000;

/// The texts of the codes in a picture file, each once; empty if none was found.
///
/// # Errors
///
/// [`ScanError`] says why the file can't be read. Its size in pixels is checked before any of them is decoded.
pub fn scan_picture(file: &[u8]) -> Result<Vec<ScannedText>, ScanError> {
    if file.len() > MAX_FILE_BYTES {
        return Err(ScanError::FileTooLarge);
    }
    let luma = contain(|| decode(file)).unwrap_or(Err(ScanError::BadPicture))?;
    Ok(read_thoroughly(luma.view()))
}

fn decode(file: &[u8]) -> Result<Luma, ScanError> {
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
    let luma = to_luma(picture);
    // The dimensions that the pixels really have, checked like a camera's.
    let (width, height) = (luma.width, luma.height);
    LumaView::new(&luma.pixels, width, height, width).map_err(|_| ScanError::BadPicture)?;
    Ok(luma)
}

/// What is transparent is seen on white, as nearly every viewer shows it.
fn to_luma(picture: DynamicImage) -> Luma {
    let size = |length: u32| usize::try_from(length).unwrap_or_default();
    let (width, height) = (size(picture.width()), size(picture.height()));
    let pixels = if picture.color().has_alpha() {
        let over_white = |value: u8, alpha: u8| {
            let sum = u16::from(value) * u16::from(alpha) + 255 * (255 - u16::from(alpha));
            ((sum + 127) / 255).to_le_bytes()[0]
        };
        picture.into_luma_alpha8().pixels().map(|pixel| over_white(pixel.0[0], pixel.0[1])).collect()
    } else {
        picture.into_luma8().into_raw()
    };
    Luma { pixels, width, height }
}
