//! Accounts from other apps: what would come, doing it, and taking it back.

mod rows;

use std::sync::Arc;

use countersign_authenticator::import as core;
use countersign_authenticator::tasks::blocking;
pub use rows::{
    ImportOptions, ImportPreview, ImportReport, ImportRow, ImportedRow, LastImport, RowChoice, RowOutcome,
    RowVerdict, SameName, UndoReport,
};
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use crate::accounts::page_of;
use crate::cancel::{CancelHandle, cancellable};
use crate::convert::signed;
use crate::{Authenticator, AuthenticatorError, Offer, Page, Passphrase, Picture};

/// The entries of all files of one import. Nothing of it is stored before [`Authenticator::import_accounts`].
#[derive(Default, uniffi::Object)]
pub struct Import(Mutex<core::Import>);

/// What was found in a file.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ImportedFile {
    /// The format's stable name, such as `aegis`.
    pub format: String,
    /// The app's name, as people know it.
    pub app: String,
    /// How many entries, good or not. Those of an export in several QR codes count once all of its parts are there.
    pub entries: i64,
    /// Whether letters in QR codes of it couldn't be read: names may have lost some, in the place of which is U+FFFD. Tell the
    /// person.
    pub has_unreadable_letters: bool,
    /// How many QR codes of an export or of a text in several are still missing, from this file and those before: ask for them.
    /// Nothing is imported without them.
    pub missing_codes: i64,
}

#[uniffi::export(async_runtime = "tokio")]
impl Import {
    /// Without any file yet.
    #[uniffi::constructor]
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Reads one more file: another app's export, a list of `otpauth` links, a backup. Its format is told by its content.
    /// Opening an encrypted one takes as long as its maker wanted, mostly less than a second.
    ///
    /// # Errors
    ///
    /// The import stays as it was. [`AuthenticatorError::WrongKey`]: ask for the password and try again;
    /// [`AuthenticatorError::Input`] says why the file can't be read: `import_is_picture` for a picture, which
    /// [`Import::add_picture`] takes.
    #[uniffi::method(default(password = None, cancel = None))]
    pub async fn add_file(
        &self,
        file: Vec<u8>,
        password: Option<Arc<Passphrase>>,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<ImportedFile, AuthenticatorError> {
        let file = Zeroizing::new(file);
        let add =
            self.extend(move |import| import.add_file(&file, password.as_ref().map(|password| &password.0)));
        cancellable(cancel, add).await
    }

    /// Takes in the QR codes of a picture: of accounts, or a part of an export or of a text in several, which count once all of
    /// its parts are there.
    ///
    /// # Errors
    ///
    /// The import stays as it was. [`AuthenticatorError::Input`] says why: `picture_without_code`, no code of accounts in it, or
    /// it isn't what its numbers say.
    pub async fn add_picture(&self, picture: Picture) -> Result<ImportedFile, AuthenticatorError> {
        let (luma, [width, height]) = picture.into_parts();
        self.extend(move |import| import.add_frame(&luma, width, height, width)).await
    }

    /// Takes in what was scanned: an account's codes, or a part of an export in several QR codes.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Input`] for an offer of another kind; the import stays as it was.
    pub async fn add_offer(&self, offer: Arc<Offer>) -> Result<ImportedFile, AuthenticatorError> {
        let offer = offer.importable()?;
        let added = self.0.lock().await.add_offer(offer).map_err(countersign_authenticator::Error::from)?;
        Ok(added.into())
    }
}

impl Import {
    /// Does what takes its time on a copy, so that a call that is dropped has changed nothing.
    async fn extend(
        &self,
        add: impl FnOnce(&mut core::Import) -> Result<core::AddedFile, core::ImportError> + Send + 'static,
    ) -> Result<ImportedFile, AuthenticatorError> {
        let mut import = self.0.lock().await;
        let mut extended = import.clone();
        let (extended, added) = blocking(move || {
            let added = add(&mut extended);
            (extended, added)
        })
        .await;
        let added = added.map_err(countersign_authenticator::Error::from)?;
        *import = extended;
        Ok(added.into())
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl Authenticator {
    /// What [`Authenticator::import_accounts`] would make of every entry. Changes nothing.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Input`] when there is no entry, or parts of an export are missing.
    #[uniffi::method(default(options = None, page = None))]
    pub async fn preview_import(
        &self,
        import: Arc<Import>,
        options: Option<ImportOptions>,
        page: Option<Page>,
    ) -> Result<ImportPreview, AuthenticatorError> {
        let (core, import) = (self.core.clone(), import.0.lock().await.clone());
        let options = core_options(options);
        Ok(preview_of(blocking(move || core.preview_import(&import, &options)).await?, page))
    }

    /// Imports, all of it or nothing. That it returns means that everything was read back from the vault and is what the files
    /// hold.
    ///
    /// # Errors
    ///
    /// Nothing was changed. [`AuthenticatorError::Input`] as of [`Authenticator::preview_import`], and with the code
    /// `import_entries_refused` when some entries can't be imported and all were wanted; when the vault can't be read or
    /// written.
    #[uniffi::method(default(options = None))]
    pub async fn import_accounts(
        &self,
        import: Arc<Import>,
        options: Option<ImportOptions>,
    ) -> Result<ImportReport, AuthenticatorError> {
        let (core, import) = (self.core.clone(), import.0.lock().await.clone());
        let options = core_options(options);
        self.changed_by(blocking(move || core.import(&import, &options)).await).map(ImportReport::from)
    }

    /// The import that [`Authenticator::undo_import`] would take back, if there is one.
    ///
    /// # Errors
    ///
    /// When the vault can't be read.
    pub async fn last_import(&self) -> Result<Option<LastImport>, AuthenticatorError> {
        let core = self.core.clone();
        let last = blocking(move || core.last_import()).await?;
        Ok(last.map(|last| LastImport { at: signed(last.at), changes: signed(last.changes) }))
    }

    /// Takes the last import back in one step: what it added goes to the trash, what it replaced comes back, counters go back
    /// unless codes were made since. Done once, it can't be done again.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Gone`] when there is nothing to undo.
    pub async fn undo_import(&self) -> Result<UndoReport, AuthenticatorError> {
        let core = self.core.clone();
        let report = self.changed_by(blocking(move || core.undo_import()).await)?;
        Ok(UndoReport {
            trashed: signed(report.trashed),
            restored: signed(report.restored),
            counters: signed(report.counters),
            left: signed(report.left),
        })
    }
}

/// The rows of a page, with the counts of all.
pub(crate) fn preview_of(preview: core::ImportPreview, page: Option<Page>) -> ImportPreview {
    let rows = preview.rows;
    let refused = rows.iter().filter(|row| matches!(row.verdict, core::RowVerdict::Refused { .. }));
    let (total, refused) = (signed(rows.len()), signed(refused.count()));
    let rows = page_of(rows.into_iter().enumerate().collect(), page).map(ImportRow::from).collect();
    ImportPreview { rows, total, refused }
}

pub(crate) fn core_options(options: Option<ImportOptions>) -> core::ImportOptions {
    let mut core = core::ImportOptions::default();
    if let Some(options) = options {
        core.same_name = options.same_name.into();
        core.partial = options.partial;
        core.skip_same_secret = options.skip_same_secret;
        core.deleted = options.deleted;
        // A row that there can't be has no choice.
        let choices = options.choices.into_iter();
        core.choices =
            choices.filter_map(|row| Some((row.row.try_into().ok()?, row.choice.into()))).collect();
    }
    core
}

impl From<core::AddedFile> for ImportedFile {
    fn from(file: core::AddedFile) -> Self {
        Self {
            format: file.format.code().into(),
            app: file.format.name().into(),
            entries: signed(file.entries),
            has_unreadable_letters: file.has_unreadable_letters,
            missing_codes: signed(file.missing_codes),
        }
    }
}
