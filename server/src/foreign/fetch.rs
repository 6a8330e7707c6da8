//! Fetching an issuer's metadata and keys, within bounds.

use std::error::Error;
use std::time::Duration;

use countersign_protocol::json;
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use url::Url;

use super::error::FetchError;
use super::issuer::{Issuer, Loopback, address};
use super::keys::KeySet;

/// For metadata and keys together.
const TIME_OUT: Duration = Duration::from_secs(10);
/// Longest metadata, in bytes. Keycloak's has seven thousand.
const MAX_METADATA: usize = 64 * 1024;
/// Longest set of keys, in bytes. Those of Entra have twenty thousand, with their certificates.
const MAX_KEYS: usize = 256 * 1024;

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

/// Fetches what issuers publish.
#[derive(Clone)]
pub(super) struct Fetcher {
    client: Client,
    loopback: Loopback,
    time_out: Duration,
}

impl Fetcher {
    pub(super) const fn new(client: Client, loopback: Loopback) -> Self {
        Self { client, loopback, time_out: TIME_OUT }
    }

    #[cfg(test)]
    pub(super) fn with_time_out(self, time_out: Duration) -> Self {
        Self { time_out, ..self }
    }

    /// The keys that an issuer has now.
    pub(super) async fn keys(&self, issuer: &Issuer) -> Result<KeySet, FetchError> {
        tokio::time::timeout(self.time_out, self.metadata_and_keys(issuer))
            .await
            .unwrap_or(Err(FetchError::TimeOut))
    }

    async fn metadata_and_keys(&self, issuer: &Issuer) -> Result<KeySet, FetchError> {
        let text = self.get(issuer.metadata().clone(), MAX_METADATA).await?;
        let metadata: Metadata = json::from_object(&text).map_err(|_| FetchError::Metadata)?;
        if metadata.issuer != issuer.as_str() {
            return Err(FetchError::Issuer);
        }
        let keys = address(&metadata.jwks_uri, self.loopback).ok_or(FetchError::Metadata)?;
        KeySet::parse(&self.get(keys, MAX_KEYS).await?)
    }

    async fn get(&self, url: Url, longest: usize) -> Result<Vec<u8>, FetchError> {
        let request = self.client.get(url).header("Accept", "application/json");
        let mut reply = request.send().await.map_err(|error| kind(&error))?;
        if reply.status() != StatusCode::OK {
            return Err(FetchError::Status);
        }
        let mut text = Vec::new();
        while let Some(chunk) = reply.chunk().await.map_err(|error| kind(&error))? {
            if text.len().saturating_add(chunk.len()) > longest {
                return Err(FetchError::TooLong);
            }
            text.extend_from_slice(&chunk);
        }
        Ok(text)
    }
}

/// Says why in the log; addresses of issuers are configuration, no secret.
fn kind(error: &reqwest::Error) -> FetchError {
    let causes = std::iter::successors(error.source(), |cause: &&(dyn Error + 'static)| (*cause).source());
    let cause = causes.last().map(ToString::to_string).unwrap_or_default();
    tracing::warn!(url = error.url().map(Url::as_str), cause, "an issuer can't be reached");
    if error.is_timeout() { FetchError::TimeOut } else { FetchError::Unreachable }
}
