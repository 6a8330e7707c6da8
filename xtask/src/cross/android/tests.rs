//! The core's own tests, run as Android code.

use std::fs;
use std::time::Instant;

use super::compile::Tests;
use super::run::App;
use super::tags;
use crate::Failure;

/// Tests that don't run here, by a crate and a part of their names, and why.
const NOT_HERE: &[(&str, &str, &str)] = &[(
    "countersign_offer",
    "a_truncated_export_is_refused",
    "it takes an emulator a minute to read every export cut in many places, and parsers don't differ between platforms",
)];

/// What libtest says of a program's tests.
#[derive(Debug, Default, PartialEq)]
struct Counts {
    passed: u64,
    ignored: u64,
    /// Those of [`NOT_HERE`].
    left_out: u64,
}

/// Runs the tests of every crate.
pub(super) fn run(app: &App<'_>, tests: &[Tests]) -> Result<(), Failure> {
    let temporary = app.folder.join("tmp");
    fs::create_dir(&temporary)?;
    let mut sum = Counts::default();
    for Tests { package, folder, program } in tests {
        let copy = app.folder.join(program.file_name().ok_or("a program has a name")?);
        tags::copy(program, &copy)?;
        let started = Instant::now();
        let mut command = app.emulator();
        command.arg(&copy).arg("--quiet");
        for (_, name, _) in NOT_HERE.iter().filter(|(crate_name, ..)| crate_name == package) {
            command.args(["--skip", name]);
        }
        let output = command.current_dir(folder).env("TMPDIR", &temporary).output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            let complaints = String::from_utf8_lossy(&output.stderr);
            return Err(
                format!("{package}'s tests ended with {}:\n{said}\n{complaints}", output.status).into()
            );
        }
        let counts = Counts::read(&said).ok_or_else(|| format!("{package} ran no test"))?;
        let (passed, ignored, time) = (counts.passed, counts.ignored, started.elapsed().as_secs_f64());
        println!("  {package}: {passed} passed, {ignored} ignored everywhere, in {time:.0} s");
        sum.passed += counts.passed;
        sum.ignored += counts.ignored;
        sum.left_out += counts.left_out;
    }
    println!(
        "the core's tests: {} passed, {} ignored everywhere, {} left out",
        sum.passed, sum.ignored, sum.left_out
    );
    for (package, name, why) in NOT_HERE {
        println!("  left out: {package}, {name}: {why}");
    }
    if sum.passed == 0 { Err("no test was run".into()) } else { Ok(()) }
}

impl Counts {
    /// Reads the line with which a program of tests ends.
    fn read(said: &str) -> Option<Self> {
        let line = said.lines().find_map(|line| line.strip_prefix("test result: ok. "))?;
        let of = |name| {
            let count = line.split("; ").find_map(|part| part.strip_suffix(name))?;
            count.trim().parse().ok()
        };
        Some(Self { passed: of("passed")?, ignored: of("ignored")?, left_out: of("filtered out")? })
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn what_libtest_says_is_counted() {
        let said = "\nrunning 5 tests\n..i..\ntest result: ok. 4 passed; 0 failed; 1 ignored; 0 measured; 45 filtered out; \
                    finished in 1.00s\n";
        assert_eq!(Counts::read(said), Some(Counts { passed: 4, ignored: 1, left_out: 45 }));
        assert_eq!(Counts::read("error: no such argument"), None);
    }
}
