//! Wakes phones, so that they fetch at once: a push without content to the address that each has given.
//!
//! A wake-up is a hint. It is sent after the commit, from a queue, and nothing waits for it: one that is lost costs time,
//! since the phone asks when its app is opened, but never a sign-in.

mod destination;
mod fcm;
mod reply;
mod unified_push;

use std::sync::Arc;
use std::time::Duration;

use countersign_protocol::Id;
use countersign_protocol::messages::WakeUp;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::app::App;
use crate::config::Config;
use crate::https::SetupError;
use crate::refusal::log_store_error;
use crate::store::accounts::Account;
use crate::store::audit::{self, About, Act, Actor, Event};
use crate::store::devices::Device;
use crate::time::Time;
use fcm::Fcm;
use unified_push::UnifiedPush;
pub(crate) use unified_push::is_endpoint;

/// Wake-ups that may wait to be sent: more than a push server that is down could ever hold up.
const QUEUE: usize = 16_384;
/// Wake-ups that are under way at once, those that wait for another try included.
const UNDER_WAY: usize = 512;
/// What is left between tries, where the push server doesn't say.
const WAITS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

/// One phone that is to be woken.
pub(crate) struct Call {
    device: Id,
    account: Account,
    address: WakeUp,
    /// When there is nothing left to be woken for.
    until: Time,
}

/// Takes calls from the whole service.
#[derive(Clone)]
pub(crate) struct WakeUps(mpsc::Sender<Call>);

/// Why a phone wasn't woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The push server knows the address no longer.
    Gone,
    /// It refuses the push, and would again.
    Refused,
    /// It is on a network that wake-ups don't go to.
    NotAllowed,
    /// It didn't take the push; later it may, after this time if it says so.
    Unreachable(Option<Duration>),
}

/// The ways to a phone. One that isn't set up is `None`: its phones are not woken.
pub(crate) struct Senders {
    unified_push: UnifiedPush,
    fcm: Option<Fcm>,
}

impl Senders {
    pub(crate) fn new(config: &Config) -> Result<Self, SetupError> {
        Ok(Self {
            unified_push: UnifiedPush::new(config.wake_up_private, config.wake_up_ca_file.as_deref())?,
            fcm: config.wake_up_fcm_file.as_deref().map(Fcm::new).transpose()?,
        })
    }

    /// Sends one wake-up, if there is a way.
    async fn send(&self, address: &WakeUp, lifetime: Duration, now: Time) -> Result<(), Failure> {
        match (address, &self.fcm) {
            (WakeUp::UnifiedPush { endpoint }, _) => self.unified_push.send(endpoint, lifetime).await,
            (WakeUp::Fcm { token }, Some(fcm)) => fcm.send(token, lifetime, now).await,
            (WakeUp::Fcm { .. }, None) | (WakeUp::Apns { .. }, _) => Ok(()),
        }
    }
}

impl Failure {
    /// As the audit log has it.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Refused => "refused",
            Self::NotAllowed => "not_allowed",
            Self::Unreachable(_) => "unreachable",
        }
    }
}

impl WakeUps {
    /// The queue, and its end for [`run`].
    pub(crate) fn new() -> (Self, mpsc::Receiver<Call>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        (Self(sender), receiver)
    }

    /// Has these devices woken, those that have an address, for something that ends at `until`.
    pub(crate) fn call(&self, devices: &[Device], until: Time) {
        for device in devices {
            let address = device.wake_up.as_deref().and_then(|text| serde_json::from_str(text).ok());
            let Some(address) = address else { continue };
            let call = Call { device: device.id, account: device.account.clone(), address, until };
            if self.0.try_send(call).is_err() {
                tracing::warn!(device = %device.id, "too many wake-ups wait; this phone was not woken");
            }
        }
    }
}

/// Sends what is queued, until it is dropped.
pub(crate) async fn run(app: Arc<App>, senders: Senders, mut queue: mpsc::Receiver<Call>) {
    let senders = Arc::new(senders);
    let mut under_way = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = under_way.join_next(), if !under_way.is_empty() => {}
            call = queue.recv(), if under_way.len() < UNDER_WAY => match call {
                Some(call) => { under_way.spawn(wake(Arc::clone(&app), Arc::clone(&senders), call)); }
                None => return,
            }
        }
    }
}

async fn wake(app: Arc<App>, senders: Arc<Senders>, call: Call) {
    let mut waits = WAITS.into_iter();
    let failure = loop {
        let now = app.now();
        match senders.send(&call.address, call.until.since(now), now).await {
            Ok(()) => return tracing::debug!(device = %call.device, "woken"),
            Err(Failure::Unreachable(asked)) => match waits.next() {
                Some(wait) if asked.unwrap_or(wait) < call.until.since(app.now()) => {
                    tokio::time::sleep(asked.unwrap_or(wait)).await;
                }
                _ => break Failure::Unreachable(asked),
            },
            Err(failure) => break failure,
        }
    };
    // The address is kept: a push server behind a proxy that is set up wrongly says the same of addresses that will do.
    tracing::warn!(device = %call.device, reason = failure.as_str(), "a phone was not woken");
    let now = app.now();
    let written = app
        .store
        .write(move |transaction| {
            let (event, outcome) = (Event::WakeUpFail, failure.as_str());
            audit::append(
                transaction,
                &Act {
                    at: now,
                    actor: &Actor::Service,
                    event,
                    outcome,
                    about: About::Account(&call.account),
                    subject: Some(call.device),
                },
            )
        })
        .await;
    if let Err(error) = written {
        log_store_error(&error);
    }
}
