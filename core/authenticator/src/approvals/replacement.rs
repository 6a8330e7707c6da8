//! A replacement under way, as the vault keeps it: whatever ends the process, this device goes on with it.

use serde::{Deserialize, Serialize};

use crate::vault::{Record, RecordKind};

/// The request for a replacement whose end isn't known yet. In the vault under the account's identifier.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredReplacement {
    /// As it was signed. The same bytes ask how far the other device is; whoever has them is told its number.
    pub(crate) request: String,
}

impl Record for StoredReplacement {
    const KIND: RecordKind = RecordKind::Replacement;
}
