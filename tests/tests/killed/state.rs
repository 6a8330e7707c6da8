//! What a folder holds, as far as a person could tell: the same before and after a crash, or something is lost.

use std::fs;
use std::path::Path;

use countersign_authenticator::AccountSummary;
use countersign_authenticator::approvals::{BindingState, Provider};
use countersign_authenticator::import::Import;
use countersign_authenticator::otp::OtpParameters;
use countersign_authenticator::vault::{Completeness, RecoveryCode, Vault, VaultError};

use crate::operations::{BACKUPS, PASSWORD, VAULT, authenticator};
use crate::{moving, privacyidea};

/// The keys that open, or opened, the vault of an operation.
pub(crate) struct Keys {
    pub(crate) first: RecoveryCode,
    pub(crate) second: RecoveryCode,
}

impl Keys {
    pub(crate) fn make_random() -> Self {
        Self { first: RecoveryCode::make_random(), second: RecoveryCode::make_random() }
    }

    pub(crate) fn write(&self, folder: &Path) {
        let codes = format!("{}\n{}\n", self.first.to_text().as_str(), self.second.to_text().as_str());
        fs::write(folder.join("codes"), codes).unwrap();
    }

    pub(crate) fn read(folder: &Path) -> Self {
        let codes = fs::read_to_string(folder.join("codes")).unwrap();
        let mut codes = codes.lines().map(|line| RecoveryCode::parse(line).unwrap());
        Self { first: codes.next().unwrap(), second: codes.next().unwrap() }
    }
}

/// What a folder holds.
#[derive(Debug)]
pub(crate) struct State {
    /// What is in the vault; nothing if there is none.
    vault: Option<Content>,
    /// What is in a vault that was set aside.
    aside: Option<Content>,
    /// How many backups there are, each of which restores what is in it.
    pub(crate) backups: usize,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Content {
    /// Which keys open it: the first code, the second code, the passphrase.
    opened_by: [bool; 3],
    /// How many of these had been proven.
    proven: usize,
    accounts: Vec<AccountContent>,
    completeness: Completeness,
    /// How many accounts of how many the last backup restores.
    last_backup: Option<(u64, u64)>,
    /// The move to or from another phone that is under way.
    transfer: Option<String>,
    /// How many accounts another device is to take this one's place for.
    replacements: usize,
    /// How many accounts came with each container of privacyIDEA.
    containers: Vec<usize>,
}

#[derive(Debug, PartialEq)]
struct AccountContent {
    issuer: String,
    name: String,
    codes: Option<OtpParameters>,
    has_codes: bool,
    binding: Option<BindingState>,
    is_trashed: bool,
    is_moved: bool,
}

impl State {
    /// Opens everything in the folder, and panics if anything is neither there nor absent.
    pub(crate) fn read(folder: &Path) -> Self {
        let keys = Keys::read(folder);
        // A copy is looked at, so that looking changes nothing.
        let copy = tempfile::tempdir().unwrap();
        for file in fs::read_dir(folder).unwrap().map(Result::unwrap).filter(|file| file.path().is_file()) {
            fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
        let aside = folder.join(format!("{VAULT}.aside-1")).join(VAULT);
        Self {
            vault: Content::of(&copy.path().join(VAULT), &keys),
            aside: Content::of(&aside, &keys),
            backups: count_backups(folder),
        }
    }

    /// Whether both hold the same, but for backups that are there besides.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.vault == other.vault && self.aside == other.aside
    }

    /// Whether each thing is as it is in the one or in the other.
    pub(crate) fn is_between(&self, one: &Self, other: &Self) -> bool {
        let (Some(vault), Some(one), Some(other)) = (&self.vault, &one.vault, &other.vault) else {
            return false;
        };
        let is_either = |has: &dyn Fn(&Content) -> bool| has(one) || has(other);
        is_either(&|content| vault.accounts == content.accounts)
            && is_either(&|content| vault.transfer == content.transfer)
            && is_either(&|content| vault.replacements == content.replacements)
            && is_either(&|content| vault.containers == content.containers)
            && (vault.opened_by, vault.proven, vault.completeness, vault.last_backup)
                == (one.opened_by, one.proven, one.completeness, one.last_backup)
    }
}

impl Content {
    fn of(path: &Path, keys: &Keys) -> Option<Self> {
        match Vault::open(path) {
            Err(VaultError::Missing) => None,
            opened => Some(Self::read(opened.unwrap(), keys)),
        }
    }

    fn read(vault: Vault, keys: &Keys) -> Self {
        let first = opens(vault.unlock_with_recovery_code(&keys.first));
        // Looking proves what it opens by, so the proofs are counted before the rest is tried.
        let proven =
            |vault: &Vault| vault.slots().unwrap().iter().filter(|slot| slot.proven == Some(true)).count();
        let proven_at_first = first.then(|| proven(&vault));
        let second = opens(vault.unlock_with_recovery_code(&keys.second));
        let proven = proven_at_first.unwrap_or_else(|| proven(&vault));
        let opened_by = [first, second, opens(vault.unlock_with_passphrase(&PASSWORD.into()))];
        let listing = vault.accounts().unwrap();
        assert!(listing.damaged.is_empty());
        let health = vault.check().unwrap();
        assert!(health.file_is_sound && health.slots.iter().all(|slot| !slot.damaged));
        let authenticator = authenticator(vault);
        let last_backup = authenticator.last_backup().unwrap().map(|last| (last.restorable, last.total));
        let states = authenticator.accounts().unwrap().accounts;
        let binding = |id| match states.iter().find(|state| state.id == id)? {
            // The first answer of its server makes it active, whoever asks.
            AccountSummary {
                provider: Some(Provider::PrivacyIdea),
                binding: Some(BindingState::AwaitingActivation),
                ..
            } => Some(BindingState::Active),
            other => other.binding,
        };
        let accounts: Vec<_> = listing
            .items
            .into_iter()
            .map(|account| AccountContent {
                binding: binding(account.id),
                has_codes: account.otp.is_some(),
                is_trashed: account.trashed_at.is_some(),
                is_moved: account.moved_at.is_some(),
                issuer: account.issuer,
                // Each enrolment is of a user of its own, with a secret of its own.
                name: if account.binding.is_some() { String::new() } else { account.name },
                codes: account.otp.filter(|_| account.binding.is_none()),
            })
            .collect();
        let transfer = moving::view(&authenticator);
        let replacements = authenticator.open_replacements().unwrap().len();
        let containers = privacyidea::view(&authenticator);
        let completeness = listing.completeness;
        Self { opened_by, proven, accounts, completeness, last_backup, transfer, replacements, containers }
    }
}

fn opens(opened: Result<(), VaultError>) -> bool {
    match opened {
        Ok(()) => true,
        Err(VaultError::WrongKey | VaultError::NoSuchSlot) => false,
        Err(error) => panic!("{error:?}"),
    }
}

/// How many backups there are. Each must restore what is in it.
fn count_backups(folder: &Path) -> usize {
    let Ok(files) = fs::read_dir(folder.join(BACKUPS)) else { return 0 };
    let names = files.map(|file| file.unwrap().path());
    let backups: Vec<_> =
        names.filter(|path| path.extension().is_some_and(|end| end == "csgnbackup")).collect();
    for path in &backups {
        let mut import = Import::new();
        let added = import.add_file(&fs::read(path).unwrap(), Some(&PASSWORD.into())).unwrap();
        assert!(added.entries > 0, "{path:?}");
    }
    backups.len()
}
