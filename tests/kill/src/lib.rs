//! Ends the process that it is linked into at one of its writes, as `kill -9` or a dead battery's last moment does.
//!
//! SQLite and the standard library change files through a handful of functions of libc. On Linux with glibc this crate
//! has functions of the same names, which the linker takes first. Each counts itself, lets the kernel do the work, and,
//! when it is its turn, ends the process by SIGKILL before the work is done, or in the middle of it. What the kernel was
//! told before stays, so this is the death of a process and not that of the machine.
//!
//! Nothing is counted before [`arm`]. Only changes of files and folders count; pipes and sockets don't.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

/// Whether this platform's writes can be counted.
pub const IS_SUPPORTED: bool = cfg!(all(target_os = "linux", target_env = "gnu"));

/// Ends the process at a later write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// At none: writes are only counted.
    Never,
    /// Before the n-th change takes place, counted from 1.
    Before(u64),
    /// In the middle of the n-th change, where it has one: half of the bytes are written.
    Within(u64),
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("never"),
            Self::Before(n) => write!(f, "before {n}"),
            Self::Within(n) => write!(f, "within {n}"),
        }
    }
}

impl FromStr for Point {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        match text.split_once(' ') {
            Some(("before", n)) => Ok(Self::Before(n.parse()?)),
            Some((_, n)) => Ok(Self::Within(n.parse()?)),
            None => Ok(Self::Never),
        }
    }
}

/// Every way to die at these changes, as [`disarm`] gave them.
pub fn points(changes: &str) -> impl Iterator<Item = Point> + '_ {
    (1..).zip(changes.chars()).flat_map(|(n, change)| {
        let within = (change == WRITE).then_some(Point::Within(n));
        [Some(Point::Before(n)), within].into_iter().flatten()
    })
}

/// Compares how many points were tried with the table in `docs/storage.md`, which may not say more than is true.
///
/// # Panics
///
/// When the table has no row for the operation, or says more than this. A few less are no difference: how many pages a commit
/// writes depends on random identifiers.
pub fn assert_documented(operation: &str, tried: u64) {
    println!("{operation:<28} {tried:>4} kill points");
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/storage.md"));
    let text = text.expect("docs/storage.md can be read");
    let row =
        text.lines().find_map(|line| line.strip_prefix("| ")?.strip_prefix(operation)?.strip_prefix(" | "));
    let row = row.unwrap_or_else(|| panic!("docs/storage.md has no row for {operation:?}"));
    let said: u64 = row.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default();
    assert!(tried > 0, "{operation}: its writes are counted");
    assert!(
        tried + 4 + said / 8 >= said,
        "{operation}: docs/storage.md says {said} kill points, and {tried} were tried"
    );
}

/// Begins to count, and ends the process at `point`.
pub fn arm(point: Point) {
    counting::arm(point);
}

/// Ends counting, and gives a letter for each change: `w` for a write, which has a middle, and `c` for any other.
#[must_use]
pub fn disarm() -> String {
    counting::disarm()
}

const WRITE: char = 'w';

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod counting {
    pub(crate) fn arm(_: crate::Point) {}

    pub(crate) fn disarm() -> String {
        String::new()
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod counting {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    use libc::{c_char, c_int, c_long, c_void, mode_t, off_t, off64_t, size_t, ssize_t};

    use crate::{Point, WRITE};

    static IS_ARMED: AtomicBool = AtomicBool::new(false);
    static IS_WITHIN: AtomicBool = AtomicBool::new(false);
    static FATAL: AtomicU64 = AtomicU64::new(0);
    static CHANGES: Mutex<String> = Mutex::new(String::new());

    pub(crate) fn arm(point: Point) {
        let (fatal, within) = match point {
            Point::Never => (0, false),
            Point::Before(n) => (n, false),
            Point::Within(n) => (n, true),
        };
        FATAL.store(fatal, Ordering::SeqCst);
        IS_WITHIN.store(within, Ordering::SeqCst);
        IS_ARMED.store(true, Ordering::SeqCst);
    }

    pub(crate) fn disarm() -> String {
        IS_ARMED.store(false, Ordering::SeqCst);
        std::mem::take(&mut *CHANGES.lock().expect("nothing panics while it is held"))
    }

    /// Counts one change. Whether the process is to end here.
    fn is_fatal(change: char) -> bool {
        if !IS_ARMED.load(Ordering::SeqCst) {
            return false;
        }
        let mut changes = CHANGES.lock().expect("nothing panics while it is held");
        changes.push(change);
        u64::try_from(changes.len()).is_ok_and(|count| count == FATAL.load(Ordering::SeqCst))
    }

    fn is_file(fd: c_int) -> bool {
        // SAFETY: `fstat` writes to the structure that it is given, and nothing is read of it unless it says so.
        unsafe {
            let mut stat: libc::stat = std::mem::zeroed();
            libc::fstat(fd, &mut stat) == 0 && stat.st_mode & libc::S_IFMT == libc::S_IFREG
        }
    }

    fn end() -> ! {
        // SAFETY: neither call touches memory of this process.
        unsafe {
            libc::kill(libc::getpid(), libc::SIGKILL);
            loop {
                libc::pause();
            }
        }
    }

    /// Ends the process before a change that has no middle.
    fn count() {
        if is_fatal('c') {
            end();
        }
    }

    /// Ends the process before a write or in the middle of it; `write` writes so many of its bytes.
    fn count_write(fd: c_int, length: size_t, write: impl Fn(size_t) -> ssize_t) -> ssize_t {
        if IS_ARMED.load(Ordering::SeqCst) && is_file(fd) && is_fatal(WRITE) {
            if IS_WITHIN.load(Ordering::SeqCst) {
                write(length / 2);
            }
            end();
        }
        write(length)
    }

    // SAFETY of all that follow: each has the signature and the contract of libc's function of its name, and hands its
    // arguments to the kernel as they are.

    #[unsafe(no_mangle)]
    unsafe extern "C" fn write(fd: c_int, bytes: *const c_void, length: size_t) -> ssize_t {
        count_write(fd, length, |length| unsafe {
            libc::syscall(libc::SYS_write, c_long::from(fd), bytes, length) as ssize_t
        })
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn pwrite(fd: c_int, bytes: *const c_void, length: size_t, at: off_t) -> ssize_t {
        count_write(fd, length, |length| unsafe {
            libc::syscall(libc::SYS_pwrite64, c_long::from(fd), bytes, length, at) as ssize_t
        })
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn pwrite64(fd: c_int, bytes: *const c_void, length: size_t, at: off64_t) -> ssize_t {
        count_write(fd, length, |length| unsafe {
            libc::syscall(libc::SYS_pwrite64, c_long::from(fd), bytes, length, at) as ssize_t
        })
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn ftruncate(fd: c_int, length: off_t) -> c_int {
        count();
        unsafe { libc::syscall(libc::SYS_ftruncate, c_long::from(fd), length) as c_int }
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn ftruncate64(fd: c_int, length: off64_t) -> c_int {
        count();
        unsafe { libc::syscall(libc::SYS_ftruncate, c_long::from(fd), length) as c_int }
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn fsync(fd: c_int) -> c_int {
        count();
        unsafe { libc::syscall(libc::SYS_fsync, c_long::from(fd)) as c_int }
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn fdatasync(fd: c_int) -> c_int {
        count();
        unsafe { libc::syscall(libc::SYS_fdatasync, c_long::from(fd)) as c_int }
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
        count();
        let here = c_long::from(libc::AT_FDCWD);
        unsafe { libc::syscall(libc::SYS_renameat2, here, from, here, to, 0 as c_long) as c_int }
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
        count();
        unsafe { libc::syscall(libc::SYS_unlinkat, c_long::from(libc::AT_FDCWD), path, 0 as c_long) as c_int }
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn mkdir(path: *const c_char, mode: mode_t) -> c_int {
        count();
        let (here, mode) = (c_long::from(libc::AT_FDCWD), c_long::from(mode));
        unsafe { libc::syscall(libc::SYS_mkdirat, here, path, mode) as c_int }
    }
}
