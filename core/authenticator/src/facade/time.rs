//! The time: learning it from replies, keeping it in the vault, and telling it.

use countersign_protocol::ServiceUrl;

use super::service::Replied;
use super::{Authenticator, hold};
use crate::clock::{ClockChoice, ClockStatus, KnownTimes, ServiceClock, StoredChoice, TimeAnchor};
use crate::vault::{Record, RecordKind, Vault, VaultError};
use crate::{Error, tasks};

impl Record for TimeAnchor {
    const KIND: RecordKind = RecordKind::ClockOffset;
}

impl Record for StoredChoice {
    const KIND: RecordKind = RecordKind::ClockChoice;
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
    let mut times = KnownTimes::new(anchors.items.into_iter().map(|(_, anchor)| anchor));
    match vault.get::<StoredChoice>(StoredChoice::ID) {
        Ok(choice) => times.set_choice(choice),
        Err(VaultError::DamagedRecord { .. }) => {
            tracing::warn!("whose clock the person believes can't be read")
        }
        Err(error) => return Err(error),
    }
    Ok(times)
}

impl Authenticator {
    /// The time that codes go by whose issuer has told none, and how far the device's clock is off.
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

    /// Keeps whose clock the person believes, where a service contradicts the device's and nobody else can tell who is
    /// right. It answers the differences that there are now: about another the person is asked again. Gives the status that
    /// follows.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchClock`] for a service that doesn't contradict the device's clock, [`Error::Vault`].
    pub fn choose_clock(&self, choice: ClockChoice) -> Result<ClockStatus, Error> {
        let against = hold(&self.parts.times).contradictions(&self.parts.clock.read());
        if let ClockChoice::Service(service) = &choice
            && !against.iter().any(|clock| clock.service == *service)
        {
            return Err(Error::NoSuchClock);
        }
        let stored = StoredChoice::new(choice, &against);
        self.parts.vault.transaction(|tx| Ok::<_, Error>(tx.put(StoredChoice::ID, &stored)?))?;
        hold(&self.parts.times).set_choice(Some(stored));
        Ok(self.clock_status())
    }

    /// Forgets whose clock the person believes: they are asked again. Says whether there was anything to forget.
    ///
    /// # Errors
    ///
    /// [`Error::Vault`].
    pub fn undo_clock_choice(&self) -> Result<bool, Error> {
        let was_there =
            self.parts.vault.transaction(|tx| match tx.delete::<StoredChoice>(StoredChoice::ID) {
                Ok(()) => Ok(true),
                Err(VaultError::NotFound { .. }) => Ok(false),
                Err(error) => Err(Error::from(error)),
            })?;
        hold(&self.parts.times).set_choice(None);
        Ok(was_there)
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
