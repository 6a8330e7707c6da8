//! What a server answers: one JSON envelope for every call, believed for what the connection is worth.

use std::time::Duration;

use data_encoding::BASE64;
use serde::Deserialize;
use serde_json::Value;

use super::PushError;
use crate::approvals::ReplyError;
use crate::client::HttpReply;
use crate::keys::rsa;
use countersign_protocol::name::clean;

/// An answer, parsed.
#[derive(Debug)]
pub(crate) struct PushReply {
    /// The server's time, milliseconds; not signed by anybody.
    pub(crate) time: Option<u64>,
    result: Result<Success, i64>,
}

#[derive(Debug)]
struct Success {
    value: Value,
    detail: Value,
}

/// What a call was for, which decides what a refusal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Register,
    Poll,
    Answer,
}

/// The token is registered.
#[derive(Debug)]
pub(crate) struct Registered {
    /// The server's key for it, PKCS#1 DER in base64 on one line.
    pub(crate) server_key: String,
}

/// The open challenges, not looked at yet.
#[derive(Debug)]
pub(crate) struct Polled {
    pub(crate) challenges: Vec<Value>,
}

/// Whether an answer was taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) taken: bool,
    /// A code that the person types on the sign-in page.
    pub(crate) code: Option<String>,
    /// What the administrator has to say about the code.
    pub(crate) message: Option<String>,
}

#[derive(Deserialize)]
struct Envelope {
    result: EnvelopeResult,
    #[serde(default)]
    detail: Value,
    #[serde(default)]
    time: Option<f64>,
}

#[derive(Deserialize)]
struct EnvelopeResult {
    status: bool,
    #[serde(default)]
    value: Value,
    #[serde(default)]
    error: Option<EnvelopeError>,
}

#[derive(Deserialize)]
struct EnvelopeError {
    code: i64,
}

impl PushReply {
    /// Parses a reply. A page of a proxy, or of the server itself, is none, whatever its status says.
    pub(crate) fn read(reply: &HttpReply) -> Result<Self, ReplyError> {
        let envelope: Envelope =
            serde_json::from_str(&reply.text).map_err(|_| ReplyError::of_status(reply.status))?;
        let time = envelope.time.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let time = time.and_then(|time| u64::try_from(time.as_millis()).ok());
        let EnvelopeResult { status, value, error } = envelope.result;
        let result = match (status, error) {
            (true, None) if reply.status == 200 => Ok(Success { value, detail: envelope.detail }),
            (_, Some(EnvelopeError { code })) => Err(if reply.status >= 500 { SERVER_FAULT } else { code }),
            _ => return Err(ReplyError::of_status(reply.status)),
        };
        Ok(Self { time, result })
    }

    /// The server's number of the refusal, if it is one.
    fn refusal(&self) -> Option<i64> {
        self.result.as_ref().err().copied()
    }

    /// Whether the server has failed: right after a rollout, because it can't use the key that it took.
    pub(crate) fn is_server_fault(&self) -> bool {
        self.refusal() == Some(SERVER_FAULT)
    }

    /// Whether a signed time may have been the reason of the refusal.
    pub(crate) fn may_be_clock(&self) -> bool {
        matches!(self.refusal(), Some(10 | HIDDEN))
    }

    pub(crate) fn registered(self) -> Result<Registered, PushError> {
        let detail = self.success(Step::Register)?.detail;
        let wrapped = detail.get("public_key").and_then(Value::as_str).ok_or(PushError::EnrolmentBroken)?;
        if wrapped.len() > 4096 {
            return Err(PushError::EnrolmentBroken);
        }
        let server_key: String = wrapped.split_ascii_whitespace().collect();
        let der = BASE64.decode(server_key.as_bytes()).map_err(|_| PushError::EnrolmentBroken)?;
        // A key that can't be read verifies nothing, not even the server's own words.
        if !rsa::is_public_key(&der) {
            return Err(PushError::EnrolmentBroken);
        }
        Ok(Registered { server_key })
    }

    pub(crate) fn polled(self) -> Result<Polled, PushError> {
        match self.success(Step::Poll)?.value {
            Value::Array(challenges) => Ok(Polled { challenges }),
            _ => Err(PushError::Unavailable),
        }
    }

    /// What came back, for calls that tell their refusals apart by the server's number.
    pub(crate) fn value(self) -> Result<Value, i64> {
        self.result.map(|success| success.value)
    }

    /// That a change was made.
    pub(crate) fn changed(self) -> Result<(), PushError> {
        match self.success(Step::Poll)?.value {
            Value::Bool(true) => Ok(()),
            _ => Err(PushError::DeviceUnknown),
        }
    }

    pub(crate) fn answered(self) -> Result<Answered, PushError> {
        let Success { value, detail } = self.success(Step::Answer)?;
        let code = detail.get("display_code").and_then(|code| match code {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
        let is_code = |code: &String| {
            (1..=16).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let message = detail.get("message").and_then(Value::as_str).map(clean);
        let message = message
            .filter(|text| !text.is_empty())
            .map(|text| text.chars().take(MAX_MESSAGE_CHARS).collect());
        let code = code.filter(is_code);
        // Without a code the text is no more than the server's own word for its answer.
        let message = message.filter(|_| code.is_some());
        Ok(Answered { taken: value == Value::Bool(true), code, message })
    }

    fn success(self, step: Step) -> Result<Success, PushError> {
        self.result.map_err(|code| match (step, code) {
            (Step::Register, 905) => PushError::CodeUnknown,
            (Step::Register, 601 | HIDDEN) => PushError::CodeUsed,
            (_, SERVER_FAULT) => PushError::Unavailable,
            (Step::Poll | Step::Answer, 10 | 601 | HIDDEN) => PushError::DeviceUnknown,
            (_, 303) => PushError::Forbidden,
            (_, code) => PushError::Refused(code),
        })
    }
}

/// The server stores 2,000 characters of a policy at most.
const MAX_MESSAGE_CHARS: usize = 2_000;
/// What a policy of the server makes of all its other numbers.
const HIDDEN: i64 = -311;
/// HTTP 500 with JSON.
pub(super) const SERVER_FAULT: i64 = -500;
