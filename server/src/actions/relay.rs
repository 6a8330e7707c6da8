//! The old phone's side of a move that goes over this service (`docs/protocol.md`, section 9).
//!
//! What is carried is sealed between two phones. The service knows who puts it in, how much it is, and the hash of the
//! mailbox's name; it gives everything out to whoever has the name, and forgets it within minutes.

use std::sync::Arc;
use std::time::Duration;

use countersign_protocol::limits::{MAX_MOVE_PARTS, MAX_PART_BYTES, MAX_PARTS_IN_MESSAGE, MAX_RECEIPT_PARTS};
use countersign_protocol::messages::{ProblemCode, Relay, RelayAct, Relayed, SealedPart};
use countersign_protocol::{Id, MailboxId, jws};

use super::{Denial, check_age, hash_of};
use crate::app::App;
use crate::store::audit::{self, About, Act, Actor, Event};
use crate::store::devices::{self, Device, DeviceState, Seen};
use crate::store::mailboxes::{self, Content};
use crate::store::{Result, Transaction};
use crate::time::Time;

/// How long a mailbox is there.
pub(crate) const LIFETIME: Duration = Duration::from_mins(10);
/// Mailboxes that a device may open within [`OPENINGS_COUNT`].
pub(crate) const MAX_OPENINGS: u32 = 6;
/// How long openings are counted.
pub(super) const OPENINGS_COUNT: Duration = Duration::from_hours(1);
/// Sealed bytes that all mailboxes together may hold: a quarter of a gigabyte.
const CAPACITY: i64 = 256 << 20;

/// Does what the old phone asks for. The same bytes again change nothing more.
pub(crate) async fn relay(
    app: Arc<App>,
    request: &str,
    device: Id,
    re: String,
) -> std::result::Result<Relayed, Denial> {
    let device = app
        .store
        .read(move |connection| devices::load(connection, device))
        .await?
        .ok_or(ProblemCode::DeviceUnknown)?;
    let claims: Relay = jws::verify(request, &device.device_key).map_err(|_| ProblemCode::Malformed)?;
    let (now, limit, mailbox) = (app.now(), app.settings.policy.relay, claims.mailbox);
    let state = match claims.act {
        RelayAct::Look => {
            check_device(&device, claims.iat, now)?;
            app.store.read(move |connection| look(connection, device.id, &mailbox, now)).await?
        }
        act => {
            let change = Change::parse(act, limit)?;
            let request_hash = hash_of(request);
            app.store
                .write(move |transaction| {
                    let Some(device) = devices::load(transaction, device.id)? else {
                        return Ok(Err(Denial::from(ProblemCode::DeviceUnknown)));
                    };
                    match devices::change_seen(transaction, device.id, claims.jti, &request_hash)? {
                        Seen::Same => return look(transaction, device.id, &mailbox, now).map(Ok),
                        Seen::Other => return Ok(Err(ProblemCode::Replayed.into())),
                        Seen::No => {}
                    }
                    if let Err(denial) = check_device(&device, claims.iat, now) {
                        return Ok(Err(denial));
                    }
                    if let Err(denial) = change.apply(transaction, &device, &mailbox, now)? {
                        return Ok(Err(denial));
                    }
                    devices::remember_change(transaction, device.id, claims.jti, &request_hash, now)?;
                    look(transaction, device.id, &mailbox, now).map(Ok)
                })
                .await??
        }
    };
    Ok(Relayed { re, time: app.now().millis(), next: state.next, receipt: state.receipt })
}

/// Ends a device's mailbox, if there is one, and writes it down.
pub(super) fn end(
    transaction: &Transaction<'_>,
    device: &Device,
    outcome: &str,
    actor: &Actor,
    now: Time,
) -> Result<()> {
    if mailboxes::end(transaction, device.id)? {
        audit::append(
            transaction,
            &Act {
                at: now,
                actor,
                event: Event::DeviceMove,
                outcome,
                about: About::Account(&device.account),
                subject: Some(device.id),
            },
        )?;
    }
    Ok(())
}

/// Ends a device's mailbox if its time is over: the device may have opened another one since it was found.
pub(super) fn expire(transaction: &Transaction<'_>, device: Id, now: Time) -> Result<()> {
    let is_over = mailboxes::load(transaction, device)?.is_some_and(|mailbox| mailbox.is_over(now));
    match devices::load(transaction, device)? {
        Some(device) if is_over => end(transaction, &device, "expired", &Actor::Service, now),
        _ => Ok(()),
    }
}

/// Whether these can be parts of a move.
pub(super) fn are_parts(parts: &[SealedPart], most: usize) -> bool {
    const TAG_BYTES: usize = 16;
    parts.len() <= most && parts.iter().all(|part| (TAG_BYTES + 1..=MAX_PART_BYTES).contains(&part.0.len()))
}

struct State {
    next: u16,
    receipt: Vec<SealedPart>,
}

fn look(connection: &rusqlite::Connection, device: Id, mailbox: &MailboxId, now: Time) -> Result<State> {
    let Some(open) = mailboxes::load(connection, device)?.filter(|open| open.is(mailbox, now)) else {
        return Ok(State { next: 1, receipt: Vec::new() });
    };
    let receipt = mailboxes::parts(connection, device, Content::Receipt, 1, MAX_RECEIPT_PARTS)?;
    let held = mailboxes::held(connection, device, Content::Accounts)?;
    // With the receipt, the new phone has them, and they aren't here any more.
    let held = if receipt.is_empty() { held } else { open.count };
    Ok(State { next: held.saturating_add(1), receipt })
}

fn check_device(device: &Device, iat: u64, now: Time) -> std::result::Result<(), Denial> {
    match device.state {
        DeviceState::Active => check_age(iat, now),
        DeviceState::Revoked => Err(ProblemCode::DeviceRevoked.into()),
        DeviceState::AwaitingActivation => Err(ProblemCode::Malformed.into()),
    }
}

/// A change whose values may be stored.
enum Change {
    Put { count: u16, first: u16, parts: Vec<SealedPart> },
    End,
}

impl Change {
    /// Reads what is asked for, of a service that carries moves of `limit` KiB.
    fn parse(act: RelayAct, limit: u16) -> std::result::Result<Self, Denial> {
        let RelayAct::Put { count, first, parts } = act else { return Ok(Self::End) };
        let last = usize::from(first) + parts.len();
        let is_sound = (1..=MAX_MOVE_PARTS).contains(&count)
            && first >= 1
            && last <= usize::from(count) + 1
            && are_parts(&parts, MAX_PARTS_IN_MESSAGE);
        if !is_sound {
            return Err(ProblemCode::Malformed.into());
        }
        if usize::from(count) * MAX_PART_BYTES > usize::from(limit) * 1024 {
            return Err(ProblemCode::RelayRefused.into());
        }
        Ok(Self::Put { count, first, parts })
    }

    fn apply(
        &self,
        transaction: &Transaction<'_>,
        device: &Device,
        mailbox: &MailboxId,
        now: Time,
    ) -> Result<std::result::Result<(), Denial>> {
        let known = mailboxes::load(transaction, device.id)?;
        let is_open = known.as_ref().is_some_and(|known| known.is(mailbox, now));
        let Self::Put { count, first, parts } = self else {
            if is_open {
                end(transaction, device, "ended", &Actor::Device(device.id), now)?;
            }
            return Ok(Ok(()));
        };
        if is_open && known.as_ref().is_some_and(|known| known.count != *count) {
            return Ok(Err(ProblemCode::Malformed.into()));
        }
        let next = if is_open { look(transaction, device.id, mailbox, now)?.next } else { 1 };
        let new = || (*first..).zip(parts).filter(|(number, _)| *first <= next && *number >= next);
        let (freed, bytes) = if is_open {
            (0, new().map(|(_, part)| mailboxes::byte_count(part)).fold(0, i64::saturating_add))
        } else {
            // A move for which there is no room is refused before it begins. Nothing is reserved for one that is not.
            let whole = i64::from(*count).saturating_mul(i64::try_from(MAX_PART_BYTES).unwrap_or(i64::MAX));
            (known.as_ref().map_or(0, |known| known.bytes), whole)
        };
        if !has_room(transaction, device.account.organisation, freed, bytes)? {
            return Ok(Err(ProblemCode::RelayRefused.into()));
        }
        if !is_open && let Err(denial) = open(transaction, device, known.as_ref(), mailbox, *count, now)? {
            return Ok(Err(denial));
        }
        for (number, part) in new() {
            mailboxes::put(transaction, device.id, Content::Accounts, number, part)?;
        }
        Ok(Ok(()))
    }
}

/// Whether so many more bytes of an organisation may come in, when `freed` of its bytes go.
///
/// Bytes count once they are here, so that nothing can be reserved. An organisation may hold as much as is then left
/// free: alone half of the capacity, with another one a third, and so on. Whoever comes later finds room.
pub(super) fn has_room(
    transaction: &Transaction<'_>,
    organisation: Id,
    freed: i64,
    bytes: i64,
) -> Result<bool> {
    let usage = mailboxes::usage(transaction, organisation)?;
    let after = |held: i64| held.saturating_sub(freed).saturating_add(bytes);
    Ok(after(usage.organisation) <= CAPACITY.saturating_sub(after(usage.all)))
}

fn open(
    transaction: &Transaction<'_>,
    device: &Device,
    known: Option<&mailboxes::Mailbox>,
    mailbox: &MailboxId,
    count: u16,
    now: Time,
) -> Result<std::result::Result<(), Denial>> {
    let (opened, since) = match known {
        Some(known) if known.since + OPENINGS_COUNT > now && !known.since.is_ahead_of(now) => {
            (known.opened, known.since)
        }
        _ => (0, now),
    };
    if opened >= MAX_OPENINGS {
        let wait = (since + OPENINGS_COUNT).since(now);
        let retry_after = u64::try_from(wait.as_millis()).ok();
        return Ok(Err(Denial { retry_after, ..ProblemCode::RelayRefused.into() }));
    }
    if mailboxes::is_taken(transaction, device.id, mailbox)? {
        return Ok(Err(ProblemCode::RelayRefused.into()));
    }
    let actor = Actor::Device(device.id);
    // One at most: the person has begun anew.
    if let Some(known) = known {
        end(transaction, device, if known.is_over(now) { "expired" } else { "ended" }, &actor, now)?;
    }
    let owner = (device.id, device.account.organisation);
    mailboxes::open(transaction, owner, mailbox, count, now + LIFETIME, (opened + 1, since))?;
    audit::append(
        transaction,
        &Act {
            at: now,
            actor: &actor,
            event: Event::DeviceMove,
            outcome: "begun",
            about: About::Account(&device.account),
            subject: Some(device.id),
        },
    )?;
    Ok(Ok(()))
}
