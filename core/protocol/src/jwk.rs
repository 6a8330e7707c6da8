//! Public keys: JWK on P-256 (RFC 7517; RFC 7518, section 6.2), named by thumbprint (RFC 7638).

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ProtocolError;
use crate::encoding::{decode_array, encode_base64url};

/// A P-256 public key. Its point has been checked to be on the curve.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Jwk {
    x: [u8; 32],
    y: [u8; 32],
}

impl Jwk {
    /// The key with this uncompressed X9.63 point: `0x04`, then x and y of 32 bytes each.
    ///
    /// # Errors
    ///
    /// [`ProtocolError::Malformed`] when it isn't 65 bytes of that form, or not on the curve.
    pub fn from_point(point: &[u8]) -> Result<Self, ProtocolError> {
        let point: &[u8; 65] = point.try_into().map_err(|_| ProtocolError::Malformed("public key"))?;
        p256::PublicKey::from_sec1_bytes(point).map_err(|_| ProtocolError::Malformed("public key"))?;
        let (mut x, mut y) = ([0; 32], [0; 32]);
        x.copy_from_slice(&point[1..33]);
        y.copy_from_slice(&point[33..]);
        Ok(Self { x, y })
    }

    /// The uncompressed X9.63 point, 65 bytes.
    #[must_use]
    pub fn to_point(&self) -> [u8; 65] {
        let mut point = [4; 65];
        point[1..33].copy_from_slice(&self.x);
        point[33..].copy_from_slice(&self.y);
        point
    }

    /// Its name: the SHA-256 of its canonical form (RFC 7638, section 3).
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        let canonical = format!(
            r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#,
            encode_base64url(self.x),
            encode_base64url(self.y)
        );
        let mut digest = [0; 32];
        digest.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, canonical.as_bytes()).as_ref());
        Thumbprint(digest)
    }
}

/// The SHA-256 thumbprint of a public key (RFC 7638), written as 43 characters of base64url.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    /// The thumbprint with these 32 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Jwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jwk({})", self.thumbprint())
    }
}

#[derive(Serialize, Deserialize)]
struct Fields {
    kty: String,
    crv: String,
    x: String,
    y: String,
}

impl Serialize for Jwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields {
            kty: "EC".into(),
            crv: "P-256".into(),
            x: encode_base64url(self.x),
            y: encode_base64url(self.y),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Jwk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Fields::deserialize(deserializer)?;
        if fields.kty != "EC" || fields.crv != "P-256" {
            return Err(D::Error::custom(ProtocolError::Malformed("public key")));
        }
        let mut point = [4; 65];
        point[1..33].copy_from_slice(&decode_array::<32>(&fields.x, "public key").map_err(D::Error::custom)?);
        point[33..].copy_from_slice(&decode_array::<32>(&fields.y, "public key").map_err(D::Error::custom)?);
        Self::from_point(&point).map_err(D::Error::custom)
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&encode_base64url(self.0))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Thumbprint {
    type Err = ProtocolError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        decode_array(text, "thumbprint").map(Self)
    }
}

impl Serialize for Thumbprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Thumbprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The P-256 key of RFC 7517, appendix A.1; its thumbprint was computed with Python's hashlib.
    const RFC_KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}"#;

    #[test]
    fn the_key_of_rfc_7517_is_read_and_named() {
        let key: Jwk = serde_json::from_str(RFC_KEY).unwrap();
        assert_eq!(key.thumbprint().to_string(), "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s");
        assert_eq!(serde_json::to_string(&key).unwrap(), RFC_KEY);
        assert_eq!(Jwk::from_point(&key.to_point()), Ok(key));
    }

    #[test]
    fn points_off_the_curve_are_refused() {
        let mut point = serde_json::from_str::<Jwk>(RFC_KEY).unwrap().to_point();
        point[64] ^= 1;
        assert_eq!(Jwk::from_point(&point), Err(ProtocolError::Malformed("public key")));
        assert_eq!(Jwk::from_point(&point[..64]), Err(ProtocolError::Malformed("public key")));
    }

    #[test]
    fn other_curves_and_extra_long_coordinates_are_refused() {
        for text in [
            RFC_KEY.replace("P-256", "P-384"),
            RFC_KEY.replace("EC", "RSA"),
            RFC_KEY.replace("MKBC", "MKBCAAAA"),
        ] {
            assert!(serde_json::from_str::<Jwk>(&text).is_err(), "{text}");
        }
    }
}
