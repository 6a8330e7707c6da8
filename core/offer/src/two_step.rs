//! Two-step enrolment of one-time codes, as privacyIDEA does it: the QR has one half of the secret, the device makes the
//! other, and the person types that on the enrolment page. So a photographed QR gives nobody the codes.
//!
//! The secret is PBKDF2-HMAC-SHA1 (RFC 8018, section 5.2) of the server's half, as lower-case hexadecimal text, with the
//! device's half as salt. What is typed is base32 without padding of four bytes of SHA-1 and the device's half.

use std::num::NonZeroU32;

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use ring::pbkdf2::{PBKDF2_HMAC_SHA1, derive};
use zeroize::Zeroizing;

use super::{OfferError, OtpOffer};
use countersign_otp::Secret;
use countersign_otp::{Algorithm, OtpParameters};

/// One account's one-time codes, before the device has made its half of the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TwoStepOffer {
    /// With the server's half in place of the secret.
    half: OtpOffer,
    salt_bytes: usize,
    secret_bytes: usize,
    rounds: NonZeroU32,
}

/// An offer whose secret is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CompletedOffer {
    /// The offer, to be added.
    pub offer: OtpOffer,
    /// The device's half: the person types it on the enrolment page, in either case. Codes count from then on.
    pub to_type: String,
}

impl TwoStepOffer {
    pub(super) fn new(
        half: OtpOffer,
        salt_bytes: Option<u32>,
        secret_bytes: Option<u32>,
        rounds: Option<u32>,
    ) -> Result<Self, OfferError> {
        let usual = match half.parameters.algorithm() {
            Algorithm::Sha1 => 20,
            Algorithm::Sha256 => 32,
            Algorithm::Sha512 => 64,
        };
        let size = |bytes| usize::try_from(bytes).unwrap_or(usize::MAX);
        let (salt_bytes, secret_bytes) = (salt_bytes.map_or(8, size), secret_bytes.map_or(usual, size));
        let rounds = rounds.unwrap_or(10_000);
        if !(8..=64).contains(&salt_bytes) {
            return Err(OfferError::BadNumber("2step_salt"));
        }
        if !(16..=OtpParameters::MAX_SECRET_BYTES).contains(&secret_bytes) {
            return Err(OfferError::BadNumber("2step_output"));
        }
        // A second of work on a slow phone.
        let rounds = NonZeroU32::new(rounds).filter(|rounds| rounds.get() <= 1_000_000);
        let rounds = rounds.ok_or(OfferError::BadNumber("2step_difficulty"))?;
        Ok(Self { half, salt_bytes, secret_bytes, rounds })
    }

    /// Who issues the account; empty if the offer doesn't say.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.half.issuer
    }

    /// The account's name at the issuer; may be empty.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.half.name
    }

    /// Makes the device's half. Takes some milliseconds.
    ///
    /// # Errors
    ///
    /// [`OfferError::Parameters`] when no codes can be made from the whole.
    pub fn complete(self) -> Result<CompletedOffer, OfferError> {
        let part = Secret::make_random(self.salt_bytes);
        self.complete_with(part.expose())
    }

    fn complete_with(self, part: &[u8]) -> Result<CompletedOffer, OfferError> {
        let OtpOffer { issuer, name, parameters, token } = self.half;
        let password = Zeroizing::new(HEXLOWER.encode(parameters.secret().expose()));
        let mut secret = vec![0; self.secret_bytes];
        derive(PBKDF2_HMAC_SHA1, self.rounds, part, password.as_bytes(), &mut secret);
        let (algorithm, format, factor) = (parameters.algorithm(), parameters.format(), parameters.factor());
        let parameters = OtpParameters::new(Secret::new(secret), algorithm, format, factor)?;

        let checksum = digest(&SHA1_FOR_LEGACY_USE_ONLY, part);
        let mut typed: Vec<u8> = checksum.as_ref().iter().take(4).copied().collect();
        typed.extend_from_slice(part);
        let offer = OtpOffer { issuer, name, parameters, token };
        Ok(CompletedOffer { offer, to_type: BASE32_NOPAD.encode(&typed) })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::Offer;

    fn vector() -> Value {
        serde_json::from_str(include_str!("../../../tests/vectors/privacyidea/otp.json")).unwrap()
    }

    fn read(link: &str) -> Result<TwoStepOffer, OfferError> {
        match Offer::parse(link)? {
            Offer::TwoStep(offer) => Ok(offer),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_recorded_halves_make_the_recorded_secret() {
        let vector = &vector()["two_step"];
        let text = |name: &str| vector[name].as_str().unwrap();
        let offer = read(text("uri")).unwrap();
        let part = HEXLOWER.decode(text("phone_part_hex").as_bytes()).unwrap();
        let completed = offer.complete_with(&part).unwrap();
        assert_eq!(completed.to_type, text("shown_text"));
        assert_eq!(HEXLOWER.encode(completed.offer.parameters.secret().expose()), text("key_hex"));
    }

    #[test]
    fn each_completion_has_a_half_of_its_own() {
        let offer = read(vector()["two_step"]["uri"].as_str().unwrap()).unwrap();
        let (one, other) = (offer.clone().complete().unwrap(), offer.complete().unwrap());
        assert_ne!(one.to_type, other.to_type);
        assert_ne!(one.offer.parameters, other.offer.parameters);
    }

    #[test]
    fn any_of_the_three_parameters_makes_it_one_and_each_is_bounded() {
        let link = |more: &str| read(&format!("otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&{more}"));
        for more in ["2step_salt=8", "2step_output=20", "2step_difficulty=10000"] {
            let offer = link(more).unwrap();
            assert_eq!((offer.salt_bytes, offer.secret_bytes, offer.rounds.get()), (8, 20, 10_000), "{more}");
        }
        for (more, name) in [
            ("2step_salt=7", "2step_salt"),
            ("2step_salt=65", "2step_salt"),
            ("2step_output=0", "2step_output"),
            ("2step_output=99999999", "2step_output"),
            ("2step_difficulty=0", "2step_difficulty"),
            ("2step_difficulty=4000000000", "2step_difficulty"),
            ("2step_salt=eight", "2step"),
        ] {
            assert_eq!(link(more), Err(OfferError::BadNumber(name)), "{more}");
        }
    }
}
