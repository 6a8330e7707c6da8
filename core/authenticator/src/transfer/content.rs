//! What is moved, and the proof that it has arrived.
//!
//! The content is the list of `otpauth` links that an export writes and an import reads, so that both sides have one
//! meaning and one set of checks. The receipt says which of its lines the new phone holds, with a digest over what it
//! read back from its vault.

use std::collections::HashMap;

use countersign_protocol::Id;
use ring::digest::{Context, SHA256};
use zeroize::Zeroizing;

use super::TransferError;
use crate::approvals::Provider;
use crate::backup::{self, Accounts, ExportFormat, Rehearsal};
use crate::import::{Import, ImportReport, counter, fingerprint};
use crate::offer::OtpOffer;
use crate::otp::OtpParameters;
use crate::{Account, Error};

/// The chosen accounts as text, rehearsed.
///
/// The codes of an account that approves sign-ins with our own protocol are its device's: they end with the device, and
/// the new phone gets its own when it is enrolled.
pub(crate) fn write(mut accounts: Accounts) -> Result<(Zeroizing<Vec<u8>>, Rehearsal), Error> {
    for account in &mut accounts.readable {
        if is_of_this_device(account) {
            account.otp = None;
        }
    }
    let export = backup::export(&accounts, ExportFormat::Links, None)?;
    if export.content.is_empty() {
        return Err(TransferError::NothingToMove.into());
    }
    Ok((export.content, export.rehearsal))
}

/// Whether the account's codes are bound to this device.
pub(crate) fn is_of_this_device(account: &Account) -> bool {
    account.binding.as_ref().is_some_and(|binding| binding.provider() == Provider::Native)
}

/// The accounts of a content.
pub(crate) fn read(content: &[u8]) -> Result<Import, Error> {
    let text = str::from_utf8(content).map_err(|_| TransferError::Altered)?;
    let mut import = Import::new();
    import.add_list(text)?;
    Ok(import)
}

/// Which lines of a content a phone holds, and the proof of it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Receipt {
    /// One for each line.
    pub(crate) held: Vec<bool>,
    digest: [u8; 32],
}

impl Receipt {
    /// What the new phone holds after an import, by its accounts as they were read back.
    pub(crate) fn of_import(import: &Import, report: &ImportReport, read_back: &[Account]) -> Self {
        let otps: HashMap<Id, &OtpParameters> =
            read_back.iter().filter_map(|account| Some((account.id, account.otp.as_ref()?))).collect();
        let lines = import.lines().zip(&report.rows);
        Self::new(lines.map(|(offer, imported)| {
            let held = *otps.get(&imported.outcome.account()?)?;
            let sent = &offer?.parameters;
            let holds = fingerprint(held) == fingerprint(sent) && counter(held) >= counter(sent);
            holds.then_some((held, counter(sent)))
        }))
    }

    /// What it must say if the new phone holds these lines of the old phone's own content.
    pub(crate) fn expected(import: &Import, held: &[bool]) -> Self {
        let lines = import.lines().zip(held);
        Self::new(lines.map(|(offer, held)| {
            let sent = &offer.filter(|_| *held)?.parameters;
            Some((sent, counter(sent)))
        }))
    }

    fn new<'o>(lines: impl Iterator<Item = Option<(&'o OtpParameters, u64)>>) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(b"countersign move receipt v1");
        let held = lines.map(|line| {
            let Some((otp, counter)) = line else { return false };
            context.update(&fingerprint(otp));
            context.update(&counter.to_be_bytes());
            true
        });
        let held = held.collect();
        let mut digest = [0; 32];
        digest.copy_from_slice(context.finish().as_ref());
        Self { held, digest }
    }

    /// `digest (32) | lines (4) | one bit for each line, from the lowest of each byte`
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.digest.to_vec();
        bytes.extend_from_slice(&u32::try_from(self.held.len()).unwrap_or(u32::MAX).to_be_bytes());
        let byte = |bits: &[bool]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
        bytes.extend(self.held.chunks(8).map(byte));
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, TransferError> {
        let (&digest, rest) = bytes.split_first_chunk::<32>().ok_or(TransferError::NotProven)?;
        let (&lines, bits) = rest.split_first_chunk::<4>().ok_or(TransferError::NotProven)?;
        let lines = usize::try_from(u32::from_be_bytes(lines)).map_err(|_| TransferError::NotProven)?;
        if bits.len() != lines.div_ceil(8) {
            return Err(TransferError::NotProven);
        }
        let held = bits.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1)).take(lines);
        Ok(Self { held: held.collect(), digest })
    }
}

/// The lines of a content that the new phone has proven to hold, from its receipt.
///
/// # Errors
///
/// [`TransferError::NotProven`].
pub(crate) fn proven(import: &Import, receipt: &Receipt) -> Result<Vec<OtpOffer>, TransferError> {
    let count = import.lines().count();
    if receipt.held.len() != count || Receipt::expected(import, &receipt.held) != *receipt {
        return Err(TransferError::NotProven);
    }
    Ok(import
        .lines()
        .zip(&receipt.held)
        .filter_map(|(offer, held)| offer.filter(|_| *held))
        .cloned()
        .collect())
}
