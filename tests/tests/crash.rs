//! The service is killed (SIGKILL) between any two steps: nothing accepted is lost, nothing is accepted twice.

use std::path::Path;

use countersign_authenticator::protocol::messages::Outcome;
use countersign_tests::{Network, Phone, ServiceProcess};

#[tokio::test]
async fn a_service_killed_after_every_step_loses_nothing_and_takes_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let network = Network::start().await;
    let phone = Phone::new();

    let service = start(&data, &network).await;
    let enrolment = service.relying_party().unwrap().enrolment("ada").await;
    service.kill();

    let service = start(&data, &network).await;
    let account = phone.enrol(&enrolment.link).await.unwrap().account;
    service.kill();

    let service = start(&data, &network).await;
    let request = phone.fetch(account).await.unwrap().remove(0);
    let number = enrolment.number().await;
    service.kill();

    let service = start(&data, &network).await;
    assert_eq!(phone.approve(request.id, &number).await.unwrap().outcome, Outcome::Approved);
    service.kill();

    let service = start(&data, &network).await;
    let sign_in = service.relying_party().unwrap().sign_in("ada").await;
    service.kill();

    let service = start(&data, &network).await;
    let request = phone.fetch(account).await.unwrap().remove(0);
    service.kill();

    let service = start(&data, &network).await;
    assert_eq!(phone.approve(request.id, &sign_in.number).await.unwrap().outcome, Outcome::Approved);
    service.kill();

    let service = start(&data, &network).await;
    let party = service.relying_party().unwrap();
    assert_eq!(party.state(&sign_in).await, "approved");
    assert!(phone.fetch(account).await.unwrap().is_empty());
    let code = phone.code(account);
    assert!(party.takes_code("ada", &code).await);
    service.kill();

    let service = start(&data, &network).await;
    assert!(
        !service.relying_party().unwrap().takes_code("ada", &code).await,
        "a used code was accepted after a crash"
    );
}

/// The process moves to a new port with each start; the network leads there.
async fn start(data: &Path, network: &Network) -> ServiceProcess {
    let process = ServiceProcess::start(data, None, Some(&network.url()), None).await.unwrap();
    network.lead_to(([127, 0, 0, 1], process.port()).into());
    process
}
