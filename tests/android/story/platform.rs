//! What an app finds on Android and a program elsewhere doesn't, so that the rest of the story is told under it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use countersign_authenticator::vault::{NewSlot, RecoveryCode, Vault};

use crate::{Failure, expect};

pub(crate) fn check(folder: &Path) -> Result<(), Failure> {
    expect(cfg!(target_os = "android"), "this isn't Android code")?;
    expect(std::env::current_dir()? == Path::new("/"), "an app's folder is /")?;
    let names: Vec<_> = std::env::vars_os().map(|(name, _)| name).collect();
    for missing in ["HOME", "TMPDIR", "USER", "LANG", "XDG_RUNTIME_DIR"] {
        expect(!names.iter().any(|name| name == missing), "an app has fewer variables")?;
    }
    expect(File::create("/countersign").is_err(), "an app can't write to /")?;
    expect(File::create("/data/local/tmp/countersign").is_err(), "an app can't write where temp_dir points")?;
    clocks()?;
    names_resolve()?;
    broken_pipe()?;
    unwinding()?;
    locks(folder)?;
    files(folder)
}

/// The permissions of a file or folder.
pub(crate) fn mode(path: &Path) -> Result<u32, Failure> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o777)
}

/// Both clocks go on.
fn clocks() -> Result<(), Failure> {
    let (monotonic, wall) = (Instant::now(), SystemTime::now());
    let end = monotonic + Duration::from_secs(20);
    while monotonic.elapsed() < Duration::from_millis(2) || wall.elapsed().unwrap_or_default().is_zero() {
        expect(Instant::now() < end, "a clock stands still")?;
        std::hint::spin_loop();
    }
    Ok(())
}

/// Names are asked of the C library, whose `addrinfo` isn't other systems'.
fn names_resolve() -> Result<(), Failure> {
    let mut addresses = ("localhost", 80).to_socket_addrs()?;
    expect(addresses.any(|address| address.ip().is_loopback()), "localhost isn't this machine")?;
    let unknown = ("no such name", 80).to_socket_addrs();
    expect(unknown.is_err(), "a name that there can't be is found")
}

/// Writing to a connection that the other end has closed is an error, and no signal that ends the process.
fn broken_pipe() -> Result<(), Failure> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let mut writer = TcpStream::connect(listener.local_addr()?)?;
    drop(listener.accept()?);
    // Until the other end's refusal has come, writes succeed.
    let _ = writer.read(&mut [0; 1]);
    for _ in 0..100_000 {
        if writer.write_all(b"is anybody there?").is_err() {
            return Ok(());
        }
    }
    Err("writing to a closed connection succeeds".into())
}

/// A panic unwinds and drops what it passes: UniFFI turns it into the language's own error.
fn unwinding() -> Result<(), Failure> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let panicked = std::panic::catch_unwind(|| -> u8 { panic!("planted") });
    std::panic::set_hook(hook);
    expect(panicked.is_err(), "a panic isn't caught")
}

/// Of many that create a vault at once, one does.
fn locks(folder: &Path) -> Result<(), Failure> {
    let path = folder.join("race").join("vault.db");
    let code = RecoveryCode::make_random();
    let created = std::thread::scope(|scope| {
        let create = || Vault::create(&path, &[NewSlot::from_recovery_code(&code)]).is_ok();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(create)).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).filter(|created| *created).count()
    });
    expect(created == 1, "a vault isn't created exactly once")
}

/// A vault's files are the app's own, whatever the umask is, and nothing lies beside them.
fn files(folder: &Path) -> Result<(), Failure> {
    let folder = folder.join("files");
    let path = folder.join("vault.db");
    let code = RecoveryCode::make_random();
    let vault = Vault::create(&path, &[NewSlot::from_recovery_code(&code)])?;
    vault.unlock_with_recovery_code(&code)?;
    expect(mode(&folder)? == 0o700, "others may enter the vault's folder")?;
    let mut found = Vec::new();
    for file in fs::read_dir(&folder)? {
        let file = file?;
        expect(mode(&file.path())? == 0o600, "others may read the vault")?;
        found.push(file.file_name().to_string_lossy().into_owned());
    }
    found.sort();
    let expected = ["vault.db", "vault.db-shm", "vault.db-wal"];
    expect(found.iter().all(|name| expected.contains(&name.as_str())), "other files lie beside the vault")
}
