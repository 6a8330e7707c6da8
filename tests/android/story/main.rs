//! The story of a phone, told by Android code: `cargo xtask cross --run` builds this for Android and runs it as an app
//! would be, with no home, no folder for temporary files, `/` as its folder, and a Java thread's stack.
//!
//! Arguments: the app's folder, the service's address, and the file with its API key.

mod phone;
mod platform;
mod service;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use countersign_authenticator::import::{Import, ImportOptions};
use countersign_authenticator::protocol::Id;
use countersign_authenticator::{ReceivingStep, Secret, SendingStep, Transfer};

use phone::Phone;
use qrcode::QrCode;
use service::RelyingParty;

/// Anything that goes wrong, with a text for the person who reads the log.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What ART gives to a Java thread, on which Kotlin calls the library.
const JAVA_STACK: usize = 1024 * 1024;

fn main() -> ExitCode {
    let [folder, url, key] = match <[_; 3]>::try_from(std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(arguments) => arguments,
        Err(_) => {
            eprintln!("usage: countersign-android-story FOLDER URL KEY-FILE");
            return ExitCode::FAILURE;
        }
    };
    let story = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(tell(&PathBuf::from(folder), &url, &PathBuf::from(key)))
    };
    let thread = std::thread::Builder::new().stack_size(JAVA_STACK).spawn(story);
    let told = thread.map_err(Failure::from).and_then(|thread| thread.join().map_err(|_| "it panicked")?);
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("failed: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn tell(folder: &Path, url: &str, key: &Path) -> Result<(), Failure> {
    let mut clock = Steps(Instant::now());
    platform::check(folder)?;
    clock.done("the platform is as an app finds it");

    let phone = Phone::new(&make(folder, "old")?)?;
    clock.done("a vault is created");
    let phone = phone.restarted()?;
    clock.done("the vault opens by its passphrase and by its recovery code, and by no other passphrase");

    let portal = RelyingParty::new(url, key)?;
    let account = enrol(&portal, &phone).await?;
    clock.done("the phone is enrolled by what its camera sees, and active by its first number");

    let (sign_in, number) = portal.sign_in("ada").await?;
    phone.approve(account, &number).await?;
    expect(portal.state(&sign_in).await? == "approved", "the portal isn't told of the approval")?;
    clock.done("a sign-in is approved by its number");

    let code = phone.code(account)?;
    expect(portal.takes_code("ada", &code).await?, "the service refuses the code")?;
    expect(!portal.takes_code("ada", &code).await?, "the service takes the code twice")?;
    clock.done("the service takes the account's code, once");

    import(&phone)?;
    clock.done("another app's encrypted export is imported");

    back_up(&phone, folder)?;
    clock.done("a backup is made, rehearsed and restored");

    let phone = phone.restarted()?;
    move_over_relay(&phone, account, folder).await?;
    clock.done("the accounts are moved to a new phone over the relay");
    Ok(())
}

async fn enrol(portal: &RelyingParty, phone: &Phone) -> Result<Id, Failure> {
    let (link, page) = portal.enrolment("ada").await?;
    let account = phone.enrol(&QrCode::new(link)?).await?;
    phone.approve(account, &portal.number_on(&page).await?).await?;
    Ok(account)
}

fn import(phone: &Phone) -> Result<(), Failure> {
    let export = include_bytes!("../../vectors/import/aegis-encrypted.json");
    let mut import = Import::new();
    import.add_file(export, Some(&Secret::from(&b"correct horse battery"[..])))?;
    let preview = phone.authenticator.preview_import(&import, &ImportOptions::default())?;
    let report = phone.authenticator.import(&import, &ImportOptions::default())?;
    expect(report.proven > 2, "the import proves too little")?;
    expect(report.proven == preview.rows.len(), "the import isn't what its preview says")
}

fn back_up(phone: &Phone, folder: &Path) -> Result<(), Failure> {
    let password = Secret::from(&b"the backup's password"[..]);
    let made = phone.authenticator.back_up(&make(folder, "backups")?, &password, 2)?;
    expect(made.rehearsal.missing() == 0, "the backup doesn't restore everything")?;
    expect(phone.authenticator.last_backup()?.is_some(), "the backup isn't recorded as proven")?;
    expect(platform::mode(&made.path)? == 0o600, "others may read the backup")?;
    let content = std::fs::read(&made.path)?;
    expect(
        phone.authenticator.rehearse(&content, Some(&password))?.missing() == 0,
        "the file restores less",
    )?;

    let restored = Phone::new(&make(folder, "restored")?)?;
    let mut import = Import::new();
    import.add_file(&content, Some(&password))?;
    restored.authenticator.import(&import, &ImportOptions::default())?;
    expect(restored.links()? == phone.links()?, "the backup restores other accounts")
}

async fn move_over_relay(old: &Phone, account: Id, folder: &Path) -> Result<(), Failure> {
    let new = Phone::new(&make(folder, "new")?)?;
    let ReceivingStep::Inviting { invitation } = new.authenticator.receive_accounts()?.step else {
        return Err("the new phone doesn't invite".into());
    };
    old.authenticator.send_accounts(&invitation)?;
    let sending = old.authenticator.choose_relay(Some(account))?;
    let SendingStep::Comparing { acceptance } = sending.step else {
        return Err("the old phone doesn't compare".into());
    };
    let receiving = new.authenticator.receive_code(&acceptance)?;
    let shown = receiving.check_value.ok_or("the new phone shows no check value")?;
    old.authenticator.show_accounts(&shown, None)?;

    let before = old.links()?;
    old.authenticator.relay_transfer().await?;
    new.authenticator.relay_transfer().await?;
    let received = new.authenticator.store_received(&ImportOptions::default())?;
    new.authenticator.relay_transfer().await?;
    let Transfer::Sending(sending) = old.authenticator.relay_transfer().await? else {
        return Err("the old phone isn't sending".into());
    };
    expect(matches!(sending.step, SendingStep::Proven { .. }), "the move isn't proven")?;
    let moved = new.links()?;
    expect(moved.len() == received.report.proven, "the new phone proves other accounts than it has")?;
    // The service's own account stays: its keys never leave a phone.
    expect(moved.iter().all(|link| before.contains(link)), "the new phone has other accounts")?;
    expect(moved.len() + 1 == before.len(), "the new phone lacks accounts")?;
    expect(old.authenticator.remove_moved()? == moved.len(), "the old phone keeps accounts that moved")
}

/// Says what was done, and how long it took.
struct Steps(Instant);

impl Steps {
    fn done(&mut self, what: &str) {
        println!("  {:>6} ms  {what}", self.0.elapsed().as_millis());
        self.0 = Instant::now();
    }
}

/// A folder of the app's, as the app makes it.
fn make(folder: &Path, name: &str) -> Result<PathBuf, Failure> {
    let folder = folder.join(name);
    std::fs::create_dir(&folder)?;
    Ok(folder)
}

pub(crate) fn expect(holds: bool, otherwise: &str) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}
