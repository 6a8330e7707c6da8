//! An open vault with its authenticator, which most commands start with.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_authenticator::client::{HttpTransport, HttpTransportBuilder};
use countersign_authenticator::keys::{SoftwareKeys, UserCheck};
use countersign_authenticator::vault::{NewSlot, Vault, VaultError};
use countersign_authenticator::{Authenticator, Error, Secret};
use etcetera::BaseStrategy;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::args::Global;
use crate::clock::platform_clock;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::text::sentence;
use crate::{input, passphrase, prompt, recovery_code};

/// After this time, the passphrase is asked for again before an approval, since somebody else may be at the computer.
const CHECK_LASTS: Duration = Duration::from_mins(5);

/// An authenticator on the open vault, and when the person was last checked.
pub(crate) struct Session {
    pub(crate) authenticator: Authenticator,
    path: PathBuf,
    /// When the passphrase was typed; never, if a file gave it.
    typed: Cell<Option<Instant>>,
}

/// Opens the vault and makes an authenticator of it.
pub(crate) fn open(global: &Global) -> Result<Session, Failure> {
    let vault = open_locked(global)?;
    unlock(&vault, global)?;
    Session::new(vault, global)
}

/// As [`open`], but creates the vault if there is none.
pub(crate) fn open_or_create(global: &Global, output: Output) -> Result<Session, Failure> {
    match open(global) {
        Err(Failure::Core(Error::Vault(VaultError::Missing))) => {
            output.note("This is your first account, so a vault will be created.");
            let file = global.passphrase_file.as_deref().map(|file| (file, PASSPHRASE_FILE));
            let passphrase = new_passphrase(file, "Passphrase for the vault: ")?;
            let vault = Vault::create(&vault_path(global)?, &[NewSlot::from_passphrase(&passphrase)?])?;
            output.note("Created.\n");
            if output.is_for_a_person() && prompt::can_ask() {
                recovery_code::make(&vault, false, output)?;
            } else {
                output.note(
                    "`countersign vault recovery-code` creates a code for the case that you forget the passphrase.\n",
                );
            }
            Session::new(vault, global)
        }
        opened => opened,
    }
}

impl Session {
    fn new(vault: Vault, global: &Global) -> Result<Self, Failure> {
        // A passphrase from a file doesn't show who is at the computer.
        let (user_check, typed) = match global.passphrase_file {
            Some(_) => (UserCheck::None, None),
            None => (UserCheck::Passphrase, Some(Instant::now())),
        };
        let vault = Arc::new(vault);
        let keys = Arc::new(SoftwareKeys::new(Arc::clone(&vault), user_check));
        let transport = Arc::new(transport(global.ca_file.as_deref())?);
        let authenticator = Authenticator::new(vault, keys, platform_clock(), transport)?;
        Ok(Self { authenticator, path: vault_path(global)?, typed: Cell::new(typed) })
    }

    /// Checks before an approval that the person who typed the passphrase is still there.
    pub(crate) fn check_person(&self) -> Result<(), Failure> {
        if self.typed.get().is_some_and(|typed| typed.elapsed() > CHECK_LASTS) {
            let passphrase = prompt::secret("Passphrase again: ")?;
            let vault = Vault::open(&self.path)?;
            passphrase::open(&passphrase, is_wrong, |it| vault.unlock_with_passphrase(it))?;
            self.typed.set(Some(Instant::now()));
        }
        Ok(())
    }
}

/// Opens the vault's file and leaves it locked.
pub(crate) fn open_locked(global: &Global) -> Result<Vault, Failure> {
    let path = vault_path(global)?;
    check_path(&path)?;
    Ok(Vault::open(&path)?)
}

/// Paths for which SQLite gives no clear error, or creates a file: a folder, a broken link, a device.
pub(crate) fn check_path(path: &Path) -> Result<(), Failure> {
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => Err(Failure::VaultIsFolder(path.join("vault.db"))),
        Ok(metadata) if metadata.is_file() => Ok(()),
        Ok(_) => Err(Failure::VaultNotAFile),
        Err(_) => match path.read_link() {
            Ok(target) => Err(Failure::VaultLinkBroken(target)),
            // The vault reports the error.
            Err(_) => Ok(()),
        },
    }
}

/// Whether another form of the passphrase may work.
pub(crate) const fn is_wrong(error: &VaultError) -> bool {
    matches!(error, VaultError::WrongKey)
}

/// Unlocks by the passphrase. A person may mistype it twice.
pub(crate) fn unlock(vault: &Vault, global: &Global) -> Result<(), Failure> {
    if let Some(file) = &global.passphrase_file {
        return unlock_by_file(vault, file);
    }
    for _ in 0..2 {
        let typed = passphrase(global, "Passphrase: ")?;
        match passphrase::open(&typed, is_wrong, |it| vault.unlock_with_passphrase(it)) {
            Err(VaultError::WrongKey) => output::tell("Wrong passphrase.\n"),
            unlocked => return Ok(unlocked?),
        }
    }
    let typed = passphrase(global, "Passphrase: ")?;
    Ok(passphrase::open(&typed, is_wrong, |it| vault.unlock_with_passphrase(it))?)
}

/// Unlocks by the passphrase in a file.
pub(crate) fn unlock_by_file(vault: &Vault, file: &Path) -> Result<(), Failure> {
    let kept = input::read_first_line(file, PASSPHRASE_FILE)?;
    Ok(passphrase::open(&kept, is_wrong, |it| vault.unlock_with_kept_passphrase(it))?)
}

/// The option that names the passphrase's file.
const PASSPHRASE_FILE: &str = "--passphrase-file";

/// The vault's passphrase.
pub(crate) fn passphrase(global: &Global, question: &str) -> Result<Secret, Failure> {
    match &global.passphrase_file {
        Some(path) => input::read_first_line(path, PASSPHRASE_FILE),
        None if prompt::can_ask() => prompt::secret(question),
        None => Err(Failure::PassphraseNeeded),
    }
}

/// A new passphrase: from the file that an option names, or typed twice until both match.
pub(crate) fn new_passphrase(file: Option<(&Path, &'static str)>, question: &str) -> Result<Secret, Failure> {
    if let Some((path, option)) = file {
        let passphrase = input::read_first_line(path, option)?;
        return if is_long_enough(&passphrase) { Ok(passphrase) } else { Err(too_short()) };
    }
    if !prompt::can_ask() {
        return Err(Failure::PassphraseNeeded);
    }
    loop {
        let passphrase = prompt::secret(question)?;
        if !is_long_enough(&passphrase) {
            output::tell(&format!("{}\n", sentence(&too_short())));
        } else if prompt::secret("Repeat: ")? == passphrase {
            return Ok(passphrase);
        } else {
            output::tell("They differ; try again.\n");
        }
    }
}

/// A shorter passphrase can be guessed within a day by anybody who has the file.
const MIN_PASSPHRASE_CHARS: usize = 8;

fn is_long_enough(passphrase: &Secret) -> bool {
    str::from_utf8(passphrase.expose()).is_ok_and(|text| text.chars().count() >= MIN_PASSPHRASE_CHARS)
}

const fn too_short() -> Failure {
    Failure::PassphraseTooShort(MIN_PASSPHRASE_CHARS)
}

/// The vault's path.
pub(crate) fn vault_path(global: &Global) -> Result<PathBuf, Failure> {
    path_or_default(global.vault.clone())
}

/// The vault's path, or the default if `given` is none.
pub(crate) fn path_or_default(given: Option<PathBuf>) -> Result<PathBuf, Failure> {
    if let Some(path) = given {
        return Ok(path);
    }
    let strategy = etcetera::base_strategy::choose_native_strategy()
        .map_err(|_| Failure::Usage("there is no home folder for the vault; use --vault".to_owned()))?;
    Ok(strategy.data_dir().join("countersign").join("vault.db"))
}

fn transport(ca_file: Option<&Path>) -> Result<HttpTransport, Failure> {
    let mut builder = HttpTransportBuilder::default();
    if let Some(path) = ca_file {
        let pem = input::read_pem(path, "--ca-file")?;
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
        let certificates = certificates.map_err(|_| Failure::BadCertificate)?;
        if certificates.is_empty() {
            return Err(Failure::BadCertificate);
        }
        for certificate in certificates {
            builder = builder.add_root(&certificate).map_err(|_| Failure::BadCertificate)?;
        }
    }
    Ok(builder.build().map_err(Error::from)?)
}
