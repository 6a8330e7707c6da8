//! What a container's code asks of a shell before anything is sent.

use crate::support::Phone;
use countersign_ffi::{ContainerPassphrase, ContainerTransfer, Offer, OfferContent, Passphrase};

/// Nobody listens there.
const QR: &str = "pia://container/S1?issuer=North&time=2026-11-24&url=https%3A//127.0.0.1%3A9/&serial=S1&ssl_verify=False\
    &nonce=7440e149aecf020fc7f82ad578032485a3ca5514&passphrase=Your%20password%3F&send_passphrase=";

#[tokio::test]
async fn a_password_needs_consent_and_a_passphrase_is_never_sent() {
    let phone = Phone::make().await;
    let given = || Passphrase::new(b"planted-canary");
    let proof = || ContainerPassphrase::Proof { passphrase: given() };
    let sent = || ContainerPassphrase::SentPassword { password: given() };
    for (send, passphrase, code) in [
        ("True", None, "container_passphrase_needed"),
        ("True", Some(proof()), "container_consent_needed"),
        ("False", Some(sent()), "input_unacceptable"),
        // What is as it should be goes to the network.
        ("True", Some(sent()), "network_unreachable"),
    ] {
        let offer = Offer::parse(format!("{QR}{send}")).unwrap();
        let OfferContent::Container {
            service,
            issuer,
            prompt,
            sends_password,
            asks_for_no_certificate_check,
        } = offer.content()
        else {
            panic!("a container")
        };
        assert_eq!((service.as_str(), issuer.as_str()), ("127.0.0.1:9", "North"));
        assert_eq!((prompt.as_deref(), sends_password), (Some("Your password?"), send == "True"));
        assert!(asks_for_no_certificate_check);
        let registered =
            phone.authenticator.register_container(offer, "Phone".into(), passphrase, None).await;
        let error = registered.unwrap_err();
        assert_eq!(error.code(), code);
        assert!(!format!("{error:?} {error}").contains("canary"));
    }
}

#[tokio::test]
async fn another_kind_of_code_is_no_container() {
    let phone = Phone::make().await;
    let offer = Offer::parse("otpauth://totp/a?secret=JBSWY3DPEHPK3PXP".into()).unwrap();
    let registered = phone.authenticator.register_container(offer, "Phone".into(), None, None).await;
    assert_eq!(registered.unwrap_err().code(), "offer_other_kind");
    assert_eq!(phone.authenticator.containers().await.unwrap().containers, []);
}

#[test]
fn the_code_for_another_phone_has_no_debug_text() {
    let transfer = ContainerTransfer { link: "planted-canary".into(), valid_minutes: Some(10) };
    assert!(!format!("{transfer:?}").contains("canary"));
}
