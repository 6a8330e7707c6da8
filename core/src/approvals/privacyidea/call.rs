//! What a phone sends: queries and forms, with the texts that are signed.

use countersign_protocol::ServiceUrl;
use countersign_protocol::messages::{Decision, WakeUp};
use data_encoding::{BASE32, BASE64};
use url::form_urlencoded::Serializer;

use super::PushChallenge;
use super::time::timestamp;
use crate::client::Payload;

/// One call of the server, to be sent as often as it takes.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) url: String,
    /// A form to post; without one it is a query.
    form: Option<String>,
}

impl Call {
    pub(crate) fn payload(&self) -> Payload<'_> {
        self.form.as_deref().map_or(Payload::Query, Payload::Form)
    }
}

/// Registers the token's public key (SubjectPublicKeyInfo DER). The form holds the offer's one-time secret.
pub(crate) fn register_call(
    service: &ServiceUrl,
    serial: &str,
    credential: &str,
    wake_up: Option<&WakeUp>,
    public_key: &[u8],
) -> Call {
    form(
        service.to_string(),
        &[
            ("enrollment_credential", credential),
            ("serial", serial),
            ("fbtoken", wake_up_text(wake_up)),
            ("pubkey", &BASE64.encode(public_key)),
            ("capabilities", r#"["decline_reason"]"#),
        ],
    )
}

/// Asks for open challenges, at the server's time in milliseconds. `sign` makes the token's signature of a text.
pub(crate) fn poll_call<E>(
    service: &ServiceUrl,
    serial: &str,
    unix_ms: u64,
    sign: impl FnOnce(&str) -> Result<Vec<u8>, E>,
) -> Result<Call, E> {
    let timestamp = timestamp(unix_ms);
    let signature = BASE32.encode(&sign(&format!("{serial}|{timestamp}"))?);
    let fields = [("serial", serial), ("timestamp", &timestamp), ("signature", &signature)];
    Ok(Call { url: format!("{service}?{}", encode(&fields)), form: None })
}

/// Tells another push address, at the server's time in milliseconds.
pub(crate) fn address_call<E>(
    service: &ServiceUrl,
    serial: &str,
    wake_up: Option<&WakeUp>,
    unix_ms: u64,
    sign: impl FnOnce(&str) -> Result<Vec<u8>, E>,
) -> Result<Call, E> {
    let (address, timestamp) = (wake_up_text(wake_up), timestamp(unix_ms));
    let signature = BASE32.encode(&sign(&format!("{address}|{serial}|{timestamp}"))?);
    let fields =
        [("new_fb_token", address), ("serial", serial), ("timestamp", &timestamp), ("signature", &signature)];
    Ok(form(service.to_string(), &fields))
}

/// Answers a challenge; `choice` is the option of an approval that needs one.
pub(crate) fn answer_call<E>(
    challenge: &PushChallenge,
    decision: Decision,
    choice: Option<&str>,
    sign: impl FnOnce(&str) -> Result<Vec<u8>, E>,
) -> Result<Call, E> {
    let (nonce, serial) = (challenge.nonce(), challenge.serial());
    let reason = (decision == Decision::Report && challenge.takes_reason()).then_some("unknown_trigger");
    let (text, more): (String, Vec<(&str, &str)>) = match (decision, choice, reason) {
        (Decision::Approve, None, _) => (format!("{nonce}|{serial}"), Vec::new()),
        (Decision::Approve, Some(choice), _) => {
            (format!("{nonce}|{serial}|{choice}"), vec![("presence_answer", choice)])
        }
        (Decision::Deny | Decision::Report, _, None) => {
            (format!("{nonce}|{serial}|decline"), vec![("decline", "1")])
        }
        (Decision::Deny | Decision::Report, _, Some(reason)) => {
            (format!("{nonce}|{serial}|decline|{reason}"), vec![("decline", "1"), ("decline_reason", reason)])
        }
    };
    let signature = BASE32.encode(&sign(&text)?);
    let mut fields = vec![("serial", serial), ("signature", signature.as_str())];
    fields.extend(more);
    Ok(form(challenge.url().to_owned(), &fields))
}

/// The push address as the server stores it. Without one it wants a word all the same.
const fn wake_up_text(wake_up: Option<&WakeUp>) -> &str {
    match wake_up {
        Some(
            WakeUp::UnifiedPush { endpoint: text }
            | WakeUp::Fcm { token: text }
            | WakeUp::Apns { token: text },
        ) => text.as_str(),
        None => "no_firebase_token",
    }
}

fn form(url: String, fields: &[(&str, &str)]) -> Call {
    Call { url, form: Some(encode(fields)) }
}

fn encode(fields: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(fields).finish()
}
