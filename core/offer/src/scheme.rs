//! Links that are known, and not read here: a refusal names them, so that a person knows what the code is.

/// The name of a link's kind by its scheme, in any case.
pub(super) fn unsupported(scheme: &str) -> Option<&'static str> {
    UNSUPPORTED.iter().find(|(known, _)| known.eq_ignore_ascii_case(scheme)).map(|(_, name)| *name)
}

const UNSUPPORTED: [(&str, &str); 20] = [
    // One-time codes by another algorithm, with a PIN.
    ("motp", "motp (Mobile-OTP)"),
    // Push of ForgeRock and Ping, and push with codes.
    ("pushauth", "pushauth (ForgeRock and Ping push)"),
    ("mfauth", "mfauth (ForgeRock and Ping)"),
    // A bare secret as password managers write it, and the address of Steam's own programs.
    ("steam", "steam"),
    // `otpauth` for Apple's programs alone.
    ("apple-otpauth", "apple-otpauth (Apple's Passwords)"),
    ("apple-otpauth-migration", "apple-otpauth-migration (Apple's Passwords)"),
    ("phonefactor", "phonefactor (Microsoft Authenticator)"),
    ("msauth", "msauth (Microsoft Authenticator)"),
    ("duo", "duo (Duo Mobile)"),
    ("oktaverify", "oktaverify (Okta Verify)"),
    ("tiqrenroll", "tiqrenroll (tiqr)"),
    ("tiqrauth", "tiqrauth (tiqr)"),
    ("eduidenroll", "eduidenroll (eduID)"),
    ("eduidauth", "eduidauth (eduID)"),
    ("igmobileotp", "igmobileotp (Entrust)"),
    ("lseqr", "lseqr (LinOTP)"),
    ("com.rsa.securid", "com.rsa.securid (RSA SecurID)"),
    ("com.rsa.securid.iphone", "com.rsa.securid.iphone (RSA SecurID)"),
    ("sqrl", "sqrl"),
    // Signing in by passkey with a phone nearby.
    ("fido", "FIDO (a passkey)"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_is_known_in_any_case() {
        assert_eq!(unsupported("MOTP"), Some("motp (Mobile-OTP)"));
        assert_eq!(unsupported("otpauth"), None);
        assert_eq!(unsupported("mailto"), None);
    }
}
