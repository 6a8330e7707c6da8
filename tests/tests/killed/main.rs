//! Every operation, killed at every one of its writes: the vault is then as it was before or as it is afterwards.
//!
//! The processes that die are this test binary, started again for [`child`]. `docs/storage.md` has the table of how many
//! points were tried; it may not say more than is true.

mod moving;
mod operations;
mod privacyidea;
mod recorded;
mod replacing;
mod state;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use countersign_kill::{IS_SUPPORTED, Point, arm, assert_documented, disarm, points};
use countersign_tests::TestService;
use operations::{Link, Operation};
use recorded::Recorded;
use state::{Keys, State};
use tokio::runtime::Runtime;

const NAME: &str = "COUNTERSIGN_KILL_OPERATION";
const FOLDER: &str = "COUNTERSIGN_KILL_FOLDER";
const POINT: &str = "COUNTERSIGN_KILL_POINT";

#[test]
#[ignore = "a process for the tests here to kill"]
fn child() {
    let (Ok(name), Ok(folder)) = (std::env::var(NAME), std::env::var(FOLDER)) else { return };
    let folder = Path::new(&folder);
    let operation = operations().find(|operation| operation.name == name).unwrap();
    let ready = (operation.open)(folder);
    arm(std::env::var(POINT).unwrap().parse().unwrap());
    ready();
    fs::write(folder.join("changes"), disarm()).unwrap();
}

#[test]
fn killed_at_any_write_of_any_operation_nothing_is_lost() {
    if !IS_SUPPORTED {
        println!("SKIPPED: writes can be counted on Linux alone");
        return;
    }
    let runtime = Runtime::new().unwrap();
    let service = runtime.block_on(TestService::start());
    let recorded = runtime.block_on(Recorded::start());
    let users = AtomicU64::new(0);
    let link = |link| match link {
        Link::None => None,
        Link::Enrolment => {
            // A user may have a few enrolments open, and no more.
            let user = format!("user {}", users.fetch_add(1, Ordering::Relaxed));
            let enrolment = runtime.block_on(service.relying_party().enrolment(&user));
            Some(format!("{}\n{}", enrolment.link.expose_text(), enrolment.page_url))
        }
        Link::PushToken => Some(recorded.push_token()),
        Link::Container => Some(recorded.container()),
    };
    let tried: Vec<_> = operations().map(|operation| (operation.name, try_all(operation, &link))).collect();
    for (name, tried) in tried {
        assert_documented(name, tried);
    }
}

fn operations() -> impl Iterator<Item = &'static Operation> {
    operations::OPERATIONS
        .iter()
        .chain(moving::OPERATIONS)
        .chain(replacing::OPERATIONS)
        .chain(privacyidea::OPERATIONS)
}

/// Kills the operation at each of its writes, before it and in the middle of it. How many times it was killed.
fn try_all(operation: &Operation, link: &impl Fn(Link) -> Option<String>) -> u64 {
    let ready = tempfile::tempdir().unwrap();
    Keys::make_random().write(ready.path());
    let leave_link = |folder: &Path| {
        if let Some(link) = link(operation.link) {
            fs::write(folder.join("link"), link).unwrap();
        }
    };
    leave_link(ready.path());
    (operation.prepare)(ready.path());
    let copy = || {
        let folder = tempfile::tempdir().unwrap();
        copy_files(ready.path(), folder.path());
        leave_link(folder.path());
        folder
    };
    let folder = copy();
    let before = State::read(folder.path());
    let changes = run(operation, folder.path(), Point::Never).expect("it isn't killed");
    let after = State::read(folder.path());
    assert!(!before.is_same(&after), "{}: it does something", operation.name);

    let cases: Vec<_> = points(&changes).map(|point| (point, copy())).collect();
    let (next, killed) = (AtomicUsize::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((point, folder)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let was_killed = try_point(operation, *point, folder.path(), [&before, &after]);
                    killed.fetch_add(u64::from(was_killed), Ordering::Relaxed);
                }
            });
        }
    });
    killed.into_inner()
}

const AT_ONCE: usize = 4;

/// Whether the operation was killed: another run may write a page less, and end.
fn try_point(operation: &Operation, point: Point, folder: &Path, [before, after]: [&State; 2]) -> bool {
    let place = format!("{}, killed {point}", operation.name);
    let was_killed = run(operation, folder, point).is_none();
    let found = State::read(folder);
    let is_between = operation.has_steps && found.is_between(before, after);
    assert!(found.is_same(before) || found.is_same(after) || is_between, "{place}: {found:?}");
    assert!(found.backups > 0 || before.backups == 0, "{place}: a backup is gone");
    if !found.is_same(after) {
        assert!(run(operation, folder, Point::Never).is_some(), "{place}: it works the next time");
        let found = State::read(folder);
        assert!(found.is_same(after), "{place}, and done once more: {found:?}");
    }
    was_killed
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

/// Runs the operation in a process of its own. The changes that it made; nothing if it was killed.
fn run(operation: &Operation, folder: &Path, point: Point) -> Option<String> {
    let changes = folder.join("changes");
    let _ = fs::remove_file(&changes);
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored", "--nocapture", "--quiet"])
        .env(NAME, operation.name)
        .env(FOLDER, folder)
        .env(POINT, point.to_string())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let made = fs::read_to_string(&changes).ok()?;
    assert!(output.status.success(), "{}: {output:?}", operation.name);
    Some(made)
}
