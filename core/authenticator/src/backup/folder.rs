//! Backups in a folder: each appears whole or not at all, and old ones go only when a new one is proven.

use std::fs;
use std::io::Write;
use std::path::Path;

use async_trait::async_trait;

use super::BackupError;
use crate::vault::files;

/// A folder that has no path here: one that an app of the phone gives access to, such as a cloud's.
///
/// # Contract
///
/// - **Names** are those of single files, and are kept as they are. Other files may lie there.
/// - **`write`** overwrites nothing: [`BackupError::AlreadyExists`].
/// - **`read`** gives what is stored, and not what was given to `write`: it proves the backup.
/// - **`remove`** of a file that isn't there succeeds.
#[async_trait]
pub trait BackupFolder: Send + Sync {
    /// The names of the files.
    async fn names(&self) -> Result<Vec<String>, BackupError>;

    /// Stores a new file.
    async fn write(&self, name: &str, content: Vec<u8>) -> Result<(), BackupError>;

    /// Reads a file.
    async fn read(&self, name: &str) -> Result<Vec<u8>, BackupError>;

    /// Removes a file.
    async fn remove(&self, name: &str) -> Result<(), BackupError>;
}

const PREFIX: &str = "countersign-";
const SUFFIX: &str = ".csgnbackup";

/// The name of a backup of this moment, in UTC: names sort by age.
pub(crate) fn file_name(unix_seconds: u64) -> String {
    let (days, seconds) = (unix_seconds / 86_400, unix_seconds % 86_400);
    // Howard Hinnant, "chrono-compatible low-level date algorithms": days from the first of March of the year 0.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{PREFIX}{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}{SUFFIX}")
}

/// Writes a file that nobody else may read, whole or not at all, and returns what is then on the disk.
pub(crate) fn write(path: &Path, content: &[u8]) -> Result<Vec<u8>, BackupError> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(BackupError::AlreadyExists);
    }
    let mut failure = None;
    let published = files::publish(path, |draft| {
        let written =
            fs::OpenOptions::new().write(true).open(draft).and_then(|mut file| file.write_all(content));
        written.map_err(|error| {
            failure = Some(BackupError::from(error));
            crate::vault::VaultError::Storage { code: 0 }
        })
    });
    published.map_err(|error| failure.unwrap_or_else(|| error.into()))?;
    Ok(fs::read(path)?)
}

impl From<crate::vault::VaultError> for BackupError {
    fn from(error: crate::vault::VaultError) -> Self {
        use crate::vault::VaultError;
        match error {
            VaultError::Missing => Self::NoFolder,
            VaultError::AccessDenied => Self::AccessDenied,
            VaultError::DiskFull => Self::DiskFull,
            _ => Self::Storage,
        }
    }
}

/// Removes the oldest backups beyond `keep`, of those whose names are ours to the letter. How many went, and why others
/// didn't.
pub(crate) fn remove_old(folder: &Path, keep: usize) -> (usize, Option<BackupError>) {
    let files = match fs::read_dir(folder) {
        Ok(files) => files,
        Err(error) => return (0, Some(error.into())),
    };
    let names = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
    let (mut removed, mut not_removed) = (0, None);
    for name in old_ones(names, keep) {
        match fs::remove_file(folder.join(name)) {
            Ok(()) => removed += 1,
            Err(error) => not_removed = Some(error.into()),
        }
    }
    (removed, not_removed)
}

/// The names of the oldest backups beyond `keep`, of those whose names are ours to the letter.
pub(crate) fn old_ones(names: impl Iterator<Item = String>, keep: usize) -> Vec<String> {
    let mut names: Vec<_> = names.filter(|name| is_ours(name)).collect();
    names.sort();
    names.truncate(names.len().saturating_sub(keep.max(1)));
    names
}

fn is_ours(name: &str) -> bool {
    let stamp = name.strip_prefix(PREFIX).and_then(|name| name.strip_suffix(SUFFIX));
    let Some((date, time)) = stamp.and_then(|stamp| stamp.split_once('-')) else { return false };
    let digits = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(date, 8) && digits(time, 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_moment_in_utc() {
        for (seconds, name) in [
            (0, "countersign-19700101-000000.csgnbackup"),
            (951_782_400, "countersign-20000229-000000.csgnbackup"),
            (1_795_513_512, "countersign-20261124-094512.csgnbackup"),
            (4_107_542_399, "countersign-21000228-235959.csgnbackup"),
        ] {
            assert_eq!(file_name(seconds), name);
            assert!(is_ours(name));
        }
        for name in ["countersign-20261124.csgnbackup", "countersign-2026112x-094512.csgnbackup", "photo.png"]
        {
            assert!(!is_ours(name));
        }
    }
}
