//! Texts in QR codes that an import can't take as they are.

use super::*;

fn picture(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/scan/");
    std::fs::read(format!("{folder}{name}")).unwrap()
}

#[test]
fn a_part_alone_adds_nothing() {
    let mut import = Import::new();
    let part = picture("structured-append-part1-cut-in-secret.png");
    assert_eq!(import.add_picture(&part).unwrap().entries, 0);
    let refused = import.entries().unwrap_err();
    assert_eq!(refused, ImportError::Picture(ScanError::PartsMissing { count: 2, missing: 1 }));

    assert_eq!(import.add_picture(&picture("structured-append-part2.png")).unwrap().entries, 1);
    let entries = import.entries().unwrap();
    assert!(entries.len() == 1 && entries[0].entry.offer().is_some());
}

#[test]
fn a_part_of_another_text_changes_nothing() {
    let mut import = Import::new();
    import.add_picture(&picture("structured-append-part1-cut-in-secret.png")).unwrap();
    let altered = import.add_picture(&picture("structured-append-part2-of-another-text.png"));
    assert_eq!(altered.err(), Some(ScanError::PartsMismatched.into()));
    let added = import.add_picture(&picture("structured-append-part2.png")).unwrap();
    assert_eq!(added.entries, 1, "the import stayed as it was");
}

#[test]
fn an_import_says_that_letters_could_not_be_read() {
    let added = Import::new().add_picture(&picture("qr-shift-jis.png")).unwrap();
    assert_eq!((added.entries, added.has_unreadable_letters), (1, !cfg!(feature = "charsets")));
}
