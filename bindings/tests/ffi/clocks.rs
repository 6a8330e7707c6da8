//! A device's clock and a service's that differ, as an app shows them and takes the person's choice.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use countersign_ffi::{
    Authenticator, AuthenticatorError, ClockChoice, ClockReading, DeviceClock, PlatformError, TimeSource,
    UserCheck,
};

use crate::support::Phone;
use crate::world::World;

/// A wall clock that is five minutes fast, and a clock of the platform's that is right, if it has one.
struct Fast {
    has_network: bool,
}

impl DeviceClock for Fast {
    fn read(&self) -> Result<ClockReading, PlatformError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| PlatformError::Failed)?;
        let now = i64::try_from(now.as_millis()).map_err(|_| PlatformError::Failed)?;
        let network = self.has_network.then_some(now);
        Ok(ClockReading { wall: now + 300_000, monotonic: now, boot: "one".into(), network })
    }
}

async fn open(phone: &Phone, has_network: bool) -> Arc<Authenticator> {
    let clock: Arc<dyn DeviceClock> = Arc::new(Fast { has_network });
    let vault = Arc::clone(&phone.vault);
    Authenticator::open_with_software_keys(vault, UserCheck::Passphrase, Some(clock), Vec::new())
        .await
        .unwrap()
}

#[tokio::test]
async fn the_person_chooses_between_the_devices_clock_and_a_services() {
    let (world, phone) = (World::start().await, Phone::make().await);
    let authenticator = open(&phone, false).await;
    world.enrolled(&authenticator).await;

    let status = authenticator.clock_status();
    assert_eq!((status.source, status.is_corrected, status.choice), (TimeSource::WallClock, false, None));
    let [service] = status.undecided.as_slice() else { panic!("one service: {:?}", status.undecided) };
    assert!(service.is_signed && (service.ahead_ms + 300_000).abs() < 10_000, "{service:?}");

    let choice = ClockChoice::Service { host: service.service.clone() };
    let status = authenticator.choose_clock(choice.clone()).await.unwrap();
    assert_eq!((status.source, status.is_corrected), (TimeSource::Service, true));
    assert_eq!((status.undecided.len(), status.choice), (0, Some(choice)));
    // It is in the vault, for every process and after every restart.
    let again = open(&phone, false).await;
    assert_eq!(again.clock_status().source, TimeSource::Service);
    assert!(again.undo_clock_choice().await.unwrap());
    assert_eq!(again.clock_status().undecided.len(), 1);

    let nobody = ClockChoice::Service { host: "nobody.example".into() };
    let refused = again.choose_clock(nobody).await.unwrap_err();
    assert!(matches!(refused, AuthenticatorError::Gone { .. }));
}

#[tokio::test]
async fn a_clock_that_the_platform_sets_asks_nobody() {
    let (world, phone) = (World::start().await, Phone::make().await);
    let authenticator = open(&phone, true).await;
    world.enrolled(&authenticator).await;
    let status = authenticator.clock_status();
    assert_eq!((status.source, status.undecided.len()), (TimeSource::Platform, 0));
    assert!((status.wall_ahead_ms - 300_000).abs() < 10_000);
    assert!(authenticator.service_clocks()[0].ahead_ms.abs() < 10_000);
}
