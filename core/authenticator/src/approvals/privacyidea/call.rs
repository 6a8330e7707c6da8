//! What a phone sends: queries and forms, with the texts that are signed.

use countersign_protocol::ServiceUrl;
use countersign_protocol::messages::WakeUp;
use data_encoding::{BASE32, BASE64, BASE64URL};
use url::form_urlencoded::Serializer;
use zeroize::Zeroizing;

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

/// A call that waits for the signature of its text, by the key of the token or of the container.
pub(crate) struct UnsignedCall {
    url: String,
    is_query: bool,
    /// Wiped: a container's may end with a passphrase.
    text: Zeroizing<String>,
    /// How the server reads the signature.
    encode: fn(&[u8]) -> String,
    fields: Vec<(&'static str, String)>,
}

impl Call {
    pub(super) fn form(url: String, fields: &[(&str, String)]) -> Self {
        Self { url, form: Some(encode(fields)) }
    }

    pub(crate) fn payload(&self) -> Payload<'_> {
        self.form.as_deref().map_or(Payload::Query, Payload::Form)
    }
}

impl UnsignedCall {
    /// A form about a container; its text is `parts`, joined.
    pub(super) fn of_container(url: String, parts: &[&str], fields: Vec<(&'static str, String)>) -> Self {
        let text = Zeroizing::new(parts.join("|"));
        Self { url, is_query: false, text, encode: |signature| BASE64URL.encode(signature), fields }
    }

    /// What is to be signed.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The call, with the signature of its text.
    pub(crate) fn finish(self, signature: &[u8]) -> Call {
        let Self { url, is_query, encode: encode_signature, mut fields, .. } = self;
        fields.push(("signature", encode_signature(signature)));
        if is_query {
            Call { url: format!("{url}?{}", encode(&fields)), form: None }
        } else {
            Call::form(url, &fields)
        }
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
    Call::form(
        service.to_string(),
        &[
            ("enrollment_credential", credential.to_owned()),
            ("serial", serial.to_owned()),
            ("fbtoken", wake_up_text(wake_up).to_owned()),
            ("pubkey", BASE64.encode(public_key)),
            ("capabilities", r#"["decline_reason"]"#.to_owned()),
        ],
    )
}

/// Asks for open challenges, at the server's time in milliseconds.
pub(crate) fn poll_call(service: &ServiceUrl, serial: &str, unix_ms: u64) -> UnsignedCall {
    let timestamp = timestamp(unix_ms);
    UnsignedCall {
        url: service.to_string(),
        is_query: true,
        text: Zeroizing::new(format!("{serial}|{timestamp}")),
        encode: |signature| BASE32.encode(signature),
        fields: vec![("serial", serial.to_owned()), ("timestamp", timestamp)],
    }
}

/// Tells another push address, at the server's time in milliseconds.
pub(crate) fn address_call(
    service: &ServiceUrl,
    serial: &str,
    wake_up: Option<&WakeUp>,
    unix_ms: u64,
) -> UnsignedCall {
    let (address, timestamp) = (wake_up_text(wake_up).to_owned(), timestamp(unix_ms));
    UnsignedCall {
        url: service.to_string(),
        is_query: false,
        text: Zeroizing::new(format!("{address}|{serial}|{timestamp}")),
        encode: |signature| BASE32.encode(signature),
        fields: vec![("new_fb_token", address), ("serial", serial.to_owned()), ("timestamp", timestamp)],
    }
}

/// What an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Say<'a> {
    /// Yes, with the option that the person has chosen, if there are options.
    Approve(Option<&'a str>),
    /// No.
    Deny,
    /// No: it was the person's own sign-in, and isn't wanted any more.
    Cancel,
    /// No: it isn't the person's.
    Report,
}

/// Answers a challenge.
pub(crate) fn answer_call(challenge: &PushChallenge, answer: Say<'_>) -> UnsignedCall {
    let mut text = format!("{}|{}", challenge.nonce(), challenge.serial());
    let mut fields = vec![("serial", challenge.serial().to_owned())];
    let mut say = |part: &str, field, value: &str| {
        text = format!("{text}|{part}");
        fields.push((field, value.to_owned()));
    };
    if let Say::Approve(choice) = answer {
        if let Some(choice) = choice {
            say(choice, "presence_answer", choice);
        }
    } else {
        say("decline", "decline", "1");
        let reason = match answer {
            Say::Cancel => Some("cancelled"),
            Say::Report => Some("unknown_trigger"),
            Say::Approve(_) | Say::Deny => None,
        };
        if let Some(reason) = reason.filter(|_| challenge.takes_reason()) {
            say(reason, "decline_reason", reason);
        }
    }
    let (url, text) = (challenge.url().to_owned(), Zeroizing::new(text));
    UnsignedCall { url, is_query: false, text, encode: |signature| BASE32.encode(signature), fields }
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

fn encode(fields: &[(&str, String)]) -> String {
    Serializer::new(String::new()).extend_pairs(fields).finish()
}
