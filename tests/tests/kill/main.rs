//! Every operation, killed at every one of its writes: the vault is then as it was before or as it is afterwards.
//!
//! The processes that die are this test binary, started again for [`child`]. `docs/storage.md` has the table of how many
//! points were tried; it may not say more than is true.

mod operations;
mod state;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use countersign_kill::{IS_SUPPORTED, Point, arm, assert_documented, disarm, points};
use countersign_tests::TestService;
use operations::{OPERATIONS, Operation};
use state::{Keys, State};
use tempfile::TempDir;

const NAME: &str = "COUNTERSIGN_KILL_OPERATION";
const FOLDER: &str = "COUNTERSIGN_KILL_FOLDER";
const POINT: &str = "COUNTERSIGN_KILL_POINT";

#[test]
#[ignore = "a process for the tests here to kill"]
fn child() {
    let (Ok(name), Ok(folder)) = (std::env::var(NAME), std::env::var(FOLDER)) else { return };
    let folder = Path::new(&folder);
    let operation = OPERATIONS.iter().find(|operation| operation.name == name).unwrap();
    let ready = (operation.open)(folder);
    arm(std::env::var(POINT).unwrap().parse().unwrap());
    ready();
    fs::write(folder.join("count"), disarm().to_string()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_write_of_any_operation_nothing_is_lost() {
    if !IS_SUPPORTED {
        println!("SKIPPED: writes can be counted on Linux alone");
        return;
    }
    let service = TestService::start().await;
    for operation in OPERATIONS {
        assert_documented(operation.name, try_all(operation, &service).await);
    }
}

/// Kills the operation at each of its writes, before it and in the middle of it. How many times it was killed.
async fn try_all(operation: &Operation, service: &TestService) -> u64 {
    let ready = tempfile::tempdir().unwrap();
    Keys::make_random().write(ready.path());
    (operation.prepare)(ready.path());
    let before = State::read(ready.path());
    let folder = copy_of(ready.path(), operation, service).await;
    let count = run(operation, folder.path(), Point::Never).expect("it isn't killed");
    let after = State::read(folder.path());
    assert_ne!(before.vault, after.vault, "{}: it does something", operation.name);

    let mut tried = 0;
    for point in points(count) {
        let folder = copy_of(ready.path(), operation, service).await;
        // Another run may write a page less, and end.
        tried += u64::from(run(operation, folder.path(), point).is_none());
        let place = format!("{}, killed {point} of {count}", operation.name);
        let found = State::read(folder.path());
        assert!(found.vault == before.vault || found.vault == after.vault, "{place}: {found:?}");
        assert!(found.backups > 0 || before.backups == 0, "{place}: a backup is gone");
        if found.vault == before.vault {
            let again = run(operation, folder.path(), Point::Never);
            assert!(again.is_some(), "{place}: it works the next time");
            assert_eq!(State::read(folder.path()).vault, after.vault, "{place}: done the next time");
        }
    }
    tried
}

/// A folder that is ready for the operation.
async fn copy_of(ready: &Path, operation: &Operation, service: &TestService) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy_files(ready, folder.path());
    if operation.needs_service {
        let link = service.relying_party().enrolment("ada").await.link;
        fs::write(folder.path().join("link"), link.expose_text()).unwrap();
    }
    folder
}

fn copy_files(from: &Path, to: &Path) {
    for file in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(file.file_name());
        if file.path().is_dir() {
            fs::create_dir(&target).unwrap();
            copy_files(&file.path(), &target);
        } else {
            fs::copy(file.path(), target).unwrap();
        }
    }
}

/// Runs the operation in a process of its own. How many writes it made; nothing if it was killed.
fn run(operation: &Operation, folder: &Path, point: Point) -> Option<u64> {
    let count = folder.join("count");
    let _ = fs::remove_file(&count);
    let output = tokio::task::block_in_place(|| {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--ignored", "--nocapture", "--quiet"])
            .env(NAME, operation.name)
            .env(FOLDER, folder)
            .env(POINT, point.to_string())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    });
    let written = fs::read_to_string(&count).ok()?;
    assert!(output.status.success(), "{}: {output:?}", operation.name);
    Some(written.parse().unwrap())
}
