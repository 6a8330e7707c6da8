//! Clients of a service, made as its administrator makes them.

use countersign_server::{ClientCommand, ClientOptions, Clock, Config, SystemClock, manage_clients};

use crate::Failure;

/// A client of the first organisation.
pub struct ServiceClient {
    /// Its identifier, which is its `client_id`.
    pub id: String,
    /// Its secret, which is its API key.
    pub secret: String,
}

impl ServiceClient {
    /// Adds one to the service of this configuration, which may be running.
    ///
    /// # Errors
    ///
    /// When the service's folder can't be used, or something is wrong with the client.
    pub fn add(
        config: &Config,
        kind: &str,
        name: &str,
        rights: &str,
        redirect_uri: &str,
    ) -> Result<Self, Failure> {
        let options = ClientOptions {
            rights: Some(rights.to_owned()),
            redirect_uri: Some(vec![redirect_uri.to_owned()]),
            ..ClientOptions::default()
        };
        let add = ClientCommand::Add {
            organisation: countersign_server::DEFAULT_ORGANISATION.to_owned(),
            name: name.to_owned(),
            kind: kind.to_owned(),
            options,
        };
        let printed = manage_clients(config, add, SystemClock.now())?;
        let value = |name: &str| {
            let line = printed.text.expose().lines().find_map(|line| line.strip_prefix(name));
            line.map(|value| value.trim().to_owned()).ok_or_else(|| format!("no {name} was printed"))
        };
        Ok(Self { id: value("client_id ")?, secret: value("secret ")? })
    }
}
