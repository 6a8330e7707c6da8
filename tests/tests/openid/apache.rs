//! Apache with mod_auth_openidc, a certified relying party.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use countersign_tests::Failure;
use tempfile::TempDir;

use crate::browser::Browser;
use crate::party::{Running, free_port};
use crate::same;
use crate::world::{Client, USER, World};

/// A server with a page for those who approve, and what ends with it.
struct Server {
    url: String,
    _running: Running,
    _folder: TempDir,
}

impl Server {
    /// As `docs/openid.md` says, with what another folder and plain http on loopback take.
    async fn start(
        world: &World,
        client: impl FnOnce(&str) -> Result<Client, Failure>,
    ) -> Result<Self, Failure> {
        let (port, folder) = (free_port()?, tempfile::tempdir()?);
        let url = format!("http://127.0.0.1:{port}");
        let client = client(&format!("{url}/ward/back"))?;
        let root = folder.path().to_str().ok_or("a path")?;
        fs::create_dir_all(folder.path().join("html/ward"))?;
        fs::write(folder.path().join("html/ward/index.shtml"), "hello <!--#echo var=\"REMOTE_USER\" -->\n")?;
        let provider = world.service.url();
        // Started by root it serves as somebody else, who has to be able to read its folder.
        let is_root = Command::new("id").arg("-u").output()?.stdout.trim_ascii() == b"0";
        let as_user = if is_root { "User www-data\nGroup www-data\n" } else { "" };
        fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755))?;
        let config = format!(
            "ServerRoot {root}\nServerName 127.0.0.1\nListen 127.0.0.1:{port}\nPidFile {root}/pid\n\
             ErrorLog {root}/error.log\nMutex file:{root}\nDocumentRoot {root}/html\n\
             {}{as_user}\
             TypesConfig /dev/null\nDirectoryIndex index.shtml\nAddOutputFilter INCLUDES .shtml\nAddType text/html .shtml\n\
             OIDCProviderMetadataURL {provider}/.well-known/openid-configuration\n\
             OIDCClientID {}\nOIDCClientSecret {}\nOIDCRedirectURI {url}/ward/back\n\
             OIDCCryptoPassphrase a-passphrase-of-a-test\nOIDCPKCEMethod S256\nOIDCRemoteUserClaim preferred_username\n\
             OIDCScope \"openid email\"\nOIDCAuthRequestParams login_hint={USER}\n\
             <Location /ward>\nOptions +Includes\nAuthType openid-connect\nRequire claim amr:swk\n</Location>\n",
            ["mpm_event", "authn_core", "authz_core", "authz_user", "auth_openidc", "dir", "include", "mime"]
                .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
                .concat(),
            client.id,
            client.secret,
        );
        let path = folder.path().join("httpd.conf");
        fs::write(&path, config)?;
        let mut command = Command::new("/usr/sbin/apache2");
        command.arg("-f").arg(&path).args(["-X", "-k", "start"]);
        let running = Running::start(&mut command, port).await.map_err(|error| {
            let log = fs::read_to_string(folder.path().join("error.log")).unwrap_or_default();
            format!("{error}: {log}")
        })?;
        Ok(Self { url, _running: running, _folder: folder })
    }
}

pub(crate) async fn a_page_is_for_those_who_approve(world: &World) -> Result<(), Failure> {
    let server = Server::start(world, |redirect| world.client("apache", redirect, false)).await?;
    let mut browser = Browser::new()?;
    let page = browser.open(&format!("{}/ward/", server.url), None).await?;
    let shown = world.approve(&mut browser, &page, None).await?;
    same(shown.url.path(), "/ward/", "the address")?;
    same(shown.html.trim(), &format!("hello {USER}"), "the page")?;
    let again = browser.open(&format!("{}/ward/", server.url), None).await?;
    same(again.html.trim(), &format!("hello {USER}"), "the page, with a session")
}

pub(crate) async fn a_denial_opens_no_page(world: &World) -> Result<(), Failure> {
    let server = Server::start(world, |redirect| world.client("apache denied", redirect, false)).await?;
    let mut browser = Browser::new()?;
    let page = browser.open(&format!("{}/ward/", server.url), None).await?;
    let shown = world.deny(&mut browser, &page, None).await?;
    same(shown.html.contains("hello"), false, &format!("the page is shown: {}", shown.html))?;
    same(shown.html.contains("Error"), true, &format!("an error is shown: {}", shown.html))?;
    // It must not ask again by itself: that would be a second request for somebody who has just said no.
    let waiting = world.phone(&["requests"])?;
    same(waiting["requests"].as_array().map(Vec::len), Some(0), "requests on the phone")
}
