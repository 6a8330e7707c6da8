//! What a phone sends about a container: forms, with the texts that are signed.

use data_encoding::{BASE64, BASE64URL};

use super::super::call::{Call, UnsignedCall};
use super::Nonce;
use crate::offer::ContainerOffer;

/// The calls that need a [`Nonce`], by their paths.
pub(crate) const SYNCHRONISE: &str = "container/synchronize";
pub(crate) const ROLLOVER: &str = "container/rollover";
pub(crate) const LEAVE: &str = "container/register/terminate/client";
const FINALISE: &str = "container/register/finalize";
const CHALLENGE: &str = "container/challenge";

/// A passphrase, and whether it goes to the server.
pub(crate) struct Passphrase<'a> {
    pub(crate) text: &'a str,
    pub(crate) is_sent: bool,
}

/// Registers a phone. The server signs for nothing here: whoever has the offer's nonce, and the passphrase if there is one,
/// registers.
pub(crate) fn finalise_call(
    offer: &ContainerOffer,
    device: &str,
    public_key_pem: &str,
    passphrase: Option<&Passphrase<'_>>,
) -> UnsignedCall {
    let url = endpoint(&offer.base, FINALISE);
    // A bar would move the border between two parts of the signed text.
    let device = device.replace('|', " ");
    let mut parts = vec![offer.nonce(), &offer.time, &offer.serial, &url, BRAND, &device];
    parts.extend(passphrase.map(|passphrase| passphrase.text));
    let mut fields = vec![
        ("container_serial", offer.serial.clone()),
        ("public_client_key", public_key_pem.to_owned()),
        ("device_brand", BRAND.to_owned()),
        ("device_model", device.clone()),
    ];
    let sent = passphrase.filter(|passphrase| passphrase.is_sent);
    fields.extend(sent.map(|passphrase| ("passphrase", passphrase.text.to_owned())));
    UnsignedCall::of_container(url.clone(), &parts, fields)
}

const BRAND: &str = "Countersign";

/// Asks for the nonce of one call.
pub(crate) fn challenge_call(base: &str, serial: &str, path: &str) -> Call {
    let fields = [("container_serial", serial.to_owned()), ("scope", endpoint(base, path))];
    Call::form(endpoint(base, CHALLENGE), &fields)
}

/// Synchronises. `public_key` is the X25519 key that the reply is encrypted to, `inventory` the list of what the phone has.
pub(crate) fn synchronise_call(
    base: &str,
    serial: &str,
    nonce: &Nonce,
    public_key: &[u8],
    inventory: &str,
) -> UnsignedCall {
    let url = endpoint(base, SYNCHRONISE);
    let public_key = BASE64URL.encode(public_key);
    let parts = [&nonce.nonce, &nonce.time, serial, &url, &public_key, inventory];
    let fields = vec![
        ("container_serial", serial.to_owned()),
        ("public_enc_key_client", public_key.clone()),
        ("container_dict_client", inventory.to_owned()),
    ];
    UnsignedCall::of_container(url.clone(), &parts, fields)
}

/// The same for [`ROLLOVER`] and [`LEAVE`], which say nothing but who asks.
pub(crate) fn signed_call(base: &str, serial: &str, nonce: &Nonce, path: &str) -> UnsignedCall {
    let url = endpoint(base, path);
    let parts = [&nonce.nonce, &nonce.time, serial, &url];
    let fields = vec![("container_serial", serial.to_owned()), ("scope", url.clone())];
    UnsignedCall::of_container(url.clone(), &parts, fields)
}

/// The address of a call, as the server puts it together: it is signed, so both must come to the same text.
fn endpoint(base: &str, path: &str) -> String {
    match base {
        whole if whole.contains(path) => whole.to_owned(),
        folder if folder.ends_with('/') => format!("{folder}{path}"),
        host => format!("{host}/{path}"),
    }
}

/// A P-256 point, uncompressed, as a SubjectPublicKeyInfo (RFC 5480, section 2) in PEM (RFC 7468, section 13).
pub(crate) fn spki_pem(point: &[u8]) -> String {
    let encoded = BASE64.encode(&[SPKI_OF_P256, point].concat());
    let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
    for (index, symbol) in encoded.chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            pem.push('\n');
        }
        pem.push(symbol);
    }
    pem + "\n-----END PUBLIC KEY-----\n"
}

/// What comes before the 65 bytes of the point: id-ecPublicKey and prime256v1.
const SPKI_OF_P256: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86,
    0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
