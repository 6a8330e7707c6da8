//! Reports devices that were activated after this one.

use crate::failure::Failure;
use crate::output::{self, Output};
use crate::session::Session;
use crate::text::{WARNING, label, safe};

/// Reports each new device once, and only to a person: a program can't pass the warning on.
pub(super) fn tell(session: &Session, output: Output) -> Result<(), Failure> {
    if output.is_json() {
        return Ok(());
    }
    let new_devices = session.authenticator.new_devices()?;
    if new_devices.is_empty() {
        return Ok(());
    }
    let accounts = session.authenticator.accounts()?.accounts;
    for new in &new_devices {
        let account = accounts.iter().find(|account| account.id == new.account);
        let account = account.map(|account| label(&account.issuer, &account.name)).unwrap_or_default();
        output::tell(&format!(
            "{WARNING}warning:{WARNING:#} another device, {}, can now approve for {}. If it isn't yours, tell your organisation at once.\n",
            safe(&new.name),
            safe(&account)
        ));
    }
    for new in &new_devices {
        session.authenticator.note_new_devices_told(new.account)?;
    }
    Ok(())
}
