//! Panics of a decoder, contained and kept quiet.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

/// What `work` returns, or `None` if it panics.
///
/// The default panic hook prints the panic's text, which may have a part of the decoded text in it. So the first call
/// puts a hook before the one that is installed; it says nothing of panics in here, and passes all others on.
pub(super) fn contain<T>(work: impl FnOnce() -> T) -> Option<T> {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        let others = take_hook();
        set_hook(Box::new(move |info| {
            if !CONTAINED.get() {
                others(info);
            }
        }));
    });
    let outer = CONTAINED.replace(true);
    // What `work` leaves half done is dropped with it: callers hand it nothing that outlives the call.
    let result = catch_unwind(AssertUnwindSafe(work)).ok();
    CONTAINED.set(outer);
    result
}

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_panic_is_contained() {
        assert_eq!(contain(|| 7), Some(7));
        assert_eq!(contain(|| -> u8 { panic!("planted inside") }), None);
        assert_eq!(contain(|| contain(|| -> u8 { panic!("planted inside") })), Some(None));
    }

    #[test]
    fn a_contained_panic_prints_nothing_and_others_still_print() {
        let test = "contain::tests::panics_inside_and_outside";
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", test, "--nocapture"])
            .output()
            .unwrap();
        let printed = format!("{output:?}");
        assert!(printed.contains("planted outside"), "{printed}");
        assert!(!printed.contains("planted inside"), "{printed}");
    }

    #[test]
    #[ignore = "run by the test above, in a process of its own, whose output it reads"]
    fn panics_inside_and_outside() {
        assert_eq!(contain(|| -> u8 { panic!("planted inside") }), None);
        assert!(catch_unwind(|| panic!("planted outside")).is_err());
    }
}
