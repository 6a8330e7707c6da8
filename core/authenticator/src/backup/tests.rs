//! What a backup promises: it opens, it holds everything, and nothing can be done to it unnoticed.

use super::*;
use crate::import::{Import, ImportError, ImportFormat};
use crate::otp::{Algorithm, CodeFormat, MovingFactor, OtpParameters};

fn password() -> Secret {
    Secret::from(&b"a passphrase as typed"[..])
}

fn account(
    issuer: &str,
    name: &str,
    algorithm: Algorithm,
    format: CodeFormat,
    factor: MovingFactor,
) -> Account {
    let secret = Secret::from(format!("CANARY {issuer} {name}").as_bytes());
    let otp = OtpParameters::new(secret, algorithm, format, factor).unwrap();
    Account { otp: Some(otp), ..Account::new(issuer, name, 1_790_000_000) }
}

/// One of each kind, with names that would break a careless writer.
fn accounts() -> Accounts {
    let (six, ten) = (CodeFormat::Decimal { digits: 6 }, CodeFormat::Decimal { digits: 10 });
    let time = |period| MovingFactor::Time { period };
    let readable = vec![
        account("Example", "alice@example.org", Algorithm::Sha1, six, time(30)),
        account("Example", "alice@example.org", Algorithm::Sha512, ten, time(u32::MAX)),
        account(
            "Lab: \"door\" \\ 7",
            "a:b & c=%41+ ü",
            Algorithm::Sha256,
            six,
            MovingFactor::Counter { next: u64::MAX },
        ),
        account("", "only: a name", Algorithm::Sha1, six, time(1)),
        account("Steam", "ada", Algorithm::Sha1, CodeFormat::Steam, time(30)),
        account("", "", Algorithm::Sha1, CodeFormat::Steam, time(30)),
    ];
    Accounts { readable, damaged: Vec::new() }
}

#[test]
fn every_format_restores_every_field_that_it_has() {
    for format in [ExportFormat::Backup, ExportFormat::AegisJson, ExportFormat::Links] {
        let export = export(&accounts(), format, Some(&password())).unwrap();
        let Rehearsal { total, restorable, left_behind } = export.rehearsal;
        // A link of Steam codes without an issuer gives one without an issuer, too.
        assert_eq!((restorable, total, left_behind), (6, 6, vec![]), "{format:?}");
    }
}

#[test]
fn a_backup_is_imported_as_what_it_is_and_needs_its_password() {
    let export = export(&accounts(), ExportFormat::Backup, Some(&password())).unwrap();
    let mut import = Import::new();
    let added = import.add_file(&export.content, Some(&password())).unwrap();
    assert_eq!((added.format, added.entries), (ImportFormat::Countersign, 6));
    let countersign = ImportFormat::Countersign;
    let refused = Import::new().add_file(&export.content, None).unwrap_err();
    assert_eq!(refused, ImportError::PasswordNeeded(countersign));
    let wrong = Secret::from(&b"a passphrase as mistyped"[..]);
    let refused = Import::new().add_file(&export.content, Some(&wrong)).unwrap_err();
    assert_eq!(refused, ImportError::WrongPassword(countersign));
    assert!(!export.content.windows(6).any(|window| window == b"CANARY"));
}

#[test]
fn a_backup_without_a_password_is_not_made() {
    for password in [None, Some(Secret::from(&b""[..]))] {
        let refused = export(&accounts(), ExportFormat::Backup, password.as_ref()).unwrap_err();
        assert_eq!(refused, BackupError::PasswordNeeded);
    }
}

#[test]
fn what_no_file_can_hold_is_told_and_does_not_count_as_restorable() {
    let mut accounts = accounts();
    accounts.readable.push(Account::new("Northern Hospitals", "ada", 0));
    let mut trashed =
        account("Old", "x", Algorithm::Sha1, CodeFormat::Steam, MovingFactor::Time { period: 30 });
    trashed.trashed_at = Some(1);
    accounts.readable.push(trashed);
    accounts.damaged.push(Id::from_bytes([7; 16]));
    let rehearsal = export(&accounts, ExportFormat::AegisJson, None).unwrap().rehearsal;
    assert_eq!((rehearsal.restorable, rehearsal.total, rehearsal.missing()), (6, 8, 0));
    let reasons: Vec<_> = rehearsal.left_behind.iter().map(|left| left.reason).collect();
    assert_eq!(reasons, [LeftReason::Approvals, LeftReason::Damaged]);
}

#[test]
fn a_backup_of_older_accounts_does_not_pass_for_one_of_these() {
    let mut accounts = accounts();
    let old = export(&accounts, ExportFormat::AegisJson, None).unwrap().content;
    accounts.readable[2] =
        account("New", "since then", Algorithm::Sha1, CodeFormat::Steam, MovingFactor::Time { period: 30 });
    let rehearsal = rehearse(&accounts, &old, None).unwrap();
    assert_eq!((rehearsal.restorable, rehearsal.missing()), (5, 1));
}

#[test]
fn an_altered_shortened_or_lengthened_backup_does_not_open() {
    // Of three chunks.
    let text = vec![b'x'; 150_000];
    let sealed = sealed::seal(&text, &password()).unwrap();
    let opens = |bytes: &[u8]| sealed::open(bytes, Some(&password())).is_ok();
    assert!(opens(&sealed));
    let (header, chunk) = (50, 64 * 1024 + 16);
    for at in [0, 8, 17, 18, 49, header, header + chunk, sealed.len() - 1] {
        let mut altered = sealed.to_vec();
        altered[at] ^= 1;
        assert!(!opens(&altered), "byte {at}");
    }
    for length in [0, 8, header, header + chunk, header + 2 * chunk, sealed.len() - 1] {
        assert!(!opens(&sealed[..length]), "{length} bytes");
    }
    let exchanged = [
        &sealed[..header],
        &sealed[header + chunk..header + 2 * chunk],
        &sealed[header..header + chunk],
        &sealed[header + 2 * chunk..],
    ]
    .concat();
    assert!(!opens(&exchanged));
    assert!(!opens(&[&sealed[..], b"x"].concat()));
}

#[test]
fn a_backup_that_asks_for_too_much_memory_is_refused() {
    let mut sealed = sealed::seal(b"x", &password()).unwrap();
    sealed[9..13].copy_from_slice(&u32::MAX.to_be_bytes());
    let refused = sealed::open(&sealed, Some(&password())).unwrap_err();
    assert_eq!(refused, ImportError::TooCostly(ImportFormat::Countersign));
}

#[test]
fn files_appear_whole_overwrite_nothing_and_rotate() {
    let folder = tempfile::tempdir().unwrap();
    for day in 1..=5 {
        let path = folder.path().join(file_name(day * 86_400));
        assert_eq!(write(&path, b"content").unwrap(), b"content");
        assert_eq!(write(&path, b"other").unwrap_err(), BackupError::AlreadyExists);
    }
    std::fs::write(folder.path().join("countersign-holiday.csgnbackup"), "not ours to remove").unwrap();
    assert_eq!(remove_old(folder.path(), 2), (3, None));
    let mut names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [file_name(5 * 86_400 - 86_400), file_name(5 * 86_400), "countersign-holiday.csgnbackup".into()]
    );
    assert_eq!(write(&folder.path().join("no/such/folder"), b"x").unwrap_err(), BackupError::NoFolder);
}

#[test]
fn an_old_backup_that_can_not_be_removed_keeps_no_other_from_making_room() {
    let folder = tempfile::tempdir().unwrap();
    for day in [1, 3, 4] {
        write(&folder.path().join(file_name(day * 86_400)), b"content").unwrap();
    }
    // Nobody removes a folder as a file, not even root.
    std::fs::create_dir(folder.path().join(file_name(2 * 86_400))).unwrap();
    let (removed, why) = remove_old(folder.path(), 1);
    assert_eq!((removed, why.is_some()), (2, true));
    assert_eq!(remove_old(&folder.path().join("gone"), 1), (0, Some(BackupError::NoFolder)));
}

#[test]
fn a_backup_that_another_program_made_by_the_documentation_is_read() {
    let file = include_bytes!("../../../../tests/vectors/backup/version-1.csgnbackup");
    let password = Secret::from(&b"correct horse battery"[..]);
    let mut import = Import::new();
    assert_eq!(import.add_file(file, Some(&password)).unwrap().entries, 600);
    let last = import.offers().last().unwrap();
    assert_eq!((last.name.as_str(), last.parameters.secret().expose()), ("user 599", &b"secret 0599"[..]));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_people_name_their_accounts_plain_exports_bring_them_back(
        issuer in ".{0,20}",
        name in ".{0,20}",
        colons in "[a-c:]{0,6}",
        secret in proptest::collection::vec(proptest::num::u8::ANY, 1..80),
        digits in 6_u8..=10,
        counter in proptest::option::of(proptest::num::u64::ANY),
        period in 1_u32..,
    ) {
        let factor = counter.map_or(MovingFactor::Time { period }, |next| MovingFactor::Counter { next });
        let otp = OtpParameters::new(Secret::new(secret), Algorithm::Sha256, CodeFormat::Decimal { digits }, factor);
        let mut accounts = Accounts { readable: Vec::new(), damaged: Vec::new() };
        for (issuer, name) in [(&issuer, &name), (&colons, &name), (&issuer, &colons), (&colons, &colons)] {
            accounts.readable.push(Account { otp: otp.clone().ok(), ..Account::new(issuer.as_str(), name.as_str(), 0) });
        }
        for format in [ExportFormat::AegisJson, ExportFormat::Links] {
            let rehearsal = export(&accounts, format, None).unwrap().rehearsal;
            proptest::prop_assert_eq!((rehearsal.restorable, rehearsal.total), (4, 4));
        }
    }
}
