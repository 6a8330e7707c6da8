//! From a camera frame or a picture to an offer, without the text in between.

use crate::support::Phone;
use countersign_ffi::{
    FrameScanner, Import, OfferContent, Picture, ReceivingStep, ScannedCode, TransferCodeKind, scan_picture,
};
use qrcode::canvas::Canvas;
use qrcode::ec::construct_codewords;
use qrcode::{Color, EcLevel, QrCode, Version};

/// A frame with this code in it, on a row stride that is longer than its width.
struct Frame {
    luma: Vec<u8>,
    size: usize,
}

const PADDING: usize = 16;
const MODULE: usize = 6;
const MARGIN: usize = 4;
/// Data codewords of version 5-L.
const CAPACITY: usize = 108;

impl Frame {
    fn of(text: &str) -> Self {
        Self::draw(&QrCode::new(text).unwrap().into_colors())
    }

    /// Part `index` of `count` of a text with this parity (ISO/IEC 18004, section 8), of version 5.
    fn of_part(piece: &str, index: u8, count: u8, parity: u8) -> Self {
        // Half bytes: the header's mode, its numbers, the mode of bytes, and their number.
        let header = [3, index, count - 1, parity >> 4, parity & 15, 4];
        let length = u8::try_from(piece.len()).unwrap();
        let bytes = [length].into_iter().chain(piece.bytes()).flat_map(|byte| [byte >> 4, byte & 15]);
        let halves: Vec<u8> = header.into_iter().chain(bytes).chain([0, 0]).collect();
        let mut data: Vec<u8> = halves.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
        data.resize(CAPACITY, 0);
        let (data, corrections) = construct_codewords(&data, Version::Normal(5), EcLevel::L).unwrap();
        let mut canvas = Canvas::new(Version::Normal(5), EcLevel::L);
        canvas.draw_all_functional_patterns();
        canvas.draw_data(&data, &corrections);
        Self::draw(&canvas.apply_best_mask().into_colors())
    }

    fn draw(colors: &[Color]) -> Self {
        let width = colors.len().isqrt();
        let size = (width + 2 * MARGIN) * MODULE;
        let mut luma = vec![255; size * (size + PADDING)];
        for (index, _) in colors.iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
            let (x, y) = (index % width + MARGIN, index / width + MARGIN);
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

#[tokio::test]
async fn a_text_in_several_codes_is_an_offer_once_all_of_them_were_seen() {
    let text = "otpauth://totp/North:ada?secret=JBSWY3DPEHPK3PXP&issuer=North";
    let (first, second) = text.split_at(40);
    let parity = text.bytes().fold(0, |parity, byte| parity ^ byte);
    let [first, second] = [Frame::of_part(first, 0, 2, parity), Frame::of_part(second, 1, 2, parity)];

    let scanner = FrameScanner::new();
    for _ in 0..2 {
        let codes = first.scan(&scanner);
        let [ScannedCode::Parts { count: 2, missing, reason }] = &codes[..] else { panic!("one part") };
        assert_eq!(
            (&missing[..], &reason.code[..], reason.parameter),
            (&[1][..], "scan_parts_missing", Some(1))
        );
    }
    let codes = second.scan(&scanner);
    let [ScannedCode::Offer { offer }] = &codes[..] else { panic!("one offer, not {}", codes.len()) };
    assert!(matches!(offer.content(), OfferContent::Otp { account } if account.name == "ada"));
    assert!(!offer.has_unreadable_letters());

    // In pictures, too.
    let scanner = FrameScanner::new();
    assert!(matches!(
        &scanner.scan_picture(second.picture()).await.unwrap()[..],
        [ScannedCode::Parts { .. }]
    ));
    assert!(matches!(&scanner.scan_picture(first.picture()).await.unwrap()[..], [ScannedCode::Offer { .. }]));
    assert!(matches!(&scan_picture(first.picture()).await.unwrap()[..], [ScannedCode::Parts { .. }]));

    let (phone, import) = (Phone::make().await, Import::new());
    let added = import.add_picture(first.picture()).await.unwrap();
    assert_eq!((added.entries, added.missing_codes), (0, 1));
    let refused = phone.authenticator.import_accounts(import.clone(), None).await.err().unwrap();
    assert_eq!((&refused.code()[..], refused.parameter()), ("scan_parts_missing", Some(1)));
    let added = import.add_picture(second.picture()).await.unwrap();
    assert_eq!((added.entries, added.missing_codes), (1, 0));
    assert_eq!(phone.authenticator.import_accounts(import, None).await.unwrap().proven, 1);

    // Half of another text with the same header.
    let other = Frame::of_part("XP&issuer=South", 1, 2, parity);
    let scanner = FrameScanner::new();
    first.scan(&scanner);
    let codes = other.scan(&scanner);
    assert!(matches!(&codes[..], [ScannedCode::Other { reason }] if reason.code == "scan_parts_mismatched"));
}
