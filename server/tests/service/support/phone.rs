//! A phone, from the protocol's text alone: keys, requests and the checks of replies.

use countersign_protocol::jwe::EncryptionKey;
use countersign_protocol::jws::{self, Message, Unsigned};
use countersign_protocol::messages::{
    Answer, Challenge, Change, Changed, Decision, Delivery, DeviceChange, Enrol, Enrolled, Fetch, KeyChange,
    Platform, Problem, ProblemCode, Receipt, TotpSecret, UserCheck, paths,
};
use countersign_protocol::{EnrolmentLink, Id, Jwk, MatchSecret, Thumbprint, sha256_base64url};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::Generate;

use super::World;

pub(crate) struct Phone {
    pub(crate) link: EnrolmentLink,
    pub(crate) enrolment: String,
    pub(crate) device_key: Key,
    pub(crate) approval_key: Key,
    pub(crate) encryption_key: EncryptionKey,
    /// The service's key, once it is known.
    pub(crate) service_key: Option<Jwk>,
    pub(crate) id: Id,
    pub(crate) totp: Option<TotpSecret>,
    pub(crate) enrolled: Option<Enrolled>,
}

pub(crate) struct Key {
    pair: SigningKey,
    pub(crate) public: Jwk,
}

/// A challenge that has been verified.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) jws: String,
    pub(crate) claims: Challenge,
}

impl Key {
    pub(crate) fn new() -> Self {
        let pair = SigningKey::generate();
        let public = Jwk::from_point(&pair.verifying_key().to_sec1_point(false).to_bytes()).unwrap();
        Self { pair, public }
    }

    pub(crate) fn sign<M: Message>(&self, message: &M) -> String {
        let unsigned = Unsigned::new(message, self.public.thumbprint()).unwrap();
        let signature: Signature = self.pair.sign(unsigned.signing_input());
        unsigned.finish(&signature.to_bytes().into())
    }
}

impl Phone {
    pub(crate) fn new(link: &str) -> Self {
        let link: EnrolmentLink = link.parse().unwrap();
        Self {
            enrolment: link.ticket.enrolment().to_string(),
            link,
            device_key: Key::new(),
            approval_key: Key::new(),
            encryption_key: EncryptionKey::make_random(),
            service_key: None,
            id: Id::from_bytes([0; 16]),
            totp: None,
            enrolled: None,
        }
    }

    pub(crate) fn pin(&self) -> Thumbprint {
        self.service_key.map_or(self.link.service_key, |key| key.thumbprint())
    }

    pub(crate) fn enrol_claims(&self) -> Enrol {
        Enrol {
            aud: self.link.service_key,
            ticket: self.link.ticket.clone(),
            device_key: self.device_key.public,
            approval_key: self.approval_key.public,
            encryption_key: self.encryption_key.public(),
            name: "Ada's phone".into(),
            platform: Platform::Android,
            hardware_keys: true,
            wake_up: None,
        }
    }

    /// Uses the ticket, and takes over what comes back.
    pub(crate) async fn enrol(&mut self, world: &World) -> Result<Enrolled, Problem> {
        let request = self.device_key.sign(&self.enrol_claims());
        self.send_enrol(world, &request).await
    }

    pub(crate) async fn send_enrol(&mut self, world: &World, request: &str) -> Result<Enrolled, Problem> {
        let (_, reply) = post(world, paths::ENROL, request).await;
        if let Ok((problem, _)) = jws::verify_pinned::<Problem>(&reply, self.link.service_key) {
            assert_eq!(problem.re, sha256_base64url(request));
            return Err(problem);
        }
        let (enrolled, key) = jws::verify_pinned::<Enrolled>(&reply, self.link.service_key).unwrap();
        assert_eq!(enrolled.re, sha256_base64url(request));
        let totp = self.encryption_key.open(&enrolled.totp).unwrap();
        self.totp = Some(serde_json::from_slice(&totp).unwrap());
        self.service_key = Some(key);
        self.id = enrolled.device;
        self.enrolled = Some(enrolled.clone());
        Ok(enrolled)
    }

    /// Sends a request and verifies its reply under the pinned key.
    pub(crate) async fn send<M: Message>(
        &self,
        world: &World,
        path: &str,
        request: &str,
    ) -> Result<M, Problem> {
        let (_, reply) = post(world, path, request).await;
        let key = self.service_key.unwrap();
        if jws::peek_typ(&reply).unwrap() == Problem::TYP {
            let problem: Problem = jws::verify(&reply, &key).unwrap();
            assert_eq!(problem.re, sha256_base64url(request));
            return Err(problem);
        }
        Ok(jws::verify(&reply, &key).unwrap())
    }

    pub(crate) fn fetch_request(&self, world: &World, wait: u32, known: &[Id]) -> Fetch {
        Fetch {
            aud: self.pin(),
            device: self.id,
            jti: Id::make_random(),
            iat: world.seconds(),
            wait,
            known: known.to_vec(),
        }
    }

    pub(crate) async fn fetch(&self, world: &World, wait: u32, known: &[Id]) -> Result<Delivery, Problem> {
        let request = self.device_key.sign(&self.fetch_request(world, wait, known));
        self.send(world, paths::FETCH, &request).await
    }

    /// What is open now, verified.
    pub(crate) async fn challenges(&self, world: &World) -> Vec<Shown> {
        let delivery = self.fetch(world, 0, &[]).await.unwrap();
        delivery.challenges.into_iter().map(|jws| self.verify(jws)).collect()
    }

    pub(crate) fn verify(&self, jws: String) -> Shown {
        let claims: Challenge = jws::verify(&jws, &self.service_key.unwrap()).unwrap();
        assert_eq!((claims.aud, claims.device), (self.device_key.public.thumbprint(), self.id));
        Shown { jws, claims }
    }

    pub(crate) fn answer(&self, world: &World, shown: &Shown, decision: Decision) -> Answer {
        Answer {
            aud: self.pin(),
            device: self.id,
            challenge: shown.claims.id,
            challenge_hash: sha256_base64url(&shown.jws),
            decision,
            number: None,
            scanned: None,
            lock: false,
            user_check: UserCheck::Biometric,
            iat: world.seconds(),
        }
    }

    pub(crate) async fn approve(
        &self,
        world: &World,
        shown: &Shown,
        number: &str,
    ) -> Result<Receipt, Problem> {
        let answer = Answer { number: Some(number.into()), ..self.answer(world, shown, Decision::Approve) };
        self.send_answer(world, &self.approval_key.sign(&answer)).await
    }

    pub(crate) async fn approve_scanned(
        &self,
        world: &World,
        shown: &Shown,
        secret: &MatchSecret,
    ) -> Result<Receipt, Problem> {
        let answer = Answer { scanned: Some(secret.clone()), ..self.answer(world, shown, Decision::Approve) };
        self.send_answer(world, &self.approval_key.sign(&answer)).await
    }

    pub(crate) async fn decide(
        &self,
        world: &World,
        shown: &Shown,
        decision: Decision,
    ) -> Result<Receipt, Problem> {
        let answer = self.answer(world, shown, decision);
        self.send_answer(world, &self.device_key.sign(&answer)).await
    }

    /// Reports, and asks for push to be locked.
    pub(crate) async fn report_and_lock(&self, world: &World, shown: &Shown) -> Result<Receipt, Problem> {
        let answer = Answer { lock: true, ..self.answer(world, shown, Decision::Report) };
        self.send_answer(world, &self.device_key.sign(&answer)).await
    }

    pub(crate) async fn send_answer(&self, world: &World, request: &str) -> Result<Receipt, Problem> {
        self.send(world, paths::ANSWER, request).await
    }

    pub(crate) fn change_request(&self, world: &World, change: DeviceChange) -> String {
        self.device_key.sign(&Change {
            aud: self.pin(),
            device: self.id,
            jti: Id::make_random(),
            iat: world.seconds(),
            change,
        })
    }

    pub(crate) async fn send_change(&self, world: &World, request: &str) -> Result<Changed, Problem> {
        self.send(world, paths::CHANGE, request).await
    }

    /// Goes over to the key that a delivery names.
    pub(crate) fn follow(&mut self, delivery: &Delivery) {
        let change: KeyChange =
            jws::verify(delivery.key_change.as_deref().unwrap(), &self.service_key.unwrap()).unwrap();
        self.service_key = Some(change.key);
    }

    /// The one-time code at a time (RFC 6238), by another implementation than the service's.
    pub(crate) fn code_at(&self, seconds: u64) -> String {
        let totp = self.totp.as_ref().unwrap();
        let secret = countersign_protocol::decode_base64url(&totp.secret).unwrap();
        totp_rs::Builder::new()
            .with_secret(secret)
            .with_digits(totp.digits)
            .with_step_duration(u64::from(totp.period))
            .build()
            .unwrap()
            .generate(seconds)
            .to_string()
    }
}

/// A code that is wrong for all of these phones at any step near now.
pub(crate) fn wrong_code(world: &World, phones: &[&Phone]) -> String {
    let near = |phone: &Phone| (0..16).map(|step| phone.code_at(world.seconds() + step * 30 - 240)).collect();
    let near: Vec<String> = phones.iter().flat_map(|phone| -> Vec<String> { near(phone) }).collect();
    (0..).map(|code| format!("{code:06}")).find(|code| !near.contains(code)).unwrap()
}

pub(crate) async fn post(world: &World, path: &str, body: &str) -> (u16, String) {
    let request = world.http.post(format!("{}{path}", world.base()));
    let response =
        request.header("content-type", paths::MEDIA_TYPE).body(body.to_owned()).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// The code and number of a problem, for tables.
pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, Problem>) -> ProblemCode {
    result.unwrap_err().code
}
