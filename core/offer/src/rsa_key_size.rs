//! The sizes of RSA keys that privacyIDEA servers ask for.

/// How large an RSA key a server wants, in bits of its modulus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RsaKeySize {
    /// 112 bits of security (NIST SP 800-57, part 1), and the quickest to make.
    Bits2048,
    /// 128 bits of security.
    Bits3072,
    /// What privacyIDEA's own app makes. A phone needs seconds to find one.
    #[default]
    Bits4096,
}

impl RsaKeySize {
    /// The bits themselves.
    #[must_use]
    pub const fn bits(self) -> usize {
        match self {
            Self::Bits2048 => 2048,
            Self::Bits3072 => 3072,
            Self::Bits4096 => 4096,
        }
    }
}
