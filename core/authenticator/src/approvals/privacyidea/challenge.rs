//! A challenge as the phone holds it: its signature verified, and nothing ambiguous left in it.
//!
//! The signed text joins its parts by `|` and escapes none, so the same signature fits several readings. Each part but
//! question and title has a form that can't hold a bar, and those two are shown as one text when either has one.

use countersign_protocol::messages::Purpose;
use countersign_protocol::{Id, ServiceUrl};
use data_encoding::BASE32;
use ring::digest;
use serde::Deserialize;
use serde_json::Value;

use super::capabilities::Capabilities;
use super::options::PresenceOption;
use super::refused_challenge::RefusedChallenge;
use super::{PushBinding, PushToken, options};
use crate::approvals::{AnswerError, ApprovalRequest, MatchProof, Matching};
use crate::keys::rsa;
use countersign_protocol::name::clean;

/// A verified challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PushChallenge {
    id: Id,
    nonce: String,
    url: String,
    serial: String,
    title: String,
    question: String,
    options: Vec<PresenceOption>,
    takes_reason: bool,
    /// When it was first seen, seconds of the authenticator's time.
    seen_at: u64,
    user: String,
}

/// As it comes. Fields that nobody signs (`version`) are left out.
#[derive(Deserialize)]
struct Wire {
    nonce: String,
    url: String,
    serial: String,
    #[serde(default)]
    question: String,
    #[serde(default)]
    title: String,
    sslverify: String,
    #[serde(default)]
    require_presence: Option<String>,
    signature: String,
    #[serde(default)]
    capabilities: Option<Value>,
    #[serde(default)]
    capabilities_signature: Option<String>,
}

/// Reads what a poll brought: the challenges to show, and why others aren't shown. Those that are over for this phone are
/// in neither list. `user` is the account's name, since challenges don't say whose they are.
pub(crate) fn read_challenges(
    challenges: Vec<Value>,
    binding: &PushBinding,
    token: &mut PushToken,
    account: Id,
    user: &str,
    now: u64,
) -> (Vec<PushChallenge>, Vec<RefusedChallenge>) {
    let (mut open, mut refused) = (Vec::new(), Vec::new());
    let server_key = binding.server_key_der();
    if challenges.len() > MAX_CHALLENGES {
        refused.push(RefusedChallenge::TooMany);
    }
    for challenge in challenges.into_iter().take(MAX_CHALLENGES) {
        match PushChallenge::verify(challenge, binding, &server_key, account) {
            Ok(mut challenge) => {
                let seen = token.see(challenge.id, now);
                challenge.seen_at = seen.at;
                user.clone_into(&mut challenge.user);
                if !seen.over && !challenge.is_expired(now) {
                    open.push(challenge);
                }
            }
            Err(error) => refused.push(error),
        }
    }
    (open, refused)
}

/// Challenges of one poll that are looked at. A crowd of them is somebody's attack on the person's patience.
const MAX_CHALLENGES: usize = 16;

impl PushChallenge {
    fn verify(
        challenge: Value,
        binding: &PushBinding,
        server_key: &[u8],
        account: Id,
    ) -> Result<Self, RefusedChallenge> {
        let wire: Wire = serde_json::from_value(challenge).map_err(|_| RefusedChallenge::Malformed)?;
        if wire.serial != binding.serial {
            return Err(RefusedChallenge::OtherToken);
        }
        if !is_nonce(&wire.nonce) || wire.question.len() > MAX_TEXT || wire.title.len() > MAX_TEXT {
            return Err(RefusedChallenge::Malformed);
        }
        // A presence challenge whose options were moved in here has a valid signature, too.
        if !matches!(wire.sslverify.as_str(), "0" | "1") {
            return Err(RefusedChallenge::AmbiguousText);
        }
        let mut parts =
            vec![&*wire.nonce, &*wire.url, &*wire.serial, &*wire.question, &*wire.title, &*wire.sslverify];
        parts.extend(wire.require_presence.as_deref());
        if !is_signed(server_key, &parts.join("|"), &wire.signature) {
            return Err(RefusedChallenge::BadSignature);
        }
        let url: ServiceUrl = wire.url.parse().map_err(|_| RefusedChallenge::OtherServer)?;
        if wire.url.contains('|') || !url.is_same_origin(&binding.service) {
            return Err(RefusedChallenge::OtherServer);
        }
        Ok(Self {
            id: derive_id(account, &wire.nonce),
            takes_reason: takes_reason(&wire, server_key)?,
            options: wire.require_presence.map_or(Ok(Vec::new()), |text| options::read(&text))?,
            nonce: wire.nonce,
            url: wire.url,
            serial: wire.serial,
            title: wire.title,
            question: wire.question,
            seen_at: 0,
            user: String::new(),
        })
    }

    pub(crate) const fn id(&self) -> Id {
        self.id
    }

    pub(super) fn nonce(&self) -> &str {
        &self.nonce
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn serial(&self) -> &str {
        &self.serial
    }

    /// Whether a decline may say why. An older server would rebuild the signed text without the reason.
    pub(crate) const fn takes_reason(&self) -> bool {
        self.takes_reason
    }

    /// Whether it counts no longer: a challenge doesn't say when it ends, so its time is the server's default.
    pub(crate) const fn is_expired(&self, now: u64) -> bool {
        now >= self.expires_at()
    }

    const fn expires_at(&self) -> u64 {
        self.seen_at.saturating_add(LIFETIME_SECONDS)
    }

    pub(crate) fn request(&self, account: Id, organisation: &str) -> ApprovalRequest {
        let (title, question) = (clean(&self.title), clean(&self.question));
        // Where the one ends and the other begins isn't signed.
        let (application, message) = match (title.contains('|') || question.contains('|'), title.is_empty()) {
            (true, _) => (organisation.to_owned(), format!("{question} | {title}")),
            (false, true) => (organisation.to_owned(), question),
            (false, false) => (title, question),
        };
        ApprovalRequest {
            id: self.id,
            account,
            organisation: organisation.to_owned(),
            purpose: Purpose::SignIn,
            application,
            user: self.user.clone(),
            place: None,
            ip: None,
            client: None,
            message: Some(message),
            matching: Matching {
                options: self.options.iter().map(|option| option.shown.clone()).collect(),
                ..Matching::default()
            },
            can_report: self.takes_reason,
            can_lock: false,
            can_cancel: self.takes_reason,
            issued_at: self.seen_at,
            expires_at: self.expires_at(),
        }
    }

    /// The option that an approval sends, if it needs one: as the server wrote it, whatever was shown.
    pub(crate) fn choice(&self, proof: &MatchProof) -> Result<Option<&str>, AnswerError> {
        match proof {
            MatchProof::None if self.options.is_empty() => Ok(None),
            MatchProof::None => Err(AnswerError::MatchNeeded),
            // What is typed into a field for a number may be one of the options, too.
            MatchProof::Choice(choice) | MatchProof::Number(choice) => {
                let chosen = choice.trim();
                let option = self.options.iter().find(|option| option.shown == chosen);
                option.map(|option| Some(&*option.sent)).ok_or(AnswerError::MatchNotAccepted)
            }
            MatchProof::Scanned(_) => Err(AnswerError::MatchNotAccepted),
        }
    }

    /// Whether an approval has to choose.
    pub(crate) const fn has_options(&self) -> bool {
        !self.options.is_empty()
    }
}

/// The server's `DefaultChallengeValidityTime`.
const LIFETIME_SECONDS: u64 = 120;
/// The server keeps questions below 512 and titles below 128 characters.
const MAX_TEXT: usize = 4096;

/// 20 bytes in base32.
fn is_nonce(nonce: &str) -> bool {
    nonce.len() == 32 && nonce.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7'))
}

/// Whether `signature`, base32 with its padding, is the server's of `text`.
fn is_signed(server_key: &[u8], text: &str, signature: &str) -> bool {
    let decoded = BASE32.decode(signature.as_bytes());
    decoded.is_ok_and(|signature| rsa::verifies(server_key, text.as_bytes(), &signature))
}

fn takes_reason(wire: &Wire, server_key: &[u8]) -> Result<bool, RefusedChallenge> {
    // Servers before 3.12 send none.
    let Some(value) = &wire.capabilities else { return Ok(false) };
    let Some(capabilities) = Capabilities::read(value, &wire.nonce) else { return Ok(false) };
    let signature = wire.capabilities_signature.as_deref().unwrap_or_default();
    if !is_signed(server_key, &capabilities.signed_text, signature) {
        return Err(RefusedChallenge::BadCapabilities);
    }
    Ok(capabilities.decline_reason)
}

/// The name of a challenge in answers, the same in every process: the server gives it none.
fn derive_id(account: Id, nonce: &str) -> Id {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"countersign-privacyidea-challenge");
    context.update(account.as_bytes());
    context.update(nonce.as_bytes());
    let mut id = [0; 16];
    id.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
    Id::from_bytes(id)
}
