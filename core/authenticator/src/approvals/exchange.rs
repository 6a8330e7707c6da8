//! One exchange with the service: a signed request, and the check that turns a reply's text into something believed.

use std::fmt;

use countersign_protocol::jws::{self, Message};
use countersign_protocol::messages::{
    Changed, Collected, Delivery, Enrolled, Problem, Receipt, Relayed, Replacement,
};
use countersign_protocol::{Jwk, ProtocolError, ServiceUrl, Thumbprint, sha256_base64url};

use super::reply_error::{Refusal, ReplyError};
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

#[cfg(test)]
mod tests {
    use countersign_protocol::messages::ProblemCode;

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
