//! What would become of every entry: decided once, for the preview and for the import alike.

use std::collections::{BTreeMap, HashMap};

use countersign_protocol::Id;
use ring::digest::{Context, Digest, SHA256};

use super::entry::Entry;
use super::{EntryError, Import, ImportError, ImportFormat};
use crate::Account;
use crate::offer::OtpOffer;
use crate::otp::{Algorithm, CodeFormat, MovingFactor, OtpParameters};

/// What to do with an entry whose issuer and name an account already has, with another secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SameName {
    /// Add it beside the other.
    #[default]
    KeepBoth,
    /// Add it, and put the other in the trash. An account that approves sign-ins stays where it is.
    Replace,
    /// Leave it out.
    Skip,
}

/// How to import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportOptions {
    /// For entries of the same name as an account.
    pub same_name: SameName,
    /// The person's choice for single rows, by their place in the preview from 0; goes before `same_name`.
    pub choices: BTreeMap<usize, SameName>,
    /// Import the others although some entries can't be.
    pub partial: bool,
}

/// What would become of every entry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportPreview {
    /// One for each entry, in the files' order.
    pub rows: Vec<ImportRow>,
}

/// One entry. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportRow {
    /// Who issues it; may be empty.
    pub issuer: String,
    /// Whose it is; may be empty.
    pub name: String,
    /// Where it comes from.
    pub format: ImportFormat,
    /// How it stands to the accounts that are there.
    pub verdict: RowVerdict,
}

/// How an entry stands to the accounts that are there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RowVerdict {
    /// It is added.
    New,
    /// This account has the same secret and parameters; there is nothing to do.
    Present {
        /// The account that has it.
        account: Id,
    },
    /// The same, and the entry's counter is ahead: the account's follows it.
    CounterAhead {
        /// The account that has it.
        account: Id,
        /// The account's next counter.
        from: u64,
        /// The entry's.
        to: u64,
    },
    /// The account is in the trash, and comes back.
    InTrash {
        /// The account that has it.
        account: Id,
    },
    /// These accounts have the same issuer and name and another secret: see [`SameName`].
    SameName {
        /// All of them that aren't in the trash.
        accounts: Vec<Id>,
        /// What is done about it.
        choice: SameName,
    },
    /// An earlier row says the same.
    Repeated {
        /// That row's place, from 0.
        row: usize,
    },
    /// It can't be imported.
    Refused {
        /// Why.
        reason: EntryError,
    },
}

/// What would become of every entry of `import`, next to `accounts`.
///
/// # Errors
///
/// [`ImportError::Empty`], [`ImportError::IncompleteBatch`].
pub fn preview(
    import: &Import,
    accounts: &[Account],
    options: &ImportOptions,
) -> Result<ImportPreview, ImportError> {
    let rows = plan(import, accounts, options)?.into_iter().map(|planned| planned.row).collect();
    Ok(ImportPreview { rows })
}

/// A row with what is to be stored of it, if anything is.
pub(super) struct Planned {
    pub(super) row: ImportRow,
    pub(super) offer: Option<OtpOffer>,
}

pub(super) fn plan(
    import: &Import,
    accounts: &[Account],
    options: &ImportOptions,
) -> Result<Vec<Planned>, ImportError> {
    let mut entries = import.all()?;
    let firsts = fold_repeated(&mut entries);
    let known = Known::new(accounts);
    let planned =
        entries.into_iter().zip(firsts).enumerate().map(|(index, ((format, entry), first))| match entry {
            Err(refused) => {
                let verdict = RowVerdict::Refused { reason: refused.reason };
                let row = ImportRow { issuer: refused.issuer, name: refused.name, format, verdict };
                Planned { row, offer: None }
            }
            Ok(offer) => {
                let choice = options.choices.get(&index).copied().unwrap_or(options.same_name);
                let verdict =
                    first.map_or_else(|| known.verdict(&offer, choice), |row| RowVerdict::Repeated { row });
                let (issuer, name) = (offer.issuer.clone(), offer.name.clone());
                Planned { row: ImportRow { issuer, name, format, verdict }, offer: Some(offer) }
            }
        });
    Ok(planned.collect())
}

/// For each entry the place of an earlier one with the same parameters; of their counters the highest is kept.
fn fold_repeated(entries: &mut [(ImportFormat, Entry)]) -> Vec<Option<usize>> {
    let mut seen = HashMap::new();
    let mut firsts = Vec::with_capacity(entries.len());
    for index in 0..entries.len() {
        let Some((_, Ok(offer))) = entries.get(index) else {
            firsts.push(None);
            continue;
        };
        let parameters = offer.parameters.clone();
        let first = *seen.entry(fingerprint(&parameters)).or_insert(index);
        if let Some((_, Ok(kept))) = entries.get_mut(first)
            && counter(&parameters) > counter(&kept.parameters)
        {
            kept.parameters = parameters;
        }
        firsts.push((first != index).then_some(first));
    }
    firsts
}

/// The accounts that are there, by secret and by name.
struct Known<'a> {
    by_parameters: HashMap<[u8; 32], &'a Account>,
    by_name: HashMap<(&'a str, &'a str), Vec<Id>>,
}

impl<'a> Known<'a> {
    fn new(accounts: &'a [Account]) -> Self {
        let mut known = Self { by_parameters: HashMap::new(), by_name: HashMap::new() };
        for account in accounts {
            if let Some(otp) = &account.otp {
                let place = known.by_parameters.entry(fingerprint(otp)).or_insert(account);
                // One that can be seen goes before one in the trash.
                if place.trashed_at.is_some() {
                    *place = account;
                }
            }
            if account.trashed_at.is_none() {
                known.by_name.entry((&account.issuer, &account.name)).or_default().push(account.id);
            }
        }
        known
    }

    fn verdict(&self, offer: &OtpOffer, choice: SameName) -> RowVerdict {
        if let Some(account) = self.by_parameters.get(&fingerprint(&offer.parameters)) {
            let (from, to) = (account.otp.as_ref().map_or(0, counter), counter(&offer.parameters));
            return match (account.trashed_at, to > from) {
                (Some(_), _) => RowVerdict::InTrash { account: account.id },
                (None, true) => RowVerdict::CounterAhead { account: account.id, from, to },
                (None, false) => RowVerdict::Present { account: account.id },
            };
        }
        match self.by_name.get(&(offer.issuer.as_str(), offer.name.as_str())) {
            Some(accounts) => RowVerdict::SameName { accounts: accounts.clone(), choice },
            None => RowVerdict::New,
        }
    }
}

/// The same for parameters that make the same codes, whatever their counter. As secret as they are.
pub(crate) fn fingerprint(parameters: &OtpParameters) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    let (digits, factor) = (
        match parameters.format() {
            CodeFormat::Decimal { digits } => digits,
            CodeFormat::Steam => 0,
        },
        match parameters.factor() {
            MovingFactor::Time { period } => period,
            MovingFactor::Counter { .. } => 0,
        },
    );
    let algorithm = match parameters.algorithm() {
        Algorithm::Sha1 => 1,
        Algorithm::Sha256 => 2,
        Algorithm::Sha512 => 3,
    };
    context.update(&[algorithm, digits]);
    context.update(&factor.to_be_bytes());
    context.update(parameters.secret().expose());
    bytes_of(&context.finish())
}

fn bytes_of(digest: &Digest) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    bytes
}

/// The next counter; 0 for codes by time.
pub(crate) fn counter(parameters: &OtpParameters) -> u64 {
    match parameters.factor() {
        MovingFactor::Counter { next } => next,
        MovingFactor::Time { .. } => 0,
    }
}
