//! Backups as a shell sees them: good once they were read back, and nothing older goes before that.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::support::Phone;
use async_trait::async_trait;
use countersign_ffi::{
    AuthenticatorError, BackupFolder, BackupFolderError, ExportFormat, Import, Passphrase,
};

const SECRET: &str = "JBSWY3DPEHPK3PXP";

fn password() -> Arc<Passphrase> {
    Passphrase::new(b"a passphrase as typed")
}

#[tokio::test]
async fn a_backup_in_a_folder_is_proven_and_restores_on_another_phone() {
    let (phone, folder) = (Phone::make().await, tempfile::tempdir().unwrap());
    phone.add_totp(SECRET).await;
    assert_eq!(phone.authenticator.last_backup().await.unwrap(), None);
    let path = folder.path().to_str().unwrap().to_owned();
    let backup = phone.authenticator.back_up(path, password(), 2, None).await.unwrap();
    assert_eq!((backup.rehearsal.restorable, backup.rehearsal.total, backup.removed), (1, 1, 0));
    let last = phone.authenticator.last_backup().await.unwrap().unwrap();
    assert_eq!((last.restorable, last.total), (1, 1));

    let content = std::fs::read(folder.path().join(&backup.name)).unwrap();
    let new = Phone::make().await;
    let import = Import::new();
    let wrong = import.add_file(content.clone(), Some(Passphrase::new(b"mistyped")), None).await.unwrap_err();
    assert!(matches!(wrong, AuthenticatorError::WrongKey { .. }));
    assert_eq!(import.add_file(content, Some(password()), None).await.unwrap().format, "countersign");
    assert_eq!(new.authenticator.import_accounts(import, None).await.unwrap().proven, 1);
    assert_eq!(new.authenticator.codes(None).await.unwrap().codes.len(), 1);
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_told() {
    let (phone, folder) = (Phone::make().await, tempfile::tempdir().unwrap());
    phone.add_totp(SECRET).await;
    let path = folder.path().join("gone").to_str().unwrap().to_owned();
    let error = phone.authenticator.back_up(path, password(), 2, None).await.unwrap_err();
    assert_eq!(error.code(), "backup_no_folder");
    assert_eq!(phone.authenticator.last_backup().await.unwrap(), None);
}

#[tokio::test]
async fn an_export_that_the_shell_stores_counts_once_it_was_read_again() {
    let phone = Phone::make().await;
    phone.add_totp(SECRET).await;
    let refused = phone.authenticator.export(ExportFormat::Backup, None, None).await.unwrap_err();
    assert_eq!(refused.code(), "backup_password_needed");
    let export = phone.authenticator.export(ExportFormat::Backup, Some(password()), None).await.unwrap();
    assert_eq!(export.rehearsal.missing, 0);
    assert_eq!(phone.authenticator.last_backup().await.unwrap(), None);

    let cut = export.content[..export.content.len() - 1].to_vec();
    let error = phone.authenticator.rehearse(cut, Some(password()), None).await.unwrap_err();
    assert!(matches!(error, AuthenticatorError::WrongKey { .. }), "{error:?}");
    assert_eq!(phone.authenticator.last_backup().await.unwrap(), None);
    phone.authenticator.rehearse(export.content, Some(password()), None).await.unwrap();
    assert!(phone.authenticator.last_backup().await.unwrap().is_some());
}

#[tokio::test]
async fn a_plain_export_is_what_was_asked_for_and_shows_itself_in_no_debug_text() {
    let (phone, folder) = (Phone::make().await, tempfile::tempdir().unwrap());
    phone.add_totp(SECRET).await;
    let links = phone.authenticator.export(ExportFormat::Links, None, None).await.unwrap();
    assert!(String::from_utf8(links.content.clone()).unwrap().contains(SECRET));
    assert!(!format!("{links:?}").contains(&format!("{:?}", links.content[..8].to_vec())[1..20]));

    let path = folder.path().join("accounts.json").to_str().unwrap().to_owned();
    let json = ExportFormat::AegisJson;
    let rehearsal = phone.authenticator.export_to(path.clone(), json, None, None).await.unwrap();
    assert_eq!(rehearsal.restorable, 1);
    let error = phone.authenticator.export_to(path, json, None, None).await.unwrap_err();
    assert_eq!(error.code(), "backup_already_exists");
    assert_eq!(phone.authenticator.last_backup().await.unwrap(), None);
}

/// A folder as another app might keep it.
#[derive(Default)]
struct Cloud {
    files: Mutex<BTreeMap<String, Vec<u8>>>,
    /// Whether it forgets the end of what it is given.
    cuts: bool,
}

impl Cloud {
    fn names(&self) -> Vec<String> {
        self.files.lock().unwrap().keys().cloned().collect()
    }

    fn with(names: &[&str]) -> Self {
        let files = names.iter().map(|name| ((*name).to_owned(), Vec::new())).collect();
        Self { files: Mutex::new(files), cuts: false }
    }
}

#[async_trait]
impl BackupFolder for Cloud {
    async fn names(&self) -> Result<Vec<String>, BackupFolderError> {
        Ok(self.names())
    }

    async fn write(&self, name: String, mut content: Vec<u8>) -> Result<(), BackupFolderError> {
        if self.cuts {
            content.pop();
        }
        self.files.lock().unwrap().insert(name, content);
        Ok(())
    }

    async fn read(&self, name: String) -> Result<Vec<u8>, BackupFolderError> {
        self.files.lock().unwrap().get(&name).cloned().ok_or(BackupFolderError::Failed)
    }

    async fn remove(&self, name: String) -> Result<(), BackupFolderError> {
        self.files.lock().unwrap().remove(&name);
        Ok(())
    }
}

const OLD: [&str; 4] = [
    "countersign-20240101-000000.csgnbackup",
    "countersign-20250101-000000.csgnbackup",
    "countersign-notes.csgnbackup",
    "photo.png",
];

#[tokio::test]
async fn older_backups_go_once_the_new_one_is_proven_and_nothing_else_does() {
    let (phone, cloud) = (Phone::make().await, Arc::new(Cloud::with(&OLD)));
    phone.add_totp(SECRET).await;
    let backup = phone.authenticator.back_up_into(cloud.clone(), password(), 2, None).await.unwrap();
    assert_eq!((backup.removed, backup.rehearsal.restorable), (1, 1));
    assert_eq!(cloud.names(), [OLD[1], &backup.name, OLD[2], OLD[3]]);
    assert!(phone.authenticator.last_backup().await.unwrap().is_some());
}

#[tokio::test]
async fn a_folder_that_loses_bytes_makes_no_backup_and_keeps_the_older_ones() {
    let phone = Phone::make().await;
    phone.add_totp(SECRET).await;
    let cloud = Arc::new(Cloud { cuts: true, ..Cloud::with(&OLD) });
    let error = phone.authenticator.back_up_into(cloud.clone(), password(), 1, None).await.unwrap_err();
    assert_eq!(error.code(), "backup_unreadable");
    assert_eq!(cloud.names(), OLD);
    assert_eq!(phone.authenticator.last_backup().await.unwrap(), None);
}

/// Whose owner took the permission back.
struct Closed;

#[async_trait]
impl BackupFolder for Closed {
    async fn names(&self) -> Result<Vec<String>, BackupFolderError> {
        Err(BackupFolderError::AccessDenied)
    }

    async fn write(&self, _: String, _: Vec<u8>) -> Result<(), BackupFolderError> {
        Err(BackupFolderError::AccessDenied)
    }

    async fn read(&self, _: String) -> Result<Vec<u8>, BackupFolderError> {
        Err(BackupFolderError::AccessDenied)
    }

    async fn remove(&self, _: String) -> Result<(), BackupFolderError> {
        Err(BackupFolderError::AccessDenied)
    }
}

#[tokio::test]
async fn a_folder_that_is_closed_to_the_app_is_told_as_that() {
    let phone = Phone::make().await;
    phone.add_totp(SECRET).await;
    let error = phone.authenticator.back_up_into(Arc::new(Closed), password(), 1, None).await.unwrap_err();
    assert_eq!(error.code(), "backup_access_denied");
}
