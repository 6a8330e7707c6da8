//! Beginning anew without losing what was there: a vault that nobody can open is set aside, never deleted.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Vault, VaultError, files};

impl Vault {
    /// Moves a vault out of the way, into a new folder beside it, so that another can be made at its path: for a vault whose
    /// keys are lost, or whose file is damaged. Whoever finds the key later opens it there. Returns the folder.
    ///
    /// File, log and copies move together. Killed on the way, nothing is at the path, and calling it again moves the rest.
    /// Close the vault first.
    ///
    /// # Errors
    ///
    /// [`VaultError::Missing`] when there is nothing to move; [`VaultError::AccessDenied`], [`VaultError::DiskFull`].
    pub fn set_aside(path: &Path) -> Result<PathBuf, VaultError> {
        files::exclusively(path, || {
            let parts = parts(path)?;
            let newest = folders(path).take_while(|folder| folder.exists()).last();
            let folder = match newest {
                _ if parts.is_empty() => return Err(VaultError::Missing),
                Some(newest) if is_continued_in(&newest, path, &parts)? => newest,
                _ => new_folder(path)?,
            };
            for part in parts {
                let name = part.file_name().ok_or(VaultError::Missing)?;
                fs::rename(&part, folder.join(name))?;
            }
            files::sync_folder_of(&folder.join("any"))?;
            files::sync_folder_of(path)?;
            Ok(folder)
        })
    }
}

/// What belongs to the vault, its file first: while that is there, so is its log.
fn parts(path: &Path) -> Result<Vec<PathBuf>, VaultError> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(Vec::new()) };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut parts = Vec::new();
    for file in fs::read_dir(folder)? {
        let file = file?;
        if is_part(&file.file_name(), name) && file.file_type()?.is_file() {
            parts.push(file.path());
        }
    }
    parts.sort();
    Ok(parts)
}

fn is_part(file: &OsStr, vault: &OsStr) -> bool {
    let suffix = file.as_encoded_bytes().strip_prefix(vault.as_encoded_bytes());
    suffix.is_some_and(|suffix| matches!(suffix, b"" | b"-wal" | b"-shm") || suffix.starts_with(b".schema-"))
}

/// Whether these are to go where an earlier call, which was killed, began: into a folder that is still empty, or has the
/// file to which the rest belongs.
fn is_continued_in(folder: &Path, path: &Path, parts: &[PathBuf]) -> Result<bool, VaultError> {
    let is_empty = fs::read_dir(folder)?.next().is_none();
    let is_free = |part: &PathBuf| part.file_name().is_some_and(|name| !folder.join(name).exists());
    Ok(is_empty || (!path.exists() && parts.iter().all(is_free)))
}

fn new_folder(path: &Path) -> Result<PathBuf, VaultError> {
    let folder = folders(path).find(|folder| fs::symlink_metadata(folder).is_err());
    let folder = folder.ok_or(VaultError::AlreadyExists)?;
    files::create_folder(&folder)?;
    Ok(folder)
}

fn folders(path: &Path) -> impl Iterator<Item = PathBuf> {
    (1..MAX_FOLDERS).map(|number| files::beside(path, &format!(".aside-{number}")))
}

/// More vaults than anybody loses.
const MAX_FOLDERS: u32 = 10_000;
