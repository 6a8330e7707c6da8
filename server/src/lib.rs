//! The approval service: enrolment, sign-ins, challenges, policy and hosted pages, on one SQLite file.
//!
//! [`Service`] runs it in any tokio runtime; the binary is a thin shell around it. Inside, from the outside in:
//!
//! | module | what is in it |
//! |---|---|
//! | `http`, `descriptors` | routes, health, the serving loop, bounds on what clients may take |
//! | `device_api`, `relying_party`, `pages` | the three interfaces: phones, relying parties, hosted pages |
//! | `oidc` | the OpenID Connect door: makes a sign-in and reads its final state |
//! | `page` | what the hosted pages work with |
//! | `client_admin` | clients at the command line |
//! | `actions` | what the service does, whoever asks |
//! | `store` | tables and the group commit |
//! | `keys`, `secret` | what follows from the master key |
//! | `hub` | who waits for what |
//! | `foreign` | what other issuers have signed |
//! | `wake_up` | tells phones to fetch |

mod actions;
mod app;
mod client_activity;
mod client_admin;
mod config;
mod descriptors;
mod device_api;
mod foreign;
mod http;
mod https;
mod hub;
mod keys;
pub mod logging;
mod oidc;
mod openapi;
mod otp;
mod pace;
mod page;
mod pages;
#[cfg(test)]
mod protocol_text;
mod push_limit;
mod refusal;
mod relying_party;
mod secret;
mod service;
mod setup;
mod source;
mod store;
mod text;
mod throttle;
mod time;
mod wake_up;

pub use client_admin::{ClientCommand, ClientOptions, ClientSecretCommand, Printed, Which, manage_clients};
pub use config::{Config, ConfigError, Overrides};
pub use keys::{ExposedKey, MasterKey, MasterKeyError, MasterKeySource};
pub use push_limit::PushLimit;
pub use secret::{SecretBytes, SecretText};
pub use service::{Service, StartError};
pub use setup::{
    API_KEY_FILE, DATABASE_FILE, DEFAULT_CLIENT, DEFAULT_ORGANISATION, SetupError, create_api_key,
    rotate_key, rotate_openid_keys,
};
pub use store::SchemaError;
pub use time::{Clock, SystemClock, Time};
