//! Texts that are spread over several codes.

use super::symbols::{Bits, parity, parts};
use super::*;

const SECRET_LINK: &str =
    "otpauth://totp/Klinik%20Nord:ada@nord.example?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Nord";

fn codes(picture: &GrayImage) -> Vec<ScannedCode> {
    let [width, height] = [picture.width(), picture.height()].map(|side| usize::try_from(side).unwrap());
    scan_frame(picture.as_raw(), width, height, width).unwrap()
}

fn stream(scanner: &mut FrameScanner, picture: &GrayImage) -> Vec<ScannedCode> {
    let [width, height] = [picture.width(), picture.height()].map(|side| usize::try_from(side).unwrap());
    scanner.scan(picture.as_raw(), width, height, width).unwrap()
}

fn text(codes: &[ScannedCode]) -> Option<&str> {
    match codes {
        [ScannedCode::Text(text)] => Some(text.expose()),
        _ => None,
    }
}

/// How many codes the parts have, and which are missing.
fn missing(codes: &[ScannedCode]) -> Option<(usize, Vec<usize>)> {
    match codes {
        [ScannedCode::Parts(parts)] => Some((parts.count(), parts.missing())),
        _ => None,
    }
}

fn vector(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/scan").join(name)).unwrap()
}

#[test]
fn a_part_alone_is_no_text() {
    let file = vector("structured-append-part1-cut-in-secret.png");
    assert_eq!(missing(&scan_picture(&file).unwrap()), Some((2, vec![1])));
}

#[test]
fn wherever_a_text_is_cut_its_parts_are_joined_and_never_taken_alone() {
    for cut in [1, 9, 30, 60, 75, SECRET_LINK.len() - 1] {
        let pictures = parts(SECRET_LINK.as_bytes(), &[cut]);
        for picture in &pictures {
            assert!(text(&codes(picture)).is_none(), "cut at {cut}");
        }
        let mut scanner = FrameScanner::new();
        assert_eq!(missing(&stream(&mut scanner, &pictures[1])), Some((2, vec![0])));
        assert_eq!(missing(&stream(&mut scanner, &pictures[1])), Some((2, vec![0])));
        assert_eq!(text(&stream(&mut scanner, &pictures[0])), Some(SECRET_LINK));
        // Whichever stays in view is still of that text.
        assert_eq!(text(&stream(&mut scanner, &pictures[1])), Some(SECRET_LINK));
    }
}

#[test]
fn sixteen_parts_come_in_any_order_from_pictures_and_frames() {
    let cuts: Vec<usize> = (1..16).map(|part| part * 6).collect();
    let pictures = parts(SECRET_LINK.as_bytes(), &cuts);
    let mut scanner = FrameScanner::new();
    for (seen, index) in [7, 0, 15, 3, 9, 1, 14, 2, 8, 4, 13, 5, 12, 6, 11].into_iter().enumerate() {
        let (count, missing) = missing(&stream(&mut scanner, &pictures[index])).unwrap();
        assert_eq!((count, missing.len()), (16, 15 - seen));
    }
    let side = usize::try_from(pictures[10].width()).unwrap();
    let whole = scanner.scan_thoroughly(pictures[10].as_raw(), side, side, side).unwrap();
    assert_eq!(text(&whole), Some(SECRET_LINK));
}

#[test]
fn parts_in_one_picture_are_joined_and_stand_beside_other_codes() {
    let pictures = parts(SECRET_LINK.as_bytes(), &[40, 70]);
    let side = pictures[0].width();
    let mut sheet = GrayImage::from_pixel(2 * side, 2 * side, image::Luma([255]));
    for (index, picture) in [&pictures[2], &pictures[0], &pictures[1], &picture(OFFER, 3)].iter().enumerate()
    {
        let (x, y) = (index % 2, index / 2);
        let at = |place: usize| i64::from(side) * i64::try_from(place).unwrap();
        image::imageops::replace(&mut sheet, *picture, at(x), at(y));
    }
    assert_eq!(scan(&sheet), [OFFER, SECRET_LINK]);
}

#[test]
fn letters_that_are_cut_apart_are_whole_again() {
    let link = "otpauth://totp/Über:ädä?secret=JBSWY3DPEHPK3PXP";
    let cut = link.find('Ü').unwrap() + 1;
    let [first, second] = &parts(link.as_bytes(), &[cut])[..] else { panic!("two parts") };
    let mut scanner = FrameScanner::new();
    stream(&mut scanner, first);
    assert_eq!(text(&stream(&mut scanner, second)), Some(link));
}

#[test]
fn modes_and_character_sets_go_on_in_the_next_part() {
    // `日本` in Shift JIS, cut within the second letter; the parity is of the bytes, in whatever mode they are.
    let bytes = b"\x93\xFA\x96\x7B:123456";
    let parity = parity(bytes);
    let first = Bits::default().header(0, 3, parity).eci(20).bytes(b"\x93\xFA\x96").picture();
    let second = Bits::default().header(1, 3, parity).bytes(b"\x7B:").picture();
    let third = Bits::default().header(2, 3, parity).digits("123456").picture();
    let mut scanner = FrameScanner::new();
    stream(&mut scanner, &first);
    stream(&mut scanner, &third);
    let whole = stream(&mut scanner, &second);
    let [ScannedCode::Text(whole)] = &whole[..] else { panic!("{whole:?}") };
    assert!(whole.has_unreadable_letters() || whole.expose() == "日本:123456", "{}", whole.expose());
    assert!(whole.expose().ends_with(":123456"));
}

#[test]
fn parts_of_different_texts_never_make_one() {
    let other = SECRET_LINK.replacen("JBSW", "MZXW", 1);
    let (ours, theirs) = (parts(SECRET_LINK.as_bytes(), &[40]), parts(other.as_bytes(), &[40]));
    let mut scanner = FrameScanner::new();
    // Their parities differ, so both are under way.
    stream(&mut scanner, &ours[0]);
    assert_eq!(missing(&stream(&mut scanner, &theirs[1])), Some((2, vec![0])));
    assert_eq!(text(&stream(&mut scanner, &ours[1])), Some(SECRET_LINK));
    assert_eq!(text(&stream(&mut scanner, &theirs[0])), Some(&other[..]));

    // The same header by chance: the parity of the whole tells them apart.
    let bytes = SECRET_LINK.as_bytes();
    let altered = Bits::default().header(1, 2, parity(bytes)).bytes(b"P&issuer=Nord").picture();
    let mut scanner = FrameScanner::new();
    stream(&mut scanner, &ours[0]);
    let mixed = stream(&mut scanner, &altered);
    assert_eq!(mixed.len(), 1);
    assert_eq!(mixed[0].text().err(), Some(ScanError::PartsMismatched));
    assert_eq!(missing(&stream(&mut scanner, &ours[1])), Some((2, vec![0])), "begins anew");
}

#[test]
fn headers_that_no_text_has_give_no_text() {
    let bytes = SECRET_LINK.as_bytes();
    let beyond = Bits::default().header(3, 2, parity(bytes)).bytes(bytes).picture();
    assert_eq!(codes(&beyond)[0].text().err(), Some(ScanError::PartsMismatched));

    let twice = Bits::default().header(0, 2, 7).header(1, 2, 7).bytes(bytes).picture();
    assert_eq!(codes(&twice), []);

    let late = Bits::default().bytes(bytes).header(0, 2, parity(bytes)).picture();
    assert_eq!(missing(&codes(&late)), Some((2, vec![1])));

    // One code alone is whole, although generators differ on the parity then.
    let single = Bits::default().header(0, 1, 0).bytes(bytes).picture();
    assert_eq!(text(&codes(&single)), Some(SECRET_LINK));
}

#[test]
fn what_a_part_holds_is_not_in_debug_output() {
    let found = codes(&parts(b"otpauth://CANARY", &[10])[0]);
    assert_eq!(format!("{found:?}"), "[Parts(ScannedParts { count: 2, missing: [1] })]");
}

/// Pictures for those who collect parts from files, a file each.
#[test]
#[ignore = "writes vectors: cargo test -p countersign-scan writes_the_pictures -- --ignored"]
fn writes_the_pictures() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/scan");
    let mut scanner = PartCollector::new();
    let first = scan_picture(&vector("structured-append-part1-cut-in-secret.png")).unwrap();
    let second = scan_picture(&vector("structured-append-part2.png")).unwrap();
    scanner.add(first);
    let whole = scanner.add(second);
    let whole = text(&whole).unwrap().as_bytes();
    let altered = Bits::default().header(1, 2, parity(whole)).bytes(b"P&issuer=Nord").picture();
    altered.save(folder.join("structured-append-part2-of-another-text.png")).unwrap();
    let letters = letters::in_shift_jis();
    let picture = Bits::default().eci(20).bytes(&letters).picture();
    picture.save(folder.join("qr-shift-jis.png")).unwrap();
}
