//! Foreign code that fails or is no longer wanted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::Phone;
use async_trait::async_trait;
use countersign_ffi::{
    Authenticator, AuthenticatorError, CancelHandle, ClockReading, DeviceClock, DeviceDescription,
    DeviceKeys, Id, KeyName, NewSlot, Offer, Platform, PlatformError, PlatformKeyError, Prompt, TimeSource,
    UserCheck, VaultKeyStore,
};

/// A key store that never calls back, and counts the calls that were started and that were dropped.
#[derive(Default)]
struct Hanging {
    started: AtomicUsize,
    dropped: AtomicUsize,
}

struct Started<'a>(&'a Hanging);

impl Drop for Started<'_> {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

impl Hanging {
    async fn hang<T>(&self) -> T {
        self.started.fetch_add(1, Ordering::SeqCst);
        let _started = Started(self);
        std::future::pending().await
    }

    fn counts(&self) -> (usize, usize) {
        (self.started.load(Ordering::SeqCst), self.dropped.load(Ordering::SeqCst))
    }
}

#[async_trait]
impl VaultKeyStore for Hanging {
    async fn wrap(&self, _: Id, _: Vec<u8>) -> Result<Vec<u8>, PlatformKeyError> {
        self.hang().await
    }

    async fn unwrap(&self, _: Id, _: Vec<u8>) -> Result<Vec<u8>, PlatformKeyError> {
        self.hang().await
    }

    async fn forget(&self, _: Id) -> Result<(), PlatformKeyError> {
        self.hang().await
    }
}

#[async_trait]
impl DeviceKeys for Hanging {
    async fn make(&self, _: KeyName) -> Result<Vec<u8>, PlatformKeyError> {
        self.hang().await
    }

    async fn sign(&self, _: KeyName, _: Vec<u8>, _: Option<Prompt>) -> Result<Vec<u8>, PlatformKeyError> {
        self.hang().await
    }

    async fn delete(&self, _: KeyName) -> Result<(), PlatformKeyError> {
        self.hang().await
    }

    fn user_check(&self) -> Result<UserCheck, PlatformKeyError> {
        Err(PlatformKeyError::Unavailable)
    }

    fn in_hardware(&self) -> Result<bool, PlatformKeyError> {
        Err(PlatformKeyError::Unavailable)
    }

    fn has_rsa(&self) -> Result<bool, PlatformKeyError> {
        Err(PlatformKeyError::Unavailable)
    }
}

/// An offer of enrolment with a service that nobody runs.
fn enrolment_offer() -> Arc<Offer> {
    let (ticket, key) = ("A".repeat(43), "A".repeat(43));
    Offer::parse(format!("https://approve.example/enrol#t={ticket}&k={key}")).unwrap()
}

fn device() -> DeviceDescription {
    DeviceDescription { name: "Phone".into(), platform: Platform::Other, wake_up: None }
}

#[tokio::test]
async fn cancelling_ends_the_call_and_drops_what_it_had_under_way() {
    let phone = Phone::make().await;
    let keys = Arc::new(Hanging::default());
    let authenticator =
        Authenticator::open(phone.vault.clone(), keys.clone(), None, Vec::new()).await.unwrap();
    let cancel = CancelHandle::new();
    let call = authenticator.enrol(enrolment_offer(), device(), Some(cancel.clone()));
    let canceller = async {
        while keys.counts().0 == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(keys.counts(), (1, 0));
        cancel.cancel();
    };
    let (result, ()) = tokio::join!(call, canceller);
    assert_eq!(result.unwrap_err().code(), "cancelled");
    assert_eq!(keys.counts(), (1, 1));
}

#[tokio::test]
async fn a_cancelled_handle_stays_so_and_starts_nothing() {
    let (store, cancel) = (Arc::new(Hanging::default()), CancelHandle::new());
    cancel.cancel();
    cancel.cancel();
    assert!(cancel.is_cancelled());
    let slot = NewSlot::from_key_store(store.clone(), Some(cancel)).await;
    assert!(matches!(slot.err(), Some(AuthenticatorError::Cancelled { .. })));
    assert_eq!(store.counts(), (0, 0));
}

#[tokio::test]
async fn dropping_a_call_drops_what_it_had_under_way() {
    let store = Arc::new(Hanging::default());
    let call = NewSlot::from_key_store(store.clone(), None);
    assert!(tokio::time::timeout(Duration::from_millis(1), call).await.is_err());
    assert_eq!(store.counts(), (1, 1));
}

/// Seals by turning every bit over, and so opens by doing it again.
struct Mirror;

#[async_trait]
impl VaultKeyStore for Mirror {
    async fn wrap(&self, _: Id, key: Vec<u8>) -> Result<Vec<u8>, PlatformKeyError> {
        Ok(key.into_iter().map(|byte| !byte).collect())
    }

    async fn unwrap(&self, slot: Id, wrapped: Vec<u8>) -> Result<Vec<u8>, PlatformKeyError> {
        self.wrap(slot, wrapped).await
    }

    async fn forget(&self, _: Id) -> Result<(), PlatformKeyError> {
        Ok(())
    }
}

#[tokio::test]
async fn a_vault_opens_by_the_slot_of_a_foreign_key_store() {
    let phone = Phone::make().await;
    let slot = NewSlot::from_key_store(Arc::new(Mirror), None).await.unwrap();
    phone.vault.add_slot(slot).await.unwrap();
    phone.vault.lock();
    let error = phone.authenticator.accounts(None).await.unwrap_err();
    assert!(matches!(error, AuthenticatorError::Locked { .. }));
    phone.vault.unlock_with_key_store(Arc::new(Mirror), None).await.unwrap();
    assert!(phone.authenticator.accounts(None).await.is_ok());
}

struct Clock(Result<ClockReading, PlatformError>);

impl DeviceClock for Clock {
    fn read(&self) -> Result<ClockReading, PlatformError> {
        self.0.clone()
    }
}

#[tokio::test]
async fn a_clock_that_fails_is_replaced_by_the_process_own() {
    let phone = Phone::make().await;
    let open = |clock| {
        let clock: Arc<dyn DeviceClock> = Arc::new(Clock(clock));
        Authenticator::open_with_software_keys(
            phone.vault.clone(),
            UserCheck::Passphrase,
            Some(clock),
            Vec::new(),
        )
    };
    let reading = ClockReading { wall: 1_234, monotonic: 5, boot: "a".into(), network: None };
    let status = open(Ok(reading)).await.unwrap().clock_status();
    assert_eq!((status.unix_ms, status.source), (1_234, TimeSource::WallClock));
    let before_1970 = ClockReading { wall: -5, monotonic: -5, boot: "a".into(), network: None };
    assert_eq!(open(Ok(before_1970)).await.unwrap().clock_status().unix_ms, 0);
    let status = open(Err(PlatformError::Failed)).await.unwrap().clock_status();
    assert!(status.unix_ms > 1_700_000_000_000, "{status:?}");
}
