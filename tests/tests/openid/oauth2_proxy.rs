//! oauth2-proxy, in front of something that has no sign-in of its own.

use std::fs;
use std::process::{Command, Stdio};

use countersign_tests::Failure;
use serde_json::Value;

use crate::browser::Browser;
use crate::party::{Running, folder, free_port};
use crate::same;
use crate::world::{USER, World};

pub(crate) async fn a_person_signs_in_and_is_known_by_address(world: &World) -> Result<(), Failure> {
    let port = free_port()?;
    let url = format!("http://127.0.0.1:{port}");
    let client = world.client("oauth2-proxy", &format!("{url}/oauth2/callback"), true)?;
    let home = tempfile::tempdir()?;
    let config = format!(
        "provider = \"oidc\"\noidc_issuer_url = \"{}\"\nclient_id = \"{}\"\nclient_secret = \"{}\"\n\
         redirect_url = \"{url}/oauth2/callback\"\ncode_challenge_method = \"S256\"\nscope = \"openid email profile\"\n\
         email_domains = [\"*\"]\ncookie_secret = \"0123456789abcdef0123456789abcdef\"\ncookie_secure = false\n\
         upstreams = [\"static://200\"]\nhttp_address = \"127.0.0.1:{port}\"\nskip_provider_button = true\n",
        world.service.url(),
        client.id,
        client.secret,
    );
    let path = home.path().join("oauth2-proxy.cfg");
    fs::write(&path, config)?;
    let log = fs::File::create(home.path().join("log"))?;
    let mut command = Command::new(folder()?.join("bin/oauth2-proxy"));
    command.arg("--config").arg(&path).stdout(log.try_clone()?).stderr(Stdio::from(log));
    let _running = Running::start(&mut command, port).await?;
    let mut browser = Browser::new()?;
    // It names nobody, so that the person is asked.
    let form = browser.open(&format!("{url}/"), None).await?;
    let page = browser.type_name(&form, USER).await?;
    let shown = world.approve(&mut browser, &page, None).await?;
    same(shown.status.as_u16(), 200, &format!("the page: {}", shown.html))?;
    let who = browser.open(&format!("{url}/oauth2/userinfo"), None).await?;
    let who: Value = serde_json::from_str(&who.html)?;
    same(who["email"].as_str(), Some(USER), "the address")?;
    same(who["preferredUsername"].as_str(), Some(USER), "the name")
}
