//! Locking push for an account, after a report or by an administrator, and unlocking it.

use countersign_protocol::Id;

use crate::actions;
use crate::store::accounts::{self, Account};
use crate::store::audit::{self, About, Act, Actor, Event};
use crate::store::sign_ins::{self, Ending, Push};
use crate::store::{Result, Transaction};
use crate::time::Time;

/// Locks push until an administrator unlocks the account, and ends every sign-in that waits for a device and every open
/// first enrolment. `subject` is the sign-in that was reported, if one was. False if push was locked before.
pub(crate) fn push(
    transaction: &mut Transaction<'_>,
    account: &Account,
    ending: &Ending,
    actor: &Actor,
    subject: Option<Id>,
    now: Time,
) -> Result<bool> {
    let is_new = accounts::lock_push(transaction, account, now)?;
    let outcome = if is_new { "locked" } else { "nothing_to_do" };
    audit::append(
        transaction,
        &Act { at: now, actor, event: Event::UserLock, outcome, about: About::Account(account), subject },
    )?;
    if let Some(reported) = subject {
        sign_ins::set_push(transaction, reported, Push::Locked)?;
    }
    for waiting in sign_ins::pushed(transaction, account, now)? {
        sign_ins::set_push(transaction, waiting.id, Push::Locked)?;
        actions::end::sign_in(transaction, &waiting, ending, actor, now)?;
    }
    actions::end::first_enrolments(transaction, account, actor, now)?;
    if is_new {
        tracing::warn!("push was locked for an account; an administrator must unlock it");
    }
    Ok(is_new)
}

/// Forgets failures and pushes, and opens every lock.
pub(crate) fn unlock(
    transaction: &Transaction<'_>,
    account: &Account,
    actor: &Actor,
    now: Time,
) -> Result<()> {
    let outcome = if accounts::unlock(transaction, account)? { "unlocked" } else { "nothing_to_do" };
    audit::append(
        transaction,
        &Act {
            at: now,
            actor,
            event: Event::UserUnlock,
            outcome,
            about: About::Account(account),
            subject: None,
        },
    )
}
