//! A move between two phones as a shell sees it: what each shows and scans, what is refused, and what nobody learns.

use crate::support::Phone;
use countersign_ffi::{
    AuthenticatorError, Import, ImportOptions, Receiving, ReceivingStep, RowOutcome, SameName, SendingStep,
    Transfer,
};

const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const LINKS: &str = "otpauth://totp/North:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=North\n\
    otpauth://hotp/South:bob?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=South&counter=5\n";

async fn old_phone() -> Phone {
    let (phone, import) = (Phone::make().await, Import::new());
    import.add_file(LINKS.as_bytes().to_vec(), None, None).await.unwrap();
    phone.authenticator.import_accounts(import, None).await.unwrap();
    phone
}

fn invitation(receiving: &Receiving) -> String {
    let ReceivingStep::Inviting { invitation } = &receiving.step else { panic!("{receiving:?}") };
    invitation.clone()
}

/// Both phones with a move between them, up to the check value.
async fn greeted() -> (Phone, Phone, String) {
    let (old, new) = (old_phone().await, Phone::make().await);
    let begun = new.authenticator.receive_accounts().await.unwrap();
    let sending = old.authenticator.send_accounts(invitation(&begun)).await.unwrap();
    let SendingStep::Comparing { acceptance } = sending.step else { panic!("an acceptance") };
    let receiving = new.authenticator.receive_code(acceptance).await.unwrap();
    assert_eq!(receiving.check_value.as_ref(), Some(&sending.check_value));
    (old, new, sending.check_value)
}

#[tokio::test]
async fn accounts_arrive_are_proven_and_leave_or_are_taken_back() {
    let (old, new, check_value) = greeted().await;
    let shown = old.authenticator.show_accounts(check_value, None).await.unwrap();
    assert_eq!((shown.rehearsal.restorable, shown.rehearsal.missing), (2, 0));
    assert!(shown.codes.iter().all(|code| !code.contains(SECRET)));
    for code in &shown.codes {
        new.authenticator.receive_code(code.clone()).await.unwrap();
    }
    let Some(Transfer::NewPhone { receiving }) = new.authenticator.transfer().await.unwrap() else {
        panic!("a move")
    };
    assert_eq!(receiving.step, ReceivingStep::Complete);
    let preview = new.authenticator.preview_received(None, None).await.unwrap();
    assert_eq!((preview.total, preview.refused), (2, 0));
    let received = new.authenticator.store_received(None).await.unwrap();
    assert_eq!(received.report.proven, 2);

    let early = old.authenticator.remove_moved().await.unwrap_err();
    assert_eq!(early.code(), "move_not_proven");
    let mut sending = None;
    for code in received.receipt {
        sending = Some(old.authenticator.receive_receipt(code).await.unwrap());
    }
    let proven = SendingStep::Proven { held: 2, sent: 2, ahead: Vec::new() };
    assert_eq!(sending.unwrap().step, proven);
    let accounts = old.authenticator.accounts(None).await.unwrap().accounts;
    assert!(accounts.iter().all(|account| account.moved_at.is_some() && account.trashed_at.is_none()));

    let counted = accounts.iter().find(|account| account.name == "bob").unwrap().id;
    let gone = old.authenticator.next_code(counted).await.unwrap_err();
    assert_eq!(gone.code(), "account_moved_away");
    old.authenticator.take_back(counted).await.unwrap();
    old.authenticator.next_code(counted).await.unwrap();
    assert_eq!(old.authenticator.remove_moved().await.unwrap(), 1);
    assert_eq!(old.authenticator.transfer().await.unwrap(), None);
}

#[tokio::test]
async fn a_wrong_check_value_shows_nothing_and_a_wrong_code_changes_nothing() {
    let (old, new, check_value) = greeted().await;
    let wrong = old.authenticator.show_accounts("0000-0000".into(), None).await.unwrap_err();
    assert_eq!(wrong.code(), "move_check_value_differs");
    assert!(matches!(wrong, AuthenticatorError::Input { .. }));

    let (stranger, other, strange_value) = greeted().await;
    let strange = stranger.authenticator.show_accounts(strange_value, None).await.unwrap();
    let before = new.authenticator.transfer().await.unwrap();
    let foreign = new.authenticator.receive_code(strange.codes[0].clone()).await.unwrap_err();
    assert_eq!(foreign.code(), "move_other");
    let early = new.authenticator.store_received(None).await.unwrap_err();
    assert_eq!((early.code().as_str(), early.parameter()), ("move_incomplete", Some(1)));
    assert_eq!(new.authenticator.transfer().await.unwrap(), before);

    let nobody = Phone::make().await;
    let error = nobody.authenticator.receive_code(strange.codes[0].clone()).await.unwrap_err();
    assert!(matches!(error, AuthenticatorError::Gone { .. }), "{error:?}");
    let error = nobody.authenticator.receive_code("planted-canary".into()).await.unwrap_err();
    assert!(!format!("{error:?} {error}").contains("canary"));

    old.authenticator.end_transfer().await.unwrap();
    let ended = old.authenticator.show_accounts(check_value, None).await.unwrap_err();
    assert_eq!(ended.code(), "move_not_under_way");
    other.authenticator.end_transfer().await.unwrap();
}

#[tokio::test]
async fn one_account_alone_moves_and_one_of_the_same_name_is_the_persons_choice() {
    let (old, new, check_value) = greeted().await;
    new.add_totp("JBSWY3DPEHPK3PXP").await;
    let accounts = old.authenticator.accounts(None).await.unwrap().accounts;
    let ada = accounts.iter().find(|account| account.name == "ada").unwrap().id;
    let shown = old.authenticator.show_accounts(check_value, Some(vec![ada])).await.unwrap();
    for code in shown.codes {
        new.authenticator.receive_code(code).await.unwrap();
    }
    let skip = ImportOptions {
        same_name: SameName::Skip,
        choices: Vec::new(),
        partial: false,
        skip_same_secret: false,
        deleted: false,
    };
    let received = new.authenticator.store_received(Some(skip)).await.unwrap();
    assert_eq!(received.report.rows[0].outcome, RowOutcome::Skipped);
    let sending = old.authenticator.receive_receipt(received.receipt[0].clone()).await.unwrap();
    assert_eq!(sending.step, SendingStep::Proven { held: 0, sent: 1, ahead: Vec::new() });
    assert_eq!(old.authenticator.remove_moved().await.unwrap(), 0);
}
