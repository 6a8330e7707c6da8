//! Secrets stay out of what a service writes down, at its most talkative.

use std::path::Path;

use countersign_authenticator::protocol::encode_base64url;
use countersign_authenticator::protocol::messages::Outcome;
use countersign_tests::{Network, Phone, ServiceProcess};

#[tokio::test]
async fn no_secret_is_in_the_services_log_its_folder_or_the_phones_files() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let network = Network::start().await;
    let phone = Phone::new();
    let log = std::fs::File::create(folder.path().join("service.log")).unwrap();
    let service = ServiceProcess::start(&data, None, Some(&network.url()), Some(log)).await.unwrap();
    network.lead_to(([127, 0, 0, 1], service.port()).into());
    let party = service.relying_party().unwrap();

    let enrolment = party.enrolment("ada").await;
    let account = phone.enrol(&enrolment.link).await.unwrap().account;
    let request = phone.fetch(account).await.unwrap().remove(0);
    let activation = enrolment.number().await;
    assert_eq!(phone.approve(request.id, &activation).await.unwrap().outcome, Outcome::Approved);
    let sign_in = party.sign_in("ada").await;
    let request = phone.fetch(account).await.unwrap().remove(0);
    assert_eq!(phone.approve(request.id, &sign_in.number).await.unwrap().outcome, Outcome::Approved);
    let code = phone.code(account);
    assert!(party.takes_code("ada", &code).await);
    assert!(!party.takes_code("ada", "000000").await);
    let api_key = std::fs::read_to_string(data.join("api-key")).unwrap();
    let totp = phone.authenticator.vault().account(account).unwrap().unwrap().otp.unwrap();
    let totp = totp.secret().expose();
    service.kill();

    let match_secret = sign_in.match_link.rsplit('=').next().unwrap().to_owned();
    let log = std::fs::read_to_string(folder.path().join("service.log")).unwrap();
    assert!(log.lines().count() > 5, "the log is there to be looked at: {log}");
    let planted = [
        ("ticket", enrolment.link.ticket.expose_text()),
        ("ticket secret", encode_base64url(enrolment.link.ticket.expose_secret())),
        ("activation number", activation),
        ("number", sign_in.number.clone()),
        ("scanned secret", match_secret),
        ("code", code),
        ("API key", api_key.trim().to_owned()),
        ("one-time-code secret", encode_base64url(totp)),
    ];
    for (what, secret) in &planted {
        assert!(!log.contains(secret.as_str()), "the {what} is in the log");
    }
    // Nor is the device's long-term secret anywhere on either disk, but sealed.
    for directory in [data.as_path(), phone.folder()] {
        for file in files(directory) {
            let bytes = std::fs::read(&file).unwrap();
            let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
            assert!(!holds(totp), "{}", file.display());
            assert!(!holds(encode_base64url(totp).as_bytes()), "{}", file.display());
        }
    }
}

fn files(directory: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect()
}
