//! Any text: what is read as an offer of codes must be able to give them, and its names hide nothing and hold no link.

#![no_main]

use countersign_offer::Offer;
use countersign_otp::OtpGenerator;
use countersign_protocol::name;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(Offer::Otp(offer)) = Offer::parse(text) {
        let _ = OtpGenerator::new(&offer.parameters).code_for_counter(u64::MAX);
        for text in [&offer.issuer, &offer.name] {
            assert_eq!(name::clean(text), *text);
            let lower = text.to_lowercase();
            assert!(!lower.contains("otpauth:") && !lower.contains("secret="));
        }
    }
});
