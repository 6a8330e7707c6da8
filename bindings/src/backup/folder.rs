//! A folder for backups that has no path here.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_authenticator::backup::{self, BackupError};
use uniffi::UnexpectedUniFFICallbackError;

use crate::limit::{FILE, within};

/// A folder that only the platform can open: one that the person has chosen in another app, such as a cloud's.
///
/// # Contract
///
/// - **Which.** *Android*: the tree of `ACTION_OPEN_DOCUMENT_TREE`, by `DocumentsContract`. An Apple app has paths for such
///   folders: [`crate::Authenticator::back_up`].
/// - **Names** are those of single files, of ASCII letters, digits, `-` and `.`, and are kept to the letter. Other files may lie
///   there.
/// - **Content** is encrypted. It is written as it is, and `read` gives what is stored: it proves the backup, so no cache of the
///   app's own may answer.
/// - **Threads.** Any method may be called from any thread, must not block it, and has five minutes.
/// - **Cancelling.** The call may be cancelled at any time (Kotlin: the coroutine, Swift: the task).
/// - **Errors** are those of [`BackupFolderError`]; anything else that is thrown counts as `Failed`, and is neither logged nor
///   kept. In Kotlin, catch `Throwable`: an `Error` that escapes from an async method reaches nobody, and the call waits for its
///   time limit.
#[uniffi::export(foreign)]
#[async_trait]
pub trait BackupFolder: Send + Sync {
    /// The names of the files in it.
    ///
    /// # Errors
    ///
    /// As the contract says.
    async fn names(&self) -> Result<Vec<String>, BackupFolderError>;

    /// Stores a new file, and overwrites nothing.
    ///
    /// # Errors
    ///
    /// As the contract says; `AlreadyExists` when there is a file of this name.
    async fn write(&self, name: String, content: Vec<u8>) -> Result<(), BackupFolderError>;

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// As the contract says.
    async fn read(&self, name: String) -> Result<Vec<u8>, BackupFolderError>;

    /// Removes a file. That there is none is fine.
    ///
    /// # Errors
    ///
    /// As the contract says.
    async fn remove(&self, name: String) -> Result<(), BackupFolderError>;
}

/// Why a [`BackupFolder`] didn't do what it was asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum BackupFolderError {
    /// The folder isn't there any more.
    #[error("the folder is not there")]
    NotThere,
    /// The app may not use it any more.
    #[error("access is denied")]
    AccessDenied,
    /// There is a file of this name.
    #[error("there is a file of this name")]
    AlreadyExists,
    /// No space is left.
    #[error("no space is left")]
    Full,
    /// It didn't work. Also whatever else is thrown.
    #[error("the folder failed")]
    Failed,
}

impl From<BackupFolderError> for BackupError {
    fn from(error: BackupFolderError) -> Self {
        match error {
            BackupFolderError::NotThere => Self::NoFolder,
            BackupFolderError::AccessDenied => Self::AccessDenied,
            BackupFolderError::AlreadyExists => Self::AlreadyExists,
            BackupFolderError::Full => Self::DiskFull,
            BackupFolderError::Failed => Self::Storage,
        }
    }
}

// The reason holds what was thrown: it goes no further.
impl From<UnexpectedUniFFICallbackError> for BackupFolderError {
    fn from(_: UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}

/// The foreign folder as the core's.
pub(crate) struct ForeignFolder(pub(crate) Arc<dyn BackupFolder>);

#[async_trait]
impl backup::BackupFolder for ForeignFolder {
    async fn names(&self) -> Result<Vec<String>, BackupError> {
        within(FILE, self.0.names()).await
    }

    async fn write(&self, name: &str, content: Vec<u8>) -> Result<(), BackupError> {
        within(FILE, self.0.write(name.to_owned(), content)).await
    }

    async fn read(&self, name: &str) -> Result<Vec<u8>, BackupError> {
        within(FILE, self.0.read(name.to_owned())).await
    }

    async fn remove(&self, name: &str) -> Result<(), BackupError> {
        within(FILE, self.0.remove(name.to_owned())).await
    }
}
