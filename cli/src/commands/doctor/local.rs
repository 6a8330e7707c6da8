//! Checks on this computer: files, permissions, slots, records.

use std::path::Path;

use countersign_authenticator::vault::{Completeness, KeySlot, KindHealth, Recoverability, SlotKind, Vault};

use super::Check;
use crate::args::Global;
use crate::failure::Failure;
use crate::session;
use crate::text::count;

/// Who may read the vault's file, its folder and the passphrase's file.
pub(super) fn files(global: &Global) -> Result<Vec<Check>, Failure> {
    let path = session::vault_path(global)?;
    let mut checks = Vec::new();
    if path.is_file() {
        checks.push(permissions("Vault file", &path, OTHERS_MAY_USE, "600"));
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            checks.push(permissions("Vault folder", folder, OTHERS_MAY_WRITE, "700"));
        }
    }
    if let Some(file) = global.passphrase_file.as_ref().filter(|file| file.is_file()) {
        checks.push(permissions("Passphrase file", file, OTHERS_MAY_USE, "600"));
    }
    Ok(checks)
}

/// The file's structure, its slots, and as much of its records as can be opened.
pub(super) fn vault(vault: &Vault) -> Vec<Check> {
    let health = match vault.check() {
        Ok(health) => health,
        Err(error) => return vec![Check::problem("Vault", error.to_string()).advise(Some(KEEP))],
    };
    let mut checks = Vec::new();
    if !health.file_is_sound {
        checks.push(Check::problem("Vault", "its file is damaged in places").advise(Some(KEEP)));
    }
    for slot in health.slots.iter().filter(|slot| slot.damaged) {
        let found = format!("a slot is damaged: {}", slot.kind.name().replace('_', " "));
        checks.push(
            Check::problem("Key slots", found)
                .advise(Some("open the vault in another way, and create the slot again")),
        );
    }
    checks.extend(ways_in(&health.slots));
    let lost: Vec<Check> = health.kinds.iter().filter_map(loss).collect();
    if lost.is_empty() && !health.kinds.is_empty() {
        let records: u64 = health.kinds.iter().map(|kind| kind.sound).sum();
        checks.push(Check::good("Records", format!("all {records} open")).measure("records", records));
    }
    checks.extend(lost);
    checks
}

/// The key slots, and whether they were ever used.
fn ways_in(slots: &[KeySlot]) -> Vec<Check> {
    let mut checks = Vec::new();
    let codes = || slots.iter().filter(|slot| slot.kind == SlotKind::RecoveryCode && !slot.damaged);
    checks.push(if codes().next().is_none() {
        Check::warning("Key slots", "no recovery code: forgetting the passphrase would lose everything")
            .advise(Some("`countersign vault recovery-code` creates one"))
    } else if codes().all(|slot| slot.proven == Some(false)) {
        Check::warning(
            "Key slots",
            "the recovery code was never checked, so it may have been written down wrongly",
        )
        .advise(Some("`countersign vault recovery-code --check`"))
    } else {
        Check::good("Key slots", format!("{}, including a recovery code", count(slots.len(), "slot")))
    });
    if Recoverability::of(slots) == Recoverability::DeviceOnly {
        let found = "only this device's key store opens the vault: without the device, everything is lost";
        checks.push(
            Check::warning("Recovery", found)
                .advise(Some("`countersign vault recovery-code` creates another way")),
        );
    }
    checks
}

const KEEP: &str = "keep the file, and restore a backup";

fn loss(kind: &KindHealth) -> Option<Check> {
    let what = format!("Records ({})", kind.kind.name().replace('_', " "));
    if !kind.damaged.is_empty() {
        return Some(
            Check::problem(what, format!("{} can't be opened", kind.damaged.len())).advise(Some(KEEP)),
        );
    }
    let found = match kind.completeness {
        Completeness::Complete => return None,
        Completeness::Missing(number) => format!("{number} missing from the file"),
        Completeness::Surplus(number) => format!("{number} deleted before and present again"),
        _ => "the vault can't prove that they are complete".to_owned(),
    };
    Some(Check::problem(what, found).advise(Some(KEEP)))
}

/// Permission bits of anybody but the owner.
const OTHERS_MAY_USE: u32 = 0o077;
/// Write permission of anybody but the owner.
const OTHERS_MAY_WRITE: u32 = 0o022;

#[cfg(unix)]
fn permissions(what: &str, path: &Path, forbidden: u32, right: &str) -> Check {
    use std::os::unix::fs::PermissionsExt;

    match path.metadata() {
        Ok(metadata) if metadata.permissions().mode() & forbidden != 0 => {
            let access = if forbidden == OTHERS_MAY_WRITE { "change" } else { "read" };
            Check::problem(what, format!("other users of this computer can {access} it"))
                .advise(Some(format!("chmod {right} {}", path.display())))
        }
        Ok(_) => Check::good(what, "only you have access"),
        Err(_) => Check::problem(what, "it can't be checked").advise(Some("check its permissions")),
    }
}

#[cfg(not(unix))]
fn permissions(what: &str, _: &Path, _: u32, _: &str) -> Check {
    Check::good(what, "kept under your account")
}
