//! Accounts from other apps: what would come, doing it, and taking it back.

use super::Authenticator;
use crate::Error;
use crate::import::{
    self, Import, ImportOptions, ImportPreview, ImportReport, LastImport, UndoReport, preview,
};

impl Authenticator {
    /// What [`Authenticator::import`] would make of every entry. Changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Import`] when parts of the export are missing, [`Error::Vault`].
    pub fn preview_import(&self, import: &Import, options: &ImportOptions) -> Result<ImportPreview, Error> {
        Ok(preview(import, &self.parts.vault.accounts()?.items, options)?)
    }

    /// Imports, all of it or nothing. That it returns means that everything was read back from the vault and is what
    /// the files hold.
    ///
    /// # Errors
    ///
    /// [`Error::Import`], [`Error::Vault`]; nothing was changed.
    pub fn import(&self, import: &Import, options: &ImportOptions) -> Result<ImportReport, Error> {
        import::apply(&self.parts.vault, import, options, self.now_seconds())
    }

    /// The import that [`Authenticator::undo_import`] would take back, if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Vault`].
    pub fn last_import(&self) -> Result<Option<LastImport>, Error> {
        self.parts.vault.transaction(import::last)
    }

    /// Takes the last import back in one step: what it added goes to the trash, what it replaced comes back, counters
    /// go back unless codes were made since. Done once, it can't be done again.
    ///
    /// # Errors
    ///
    /// [`Error::Import`] when there is nothing to undo, [`Error::Vault`].
    pub fn undo_import(&self) -> Result<UndoReport, Error> {
        let now = self.now_seconds();
        self.parts.vault.transaction(|tx| import::undo(tx, now))
    }
}
