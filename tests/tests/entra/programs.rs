//! The same with the real programs: the service as a process, and the command line as the phone.

use std::process::Command;

use countersign_tests::{ServiceProcess, program};
use serde_json::Value;

use crate::stand_in::{ADA, APP, Entra, Provider};
use crate::visitor::Visitor;

#[tokio::test]
async fn the_programs_enrol_somebody_and_sign_them_in() {
    let folder = tempfile::tempdir().unwrap();
    let entra = Entra::start().await;
    let data = folder.path().join("service");
    let options = ["--issuer-loopback", "true"];
    let service = ServiceProcess::start_with(&data, None, None, None, &options).await.unwrap();
    let added = run(Command::new(program("countersign-server"))
        .arg("--data")
        .arg(&data)
        .args(["client", "add", "--organisation", "default", "--name", "entra", "--kind", "entra"])
        .args(["--rights", "sign_in,enrol", "--issuer", &entra.issuer(), "--app-id", APP]));
    let client_id = added.trim().strip_prefix("client_id ").unwrap().to_owned();
    let discovery_url = format!("{}/.well-known/openid-configuration", service.url());
    let mut provider = Provider { client_id, discovery_url, cache: None };
    provider.refresh().await;

    let passphrase = folder.path().join("passphrase");
    std::fs::write(&passphrase, "a long passphrase\n").unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&passphrase, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let phone = |arguments: &[&str]| -> Value {
        let mut command = Command::new(program("countersign"));
        command.arg("--vault").arg(folder.path().join("vault.db")).arg("--passphrase-file").arg(&passphrase);
        serde_json::from_str(&run(command.arg("--json").args(arguments))).unwrap()
    };

    let attempt = entra.attempt(&provider, &ADA);
    let mut visitor = Visitor::sent(&service.url(), &attempt).await;
    phone(&["enrol", &visitor.link(), "--no-wait"]);
    visitor.reload().await;
    assert_eq!(phone(&["requests", "approve", "--number", &visitor.number()])["outcome"], "approved");
    visitor.reload().await;
    let next = visitor.next();
    visitor.get(&next).await;
    assert_eq!(provider.check(&attempt, &visitor.posted_form().unwrap().1), "swk");

    let attempt = entra.attempt(&provider, &ADA);
    let mut visitor = Visitor::sent(&service.url(), &attempt).await;
    assert_eq!(phone(&["requests", "approve", "--number", &visitor.number()])["outcome"], "approved");
    visitor.reload().await;
    let next = visitor.next();
    visitor.get(&next).await;
    assert_eq!(provider.check(&attempt, &visitor.posted_form().unwrap().1), "swk");
    service.stop().await.unwrap();
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
