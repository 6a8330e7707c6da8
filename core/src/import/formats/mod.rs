//! The formats: one file each, found by content.
//!
//! To add one: write a file with a [`Format`], put it into [`ALL`], and give [`super::ImportFormat`] its name. What the
//! formats look like was learned from public documentation and from what the apps themselves read and write.

mod aegis;
mod andotp;
mod authy;
mod bitwarden;
mod duo;
mod ente;
mod freeotp;
mod freeotp_backup;
mod lastpass;
mod microsoft;
mod password_csv;
mod proton;
mod raivo;
mod stratum;
mod two_fas;

use super::entry::Entry;
use super::source::Source;
use super::{ImportError, ImportFormat};
use crate::Secret;

/// How another app writes its accounts.
pub(super) trait Format: Sync {
    /// The format's name.
    fn name(&self) -> ImportFormat;

    /// Whether the content is of this format, by as little of it as tells it from all others. Cheap, and never wrong
    /// about another format's files; whether the content is sound is for [`Format::read`] to find out.
    fn recognises(&self, source: &Source<'_>) -> bool;

    /// All entries in the file's order, also those that can't be imported: none is ever left out.
    ///
    /// Checks the costs that the file asks for before it spends them, and never panics, whatever the file holds.
    fn read(&self, source: &Source<'_>, password: Option<&Secret>) -> Result<Vec<Entry>, ImportError>;

    /// The password, or the error that asks for it.
    fn password<'p>(&self, password: Option<&'p Secret>) -> Result<&'p Secret, ImportError> {
        password.ok_or(ImportError::PasswordNeeded(self.name()))
    }
}

/// All formats. Those that have no mark of their own come last.
const ALL: [&dyn Format; 15] = [
    &aegis::Aegis,
    &two_fas::TwoFas,
    &ente::Ente,
    &bitwarden::Bitwarden,
    &proton::Proton,
    &stratum::Stratum,
    &freeotp::FreeOtp,
    &freeotp_backup::FreeOtpBackup,
    &raivo::Raivo,
    &lastpass::LastPass,
    &authy::Authy,
    &duo::Duo,
    &microsoft::Microsoft,
    &password_csv::PasswordCsv,
    &andotp::AndOtp,
];

/// The format of a file.
pub(super) fn find(source: &Source<'_>) -> Option<&'static dyn Format> {
    ALL.into_iter().find(|format| format.recognises(source))
}
