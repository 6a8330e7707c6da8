//! Files that appear whole or not at all, readable by their owner alone.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::VaultError;

/// Creates the vault file at `path` by `build`, and its folder if there is none.
///
/// Whatever happens on the way, there is either nothing at `path` or all of it. Nothing is ever overwritten: neither a
/// file, nor the write-ahead log of a vault whose file went missing.
pub(super) fn create(
    path: &Path,
    build: impl FnOnce(&Path) -> Result<(), VaultError>,
) -> Result<(), VaultError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        create_folder(folder)?;
    }
    exclusively(path, || {
        if [path.to_path_buf(), beside(path, "-wal")].iter().any(|file| fs::symlink_metadata(file).is_ok()) {
            return Err(VaultError::AlreadyExists);
        }
        publish(path, build)
    })
}

/// Does what makes or moves the vault at `path` while nobody else does.
///
/// A rename overwrites, and there is no portable one that doesn't. So whoever creates holds this lock, which the system
/// releases even if the process is killed.
pub(super) fn exclusively<T>(
    path: &Path,
    work: impl FnOnce() -> Result<T, VaultError>,
) -> Result<T, VaultError> {
    let lock_path = beside(path, ".lock");
    let lock = private().create(true).write(true).truncate(false).open(&lock_path)?;
    lock_exclusively(&lock)?;
    let done = work()?;
    // From here on the vault itself keeps others from creating.
    remove_if_present(&lock_path)?;
    Ok(done)
}

/// Writes a draft by `build`, then renames it to `path`. A draft left by a crash is thrown away.
///
/// The caller makes sure that nobody else publishes to `path`.
pub(crate) fn publish(
    path: &Path,
    build: impl FnOnce(&Path) -> Result<(), VaultError>,
) -> Result<(), VaultError> {
    let draft = beside(path, ".new");
    let built = write_draft(&draft, build).and_then(|()| Ok(fs::rename(&draft, path)?));
    if built.is_err() {
        // The first error is the one worth telling.
        let _ = remove_draft(&draft);
        return built;
    }
    sync_folder_of(path)
}

/// Removes a file; that there is none is fine.
pub(super) fn remove_if_present(path: &Path) -> Result<(), VaultError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// The path with `suffix` appended to the file's name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Waits for the lock on an open file. It goes with the file, or with the process.
#[cfg(unix)]
fn lock_exclusively(file: &File) -> io::Result<()> {
    // `File::lock` makes the same call, but not on Android: there it refuses before Rust 1.98.
    Ok(rustix::io::retry_on_intr(|| rustix::fs::flock(file, rustix::fs::FlockOperation::LockExclusive))?)
}

/// Waits for the lock on an open file. It goes with the file, or with the process.
#[cfg(not(unix))]
#[expect(clippy::disallowed_methods, reason = "what it is disallowed for is Android")]
fn lock_exclusively(file: &File) -> io::Result<()> {
    file.lock()
}

fn write_draft(draft: &Path, build: impl FnOnce(&Path) -> Result<(), VaultError>) -> Result<(), VaultError> {
    remove_draft(draft)?;
    // SQLite gives its companion files the permissions of the main one.
    private().create_new(true).write(true).open(draft)?;
    build(draft)?;
    Ok(OpenOptions::new().write(true).open(draft)?.sync_all()?)
}

fn remove_draft(draft: &Path) -> Result<(), VaultError> {
    for suffix in ["", "-journal", "-wal", "-shm"] {
        remove_if_present(&beside(draft, suffix))?;
    }
    Ok(())
}

pub(super) fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes the rename itself durable, where the file system can: those that can't say so (POSIX, fsync: `EINVAL`), and the
/// file is there all the same. Windows can't open a folder, and its file system journals renames.
pub(super) fn sync_folder_of(path: &Path) -> Result<(), VaultError> {
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match File::open(folder)?.sync_all() {
            Err(error)
                if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {}
            synced => synced?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn a_folder_that_cannot_be_synced_is_no_failure() {
        let error = File::open("/proc/self").unwrap().sync_all().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "the folder is one of these");
        assert_eq!(sync_folder_of(Path::new("/proc/self/vault.db")), Ok(()));
        assert_eq!(sync_folder_of(Path::new("/proc/no such folder/vault.db")), Err(VaultError::Missing));
    }
}
