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
#[cfg(feature = "archives")]
mod keepass;
mod lastpass;
mod microsoft;
mod password_csv;
mod proton;
mod proton_pass;
mod raivo;
mod stratum;
mod totp_authenticator;
mod two_fas;
mod two_fauth;
mod web_page;

use super::entry::Entry;
use super::source::Source;
use super::{ImportError, ImportFormat};
use countersign_otp::Secret;

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
const ALL: &[&dyn Format] = &[
    &aegis::Aegis,
    &two_fas::TwoFas,
    &two_fauth::TwoFAuth,
    &ente::Ente,
    &bitwarden::Bitwarden,
    &proton::Proton,
    &proton_pass::ProtonPass,
    &stratum::Stratum,
    &freeotp::FreeOtp,
    &freeotp_backup::FreeOtpBackup,
    &raivo::Raivo,
    &lastpass::LastPass,
    &authy::Authy,
    &duo::Duo,
    &microsoft::Microsoft,
    &password_csv::PasswordCsv,
    &totp_authenticator::TotpAuthenticator,
    &web_page::WebPage,
    #[cfg(feature = "archives")]
    &keepass::KeePass,
    &andotp::AndOtp,
];

/// Refuses a version that isn't among those that can be read, and says which way it is out.
fn expect_version(
    format: ImportFormat,
    version: u64,
    known: std::ops::RangeInclusive<u64>,
) -> Result<(), ImportError> {
    match version {
        version if version < *known.start() => Err(ImportError::OldVersion(format)),
        version if version > *known.end() => Err(ImportError::UnknownVersion(format)),
        _ => Ok(()),
    }
}

/// The format of a file.
pub(super) fn find(source: &Source<'_>) -> Option<&'static dyn Format> {
    ALL.iter().copied().find(|format| format.recognises(source))
}
