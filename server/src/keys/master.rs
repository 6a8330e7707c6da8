//! Where the master key comes from.
//!
//! It is made once, when there is no database yet. With a database, a missing or other key is an error: a new one
//! would open nothing, and the service would look healthy while every device in it was lost.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use countersign_protocol::{decode_base64url, encode_base64url};
use zeroize::Zeroizing;

use crate::secret::SecretBytes;

/// The 32 bytes that everything sealed or derived depends on.
#[derive(Clone, Debug)]
pub struct MasterKey(SecretBytes<32>);

/// Where the service gets its master key from.
#[derive(Clone, Debug)]
pub enum MasterKeySource {
    /// A file with 43 characters of base64url in it. Made at the first start, readable by its owner only.
    File(PathBuf),
    /// The key itself, as the environment gave it.
    Given(MasterKey),
}

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MasterKeyError {
    /// There is a database, but its master key is gone.
    #[error(
        "there is a database but no master key at {}: put the key back, or name it with COUNTERSIGN_MASTER_KEY_FILE; \
         without it nothing that is sealed in the database can be opened",
        .0.display()
    )]
    Missing(PathBuf),
    /// It isn't 32 bytes in base64url.
    #[error("the master key is not 32 bytes in base64url (43 characters)")]
    Malformed,
    /// It isn't the key that the database was made with.
    #[error(
        "the master key does not belong to this database: start with the key that the database was made with"
    )]
    Wrong,
    /// Somebody else on this computer can read the key, or put another one in its place.
    #[error("the master key at {} is not safe: {problem}", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        problem: ExposedKey,
    },
    /// The file can't be read or made.
    #[error("the master key at {} can't be read or made", .0.display())]
    File(PathBuf, #[source] std::io::Error),
}

/// Who else has to do with the file of a master key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExposedKey {
    /// Its permissions.
    #[error(
        "other users can read or change it. If one of them may have, restore the service with new keys; else make it \
         the service's alone (`chmod 600`)"
    )]
    Mode,
    /// Its owner.
    #[error(
        "it belongs to another user. Give it to the user that the service runs as (`chown`), or to root with \
         permission for the service's group to read it (`chmod 640`)"
    )]
    Owner,
    /// The folder's permissions or owner.
    #[error(
        "other users can put another key in its place. Make its folder the service's alone (`chown`, `chmod 700`)"
    )]
    Folder,
}

impl MasterKey {
    /// The key with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(SecretBytes::new(bytes))
    }

    /// Reads 43 characters of base64url; space around them is left out.
    ///
    /// # Errors
    ///
    /// [`MasterKeyError::Malformed`]; the text isn't in the error.
    pub fn from_text(text: &str) -> Result<Self, MasterKeyError> {
        let bytes = Zeroizing::new(decode_base64url(text.trim()).map_err(|_| MasterKeyError::Malformed)?);
        let bytes: [u8; 32] = bytes.as_slice().try_into().map_err(|_| MasterKeyError::Malformed)?;
        Ok(Self::from_bytes(bytes))
    }

    pub(super) fn expose(&self) -> &[u8] {
        self.0.expose()
    }
}

/// The master key from `source`. With `may_make`, a file that isn't there yet is made.
pub(crate) fn obtain(source: &MasterKeySource, may_make: bool) -> Result<MasterKey, MasterKeyError> {
    match source {
        MasterKeySource::Given(key) => Ok(key.clone()),
        MasterKeySource::File(path) => match read(path) {
            Err(MasterKeyError::File(_, error)) if error.kind() == ErrorKind::NotFound => {
                if may_make {
                    make(path)
                } else {
                    Err(MasterKeyError::Missing(path.clone()))
                }
            }
            read => read,
        },
    }
}

fn read(path: &Path) -> Result<MasterKey, MasterKeyError> {
    let failed = |error| MasterKeyError::File(path.to_owned(), error);
    let mut text = Zeroizing::new(String::new());
    let file = OpenOptions::new().read(true).open(path).map_err(failed)?;
    if let Some(problem) = exposure(path, &file).map_err(failed)? {
        return Err(MasterKeyError::Exposed { path: path.to_owned(), problem });
    }
    file.take(1024).read_to_string(&mut text).map_err(failed)?;
    MasterKey::from_text(&text)
}

/// Who else could read or replace the key. The rule is PostgreSQL's for a server's private key: the service's own file,
/// for nobody else, or root's, which the service's group may read, as orchestrators mount secrets.
#[cfg(unix)]
fn exposure(path: &Path, file: &std::fs::File) -> std::io::Result<Option<ExposedKey>> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let user = rustix::process::geteuid().as_raw();
    Ok(exposure_of(user, Seen::of(&file.metadata()?), Seen::of(&std::fs::metadata(folder)?)))
}

/// On Windows a file has the access list of its folder, and the usual data folder is its user's alone. Nothing is checked.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
fn exposure(_path: &Path, _file: &std::fs::File) -> std::io::Result<Option<ExposedKey>> {
    Ok(None)
}

/// Owner and permissions.
#[cfg(unix)]
#[derive(Clone, Copy, Debug)]
struct Seen {
    owner: u32,
    mode: u32,
}

#[cfg(unix)]
impl Seen {
    fn of(metadata: &std::fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { owner: metadata.uid(), mode: metadata.mode() }
    }
}

#[cfg(unix)]
fn exposure_of(user: u32, file: Seen, folder: Seen) -> Option<ExposedKey> {
    const ROOT: u32 = 0;
    // All but root's permission to write and the group's to read.
    const FORBIDDEN_TO_OTHERS: u32 = 0o077;
    const GROUP_READS: u32 = 0o040;
    const OTHERS_WRITE: u32 = 0o002;
    const STICKY: u32 = 0o1000;
    // Root may use what is another's: it makes keys for a service that runs as somebody else.
    let is_trusted = |owner: u32| owner == user || owner == ROOT || user == ROOT;
    let forbidden = if file.owner == ROOT { FORBIDDEN_TO_OTHERS & !GROUP_READS } else { FORBIDDEN_TO_OTHERS };
    // Where the sticky bit is set, nobody moves another's file.
    let is_anybodys = folder.mode & OTHERS_WRITE != 0 && folder.mode & STICKY == 0;
    if !is_trusted(file.owner) {
        Some(ExposedKey::Owner)
    } else if file.mode & forbidden != 0 {
        Some(ExposedKey::Mode)
    } else if is_anybodys || !is_trusted(folder.owner) {
        Some(ExposedKey::Folder)
    } else {
        None
    }
}

fn make(path: &Path) -> Result<MasterKey, MasterKeyError> {
    let key = SecretBytes::<32>::make_random();
    let text = Zeroizing::new(format!("{}\n", encode_base64url(key.expose())));
    write_private(path, text.as_bytes()).map_err(|error| MasterKeyError::File(path.to_owned(), error))?;
    Ok(MasterKey(key))
}

/// Writes a new file that only its owner can read, durably: either all of it is there, or no file.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let unfinished = path.with_extension("new");
    // What a killed process left may have other permissions.
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)?;
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_read_from_then_on() {
        let folder = tempfile::tempdir().unwrap();
        let source = MasterKeySource::File(folder.path().join("master.key"));
        let made = obtain(&source, true).unwrap();
        assert_eq!(obtain(&source, true).unwrap().expose(), made.expose());
        assert_eq!(obtain(&source, false).unwrap().expose(), made.expose());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_but_its_owner_may_read_a_new_key() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        obtain(&MasterKeySource::File(path.clone()), true).unwrap();
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_or_replace_is_not_used() {
        let seen = |owner: u32, mode: u32| Seen { owner, mode };
        let (private_file, private_folder) = (seen(1000, 0o100_600), seen(1000, 0o40_700));
        for (user, file, folder, exposed) in [
            (1000, private_file, private_folder, None),
            (1000, seen(1000, 0o100_400), private_folder, None),
            (1000, seen(0, 0o100_640), seen(0, 0o40_755), None),
            (1000, seen(0, 0o100_440), seen(0, 0o42_775), None),
            (1000, private_file, seen(0, 0o41_777), None),
            (1000, private_file, seen(1000, 0o40_755), None),
            (0, private_file, private_folder, None),
            (1000, seen(1000, 0o100_644), private_folder, Some(ExposedKey::Mode)),
            (1000, seen(1000, 0o100_640), private_folder, Some(ExposedKey::Mode)),
            (1000, seen(1000, 0o100_602), private_folder, Some(ExposedKey::Mode)),
            (1000, seen(0, 0o100_644), private_folder, Some(ExposedKey::Mode)),
            (1000, seen(0, 0o100_660), private_folder, Some(ExposedKey::Mode)),
            (0, seen(0, 0o100_604), private_folder, Some(ExposedKey::Mode)),
            (1000, seen(1001, 0o100_600), private_folder, Some(ExposedKey::Owner)),
            (1000, private_file, seen(1000, 0o40_777), Some(ExposedKey::Folder)),
            (1000, private_file, seen(1000, 0o40_702), Some(ExposedKey::Folder)),
            (1000, private_file, seen(1001, 0o40_700), Some(ExposedKey::Folder)),
        ] {
            assert_eq!(exposure_of(user, file, folder), exposed, "{user} {file:?} {folder:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn permissions_are_looked_at_whenever_the_key_is_read() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let source = MasterKeySource::File(path.clone());
        obtain(&source, true).unwrap();
        let set =
            |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        let exposed = || match obtain(&source, true).unwrap_err() {
            MasterKeyError::Exposed { problem, .. } => problem,
            other => panic!("{other}"),
        };
        for mode in [0o604, 0o606, 0o620, 0o666, 0o777] {
            set(&path, mode);
            assert_eq!(exposed(), ExposedKey::Mode, "{mode:o}");
        }
        set(&path, 0o600);
        set(folder.path(), 0o777);
        assert_eq!(exposed(), ExposedKey::Folder);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        set(folder.path(), 0o700);
        set(&path, 0o644);
        assert!(obtain(&MasterKeySource::File(link), false).is_err(), "what a link leads to counts");
        set(&path, 0o400);
        obtain(&source, true).unwrap();
    }

    #[test]
    fn a_missing_key_is_not_replaced_when_it_must_exist() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let error = obtain(&MasterKeySource::File(path.clone()), false).unwrap_err();
        assert!(matches!(error, MasterKeyError::Missing(_)), "{error}");
        assert!(!path.exists());
    }

    #[test]
    fn a_malformed_key_is_neither_used_nor_shown() {
        for text in ["", "planted-canary", &"A".repeat(42), &"A".repeat(44)] {
            let error = MasterKey::from_text(text).unwrap_err();
            assert!(matches!(error, MasterKeyError::Malformed));
            assert!(!format!("{error} {error:?}").contains("canary"));
        }
    }
}
