//! A move over a real service as a shell sees it: chosen and named on both phones, carried, cancelled, or gone.

use std::sync::Arc;
use std::time::Duration;

use crate::support::Phone;
use crate::world::World;
use countersign_ffi::{
    AuthenticatorError, CancelHandle, Id, Receiving, ReceivingStep, Sending, SendingStep, Transfer,
    TransferRelay,
};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

/// An enrolled phone with one account to move, a new one, and the first one's account of the service.
async fn phones(world: &World) -> (Phone, Phone, Id) {
    let (old, new) = (Phone::make().await, Phone::make().await);
    let account = world.enrolled(&old.authenticator).await;
    old.add_totp(SECRET).await;
    (old, new, account)
}

/// The old phone's move once it has taken up the new one's invitation.
async fn begun(old: &Phone, new: &Phone) -> Sending {
    let ReceivingStep::Inviting { invitation } = new.authenticator.receive_accounts().await.unwrap().step
    else {
        panic!("it invites")
    };
    old.authenticator.send_accounts(invitation).await.unwrap()
}

/// Both phones as far as the accounts being sealed, over the account's service. Gives the old one's codes.
async fn greet(old: &Phone, new: &Phone, account: Id) -> Vec<String> {
    begun(old, new).await;
    let sending = old.authenticator.choose_relay(Some(account)).await.unwrap();
    let SendingStep::Comparing { acceptance } = sending.step else { panic!("it compares") };
    let receiving = new.authenticator.receive_code(acceptance).await.unwrap();
    assert_eq!(receiving.relay, sending.relay, "both phones tell which service it is");
    old.authenticator.show_accounts(sending.check_value, None).await.unwrap().codes
}

async fn sending(old: &Phone) -> Result<Sending, AuthenticatorError> {
    match old.authenticator.relay_transfer(None).await? {
        Transfer::OldPhone { sending } => Ok(sending),
        other => panic!("{other:?}"),
    }
}

async fn receiving(new: &Phone) -> Result<Receiving, AuthenticatorError> {
    match new.authenticator.relay_transfer(None).await? {
        Transfer::NewPhone { receiving } => Ok(receiving),
        other => panic!("{other:?}"),
    }
}

fn is_delivered(relay: Option<TransferRelay>) -> bool {
    relay.is_some_and(|relay| relay.is_delivered)
}

#[tokio::test]
async fn accounts_go_over_the_service_that_both_phones_name() {
    let world = World::start().await;
    let (old, new, account) = phones(&world).await;
    let host = world.service.address().to_string();
    let able = old.authenticator.relay_accounts().await.unwrap().remove(0);
    assert_eq!((able.account, &able.service), (account, &host));
    assert!(new.authenticator.relay_accounts().await.unwrap().is_empty());
    greet(&old, &new, account).await;

    let sent = sending(&old).await.unwrap();
    assert_eq!(sent.relay, Some(TransferRelay { service: host, is_delivered: true }));
    assert!(matches!(sent.step, SendingStep::Showing { .. }));
    assert_eq!(receiving(&new).await.unwrap().step, ReceivingStep::Complete);
    new.authenticator.store_received(None).await.unwrap();
    assert!(is_delivered(receiving(&new).await.unwrap().relay));

    let proven = SendingStep::Proven { held: 1, sent: 1, ahead: Vec::new() };
    assert_eq!(sending(&old).await.unwrap().step, proven);
    let moved = old.authenticator.accounts(None).await.unwrap().accounts;
    assert_eq!(moved.iter().filter(|account| account.moved_at.is_some()).count(), 1);
    assert_eq!(old.authenticator.remove_moved().await.unwrap(), 1);
    assert_eq!(new.authenticator.codes(None).await.unwrap().codes.len(), 1);
}

#[tokio::test]
async fn a_service_is_chosen_and_left_out_again_before_anything_goes_to_it() {
    let world = World::start().await;
    let (old, new, account) = phones(&world).await;
    let begun = begun(&old, &new).await;
    assert_eq!(begun.relay, None);
    let none = old.authenticator.relay_transfer(None).await.unwrap_err();
    assert_eq!(none.code(), "move_no_relay");
    let chosen = old.authenticator.choose_relay(Some(account)).await.unwrap();
    assert!(chosen.relay.is_some() && chosen.step != begun.step, "the acceptance names it");
    let early = old.authenticator.relay_transfer(None).await.unwrap_err();
    assert_eq!(early.code(), "move_out_of_turn");
    assert_eq!(old.authenticator.choose_relay(None).await.unwrap(), begun);

    let other = old.authenticator.accounts(None).await.unwrap().accounts;
    let other = other.iter().find(|other| other.id != account).unwrap().id;
    let unable = old.authenticator.choose_relay(Some(other)).await.unwrap_err();
    assert!(matches!(unable, AuthenticatorError::Refused { .. }));
    assert_eq!(unable.code(), "account_not_able");
    old.authenticator.show_accounts(begun.check_value, None).await.unwrap();
    let late = old.authenticator.choose_relay(Some(account)).await.unwrap_err();
    assert_eq!(late.code(), "move_out_of_turn");
    old.authenticator.end_relay(None).await.unwrap();
    old.authenticator.end_transfer().await.unwrap();
    let nothing = old.authenticator.relay_transfer(None).await.unwrap_err();
    assert!(matches!(nothing, AuthenticatorError::Gone { .. }));
}

#[tokio::test]
async fn a_cancelled_call_closes_its_connection_and_codes_finish_what_the_service_began() {
    let world = World::start().await;
    let (old, new, account) = phones(&world).await;
    let codes = greet(&old, &new, account).await;
    let address = world.service.address();
    world.service.shutdown().await;
    let silent = TcpListener::bind(address).await.unwrap();
    let handle = CancelHandle::new();
    let (authenticator, cancel) = (Arc::clone(&old.authenticator), Some(Arc::clone(&handle)));
    let calling = tokio::spawn(async move { authenticator.relay_transfer(cancel).await });
    let (mut connection, _) = silent.accept().await.unwrap();
    assert!(connection.read_u8().await.is_ok(), "it has sent something");
    handle.cancel();
    assert!(matches!(calling.await.unwrap(), Err(AuthenticatorError::Cancelled { .. })));
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(10), connection.read_to_end(&mut rest)).await;
    assert!(closed.is_ok(), "the connection is closed");
    drop(silent);

    let away = old.authenticator.relay_transfer(None).await.unwrap_err();
    assert!(matches!(away, AuthenticatorError::Network { .. }));
    for code in codes {
        new.authenticator.receive_code(code).await.unwrap();
    }
    let receipt = new.authenticator.store_received(None).await.unwrap().receipt;
    let sending = old.authenticator.receive_receipt(receipt[0].clone()).await.unwrap();
    assert_eq!(sending.step, SendingStep::Proven { held: 1, sent: 1, ahead: Vec::new() });
}
