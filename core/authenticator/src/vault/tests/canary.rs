//! Planted secrets: none is ever found in the files, nor in any error or debug text.

use data_encoding::{BASE32, BASE64, BASE64URL, HEXLOWER, HEXUPPER};

use super::*;

const SECRET: &[u8] = b"\xF0canary-of-the-secret\x0F";
const ISSUER: &str = "canary-of-the-issuer";
const NAME: &str = "canary-of-the-name";
const PASSPHRASE: &str = "canary-of-the-passphrase";

fn planted() -> Account {
    let secret = Secret::from(SECRET);
    let otp = OtpParameters::new(
        secret,
        Algorithm::Sha1,
        CodeFormat::Decimal { digits: 6 },
        MovingFactor::Counter { next: 0 },
    );
    Account { otp: Some(otp.unwrap()), ..Account::new(ISSUER, NAME, 1) }
}

/// Every form in which the planted texts might turn up; the ends are cut off, since what is beside them changes them.
fn forms(code: &RecoveryCode) -> Vec<Vec<u8>> {
    let mut forms = vec![code.to_text().as_bytes().to_vec(), code.to_text().replace('-', "").into_bytes()];
    for planted in [SECRET, ISSUER.as_bytes(), NAME.as_bytes(), PASSPHRASE.as_bytes()] {
        forms.push(planted[1..planted.len() - 1].to_vec());
        for encoding in [HEXLOWER, HEXUPPER] {
            forms.push(encoding.encode(planted).into_bytes());
        }
        for (encoding, group) in [(BASE64, 3), (BASE64URL, 3), (BASE32, 5)] {
            for shift in 0..group {
                let whole = &planted[shift..][..(planted.len() - shift) / group * group];
                forms.push(encoding.encode(whole).into_bytes());
            }
        }
    }
    forms
}

fn contains(content: &[u8], form: &[u8]) -> bool {
    content.windows(form.len()).any(|window| window == form)
}

#[test]
fn no_planted_secret_reaches_the_disk() {
    let Fixture { folder, code, vault } = Fixture::new();
    let slot = NewSlot::from_passphrase_at_cost(&PASSPHRASE.as_bytes().into(), 64, 1).unwrap();
    vault.add_slot(&slot).unwrap();
    let forms = forms(&code);
    let inspect = |stage: &str| {
        let files = files_in(folder.path());
        for file in &files {
            let content = fs::read(folder.path().join(file)).unwrap();
            for form in &forms {
                assert!(!contains(&content, form), "{stage}: {file}: {}", String::from_utf8_lossy(form));
            }
        }
        files
    };

    let account = planted();
    vault.add_account(&account).unwrap();
    assert_eq!(inspect("added"), ["vault.db", "vault.db-shm", "vault.db-wal"]);
    // That the search finds what is there: the identifier isn't secret.
    let log = fs::read(folder.path().join("vault.db-wal")).unwrap();
    assert!(contains(&log, account.id.as_bytes()));

    vault.rename_account(account.id, &format!("{ISSUER} 2"), NAME).unwrap();
    vault.next_hotp(account.id).unwrap();
    vault
        .transaction(|transaction| transaction.put(id(1), &Offset { seconds: 1, secret: SECRET.into() }))
        .unwrap();
    inspect("changed");
    vault.lock();
    inspect("locked");
    vault.unlock_with_passphrase(&PASSPHRASE.as_bytes().into()).unwrap();
    vault.delete_account(account.id).unwrap();
    inspect("deleted");
    drop(vault);
    assert_eq!(inspect("closed"), ["vault.db"]);
}

#[test]
fn a_deleted_record_is_overwritten_and_not_only_unlinked() {
    let Fixture { folder, code: _, vault } = Fixture::new();
    let path = folder.path().join("vault.db");
    let account = planted();
    vault.add_account(&account).unwrap();
    vault.lock();
    assert!(contains(&fs::read(&path).unwrap(), account.id.as_bytes()));
    drop(vault);
    let vault = Vault::open(&path).unwrap();
    let connection = &vault.state().connection;
    connection.execute("DELETE FROM records WHERE kind = 1", []).unwrap();
    connection::empty_log(connection);
    assert!(!contains(&fs::read(&path).unwrap(), account.id.as_bytes()));
}

#[test]
fn no_planted_secret_reaches_an_error_or_a_debug_text() {
    let fixture = Fixture::new();
    let vault = &fixture.vault;
    let slot = NewSlot::from_passphrase_at_cost(&PASSPHRASE.as_bytes().into(), 64, 1).unwrap();
    let account = planted();
    vault.add_slot(&slot).unwrap();
    vault.add_account(&account).unwrap();
    vault.trash_account(account.id, 1).unwrap();

    let mut texts = vec![format!("{vault:?}"), format!("{slot:?}"), format!("{:?}", fixture.code)];
    let mut note = |error: VaultError| texts.push(format!("{error} {error:?} {}", error.code()));
    note(vault.add_account(&account).unwrap_err());
    note(Vault::create(&fixture.path(), &[slot]).unwrap_err());
    let wrong: Secret = format!("{PASSPHRASE}!").as_bytes().into();
    note(vault.unlock_with_passphrase(&wrong).unwrap_err());
    note(vault.change_passphrase(&wrong, &PASSPHRASE.as_bytes().into()).unwrap_err());
    let large = Account::new(ISSUER, NAME.repeat(10_000), 1);
    note(vault.add_account(&large).unwrap_err());
    note(Vault::open(&fixture.path().with_file_name(NAME)).unwrap_err());
    // A record that opens and can't be read: the text of such an error would quote it.
    let damaged = vault.transaction(|transaction| {
        transaction.update(account.id, &Misread { issuer: SECRET.to_vec(), name: NAME.into() })
    });
    damaged.unwrap();
    note(vault.account(account.id).unwrap_err());
    texts.push(format!("{:?}", vault.accounts().unwrap()));
    let typo = RecoveryCode::parse(&fixture.code.to_text().replacen(['0', '1', '2', '3'], "U", 1));
    texts.push(format!("{typo:?}"));

    let mut forms = forms(&fixture.code);
    forms.push(fixture.code.to_text().as_bytes()[10..24].to_vec());
    for text in texts {
        for form in &forms {
            assert!(!contains(text.as_bytes(), form), "{text}");
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Misread {
    issuer: Vec<u8>,
    name: String,
}

impl Record for Misread {
    const KIND: RecordKind = RecordKind::Account;
}
