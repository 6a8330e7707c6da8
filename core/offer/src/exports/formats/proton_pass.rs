//! Proton Pass: the JSON in its ZIP archive, as far as its logins have codes. What is in the trash is exported, too.

use super::bitwarden::entry_of_totp;
use super::{Entry, Format, ImportError, ImportFormat, Source};
use crate::exports::entry::{Place, either};
use crate::exports::json::Json;
use countersign_otp::Secret;

pub(super) struct ProtonPass;

/// Active items have 1.
const STATE_TRASHED: u64 = 2;

impl Format for ProtonPass {
    fn name(&self) -> ImportFormat {
        ImportFormat::ProtonPass
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.json().is_some_and(|json| json.has("vaults") && json.has("userId"))
    }

    fn read(&self, source: &Source<'_>, _: Option<&Secret>) -> Result<Vec<Entry>, ImportError> {
        let vaults = source.json().and_then(|json| json.get("vaults")).ok_or(ImportError::Damaged)?;
        let mut items = Vec::new();
        for (_, vault) in vaults.members() {
            items.extend(vault.list("items")?);
        }
        Ok((1..).zip(items).filter_map(read_item).collect())
    }
}

/// What has no codes isn't an entry.
fn read_item((number, item): (usize, &Json)) -> Option<Entry> {
    let data = item.get("data")?;
    let content = data.get("content")?;
    let totp = Some(content.text("totpUri").trim()).filter(|totp| !totp.is_empty())?;
    let title = data.get("metadata").map(|metadata| metadata.text("name")).unwrap_or_default();
    let entry = entry_of_totp(totp, title, either(content.text("itemUsername"), content.text("itemEmail")));
    let is_trashed = item.number("state") == Ok(Some(STATE_TRASHED));
    Some(entry.at(Place::Entry(number)).deleted_if(is_trashed))
}
