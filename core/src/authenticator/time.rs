//! The time: learning it from replies, keeping it in the vault, and telling it.

use countersign_protocol::ServiceUrl;

use super::service::Replied;
use super::{Authenticator, hold};
use crate::clock::{ClockStatus, KnownTimes, ServiceClock, TimeAnchor};
use crate::vault::{Record, RecordKind, Vault, VaultError};
use crate::{Error, tasks};

impl Record for TimeAnchor {
    const KIND: RecordKind = RecordKind::ClockOffset;
}

/// What the vault knows of the time. A record that can't be read is left alone, until its service tells the time again.
pub(super) fn load(vault: &Vault) -> Result<KnownTimes, VaultError> {
    let anchors = vault.list::<TimeAnchor>()?;
    if !anchors.damaged.is_empty() {
        tracing::warn!(
            damaged = anchors.damaged.len(),
            "a service's time can't be read, and is asked for anew"
        );
    }
    Ok(KnownTimes::new(anchors.items.into_iter().map(|(_, anchor)| anchor)))
}

impl Authenticator {
    /// The time that codes and expiry go by, and how far the device's clock is off.
    #[must_use]
    pub fn clock_status(&self) -> ClockStatus {
        hold(&self.parts.times).status(&self.parts.clock.read())
    }

    /// The clock of every service that has told its time since the device was started, beside the time that is used. The
    /// codes and the requests of a service that is off go by its own.
    #[must_use]
    pub fn service_clocks(&self) -> Vec<ServiceClock> {
        hold(&self.parts.times).service_clocks(&self.parts.clock.read())
    }

    pub(super) fn now_seconds(&self) -> u64 {
        self.clock_status().time.unix_seconds()
    }

    /// The time that a service goes by, milliseconds.
    pub(super) fn time_at(&self, service: &ServiceUrl) -> u64 {
        hold(&self.parts.times).status_at(service.authority(), &self.parts.clock.read()).time.unix_ms
    }

    pub(super) fn seconds_at(&self, service: &ServiceUrl) -> u64 {
        self.time_at(service) / 1000
    }

    /// Takes the service's time of a reply that has been verified.
    pub(super) fn learn_time(&self, service: &ServiceUrl, replied: &Replied, time: u64, held: u64) {
        let (sent, received) = (&replied.sent, replied.received.clone());
        let anchor = TimeAnchor::from_exchange(service.authority(), true, sent, received, time, held);
        if let Some(anchor) = anchor {
            hold(&self.parts.times).learn(anchor);
        }
    }

    /// Writes what was learnt, if it makes a difference to the next process.
    pub(super) async fn save_time(&self) {
        let this = self.clone();
        if hold(&self.parts.times).has_unsaved() {
            tasks::blocking(move || this.write_time()).await;
        }
    }

    /// Notes that the wall clock was set, so that the next start of the device doesn't correct an error that is gone.
    pub(super) fn note_wall(&self) {
        hold(&self.parts.times).note_wall(&self.parts.clock.read());
        self.write_time();
    }

    fn write_time(&self) {
        let unsaved = hold(&self.parts.times).take_unsaved();
        if unsaved.is_empty() {
            return;
        }
        let saved: Result<(), Error> = self
            .parts
            .vault
            .transaction(|tx| unsaved.iter().try_for_each(|(id, anchor)| Ok(tx.put(*id, anchor)?)));
        // It costs the next process one exchange at most, so no call fails for it.
        if let Err(error) = saved {
            tracing::warn!(code = error.code(), "the service's time could not be stored");
        }
    }
}
