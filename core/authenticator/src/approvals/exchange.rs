//! One exchange with the service: a signed request, and the check that turns a reply's text into something believed.

use std::fmt;

use countersign_protocol::jws::{self, Message};
use countersign_protocol::messages::{
    Changed, Collected, Delivery, Enrolled, Outcome, Problem, ProblemCode, Receipt, Relayed, Replacement,
};
use countersign_protocol::{Jwk, ProtocolError, ServiceUrl, Thumbprint, sha256_base64url};

use crate::client::Payload;

/// A request that is ready to be sent, as often as it takes: its bytes never change. They may hold a ticket or the name of
/// a mailbox, so its debug text has none of them.
#[derive(Clone)]
pub(crate) struct Exchange {
    url: String,
    body: String,
    hash: String,
    is_signed: bool,
}

/// A reply that was signed by the service for this very request.
#[derive(Debug)]
pub(crate) struct Trusted<R> {
    /// The reply's claims.
    pub(crate) reply: R,
    /// The key that signed it.
    pub(crate) service_key: Jwk,
    /// The service's time, milliseconds.
    pub(crate) time: u64,
}

/// Why a reply can't be believed, or what it refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// Not a message of this protocol at all: a proxy, a captive portal or a broken service answered.
    #[error("the answer did not come from an approval service; check the network, then try again")]
    NotTheService,
    /// A gateway answered in place of the service, which it can't reach now.
    #[error(
        "the approval service can't answer now, as the gateway in front of it says; try again in a moment"
    )]
    Unavailable,
    /// A gateway, or the service, is asked too often.
    #[error("the approval service is asked too often just now; wait a minute, then try again")]
    Busy,
    /// Signed by another key than the one pinned at enrolment.
    #[error(
        "the approval service no longer has the key that this account was enrolled with; \
         nothing was changed: ask your organisation whether it replaced its service"
    )]
    ServiceKeyChanged,
    /// Altered, or the reply to another request.
    #[error("the answer of the approval service does not verify; nothing was changed")]
    Untrusted,
    /// The service has refused the request, and said why under its key.
    #[error(transparent)]
    Refused(Refusal),
}

/// What the service refused, and what came with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", describe(.code))]
#[non_exhaustive]
pub struct Refusal {
    /// Why.
    pub code: ProblemCode,
    /// What became of the challenge before, with [`ProblemCode::AlreadyAnswered`].
    pub outcome: Option<Outcome>,
    /// Milliseconds after which to try again, with [`ProblemCode::Throttled`].
    pub retry_after: Option<u64>,
    /// The service's time, milliseconds.
    pub time: u64,
}

impl ReplyError {
    /// Why a reply that is no message of the protocol came, by its status, which nobody vouches for: it decides only what a
    /// person is told, and whether trying again may help.
    pub(crate) const fn of_status(status: u16) -> Self {
        match status {
            429 => Self::Busy,
            502..=504 => Self::Unavailable,
            _ => Self::NotTheService,
        }
    }
}

impl Exchange {
    /// The signed `body`, for `path` below `service`.
    pub(crate) fn new(service: &ServiceUrl, path: &str, body: String) -> Self {
        Self { url: service.join(path), hash: sha256_base64url(&body), body, is_signed: true }
    }

    /// The same for a `body` of JSON that nobody signs.
    pub(crate) fn unsigned(service: &ServiceUrl, path: &str, body: String) -> Self {
        Self { is_signed: false, ..Self::new(service, path, body) }
    }

    /// Where to post it.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The text of it.
    pub(crate) fn body(&self) -> &str {
        &self.body
    }

    /// What to post.
    pub(crate) fn payload(&self) -> Payload<'_> {
        if self.is_signed { Payload::Jose(&self.body) } else { Payload::Json(&self.body) }
    }

    /// Reads a reply that must be signed by `key`.
    pub(crate) fn read<R: Reply>(&self, reply: &str, key: &Jwk) -> Result<Trusted<R>, ReplyError> {
        match problem_or::<R>(reply)? {
            Kind::Problem => Err(self.refusal(&jws::verify(reply, key).map_err(untrusted)?)),
            Kind::Reply => self.accept(jws::verify(reply, key).map_err(untrusted)?, *key),
        }
    }

    /// Reads a reply that brings the key whose thumbprint is pinned.
    pub(crate) fn read_pinned<R: Reply>(
        &self,
        reply: &str,
        pin: Thumbprint,
    ) -> Result<Trusted<R>, ReplyError> {
        match problem_or::<R>(reply)? {
            Kind::Problem => Err(self.refusal(&jws::verify_pinned(reply, pin).map_err(untrusted)?.0)),
            Kind::Reply => {
                let (reply, key) = jws::verify_pinned(reply, pin).map_err(untrusted)?;
                self.accept(reply, key)
            }
        }
    }

    fn accept<R: Reply>(&self, reply: R, service_key: Jwk) -> Result<Trusted<R>, ReplyError> {
        if reply.re() != self.hash {
            return Err(ReplyError::Untrusted);
        }
        Ok(Trusted { time: reply.time(), reply, service_key })
    }

    fn refusal(&self, problem: &Problem) -> ReplyError {
        if problem.re != self.hash {
            return ReplyError::Untrusted;
        }
        ReplyError::Refused(Refusal {
            code: problem.code,
            outcome: problem.outcome,
            retry_after: problem.retry_after,
            time: problem.time,
        })
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exchange({})", self.url)
    }
}

/// What every reply has.
pub(crate) trait Reply: Message {
    fn re(&self) -> &str;
    fn time(&self) -> u64;
}

macro_rules! replies {
    ($($type:ty),+) => {
        $(impl Reply for $type {
            fn re(&self) -> &str {
                &self.re
            }

            fn time(&self) -> u64 {
                self.time
            }
        })+
    };
}

replies!(Changed, Collected, Delivery, Enrolled, Receipt, Relayed, Replacement);

enum Kind {
    Reply,
    Problem,
}

fn problem_or<R: Reply>(reply: &str) -> Result<Kind, ReplyError> {
    let typ = jws::peek_typ(reply).map_err(|_| ReplyError::NotTheService)?;
    if typ == Problem::TYP {
        Ok(Kind::Problem)
    } else if typ == R::TYP {
        Ok(Kind::Reply)
    } else {
        Err(ReplyError::Untrusted)
    }
}

fn untrusted(error: ProtocolError) -> ReplyError {
    match error {
        ProtocolError::WrongKey => ReplyError::ServiceKeyChanged,
        _ => ReplyError::Untrusted,
    }
}

/// What happened and what to do next, for a person.
const fn describe(code: &ProblemCode) -> &'static str {
    match code {
        ProblemCode::TicketUnknown => {
            "this QR code is not known to the service; open a new enrolment page and scan again"
        }
        ProblemCode::TicketExpired => "this QR code has expired; open a new enrolment page and scan again",
        ProblemCode::TicketUsed => {
            "this QR code was already used by another device; if that wasn't you, tell your organisation, \
             then open a new enrolment page"
        }
        ProblemCode::DeviceUnknown | ProblemCode::DeviceRevoked => {
            "this device was removed from the account; enrol again to approve sign-ins"
        }
        ProblemCode::ChallengeUnknown | ProblemCode::ChallengeExpired => {
            "this request is over; start the sign-in again"
        }
        ProblemCode::AlreadyAnswered => "this request was already answered",
        ProblemCode::Throttled => "too many wrong answers on this account; wait before you try again",
        ProblemCode::ClockSkew => {
            "the device's clock is too far off and could not be corrected; set it, then try again"
        }
        ProblemCode::WrongServiceKey => {
            "the approval service no longer has the key that this account was enrolled with; \
             ask your organisation whether it replaced its service"
        }
        ProblemCode::NameRefused => {
            "the approval service does not accept this device's name; choose another one"
        }
        ProblemCode::RelayRefused => {
            "the approval service does not carry this move; go on with the QR codes of the old phone"
        }
        ProblemCode::Unavailable => "the approval service cannot answer now; try again in a moment",
        ProblemCode::Malformed
        | ProblemCode::Replayed
        | ProblemCode::ChallengeAltered
        | ProblemCode::WrongKey
        | ProblemCode::Unknown => "the approval service refused the request; update the app, then try again",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::approvals::testing::{NOW, TestKey, World};

    fn exchange(world: &World) -> Exchange {
        Exchange::new(&world.binding.service, "/v1/device/change", "the request".into())
    }

    fn changed(exchange: &Exchange) -> Changed {
        Changed { re: exchange.hash.clone(), time: NOW * 1000 }
    }

    fn read(world: &World, reply: &str) -> Result<Trusted<Changed>, ReplyError> {
        exchange(world).read(reply, &world.binding.service_key)
    }

    #[test]
    fn a_reply_of_the_pinned_key_to_this_request_is_believed() {
        let world = World::make();
        let reply = world.service.sign(&changed(&exchange(&world)));
        assert_eq!(read(&world, &reply).unwrap().time, NOW * 1000);
    }

    #[test]
    fn a_reply_to_another_request_is_not() {
        let world = World::make();
        let other = Exchange::new(&world.binding.service, "/v1/device/change", "another".into());
        let reply = world.service.sign(&changed(&other));
        assert_eq!(read(&world, &reply).unwrap_err(), ReplyError::Untrusted);
    }

    #[test]
    fn a_changed_service_key_is_told_and_nothing_is_believed() {
        let world = World::make();
        let reply = TestKey::make().sign(&changed(&exchange(&world)));
        assert_eq!(read(&world, &reply).unwrap_err(), ReplyError::ServiceKeyChanged);
    }

    #[test]
    fn an_error_page_of_a_proxy_is_not_the_service() {
        let world = World::make();
        for reply in ["", "<html>502 Bad Gateway</html>", "{\"error\":\"x\"}", "a.b.c"] {
            assert_eq!(read(&world, reply).unwrap_err(), ReplyError::NotTheService, "{reply}");
        }
    }

    #[test]
    fn a_refusal_counts_only_under_the_services_key_and_for_this_request() {
        let world = World::make();
        let re = exchange(&world).hash;
        let problem =
            Problem { re, time: 5, code: ProblemCode::DeviceRevoked, outcome: None, retry_after: None };
        let refused = read(&world, &world.service.sign(&problem)).unwrap_err();
        assert!(
            matches!(refused, ReplyError::Refused(refusal) if refusal.code == ProblemCode::DeviceRevoked)
        );
        assert_eq!(read(&world, &TestKey::make().sign(&problem)).unwrap_err(), ReplyError::ServiceKeyChanged);
        let other = Problem { re: "other".into(), ..problem };
        assert_eq!(read(&world, &world.service.sign(&other)).unwrap_err(), ReplyError::Untrusted);
    }

    #[test]
    fn debug_output_has_none_of_the_request() {
        let service = World::make().binding.service;
        let shown = format!("{:?}", Exchange::unsigned(&service, "/v1/move/collect", "CANARY".into()));
        assert_eq!(shown, format!("Exchange({service}/v1/move/collect)"));
    }

    #[test]
    fn another_kind_of_reply_is_refused() {
        let world = World::make();
        let reply = world.service.sign(&world.challenge());
        assert_eq!(read(&world, &reply).unwrap_err(), ReplyError::Untrusted);
    }
}
