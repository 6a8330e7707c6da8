//! The operations: how each is prepared, and what it does.

use std::fs;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use countersign_authenticator::approvals::DeviceDescription;
use countersign_authenticator::backup::{BackupError, ExportFormat};
use countersign_authenticator::client::{HttpTransport, HttpTransportBuilder};
use countersign_authenticator::clock::SystemClock;
use countersign_authenticator::import::{Import, ImportOptions};
use countersign_authenticator::keys::{SoftwareKeys, UserCheck};
use countersign_authenticator::offer::Offer;
use countersign_authenticator::protocol::messages::Platform;
use countersign_authenticator::vault::{NewSlot, SlotKind, Vault};
use countersign_authenticator::{Authenticator, Error, Secret};

use crate::state::Keys;

pub(crate) const VAULT: &str = "vault.db";
pub(crate) const BACKUPS: &str = "backups";
pub(crate) const PASSWORD: &[u8] = b"the passphrase of all of these";

/// Something that changes files.
pub(crate) struct Operation {
    /// As the table of `docs/storage.md` has it.
    pub(crate) name: &'static str,
    /// Who makes the link that each folder gets in its file `link`.
    pub(crate) link: Link,
    /// Whether it is several transactions, between which a part of what it does may be seen.
    pub(crate) has_steps: bool,
    /// Makes what has to be there before.
    pub(crate) prepare: fn(&Path),
    /// Opens what is needed, and returns the operation itself.
    pub(crate) open: fn(&Path) -> Box<dyn FnOnce()>,
}

/// Where an operation's link comes from.
#[derive(Clone, Copy)]
pub(crate) enum Link {
    /// It needs none.
    None,
    /// The approval service: an enrolment, with its page's address on the next line.
    Enrolment,
    /// privacyIDEA: the rollout of a push token.
    PushToken,
    /// privacyIDEA: the registration of a new container.
    Container,
}

pub(crate) const fn operation(
    name: &'static str,
    prepare: fn(&Path),
    open: fn(&Path) -> Box<dyn FnOnce()>,
) -> Operation {
    Operation { name, link: Link::None, has_steps: false, prepare, open }
}

impl Operation {
    pub(crate) const fn with(self, link: Link) -> Self {
        Self { link, ..self }
    }

    pub(crate) const fn in_steps(self) -> Self {
        Self { has_steps: true, ..self }
    }
}

/// What the vault alone does, and enrolling.
pub(crate) const OPERATIONS: &[Operation] = &[
    operation(
        "create a vault",
        |_| {},
        |folder| {
            let folder = folder.to_owned();
            Box::new(move || {
                let slot = NewSlot::from_recovery_code(&Keys::read(&folder).first);
                Vault::create(&folder.join(VAULT), &[slot]).unwrap();
            })
        },
    ),
    operation("add an account", create, |folder| {
        let authenticator = authenticator(open(folder));
        Box::new(move || add(&authenticator, 1))
    }),
    operation("delete an account", create_filled, |folder| {
        let authenticator = authenticator(open(folder));
        Box::new(move || {
            let account = authenticator.accounts().unwrap().accounts[2].id;
            runtime().block_on(authenticator.delete(account)).unwrap();
        })
    }),
    operation("make a code by counter", create_filled, |folder| {
        let authenticator = authenticator(open(folder));
        Box::new(move || {
            let account = authenticator.accounts().unwrap().accounts[0].id;
            authenticator.next_code(account).unwrap();
        })
    }),
    operation("enrol", create, enrol).with(Link::Enrolment),
    operation("import", create_filled, |folder| {
        let authenticator = authenticator(open(folder));
        Box::new(move || import(&authenticator, links(100..140).as_bytes()))
    }),
    operation(
        "undo an import",
        |folder| {
            create_filled(folder);
            import(&authenticator(open(folder)), links(100..140).as_bytes());
        },
        |folder| {
            let authenticator = authenticator(open(folder));
            Box::new(move || assert!(authenticator.undo_import().unwrap().trashed > 0))
        },
    ),
    operation(
        "make a backup",
        |folder| {
            create_filled(folder);
            fs::create_dir(folder.join(BACKUPS)).unwrap();
        },
        |folder| {
            let (authenticator, backups) = (authenticator(open(folder)), folder.join(BACKUPS));
            Box::new(move || back_up(&authenticator, &backups))
        },
    ),
    operation(
        "replace the last backup",
        |folder| {
            create_filled(folder);
            let backups = folder.join(BACKUPS);
            fs::create_dir(&backups).unwrap();
            let authenticator = authenticator(open(folder));
            let old = authenticator.back_up(&backups, &PASSWORD.into(), 1).unwrap().path;
            fs::rename(old, backups.join("countersign-20260101-000000.csgnbackup")).unwrap();
            add(&authenticator, 200);
        },
        |folder| {
            let (authenticator, backups) = (authenticator(open(folder)), folder.join(BACKUPS));
            Box::new(move || back_up(&authenticator, &backups))
        },
    ),
    operation(
        "restore a backup",
        |folder| {
            let full = tempfile::tempdir().unwrap();
            Keys::read(folder).write(full.path());
            create_filled(full.path());
            let export = folder.join("restored");
            authenticator(open(full.path()))
                .export_to(&export, ExportFormat::Backup, Some(&PASSWORD.into()))
                .unwrap();
            create(folder);
        },
        |folder| {
            let (authenticator, file) = (authenticator(open(folder)), folder.join("restored"));
            Box::new(move || import(&authenticator, &fs::read(file).unwrap()))
        },
    ),
    operation("add a key slot", create, |folder| {
        let (vault, keys) = (open(folder), Keys::read(folder));
        Box::new(move || vault.add_slot(&NewSlot::from_recovery_code(&keys.second)).unwrap())
    }),
    operation("replace a key slot", create, |folder| {
        let (vault, keys) = (open_by_either(folder), Keys::read(folder));
        Box::new(move || {
            vault
                .replace_slot(vault.slots().unwrap()[0].id, &NewSlot::from_recovery_code(&keys.second))
                .unwrap();
        })
    }),
    operation(
        "remove a key slot",
        |folder| {
            create(folder);
            open(folder).add_slot(&NewSlot::from_passphrase(&PASSWORD.into()).unwrap()).unwrap();
        },
        |folder| {
            let vault = open(folder);
            Box::new(move || vault.remove_slot(passphrase_slot(&vault)).unwrap())
        },
    ),
    operation(
        "change the passphrase",
        |folder| {
            create(folder);
            open(folder).add_slot(&NewSlot::from_passphrase(&old_passphrase()).unwrap()).unwrap();
        },
        |folder| {
            let vault = open(folder);
            Box::new(move || vault.change_passphrase(&old_passphrase(), &PASSWORD.into()).unwrap())
        },
    ),
    operation(
        "prove a recovery code",
        |folder| {
            create(folder);
            open(folder).add_slot(&NewSlot::from_recovery_code(&Keys::read(folder).second)).unwrap();
        },
        |folder| {
            let (vault, keys) = (open(folder), Keys::read(folder));
            Box::new(move || vault.check_recovery_code(&keys.second).unwrap())
        },
    ),
    operation("set a vault aside", create_filled, |folder| {
        let path = folder.join(VAULT);
        Box::new(move || drop(Vault::set_aside(&path).unwrap()))
    }),
    operation(
        "accept a loss",
        |folder| {
            create_filled(folder);
            let raw = rusqlite::Connection::open(folder.join(VAULT)).unwrap();
            let deleted = raw.execute(
                "DELETE FROM records WHERE kind = 1 AND id = (SELECT max(id) FROM records WHERE kind = 1)",
                [],
            );
            assert_eq!(deleted, Ok(1));
        },
        |folder| {
            let vault = open(folder);
            Box::new(move || vault.accept_loss().unwrap())
        },
    ),
];

fn enrol(folder: &Path) -> Box<dyn FnOnce()> {
    let authenticator = authenticator(open(folder));
    let link = fs::read_to_string(folder.join("link")).unwrap();
    Box::new(move || {
        let link = link.lines().next().unwrap();
        let Offer::Enrolment(offer) = Offer::parse(link).unwrap() else { panic!("an enrolment link") };
        let device =
            DeviceDescription { name: "Ada's phone".into(), platform: Platform::Other, wake_up: None };
        runtime().block_on(authenticator.enrol(&offer, device)).unwrap();
    })
}

pub(crate) fn create(folder: &Path) {
    let vault = Vault::create(&folder.join(VAULT), &[NewSlot::from_recovery_code(&Keys::read(folder).first)]);
    // It is proven, so that opening it writes nothing.
    vault.unwrap().check_recovery_code(&Keys::read(folder).first).unwrap();
}

/// A vault of 12 accounts: the first by counter.
pub(crate) fn create_filled(folder: &Path) {
    create(folder);
    let authenticator = authenticator(open(folder));
    let counter = Offer::parse(&format!("otpauth://hotp/Door:ward?secret={}&counter=5", secret(0))).unwrap();
    let Offer::Otp(counter) = counter else { panic!("codes") };
    authenticator.add(vec![counter]).unwrap();
    import(&authenticator, links(1..12).as_bytes());
}

pub(crate) fn open(folder: &Path) -> Vault {
    let vault = Vault::open(&folder.join(VAULT)).unwrap();
    vault.unlock_with_recovery_code(&Keys::read(folder).first).unwrap();
    vault
}

fn open_by_either(folder: &Path) -> Vault {
    let vault = Vault::open(&folder.join(VAULT)).unwrap();
    let keys = Keys::read(folder);
    vault
        .unlock_with_recovery_code(&keys.first)
        .or_else(|_| vault.unlock_with_recovery_code(&keys.second))
        .unwrap();
    vault
}

pub(crate) fn authenticator(vault: Vault) -> Authenticator {
    let vault = Arc::new(vault);
    let keys = Arc::new(SoftwareKeys::new(Arc::clone(&vault), UserCheck::Passphrase));
    // One for all, since it reads the system's certificates.
    static TRANSPORT: OnceLock<Arc<HttpTransport>> = OnceLock::new();
    let transport = TRANSPORT.get_or_init(|| Arc::new(HttpTransportBuilder::default().build().unwrap()));
    Authenticator::new(vault, keys, Arc::new(SystemClock::default()), transport.clone()).unwrap()
}

fn add(authenticator: &Authenticator, number: u32) {
    let Offer::Otp(offer) = Offer::parse(links(number..number + 1).trim()).unwrap() else { panic!("codes") };
    authenticator.add(vec![offer]).unwrap();
}

pub(crate) fn import(authenticator: &Authenticator, file: &[u8]) {
    let mut import = Import::new();
    import.add_file(file, Some(&PASSWORD.into())).unwrap();
    authenticator.import(&import, &ImportOptions::default()).unwrap();
}

/// The one that a crash left has the name of its second, and is not overwritten.
fn back_up(authenticator: &Authenticator, folder: &Path) {
    let made = loop {
        match authenticator.back_up(folder, &PASSWORD.into(), 1) {
            Err(Error::Backup(BackupError::AlreadyExists)) => {}
            made => break made,
        }
    };
    made.unwrap();
}

pub(crate) fn links(numbers: std::ops::Range<u32>) -> String {
    numbers
        .map(|n| format!("otpauth://totp/Issuer%20{n}:ada?secret={}&issuer=Issuer%20{n}\n", secret(n)))
        .collect()
}

/// Twenty bytes in base32, of a number.
fn secret(number: u32) -> String {
    let digits =
        format!("{number:03}").replace('0', "A").replace('1', "B").replace('8', "C").replace('9', "D");
    format!("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQ{digits}")
}

fn passphrase_slot(vault: &Vault) -> countersign_authenticator::protocol::Id {
    vault.slots().unwrap().iter().find(|slot| slot.kind == SlotKind::Passphrase).unwrap().id
}

fn old_passphrase() -> Secret {
    b"the one before".as_slice().into()
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}
