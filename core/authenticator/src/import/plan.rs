//! What would become of every entry: decided once, for the preview and for the import alike.

use std::collections::{BTreeMap, HashMap, HashSet};

use countersign_protocol::Id;
use ring::digest::{Context, Digest, SHA256};

use super::{EntryError, Import, ImportError, ImportFormat, Place};
use crate::Account;
use crate::offer::OtpOffer;
use crate::offer::exports::Found;
use crate::otp::{Algorithm, CodeFormat, MovingFactor, OtpParameters};

/// What to do with an entry of which an account already has the issuer and name, with another secret, or the secret
/// under another name.
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
    /// Leave out entries whose secret an account, or an earlier entry, has under another name. Otherwise both are kept:
    /// people do have one secret for two accounts.
    pub skip_same_secret: bool,
    /// Also import what the other app has in its trash.
    pub deleted: bool,
    /// The person's choice for single rows, by their place in the preview from 0; goes before the three above. Other than
    /// [`SameName::Skip`], it also takes an entry out of the other app's trash.
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
    /// Which of the added files, from 0; none for an export in several QR codes.
    pub file: Option<usize>,
    /// Where it stands in its file.
    pub place: Place,
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
    /// Accounts, or an earlier row, have its secret under another name.
    SameSecret {
        /// All accounts that aren't in the trash.
        accounts: Vec<Id>,
        /// The place of the earlier row, from 0.
        row: Option<usize>,
        /// What is done about it.
        choice: SameName,
    },
    /// An earlier row says the same, by name and secret.
    Repeated {
        /// That row's place, from 0.
        row: usize,
    },
    /// The other app has it in its trash, so it is left out; see [`ImportOptions::deleted`].
    Deleted,
    /// It can't be imported.
    Refused {
        /// Why.
        reason: EntryError,
    },
}

impl RowVerdict {
    /// The account that is the entry's own already, if there is one.
    #[must_use]
    pub const fn account(&self) -> Option<Id> {
        match self {
            Self::Present { account } | Self::CounterAhead { account, .. } | Self::InTrash { account } => {
                Some(*account)
            }
            _ => None,
        }
    }
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
    let mut found = import.entries()?;
    let is_left_out: Vec<bool> =
        found.iter().enumerate().map(|(index, found)| options.leaves_out(index, found)).collect();
    let earlier = Earlier::of_all(&mut found, &is_left_out);
    let mut known = Known::new(accounts, &found);
    let rows = found.into_iter().zip(is_left_out).zip(earlier).enumerate();
    let planned = rows.map(|(index, ((found, is_left_out), earlier))| {
        let Found { format, file, place, entry, .. } = found;
        let (issuer, name, decided) = match entry.content {
            Err(refused) => {
                (refused.issuer, refused.name, Err(RowVerdict::Refused { reason: refused.reason }))
            }
            Ok(offer) => (offer.issuer.clone(), offer.name.clone(), Ok(offer)),
        };
        let (verdict, offer) = match (is_left_out, decided) {
            (true, _) => (RowVerdict::Deleted, None),
            (false, Err(verdict)) => (verdict, None),
            (false, Ok(offer)) => {
                let row = Row { index, format, earlier };
                (known.verdict(&offer, &row, options), Some(offer))
            }
        };
        Planned { row: ImportRow { issuer, name, format, file, place, verdict }, offer }
    });
    Ok(planned.collect())
}

impl ImportOptions {
    /// Whether the entry is in the other app's trash, and isn't wanted.
    fn leaves_out(&self, index: usize, found: &Found) -> bool {
        let is_wanted = match self.choices.get(&index) {
            Some(choice) => *choice != SameName::Skip,
            None => self.deleted,
        };
        found.entry.is_deleted && !is_wanted
    }
}

/// An entry among the others.
struct Row {
    index: usize,
    format: ImportFormat,
    earlier: Earlier,
}

/// The places of earlier entries with the same parameters.
#[derive(Clone, Copy, Default)]
struct Earlier {
    of_same_name: Option<usize>,
    of_other_name: Option<usize>,
}

impl Earlier {
    /// For each entry. Of the counters of those that say the same the highest is kept.
    fn of_all(found: &mut [Found], is_left_out: &[bool]) -> Vec<Self> {
        let (mut by_identity, mut by_secret) = (HashMap::new(), HashMap::new());
        let mut all = Vec::with_capacity(found.len());
        for (index, is_left_out) in is_left_out.iter().enumerate() {
            let offer = found.get(index).and_then(|found| found.entry.offer()).filter(|_| !is_left_out);
            let Some(offer) = offer else {
                all.push(Self::default());
                continue;
            };
            let parameters = offer.parameters.clone();
            let secret = fingerprint(&parameters);
            let identity = (secret, offer.issuer.clone(), offer.name.clone());
            let of_other_name = *by_secret.entry(secret).or_insert(index);
            let of_same_name = *by_identity.entry(identity).or_insert(index);
            if let Some(Ok(kept)) = found.get_mut(of_same_name).map(|found| &mut found.entry.content)
                && counter(&parameters) > counter(&kept.parameters)
            {
                kept.parameters = parameters;
            }
            let earlier = |place: usize| (place != index).then_some(place);
            all.push(Self { of_same_name: earlier(of_same_name), of_other_name: earlier(of_other_name) });
        }
        all
    }
}

/// The accounts that are there, by secret and by name.
struct Known<'a> {
    by_secret: HashMap<[u8; 32], Vec<&'a Account>>,
    by_name: HashMap<(&'a str, &'a str), Vec<Id>>,
    /// Accounts that an entry has by name and secret.
    claimed: HashSet<Id>,
}

impl<'a> Known<'a> {
    fn new(accounts: &'a [Account], found: &[Found]) -> Self {
        let mut known = Self { by_secret: HashMap::new(), by_name: HashMap::new(), claimed: HashSet::new() };
        for account in accounts {
            if let Some(otp) = &account.otp {
                known.by_secret.entry(fingerprint(otp)).or_default().push(account);
            }
            if account.trashed_at.is_none() {
                known.by_name.entry((&account.issuer, &account.name)).or_default().push(account.id);
            }
        }
        for same_secret in known.by_secret.values_mut() {
            // Those that can be seen go before those in the trash.
            same_secret.sort_by_key(|account| account.trashed_at.is_some());
        }
        let own = found.iter().filter(|found| found.format == ImportFormat::Countersign);
        for offer in own.filter_map(|found| found.entry.offer()) {
            let secret = fingerprint(&offer.parameters);
            let account = known.of_secret(&secret).iter().find(|account| is_named(account, offer));
            let account = account.map(|account| account.id);
            known.claimed.extend(account);
        }
        known
    }

    fn of_secret(&self, secret: &[u8; 32]) -> &[&'a Account] {
        self.by_secret.get(secret).map(Vec::as_slice).unwrap_or_default()
    }

    fn verdict(&mut self, offer: &OtpOffer, row: &Row, options: &ImportOptions) -> RowVerdict {
        if let Some(row) = row.earlier.of_same_name {
            return RowVerdict::Repeated { row };
        }
        let same_secret = self.of_secret(&fingerprint(&offer.parameters));
        let mut account = same_secret.iter().find(|account| is_named(account, offer)).copied();
        if account.is_none() && row.format == ImportFormat::Countersign {
            // The person gave it another name here after this copy of it was made.
            account = same_secret.iter().find(|account| !self.claimed.contains(&account.id)).copied();
        }
        if let Some(account) = account {
            let verdict = Self::verdict_on(account, offer);
            self.claimed.insert(account.id);
            return verdict;
        }
        let chosen = options.choices.get(&row.index).copied();
        let (on_same_name, on_same_secret) = (
            chosen.unwrap_or(options.same_name),
            chosen.unwrap_or(if options.skip_same_secret { SameName::Skip } else { SameName::KeepBoth }),
        );
        let other_names: Vec<Id> = same_secret
            .iter()
            .filter(|account| account.trashed_at.is_none())
            .map(|account| account.id)
            .collect();
        let same_name = self.by_name.get(&(offer.issuer.as_str(), offer.name.as_str()));
        let has_other_name = !other_names.is_empty() || row.earlier.of_other_name.is_some();
        match same_name {
            Some(accounts) if !(has_other_name && on_same_secret == SameName::Skip) => {
                RowVerdict::SameName { accounts: accounts.clone(), choice: on_same_name }
            }
            _ if has_other_name => RowVerdict::SameSecret {
                accounts: other_names,
                row: row.earlier.of_other_name,
                choice: on_same_secret,
            },
            _ => RowVerdict::New,
        }
    }

    /// On an account that is the entry's own.
    fn verdict_on(account: &Account, offer: &OtpOffer) -> RowVerdict {
        let (from, to) = (account.otp.as_ref().map_or(0, counter), counter(&offer.parameters));
        let account_id = account.id;
        match (account.trashed_at, to > from) {
            (Some(_), _) => RowVerdict::InTrash { account: account_id },
            (None, true) => RowVerdict::CounterAhead { account: account_id, from, to },
            (None, false) => RowVerdict::Present { account: account_id },
        }
    }
}

fn is_named(account: &Account, offer: &OtpOffer) -> bool {
    account.issuer == offer.issuer && account.name == offer.name
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
