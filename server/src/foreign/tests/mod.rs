//! Tokens and issuers, good and hostile, over http on loopback.

mod fetching;
mod issuer;
mod signer;
mod tokens;

use std::time::Duration;

use serde_json::{Value, json};

use self::issuer::StandIn;
use self::signer::Signer;
use super::fetch::Fetcher;
use super::*;

const NOW: Time = Time::from_millis(1_800_000_000_000);

/// An issuer with one key, and a client that believes it.
struct World {
    issuer: StandIn,
    signer: Signer,
    foreign: Foreign,
}

impl World {
    async fn start() -> Self {
        Self::with_time_out(Duration::from_secs(10)).await
    }

    async fn with_time_out(time_out: Duration) -> Self {
        let (issuer, signer) = (StandIn::start().await, Signer::rsa("first"));
        issuer.publish([signer.public()]);
        let client = crate::https::client(None).unwrap().build().unwrap();
        let fetcher = Fetcher::new(client, Loopback::Allowed).with_time_out(time_out);
        let foreign = Foreign { cache: Cache::new(fetcher), loopback: Loopback::Allowed };
        Self { issuer, signer, foreign }
    }

    fn allowed(&self) -> Allowed {
        let issuers = vec![self.foreign.issuer(self.issuer.name()).unwrap()];
        let algorithms = &[Algorithm::Rs256, Algorithm::Es256];
        Allowed { issuers, audience: "us".to_owned(), algorithms, lifetime: Lifetime::Expiry }
    }

    /// The claims of a good token.
    fn claims(&self) -> Value {
        let now = NOW.seconds();
        json!({ "iss": self.issuer.name(), "aud": "us", "sub": "ada", "iat": now, "exp": now + 300, "tid": "one" })
    }

    fn token(&self) -> String {
        self.signer.sign(&self.claims())
    }

    async fn verify(&self, token: &str) -> Result<Verified, ForeignError> {
        self.verify_at(token, NOW).await
    }

    async fn verify_at(&self, token: &str, now: Time) -> Result<Verified, ForeignError> {
        self.foreign.verify(&self.allowed(), token, now).await
    }
}
