//! openid-client, a certified relying party library for Node.js.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use countersign_tests::Failure;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::party::folder;
use crate::same;
use crate::world::{Client, USER, World};

/// Nobody listens there: the test looks at what would have been sent.
const REDIRECT: &str = "http://127.0.0.1:9/back";

/// The library, in a program that has asked for a sign-in.
struct Library {
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Library {
    fn start(world: &World, client: &Client, more: Value) -> Result<(Self, String), Failure> {
        let folder = folder()?;
        // Modules are looked up from where a program is.
        let script = folder.join("client.mjs");
        std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("openid/client.mjs"), &script)?;
        let mut options = json!({
            "issuer": world.service.url(), "client": client.id, "secret": client.secret, "redirect": REDIRECT, "hint": USER,
        });
        for (name, value) in more.as_object().ok_or("options")? {
            options[name] = value.clone();
        }
        let mut process = Command::new("node")
            .arg(&script)
            .arg(options.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = process.stdin.take().ok_or("no input")?;
        let output = BufReader::new(process.stdout.take().ok_or("no output")?).lines();
        let mut library = Self { process, input, output };
        let address = library.read()?;
        let address = address["address"].as_str().ok_or_else(|| format!("no address: {address}"))?.to_owned();
        Ok((library, address))
    }

    fn read(&mut self) -> Result<Value, Failure> {
        let line = self.output.next().ok_or("the library says nothing")??;
        Ok(serde_json::from_str(&line)?)
    }

    /// What it makes of what comes back.
    fn finish(mut self, url: &str, form: Option<&[(String, String)]>) -> Result<Value, Failure> {
        let back = json!({ "url": url, "form": form });
        self.input.write_all(format!("{back}\n").as_bytes())?;
        self.read()
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn signs_in(world: &World, name: &str, more: Value) -> Result<(), Failure> {
    let client = world.client(name, REDIRECT, false)?;
    let (library, address) = Library::start(world, &client, more)?;
    let mut browser = Browser::new()?;
    let page = browser.open(&address, Some(REDIRECT)).await?;
    let mut back = world.approve(&mut browser, &page, Some(REDIRECT)).await?;
    if !back.html.is_empty() {
        back = browser.submit(&back, Some(REDIRECT)).await?;
    }
    let learned = library.finish(back.url.as_str(), back.form.as_deref())?;
    let claims = &learned["claims"];
    same(claims["preferred_username"].as_str(), Some(USER), &format!("the name in {learned}"))?;
    same(&claims["amr"], &json!(["pop", "swk", "user"]), "the methods")?;
    same(claims["acr"].as_str(), Some("urn:countersign:acr:phone"), "the context")?;
    same(&learned["userinfo"]["sub"], &claims["sub"], "the person")
}

pub(crate) async fn a_person_signs_in_by_the_secret_in_the_body(world: &World) -> Result<(), Failure> {
    signs_in(world, "library in the body", json!({})).await
}

pub(crate) async fn a_person_signs_in_by_the_secret_in_the_header(world: &World) -> Result<(), Failure> {
    signs_in(world, "library in the header", json!({ "authentication": "basic" })).await
}

pub(crate) async fn an_answer_may_be_posted(world: &World) -> Result<(), Failure> {
    signs_in(world, "library by a form", json!({ "more": { "response_mode": "form_post" } })).await
}

pub(crate) async fn a_denial_is_an_error(world: &World) -> Result<(), Failure> {
    let client = world.client("library denied", REDIRECT, false)?;
    let (library, address) = Library::start(world, &client, json!({}))?;
    let mut browser = Browser::new()?;
    let page = browser.open(&address, Some(REDIRECT)).await?;
    let back = world.deny(&mut browser, &page, Some(REDIRECT)).await?;
    let learned = library.finish(back.url.as_str(), None)?;
    same(learned["error"].as_str(), Some("access_denied"), &format!("the error in {learned}"))
}

pub(crate) async fn what_cannot_be_met_is_an_error(world: &World) -> Result<(), Failure> {
    let client = world.client("library asks too much", REDIRECT, false)?;
    for (more, error) in [
        (json!({ "acr_values": "phr" }), "unmet_authentication_requirements"),
        (json!({ "prompt": "none" }), "login_required"),
    ] {
        let (library, address) = Library::start(world, &client, json!({ "more": more }))?;
        let back = Browser::new()?.open(&address, Some(REDIRECT)).await?;
        let learned = library.finish(back.url.as_str(), None)?;
        same(learned["error"].as_str(), Some(error), &format!("the error in {learned}"))?;
    }
    Ok(())
}
