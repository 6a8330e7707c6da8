//! Pictures of QR codes.

use std::io::Cursor;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use image::{GrayImage, ImageFormat, Luma};
use qrcode::{Color, EcLevel, QrCode};

use super::reply::CROSS_ORIGIN_RESOURCE_POLICY;
use crate::refusal::Refusal;
use crate::secret::SecretText;

/// Pixels of a module: enough for a page on a screen of twice the usual density.
const SCALE: u32 = 10;
/// Modules of white around the code (ISO/IEC 18004, section 6.3.8).
const QUIET_ZONE: u32 = 4;

/// A PNG with the code of `text`, or 404 if there is nothing to show any more.
pub(super) fn response(text: Result<Option<SecretText>, Refusal>) -> Response {
    match text {
        Ok(Some(text)) => match encode(text.expose()) {
            Some(png) => {
                let headers =
                    [(header::CONTENT_TYPE, "image/png"), (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin")];
                (headers, png).into_response()
            }
            None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
        Ok(None) | Err(Refusal::NotFound) => StatusCode::NOT_FOUND.into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// None if the text is too long for a QR code, which no link of the protocol is.
fn encode(text: &str) -> Option<Vec<u8>> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let modules = u32::try_from(code.width()).ok()?;
    let side = (modules + 2 * QUIET_ZONE) * SCALE;
    let mut picture = GrayImage::from_pixel(side, side, Luma([255]));
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let module = |at: u32| (at / SCALE).checked_sub(QUIET_ZONE).filter(|module| *module < modules);
        let (Some(column), Some(row)) = (module(x), module(y)) else { continue };
        let at = (usize::try_from(column).ok()?, usize::try_from(row).ok()?);
        if code[at] == Color::Dark {
            *pixel = Luma([0]);
        }
    }
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png).ok()?;
    Some(png.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_the_code_with_white_around_it() {
        let png = encode("https://approve.example/enrol#t=x&k=y").unwrap();
        let picture = image::load_from_memory_with_format(&png, ImageFormat::Png).unwrap().into_luma8();
        let edge = QUIET_ZONE * SCALE;
        assert!(picture.enumerate_pixels().all(|(x, y, pixel)| (x >= edge && y >= edge) || pixel.0 == [255]));
        assert_eq!(picture.get_pixel(edge, edge).0, [0], "the finder pattern's corner");
        assert_eq!(encode(&"x".repeat(3000)), None);
    }
}
