//! What an administrator does with smartphone containers.

use serde_json::{Value, json};

use super::{PrivacyIdea, text};
use crate::Failure;

impl PrivacyIdea {
    /// Sets the policy that containers need, with more actions.
    ///
    /// # Errors
    ///
    /// When the server refuses it.
    pub async fn allow_containers(&self, url: &str, mut more: Value) -> Result<(), Failure> {
        more["privacyIDEA_server_url"] = url.into();
        self.set_policy("container", "container", more).await
    }

    /// Makes a container of a user of the realm, with these tokens in it, and gives its serial.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn make_container(&self, user: &str, tokens: &[&str]) -> Result<String, Failure> {
        let made = self
            .post("/container/init", json!({ "type": "smartphone", "user": user, "realm": "test" }))
            .await?;
        let serial = text(&made["result"]["value"]["container_serial"])?;
        for token in tokens {
            self.put_in_container(&serial, token).await?;
        }
        Ok(serial)
    }

    /// Puts a token in a container.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn put_in_container(&self, container: &str, token: &str) -> Result<(), Failure> {
        self.post(&format!("/container/{container}/add"), json!({ "serial": token })).await.map(drop)
    }

    /// Takes a token out of a container.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn take_out_of_container(&self, container: &str, token: &str) -> Result<(), Failure> {
        self.post(&format!("/container/{container}/remove"), json!({ "serial": token })).await.map(drop)
    }

    /// Begins a container's registration, and gives the text of its QR.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn offer_container(&self, container: &str, mut parameters: Value) -> Result<String, Failure> {
        parameters["container_serial"] = container.into();
        let offered = self.post("/container/register/initialize", parameters).await?;
        text(&offered["result"]["value"]["container_url"]["value"])
    }

    /// Ends a container's registration.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn end_registration(&self, container: &str) -> Result<(), Failure> {
        self.post(&format!("/container/register/{container}/terminate"), json!({})).await.map(drop)
    }
}
