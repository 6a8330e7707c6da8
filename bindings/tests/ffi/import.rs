//! Import as a shell sees it: told before it is done, done whole or not at all, and taken back.

use std::sync::Arc;

use crate::support::Phone;
use countersign_ffi::{
    AuthenticatorError, CancelHandle, Import, ImportOptions, Offer, Page, Passphrase, RowChoice, RowOutcome,
    RowVerdict, SameName,
};

const LINKS: &[u8] = b"otpauth://totp/North:ada?secret=GEZDGNBVGY3TQOJQ&issuer=North\n\
    otpauth://totp/South:bob?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=South\n";
const BROKEN: &[u8] = b"otpauth://totp/North:eve?secret=0189\n";

/// Aegis' own encryption, by the password "correct horse battery".
const ENCRYPTED: &[u8] = include_bytes!("../../../tests/vectors/import/aegis-encrypted.json");

async fn import_of(files: &[&[u8]]) -> Arc<Import> {
    let import = Import::new();
    for file in files {
        import.add_file(file.to_vec(), None, None).await.unwrap();
    }
    import
}

const fn options(same_name: SameName) -> ImportOptions {
    ImportOptions { same_name, choices: Vec::new(), partial: false, skip_same_secret: false, deleted: false }
}

#[tokio::test]
async fn an_import_is_told_done_proven_and_taken_back() {
    let phone = Phone::make().await;
    phone.add_totp("JBSWY3DPEHPK3PXP").await;
    let before = phone.authenticator.accounts(None).await.unwrap();
    let import = Import::new();
    let file = import.add_file(LINKS.to_vec(), None, None).await.unwrap();
    assert_eq!((file.format.as_str(), file.entries), ("links", 2));

    let page = Some(Page { offset: 1, limit: 5 });
    let preview = phone.authenticator.preview_import(Arc::clone(&import), None, page).await.unwrap();
    assert_eq!((preview.rows.len(), preview.total, preview.refused), (1, 2, 0));
    assert_eq!((preview.rows[0].row, &preview.rows[0].verdict), (1, &RowVerdict::New));
    let replace = Some(ImportOptions {
        choices: vec![RowChoice { row: 0, choice: SameName::Replace }],
        ..options(SameName::Skip)
    });
    let preview =
        phone.authenticator.preview_import(Arc::clone(&import), replace.clone(), None).await.unwrap();
    let there = before.accounts[0].id;
    let verdict = RowVerdict::SameName { accounts: vec![there], choice: SameName::Replace };
    assert_eq!(preview.rows[0].verdict, verdict);
    assert_eq!(phone.authenticator.accounts(None).await.unwrap(), before);
    assert_eq!(phone.authenticator.last_import().await.unwrap(), None);

    let report = phone.authenticator.import_accounts(Arc::clone(&import), replace).await.unwrap();
    assert_eq!(report.proven, 2);
    assert_eq!((report.rows[0].outcome, &report.rows[0].replaced), (RowOutcome::Added, &vec![there]));
    assert_eq!(phone.authenticator.last_import().await.unwrap().unwrap().changes, 3);
    let again = phone.authenticator.import_accounts(import, None).await.unwrap();
    assert!(again.rows.iter().all(|row| row.outcome == RowOutcome::Unchanged && row.account.is_some()));

    let undone = phone.authenticator.undo_import().await.unwrap();
    assert_eq!((undone.trashed, undone.restored, undone.left), (2, 1, 0));
    let accounts = phone.authenticator.accounts(None).await.unwrap().accounts;
    assert_eq!(accounts.iter().filter(|account| account.trashed_at.is_none()).count(), 1);
    let error = phone.authenticator.undo_import().await.unwrap_err();
    assert!(matches!(error, AuthenticatorError::Gone { .. }));
}

#[tokio::test]
async fn one_entry_that_cannot_be_imported_keeps_the_others_out_unless_partial() {
    let phone = Phone::make().await;
    let import = import_of(&[LINKS, BROKEN]).await;
    let preview = phone.authenticator.preview_import(Arc::clone(&import), None, None).await.unwrap();
    assert_eq!((preview.total, preview.refused), (3, 1));
    let RowVerdict::Refused { reason } = &preview.rows[2].verdict else { panic!("a secret that is none") };
    assert_eq!(reason.code, "offer_bad_secret");

    let error = phone.authenticator.import_accounts(Arc::clone(&import), None).await.unwrap_err();
    assert_eq!(error.code(), "import_entries_refused");
    assert_eq!(phone.authenticator.accounts(None).await.unwrap().total, 0);
    let partial = Some(ImportOptions { partial: true, ..options(SameName::KeepBoth) });
    let report = phone.authenticator.import_accounts(import, partial).await.unwrap();
    assert_eq!((report.proven, report.rows[2].outcome), (2, RowOutcome::Refused));
}

#[tokio::test]
async fn a_row_says_where_it_stands_and_what_else_has_its_secret() {
    let phone = Phone::make().await;
    phone.add_totp("JBSWY3DPEHPK3PXP").await;
    let there = phone.authenticator.accounts(None).await.unwrap().accounts[0].id;
    let list = b"otpauth://totp/Other:me?secret=JBSWY3DPEHPK3PXP&issuer=Other\n\n\
        otpauth://totp/Old:me?secret=GEZDGNBVGY3TQOJQ&issuer=Old&codeDisplay=%7B%22trashed%22%3Atrue%7D\n";
    let import = import_of(&[LINKS, list]).await;
    let rows = |options: Option<ImportOptions>| {
        let (authenticator, import) = (Arc::clone(&phone.authenticator), Arc::clone(&import));
        async move { authenticator.preview_import(import, options, None).await.unwrap().rows }
    };
    let told = rows(None).await;
    let same_secret = |choice| RowVerdict::SameSecret { accounts: vec![there], choice };
    assert_eq!(
        (&told[2].verdict, told[2].file, told[2].line),
        (&same_secret(SameName::KeepBoth), Some(1), Some(1))
    );
    assert_eq!((&told[3].verdict, told[3].line, told[3].entry), (&RowVerdict::Deleted, Some(3), None));
    let other = ImportOptions { skip_same_secret: true, deleted: true, ..options(SameName::KeepBoth) };
    let told = rows(Some(other)).await;
    assert_eq!(told[2].verdict, same_secret(SameName::Skip));
    assert_eq!(told[3].verdict, RowVerdict::SameSecret { accounts: vec![], choice: SameName::Skip });
}

#[tokio::test]
async fn an_encrypted_export_asks_for_its_password_until_it_is_right() {
    let (phone, import) = (Phone::make().await, Import::new());
    for (password, code) in [(None, "import_password_needed"), (Some("wrong"), "import_wrong_password")] {
        let password = password.map(|text| Passphrase::new(text.as_bytes()));
        let error = import.add_file(ENCRYPTED.to_vec(), password, None).await.unwrap_err();
        assert!(matches!(error, AuthenticatorError::WrongKey { .. }), "{error:?}");
        assert_eq!(error.code(), code);
    }
    let empty = phone.authenticator.preview_import(Arc::clone(&import), None, None).await.unwrap_err();
    assert_eq!(empty.code(), "import_empty");
    let file = import
        .add_file(ENCRYPTED.to_vec(), Some(Passphrase::new(b"correct horse battery")), None)
        .await
        .unwrap();
    assert_eq!(file.app, "Aegis");
    assert!(file.entries > 0);
}

#[tokio::test]
async fn a_cancelled_file_is_not_in_the_import() {
    let (phone, import, cancel) = (Phone::make().await, Import::new(), CancelHandle::new());
    cancel.cancel();
    let error = import.add_file(LINKS.to_vec(), None, Some(cancel)).await.unwrap_err();
    assert!(matches!(error, AuthenticatorError::Cancelled { .. }));
    let empty = phone.authenticator.preview_import(import, None, None).await.unwrap_err();
    assert_eq!(empty.code(), "import_empty");
}

#[tokio::test]
async fn what_a_camera_sees_is_imported_once_all_parts_are_there() {
    // Two parts of one export of Google Authenticator, each with one account.
    let [first, second] =
        PARTS.map(|data| Offer::parse(format!("otpauth-migration://offline?data={data}")).unwrap());
    let (phone, import) = (Phone::make().await, Import::new());
    import.add_offer(Arc::clone(&first)).await.unwrap();
    let error = phone.authenticator.preview_import(Arc::clone(&import), None, None).await.unwrap_err();
    assert_eq!(error.code(), "export_incomplete");
    // A camera sees the same code many times.
    import.add_offer(first).await.unwrap();
    import.add_offer(second).await.unwrap();
    let single = Offer::parse("otpauth://totp/North:ada?secret=GEZDGNBVGY3TQOJQ".into()).unwrap();
    import.add_offer(single).await.unwrap();
    assert_eq!(phone.authenticator.import_accounts(import, None).await.unwrap().proven, 3);
}

const PARTS: [&str; 2] =
    ["ChUKCgEBAQEBAQEBAQESAWEgASgBMAIQARgCIAAoBw%3D%3D", "ChUKCgICAgICAgICAgISAWEgASgBMAIQARgCIAEoBw%3D%3D"];
