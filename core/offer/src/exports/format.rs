//! The formats' names.

use std::fmt;

/// Where an entry comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImportFormat {
    /// `otpauth` links, in a text or in QR codes; also Ente Auth's plain export.
    Links,
    /// Google Authenticator's QR codes (`otpauth-migration`).
    GoogleAuthenticator,
    /// Aegis.
    Aegis,
    /// 2FAS.
    TwoFas,
    /// Ente Auth, encrypted.
    EnteAuth,
    /// Bitwarden and Bitwarden Authenticator, JSON.
    Bitwarden,
    /// CSV of a password manager.
    PasswordCsv,
    /// Proton Authenticator.
    ProtonAuthenticator,
    /// Stratum, once Authenticator Pro.
    Stratum,
    /// FreeOTP and FreeOTP+.
    FreeOtp,
    /// andOTP.
    AndOtp,
    /// Raivo.
    Raivo,
    /// LastPass Authenticator.
    LastPassAuthenticator,
    /// Authy's store on Android.
    Authy,
    /// Duo Mobile's store on Android.
    Duo,
    /// Microsoft Authenticator's store on Android.
    MicrosoftAuthenticator,
    /// A backup of this app.
    Countersign,
    /// TOTP Authenticator, of BinaryBoot.
    TotpAuthenticator,
    /// 2FAuth, which people host themselves.
    TwoFAuth,
    /// Proton Pass.
    ProtonPass,
    /// A KeePass database.
    KeePass,
    /// A ZIP archive, as far as its password: what is in it has its own format.
    ZipArchive,
}

impl ImportFormat {
    /// A stable name for shells and scripts.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Links => "links",
            Self::GoogleAuthenticator => "google_authenticator",
            Self::Aegis => "aegis",
            Self::TwoFas => "2fas",
            Self::EnteAuth => "ente_auth",
            Self::Bitwarden => "bitwarden",
            Self::PasswordCsv => "password_csv",
            Self::ProtonAuthenticator => "proton_authenticator",
            Self::Stratum => "stratum",
            Self::FreeOtp => "freeotp",
            Self::AndOtp => "andotp",
            Self::Raivo => "raivo",
            Self::LastPassAuthenticator => "lastpass_authenticator",
            Self::Authy => "authy",
            Self::Duo => "duo",
            Self::MicrosoftAuthenticator => "microsoft_authenticator",
            Self::Countersign => "countersign",
            Self::TotpAuthenticator => "totp_authenticator",
            Self::TwoFAuth => "2fauth",
            Self::ProtonPass => "proton_pass",
            Self::KeePass => "keepass",
            Self::ZipArchive => "zip_archive",
        }
    }

    /// The name that people know.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Links => "otpauth links",
            Self::GoogleAuthenticator => "Google Authenticator",
            Self::Aegis => "Aegis",
            Self::TwoFas => "2FAS",
            Self::EnteAuth => "Ente Auth",
            Self::Bitwarden => "Bitwarden",
            Self::PasswordCsv => "a password manager",
            Self::ProtonAuthenticator => "Proton Authenticator",
            Self::Stratum => "Stratum",
            Self::FreeOtp => "FreeOTP",
            Self::AndOtp => "andOTP",
            Self::Raivo => "Raivo",
            Self::LastPassAuthenticator => "LastPass Authenticator",
            Self::Authy => "Authy",
            Self::Duo => "Duo Mobile",
            Self::MicrosoftAuthenticator => "Microsoft Authenticator",
            Self::Countersign => "Countersign",
            Self::TotpAuthenticator => "TOTP Authenticator",
            Self::TwoFAuth => "2FAuth",
            Self::ProtonPass => "Proton Pass",
            Self::KeePass => "KeePass",
            Self::ZipArchive => "a ZIP archive",
        }
    }
}

impl fmt::Display for ImportFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
