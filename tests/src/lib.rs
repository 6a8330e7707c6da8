//! What the end-to-end tests and the demo stand on: the real service, a real privacyIDEA server, a real Keycloak, a phone that is the real
//! core, a browser, a push server, and a network that can be told to fail.

mod browser;
mod clients;
mod keycloak;
mod network;
mod phone;
mod privacyidea;
mod process;
mod push_server;
mod relying_party;
mod service;

pub use browser::Page;
pub use clients::ServiceClient;
pub use keycloak::Keycloak;
pub use network::{Fault, Network};
pub use phone::{Phone, TurnedClock};
pub use privacyidea::{PrivacyIdea, Transaction};
pub use process::{ServiceProcess, program};
pub use push_server::PushServer;
pub use relying_party::{Enrolment, RelyingParty, SignIn};
pub use service::{TestService, enrolled};

/// Anything that goes wrong, with a text for the person who started it.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// An HTTP client that follows no redirect.
///
/// # Panics
///
/// When it can't be made.
#[must_use]
pub fn http_client() -> reqwest::Client {
    // reqwest wants a TLS provider even where only loopback is spoken to. The second to install one is refused, rightly.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client for loopback")
}
