//! `cargo xtask demo --keycloak`: a real Keycloak that asks Countersign after the password, to be tried by hand.

use std::path::Path;

use countersign_server::Config;
use countersign_tests::{Failure, Keycloak, ServiceClient, ServiceProcess};
use serde_json::json;

use super::{enrol, step};
use crate::phone::Phone;

const PASSWORD: &str = "demo";

/// Starts everything, says what to do, and waits for Ctrl-C.
pub(super) async fn story(folder: &Path) -> Result<(), Failure> {
    let data = folder.join("service");
    let service = ServiceProcess::start(&data, None, None, None).await?;
    step("The approval service is up");
    let phone = Phone::new(&folder.join("phone"))?;
    enrol(&service.relying_party()?, &phone).await?;

    step("Keycloak starts with the authenticator (the first time it is installed: some minutes)");
    let Some(keycloak) = Keycloak::start(Keycloak::NEWEST, &[]).await? else {
        return Err(
            "Keycloak isn't installed and can't be: Maven, a JDK (17 or later) and Maven Central are needed"
                .into(),
        );
    };
    let (back, name) = (keycloak.return_url("hospital"), "keycloak");
    let client = ServiceClient::add(&Config::new(&data), "rest", name, "sign_in,enrol", &back)?;
    let mut realm =
        Keycloak::realm("hospital", &service.url(), &client.secret, "https://ward-portal.example/*")?;
    let config = &mut realm["authenticatorConfig"][1]["config"];
    config["countersign.application"] = "Hospital account".into();
    config["countersign.enrol"] = "true".into();
    realm["users"] = json!([Keycloak::user("ada", PASSWORD), Keycloak::user("grace", PASSWORD)]);
    keycloak.make_realm(&realm).await?;

    println!("\nSign in here:");
    println!("   {}/realms/hospital/account", keycloak.url());
    println!(
        "as ada, whose phone is enrolled, or as grace, who can set one up. Both have the password {PASSWORD}."
    );
    println!("Be ada's phone, in another terminal:");
    println!("   {} requests", phone.command_line());
    println!("See how it is set up:");
    println!("   {}/admin (admin, with the password \"{}\")", keycloak.url(), keycloak.password());
    println!("Ctrl-C stops everything and removes it.");
    tokio::signal::ctrl_c().await?;
    Ok(())
}
