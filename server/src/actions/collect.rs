//! The new phone's side of a move that goes over this service (`docs/protocol.md`, section 9).
//!
//! It isn't known here: what it may do comes from the mailbox's name, which two phones alone can derive. A name that is
//! unknown, over or not yet in use gets one and the same answer.

use std::sync::Arc;

use countersign_protocol::MailboxId;
use countersign_protocol::limits::{MAX_PARTS_IN_MESSAGE, MAX_RECEIPT_PARTS};
use countersign_protocol::messages::{Collect, Collected, ProblemCode, SealedPart};
use rusqlite::Connection;

use super::Denial;
use super::relay::{are_parts, has_room};
use crate::app::App;
use crate::store::mailboxes::{self, Content};
use crate::store::{Result, Transaction};
use crate::time::Time;

/// Gives parts out, or takes the receipt in.
pub(crate) async fn collect(
    app: Arc<App>,
    claims: Collect,
    re: String,
) -> std::result::Result<Collected, Denial> {
    let Collect { name, first, receipt, .. } = claims;
    if first == 0 || !are_parts(&receipt, MAX_RECEIPT_PARTS) {
        return Err(ProblemCode::Malformed.into());
    }
    let (mailbox, now) = (name.id(), app.now());
    let (count, parts, is_left) = if receipt.is_empty() {
        let (count, parts) = app.store.read(move |connection| take(connection, &mailbox, first, now)).await?;
        (count, parts, false)
    } else {
        let is_left = app.store.write(move |transaction| leave(transaction, &mailbox, &receipt, now)).await?;
        (0, Vec::new(), is_left)
    };
    Ok(Collected { re, time: app.now().millis(), count, parts, is_left })
}

fn take(
    connection: &Connection,
    mailbox: &MailboxId,
    first: u16,
    now: Time,
) -> Result<(u16, Vec<SealedPart>)> {
    let Some(open) = mailboxes::find(connection, mailbox, now)? else { return Ok((0, Vec::new())) };
    let parts = mailboxes::parts(connection, open.device, Content::Accounts, first, MAX_PARTS_IN_MESSAGE)?;
    Ok((open.count, parts))
}

/// The first receipt stays; the same one again is left as well.
fn leave(
    transaction: &Transaction<'_>,
    mailbox: &MailboxId,
    receipt: &[SealedPart],
    now: Time,
) -> Result<bool> {
    let Some(open) = mailboxes::find(transaction, mailbox, now)? else { return Ok(false) };
    let known = mailboxes::parts(transaction, open.device, Content::Receipt, 1, MAX_RECEIPT_PARTS)?;
    if !known.is_empty() {
        return Ok(known == receipt);
    }
    let bytes = receipt.iter().map(mailboxes::byte_count).fold(0, i64::saturating_add);
    if !has_room(transaction, open.organisation, open.bytes, bytes)? {
        return Ok(false);
    }
    for (number, part) in (1..).zip(receipt) {
        mailboxes::put(transaction, open.device, Content::Receipt, number, part)?;
    }
    mailboxes::remove_accounts(transaction, open.device)?;
    Ok(true)
}
