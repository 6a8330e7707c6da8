//! ZIP archives and KeePass databases.

use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

const DATABASES: [&str; 4] =
    ["keepass-3.kdbx", "keepass-4.kdbx", "keepass-4-chacha20.kdbx", "keepass-4-aes-kdf.kdbx"];

fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn offers_of(bytes: &[u8]) -> Result<Vec<OtpOffer>, ImportError> {
    let mut import = Import::new();
    import.add_file(bytes, Some(&password()))?;
    Ok(import.offers().collect())
}

#[test]
fn an_archive_is_read_as_the_one_export_in_it() {
    assert_eq!(offers_of(&vector("raivo-aes.zip")).unwrap(), [hospital(), bank(), door()]);
    assert_eq!(offers_of(&vector("proton-pass.zip")).unwrap(), [hospital(), bank()]);
    let list = zip_of(&[
        ("folder/links.txt", ALICE.as_bytes()),
        ("readme.txt", &b"no export"[..]),
        ("a.png", &b"\x89PNG"[..]),
    ]);
    assert_eq!(offers_of(&list).unwrap().len(), 1);
    let encrypted = zip_of(&[("aegis.json", &vector("aegis-encrypted.json")[..])]);
    assert_eq!(offers_of(&encrypted).unwrap().len(), 4);
}

#[test]
fn an_archive_with_a_password_asks_for_it() {
    let file = vector("raivo-aes.zip");
    let zip = ImportFormat::ZipArchive;
    assert_eq!(Import::new().add_file(&file, None).unwrap_err(), ImportError::PasswordNeeded(zip));
    let wrong = Secret::from(&b"incorrect"[..]);
    assert_eq!(Import::new().add_file(&file, Some(&wrong)).unwrap_err(), ImportError::WrongPassword(zip));
}

#[test]
fn an_archive_of_no_export_or_of_several_is_refused() {
    let export = vector("aegis.json");
    let inner = zip_of(&[("aegis.json", &export[..])]);
    for files in [
        &[][..],
        &[("a.txt", &b"words"[..])],
        &[("a.json", &export[..]), ("b.json", &export[..])],
        &[("inner.zip", &inner[..])],
        &[("a.bin", &b"\x00\x02\x49\xf0\xff\xff\xff\xff"[..])],
    ] {
        let refused = offers_of(&zip_of(files)).unwrap_err();
        assert!(matches!(refused, ImportError::Archive | ImportError::UnknownFormat), "{refused:?}");
    }
}

#[test]
fn an_archive_that_would_fill_the_memory_is_refused() {
    let zeros = vec![b' '; Import::MAX_FILE_BYTES + 1];
    let bomb = zip_of(&[("a.json", &zeros[..])]);
    assert!(bomb.len() < 64 * 1024);
    assert_eq!(offers_of(&bomb).unwrap_err(), ImportError::TooMuch);
    let half = &zeros[..Import::MAX_FILE_BYTES / 2 + 1];
    assert_eq!(offers_of(&zip_of(&[("a", half), ("b", half)])).unwrap_err(), ImportError::TooMuch);
    let names: Vec<String> = (0..3000).map(|number| number.to_string()).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    assert_eq!(offers_of(&zip_of(&many)).unwrap_err(), ImportError::Archive);
}

#[test]
fn keepass_databases_of_every_kind_are_read() {
    for name in ["keepass-3.kdbx", "keepass-4-chacha20.kdbx", "keepass-4-aes-kdf.kdbx"] {
        assert_eq!(offers_of(&vector(name)).unwrap(), [hospital(), bank()], "{name}");
    }
    let mut import = Import::new();
    import.add_file(&vector("keepass-4.kdbx"), Some(&password())).unwrap();
    let all = import.entries().unwrap();
    let (deleted, kept): (Vec<_>, Vec<_>) = all.into_iter().partition(|found| found.entry.is_deleted);
    let mut offers: Vec<_> = kept.into_iter().map(|found| found.entry.content.unwrap()).collect();
    offers.sort_by(|one, other| one.issuer.cmp(&other.issuer));
    let counted =
        offer("Counter", "ada", (200..216).collect(), Algorithm::Sha1, 6, MovingFactor::Counter { next: 42 });
    let edited = offer("Edited", "x", (60..80).collect(), Algorithm::Sha1, 6, time(30));
    let kee_otp = OtpOffer { issuer: "KeeOtp".into(), ..bank() };
    assert_eq!(offers, [bank(), counted, edited, kee_otp, hospital(), steam()]);
    assert_eq!(deleted.len(), 1);
}

#[test]
fn a_keepass_database_asks_for_its_password() {
    let keepass = ImportFormat::KeePass;
    let wrong = Secret::from(&b"incorrect"[..]);
    for name in DATABASES {
        let file = vector(name);
        assert_eq!(Import::new().add_file(&file, None).unwrap_err(), ImportError::PasswordNeeded(keepass));
        let refused = Import::new().add_file(&file, Some(&wrong)).unwrap_err();
        assert_eq!(refused, ImportError::WrongPassword(keepass), "{name}");
    }
}

#[test]
fn a_database_that_was_cut_or_altered_is_refused() {
    // The other's key derivation takes its time.
    for name in DATABASES.into_iter().filter(|name| *name != "keepass-4.kdbx") {
        let file = vector(name);
        for length in (0..file.len()).step_by(41) {
            assert!(offers_of(&file[..length]).is_err(), "{name} cut to {length}");
        }
        for place in (8..file.len()).step_by(53) {
            let mut altered = file.clone();
            altered[place] ^= 0x10;
            let read = offers_of(&altered);
            // Version 3 has no MAC, so an altered text may go unnoticed until it is read; version 4 has one.
            assert!(read.is_err() || name == "keepass-3.kdbx", "{name} altered at {place}");
        }
    }
    let header = b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5\0\0";
    let [newer, older] = [[header, &b"\x05\0"[..]].concat(), [header, &b"\x02\0"[..]].concat()];
    assert_eq!(offers_of(&newer).unwrap_err(), ImportError::UnknownVersion(ImportFormat::KeePass));
    assert_eq!(offers_of(&older).unwrap_err(), ImportError::OldVersion(ImportFormat::KeePass));
}

#[test]
fn a_database_that_asks_for_too_much_is_not_opened() {
    let replaced = |name: &str, from: &[u8], to: &[u8]| {
        let mut file = vector(name);
        let place = file.windows(from.len()).position(|window| window == from).unwrap();
        file[place..place + to.len()].copy_from_slice(to);
        offers_of(&file).unwrap_err()
    };
    let costly = ImportError::TooCostly(ImportFormat::KeePass);
    let huge = u64::MAX.to_le_bytes();
    let rounds = 1000_u64.to_le_bytes();
    assert_eq!(replaced("keepass-3.kdbx", &rounds, &huge), costly);
    assert_eq!(replaced("keepass-4-aes-kdf.kdbx", &rounds, &huge), costly);
    assert_eq!(replaced("keepass-4-chacha20.kdbx", &(1_u64 << 20).to_le_bytes(), &huge), costly);
}
