//! Offers: what a scanned or pasted text offers to add. The secrets in it stay in Rust.

use std::sync::{Arc, Mutex, PoisonError};

use countersign_authenticator::offer as core;
use countersign_authenticator::otp::MovingFactor;
use countersign_authenticator::protocol::MatchLink;
use zeroize::Zeroizing;

use crate::{AuthenticatorError, CodeKind, ErrorDetail};

/// What a text offers, with its secrets inside. Give it to [`crate::Authenticator::add`], [`crate::Authenticator::enrol`],
/// [`crate::Authenticator::register_container`] or [`crate::MatchProof::Scanned`], as its content says.
#[derive(uniffi::Object)]
pub struct Offer {
    kind: Kind,
    has_unreadable_letters: bool,
    may_be_cut: bool,
}

enum Kind {
    Otp(core::OtpOffer),
    /// Completed, with what the person types on the enrolment page.
    TwoStep(core::CompletedOffer),
    Part(core::MigrationPart),
    /// A whole export, put together from its parts.
    Export(Vec<core::OtpOffer>, Vec<core::RefusedAccount>),
    Enrolment(core::EnrolmentOffer),
    Container(core::ContainerOffer),
    Match(MatchLink),
}

/// What an offer is, for the person to confirm. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum OfferContent {
    /// One account's one-time codes: add it.
    Otp {
        /// The account.
        account: OfferedAccount,
    },
    /// Accounts that another authenticator exports: add them, or put the parts together first with [`MigrationBatch`].
    Migration {
        /// Which part of the export this is, from 0.
        index: i32,
        /// How many parts there are, at least 1.
        count: i32,
        /// The accounts that can be added.
        accounts: Vec<OfferedAccount>,
        /// The accounts that can't, and why.
        refused: Vec<RefusedAccount>,
    },
    /// Enrolment with an approval service: enrol.
    Enrolment {
        /// Host of the service.
        service: String,
    },
    /// A container that a privacyIDEA server fills with tokens: register it.
    Container {
        /// Host of the server.
        service: String,
        /// Who issues it; may be empty.
        issuer: String,
        /// What to ask the person for, in the organisation's words, if a passphrase is needed.
        prompt: Option<String>,
        /// Whether that is the person's own password, and would be sent to the server: ask for their consent first.
        sends_password: bool,
        /// Whether the code asks not to check the server's certificate. It is checked all the same; tell the person.
        asks_for_no_certificate_check: bool,
    },
    /// Not an account: the QR of a sign-in page, for scan matching.
    Match {
        /// Host of the service.
        service: String,
    },
}

/// An account of an offer, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct OfferedAccount {
    /// Who issues it; may be empty.
    pub issuer: String,
    /// Its name at the issuer; may be empty.
    pub name: String,
    /// What codes it has.
    pub codes: CodeKind,
}

/// An exported account that can't be added.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RefusedAccount {
    /// Who issues it; may be empty.
    pub issuer: String,
    /// Its name at the issuer; may be empty.
    pub name: String,
    /// What is wrong with it.
    pub reason: ErrorDetail,
}

#[uniffi::export]
impl Offer {
    /// Finds out what `text` offers; white space around it doesn't matter.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Input`] says what is wrong with it, without repeating any of it.
    #[uniffi::constructor]
    pub fn parse(text: String) -> Result<Arc<Self>, AuthenticatorError> {
        Self::read(&Zeroizing::new(text), false)
    }

    /// What it is.
    #[must_use]
    pub fn content(&self) -> OfferContent {
        match &self.kind {
            Kind::Otp(offer) => OfferContent::Otp { account: offer.into() },
            Kind::TwoStep(completed) => OfferContent::Otp { account: (&completed.offer).into() },
            Kind::Part(part) => migration(part.index, part.count, &part.accounts, &part.refused),
            Kind::Export(accounts, refused) => migration(0, 1, accounts, refused),
            Kind::Enrolment(offer) => {
                OfferContent::Enrolment { service: offer.service().authority().to_owned() }
            }
            Kind::Container(offer) => OfferContent::Container {
                service: offer.service.authority().to_owned(),
                issuer: offer.issuer.clone(),
                prompt: offer.prompt.clone(),
                sends_password: offer.sends_passphrase,
                asks_for_no_certificate_check: offer.asks_for_no_certificate_check,
            },
            Kind::Match(link) => OfferContent::Match { service: link.service.authority().to_owned() },
        }
    }
}

#[uniffi::export]
impl Offer {
    /// Whether the text is a link that ends with its secret, so that nothing in it shows the secret to be whole. Where the
    /// link was typed or pasted, tell the person to check the first code.
    #[must_use]
    pub fn may_be_cut(&self) -> bool {
        self.may_be_cut
    }

    /// What the person types on the enrolment page once the account was added, in either case: this device's half of the
    /// secret. Its codes count from then on. `None` for offers whose secret is whole.
    #[must_use]
    pub fn to_type(&self) -> Option<String> {
        match &self.kind {
            Kind::TwoStep(completed) => Some(completed.to_type.clone()),
            _ => None,
        }
    }
}

#[uniffi::export]
impl Offer {
    /// Whether letters of its QR code are in a character set that this library has no table of. Names may have lost some, in the
    /// place of which is U+FFFD: tell the person, who can rename the account.
    #[must_use]
    pub fn has_unreadable_letters(&self) -> bool {
        self.has_unreadable_letters
    }
}

impl Offer {
    pub(crate) fn read(text: &str, has_unreadable_letters: bool) -> Result<Arc<Self>, AuthenticatorError> {
        let kind = match core::Offer::parse(text).map_err(countersign_authenticator::Error::from)? {
            core::Offer::Otp(offer) => Kind::Otp(offer),
            core::Offer::TwoStep(offer) => {
                Kind::TwoStep(offer.complete().map_err(countersign_authenticator::Error::from)?)
            }
            core::Offer::Migration(part) => Kind::Part(part),
            core::Offer::Enrolment(offer) => Kind::Enrolment(offer),
            core::Offer::Container(offer) => Kind::Container(offer),
            core::Offer::Match(link) => Kind::Match(link),
            _ => return Err(AuthenticatorError::other_offer("this kind of code is not supported here")),
        };
        Ok(Arc::new(Self { kind, has_unreadable_letters, may_be_cut: core::Offer::may_be_cut(text) }))
    }

    pub(crate) fn otp_offers(&self) -> Result<Vec<core::OtpOffer>, AuthenticatorError> {
        match &self.kind {
            Kind::Otp(offer) => Ok(vec![offer.clone()]),
            Kind::TwoStep(completed) => Ok(vec![completed.offer.clone()]),
            Kind::Part(core::MigrationPart { accounts, .. }) | Kind::Export(accounts, _) => {
                Ok(accounts.clone())
            }
            _ => Err(AuthenticatorError::other_offer("this code does not add an account with codes")),
        }
    }

    pub(crate) fn enrolment(&self) -> Result<&core::EnrolmentOffer, AuthenticatorError> {
        match &self.kind {
            Kind::Enrolment(offer) => Ok(offer),
            _ => Err(AuthenticatorError::other_offer("this code does not enrol a device")),
        }
    }

    pub(crate) fn container(&self) -> Result<&core::ContainerOffer, AuthenticatorError> {
        match &self.kind {
            Kind::Container(offer) => Ok(offer),
            _ => Err(AuthenticatorError::other_offer("this code is not one of a container")),
        }
    }

    pub(crate) fn match_link(&self) -> Result<&MatchLink, AuthenticatorError> {
        match &self.kind {
            Kind::Match(link) => Ok(link),
            _ => Err(AuthenticatorError::other_offer("this code is not the one of a sign-in page")),
        }
    }

    /// What an import takes in.
    pub(crate) fn importable(&self) -> Result<core::Offer, AuthenticatorError> {
        match &self.kind {
            Kind::Otp(offer) => Ok(core::Offer::Otp(offer.clone())),
            Kind::Part(part) => Ok(core::Offer::Migration(part.clone())),
            _ => Err(AuthenticatorError::other_offer("this code can't be imported; add or enrol it instead")),
        }
    }

    fn migration_part(&self) -> Result<core::MigrationPart, AuthenticatorError> {
        match &self.kind {
            Kind::Part(part) => Ok(part.clone()),
            _ => Err(AuthenticatorError::other_offer("this code is no part of an export")),
        }
    }
}

fn migration(
    index: usize,
    count: usize,
    accounts: &[core::OtpOffer],
    refused: &[core::RefusedAccount],
) -> OfferContent {
    OfferContent::Migration {
        index: small(index),
        count: small(count),
        accounts: accounts.iter().map(OfferedAccount::from).collect(),
        refused: refused.iter().map(RefusedAccount::from).collect(),
    }
}

/// Collects the parts of one export, scanned in any order and as often as a camera sees them.
#[derive(uniffi::Object)]
pub struct MigrationBatch(Mutex<core::MigrationBatch>);

/// How far an export has been scanned.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct MigrationProgress {
    /// How many parts it has.
    pub count: i32,
    /// The parts that haven't been scanned yet, from 0.
    pub missing: Vec<i32>,
}

#[uniffi::export]
impl MigrationBatch {
    /// Begins with whichever part was scanned first.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Input`] when it is no part of an export.
    #[uniffi::constructor]
    pub fn new(first: Arc<Offer>) -> Result<Arc<Self>, AuthenticatorError> {
        Ok(Arc::new(Self(Mutex::new(core::MigrationBatch::new(first.migration_part()?)))))
    }

    /// Takes in one more part; the same part again changes nothing.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError::Input`] when it belongs to another export, or contradicts a part that is already there; the
    /// batch stays as it was.
    pub fn add(&self, part: Arc<Offer>) -> Result<MigrationProgress, AuthenticatorError> {
        self.hold().add(part.migration_part()?)?;
        Ok(self.progress())
    }

    /// What is still missing.
    #[must_use]
    pub fn progress(&self) -> MigrationProgress {
        let batch = self.hold();
        MigrationProgress {
            count: small(batch.count()),
            missing: batch.missing().into_iter().map(small).collect(),
        }
    }

    /// The whole export as one offer, or nothing while parts are missing.
    #[must_use]
    pub fn finish(&self) -> Option<Arc<Offer>> {
        let batch = self.hold().clone();
        let (accounts, refused) = batch.finish().ok()?;
        let kind = Kind::Export(accounts, refused);
        // Names in an export are UTF-8 by its format.
        Some(Arc::new(Offer { kind, has_unreadable_letters: false, may_be_cut: false }))
    }
}

impl MigrationBatch {
    fn hold(&self) -> std::sync::MutexGuard<'_, core::MigrationBatch> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<&core::OtpOffer> for OfferedAccount {
    fn from(offer: &core::OtpOffer) -> Self {
        let codes = match offer.parameters.factor() {
            MovingFactor::Time { .. } => CodeKind::Timed,
            _ => CodeKind::OnRequest,
        };
        Self { issuer: offer.issuer.clone(), name: offer.name.clone(), codes }
    }
}

impl From<&core::RefusedAccount> for RefusedAccount {
    fn from(refused: &core::RefusedAccount) -> Self {
        Self {
            issuer: refused.issuer.clone(),
            name: refused.name.clone(),
            reason: countersign_authenticator::Error::from(refused.reason).into(),
        }
    }
}

fn small(number: usize) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}
