//! Registers this device for a container, for `countersign enrol`.

use std::path::Path;

use countersign_authenticator::approvals::privacyidea::container::ContainerError;
use countersign_authenticator::offer::ContainerOffer;
use countersign_authenticator::{ContainerPassphrase, Error, Secret};

use super::synchronise;
use super::view::ContainersReport;
use crate::commands::enrol::RsaBits;
use crate::failure::Failure;
use crate::output::Output;
use crate::session::Session;
use crate::text::safe;
use crate::{input, prompt};

/// Options from the command line.
pub(crate) struct Given<'a> {
    pub(crate) device_name: String,
    pub(crate) passphrase_file: Option<&'a Path>,
    /// Whether the person has agreed to send their own password.
    pub(crate) send_password: bool,
    pub(crate) rsa_bits: RsaBits,
    /// Whether the person has agreed that the container adopts existing accounts.
    pub(crate) adopt: bool,
}

/// Registers, and adds the tokens immediately.
pub(crate) async fn register(
    session: &Session,
    offer: &ContainerOffer,
    given: &Given<'_>,
    output: Output,
) -> Result<(), Failure> {
    let authenticator = &session.authenticator;
    if offer.asks_for_no_certificate_check {
        output.note(super::super::enrol::NO_CERTIFICATE_CHECK);
    }
    let passphrase = passphrase(offer, given)?;
    let container = authenticator.register_container(offer, &given.device_name, passphrase.as_ref()).await?;
    output.report(&ContainersReport::new(std::slice::from_ref(&container), None))?;
    synchronise(authenticator, &container, given.rsa_bits, given.adopt, output).await
}

fn passphrase(offer: &ContainerOffer, given: &Given<'_>) -> Result<Option<ContainerPassphrase>, Failure> {
    let Some(question) = &offer.prompt else { return Ok(None) };
    if offer.sends_passphrase && !given.send_password {
        if given.passphrase_file.is_some() || !prompt::can_ask() {
            return Err(Error::Container(ContainerError::ConsentNeeded).into());
        }
        let host = safe(offer.service.authority());
        let consent =
            format!("{host} asks for your own password there, which would be sent to {host}. Send it?");
        if !prompt::confirm(&consent)? {
            return Err(Failure::Cancelled);
        }
    }
    let secret: Secret = match given.passphrase_file {
        Some(file) => input::read_first_line(file, "--container-passphrase-file")?,
        None if prompt::can_ask() => prompt::secret(&format!("{}: ", safe(question)))?,
        None => return Err(Error::Container(ContainerError::PassphraseNeeded).into()),
    };
    Ok(Some(match offer.sends_passphrase {
        true => ContainerPassphrase::SentPassword(secret),
        false => ContainerPassphrase::Proof(secret),
    }))
}
