//! From a camera frame or a picture to an offer, without the text in between.

use crate::support::Phone;
use countersign_ffi::{
    FrameScanner, Import, OfferContent, Picture, ReceivingStep, ScannedCode, TransferCodeKind, scan_picture,
};
use qrcode::{Color, QrCode};

/// A frame with this code in it, on a row stride that is longer than its width.
struct Frame {
    luma: Vec<u8>,
    size: usize,
}

const PADDING: usize = 16;
const MODULE: usize = 6;
const MARGIN: usize = 4;

impl Frame {
    fn of(text: &str) -> Self {
        let code = QrCode::new(text).unwrap();
        let size = (code.width() + 2 * MARGIN) * MODULE;
        let mut luma = vec![255; size * (size + PADDING)];
        for (index, _) in code.to_colors().iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
            let (x, y) = (index % code.width() + MARGIN, index / code.width() + MARGIN);
            for row in 0..MODULE {
                let start = (y * MODULE + row) * (size + PADDING) + x * MODULE;
                luma[start..start + MODULE].fill(0);
            }
        }
        Self { luma, size }
    }

    /// The same, as a platform's decoder gives it.
    fn picture(&self) -> Picture {
        let luma = self.luma.chunks(self.size + PADDING).flat_map(|row| &row[..self.size]).copied().collect();
        let size = u32::try_from(self.size).unwrap();
        Picture { luma, width: size, height: size }
    }

    fn scan(&self, scanner: &FrameScanner) -> Vec<ScannedCode> {
        let size = u32::try_from(self.size).unwrap();
        scanner.scan(&self.luma, size, size, size + u32::try_from(PADDING).unwrap()).unwrap()
    }
}

#[test]
fn a_frame_gives_an_offer() {
    let scanner = FrameScanner::new();
    let frame = Frame::of("otpauth://totp/North:ada?secret=JBSWY3DPEHPK3PXP&issuer=North");
    let codes = frame.scan(&scanner);
    let [ScannedCode::Offer { offer }] = &codes[..] else { panic!("one offer, not {}", codes.len()) };
    assert!(matches!(offer.content(), OfferContent::Otp { account } if account.issuer == "North"));
    assert!(Frame { luma: vec![255; 80 * (80 + PADDING)], size: 80 }.scan(&scanner).is_empty());
}

#[test]
fn another_code_says_why_it_is_no_offer_and_nothing_of_what_it_says() {
    let codes = Frame::of("planted-canary").scan(&FrameScanner::new());
    let [ScannedCode::Other { reason }] = &codes[..] else { panic!("one code, not {}", codes.len()) };
    assert_eq!(reason.code, "offer_unknown");
    assert!(!reason.description.contains("canary"));
}

#[tokio::test]
async fn a_code_of_a_move_is_told_by_its_kind() {
    let receiving = Phone::make().await.authenticator.receive_accounts().await.unwrap();
    let ReceivingStep::Inviting { invitation } = receiving.step else { panic!("an invitation") };
    let codes = Frame::of(&invitation).scan(&FrameScanner::new());
    let [ScannedCode::Transfer { text, kind }] = &codes[..] else { panic!("a code, not {}", codes.len()) };
    assert_eq!((text, *kind), (&invitation, TransferCodeKind::Invitation));
    let damaged = Frame::of(&invitation[..60]).scan(&FrameScanner::new());
    let [ScannedCode::Other { reason }] = &damaged[..] else { panic!("a code, not {}", damaged.len()) };
    assert_eq!(reason.code, "move_bad_code");
}

#[test]
fn a_frame_that_is_not_what_its_numbers_say_is_refused() {
    let refusal = |width, height, row_stride| {
        FrameScanner::new().scan(&[255; 99], width, height, row_stride).err().unwrap().code()
    };
    assert_eq!(refusal(10, 10, 10), "scan_bad_frame");
    assert_eq!(refusal(1, 100, 1), "scan_bad_frame");
    assert_eq!(refusal(10, 9, 5), "scan_bad_frame");
    assert_eq!(refusal(u32::MAX, u32::MAX, u32::MAX), "scan_too_many_pixels");
}

#[tokio::test]
async fn the_codes_of_a_picture_are_offers_or_go_into_an_import() {
    let picture = Frame::of("otpauth://totp/North:ada?secret=JBSWY3DPEHPK3PXP&issuer=North").picture();
    let codes = scan_picture(picture.clone()).await.unwrap();
    assert!(matches!(&codes[..], [ScannedCode::Offer { .. }]));
    let import = Import::new();
    assert_eq!(import.add_picture(picture.clone()).await.unwrap().entries, 1);

    let empty = Picture { luma: vec![255; 6400], width: 80, height: 80 };
    assert!(scan_picture(empty.clone()).await.unwrap().is_empty());
    assert_eq!(import.add_picture(empty).await.err().unwrap().code(), "picture_without_code");
    let wrong = Picture { width: picture.width + 1, ..picture };
    assert_eq!(scan_picture(wrong).await.err().unwrap().code(), "scan_bad_frame");
}
