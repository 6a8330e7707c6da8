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
    /// The file can't be read or made.
    #[error("the master key at {} can't be read or made", .0.display())]
    File(PathBuf, #[source] std::io::Error),
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
    file.take(1024).read_to_string(&mut text).map_err(failed)?;
    MasterKey::from_text(&text)
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
