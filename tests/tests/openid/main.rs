//! Real relying parties sign people in by OpenID Connect at the real service, and the command line is the phone.
//!
//! A service and a phone serve all of these tests, one after another. A relying party is installed on first use; where it
//! can't be had, its tests say by name that they were skipped.

mod apache;
mod browser;
mod oauth2_proxy;
mod openid_client;
mod party;
mod world;

use std::process::ExitCode;
use std::time::Instant;

use countersign_tests::Failure;

use self::party::Party;
use self::world::World;

/// Runs each test by its name, with its relying party; names a test that fails and goes on.
macro_rules! tests {
    ($world:expr, $filter:expr; $($module:ident($party:expr): $($test:ident),+;)+) => {{
        let mut failed = Vec::new();
        $(
            let names = [$(concat!(stringify!($module), "::", stringify!($test))),+];
            let is_wanted = names.iter().any(|name| name.contains($filter));
            let has = if is_wanted { party::install($party) } else { Ok(false) };
            $(
                let name = concat!(stringify!($module), "::", stringify!($test));
                if name.contains($filter) {
                    let start = Instant::now();
                    let result = match &has {
                        Ok(true) => $module::$test($world).await.map(|()| true),
                        Ok(false) => Ok(false),
                        Err(error) => Err(error.to_string().into()),
                    };
                    match result {
                        Ok(true) => println!("test {name} ... ok ({:.1} s)", start.elapsed().as_secs_f32()),
                        Ok(false) => println!("SKIPPED {name}: {} can't be had on this machine", $party),
                        Err(error) => {
                            println!("test {name} ... FAILED: {error}");
                            failed.push(name);
                        }
                    }
                }
            )+
        )+
        failed
    }};
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let filter = std::env::args().skip(1).find(|arg| !arg.starts_with('-')).unwrap_or_default();
    if std::env::args().any(|arg| arg == "--list") {
        return ExitCode::SUCCESS;
    }
    let world = match World::start().await {
        Ok(world) => world,
        Err(error) => {
            println!("the service did not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let world = &world;
    let failed = tests! { world, filter.as_str();
        openid_client(Party::OpenidClient):
            a_person_signs_in_by_the_secret_in_the_body,
            a_person_signs_in_by_the_secret_in_the_header,
            an_answer_may_be_posted,
            a_denial_is_an_error,
            what_cannot_be_met_is_an_error;
        apache(Party::Apache):
            a_page_is_for_those_who_approve,
            a_denial_opens_no_page;
        oauth2_proxy(Party::Oauth2Proxy):
            a_person_signs_in_and_is_known_by_address;
    };
    if failed.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("failed: {}", failed.join(", "));
    ExitCode::FAILURE
}

/// Fails unless both are the same.
fn same<T: PartialEq + std::fmt::Debug>(found: T, wanted: T, what: &str) -> Result<(), Failure> {
    if found == wanted { Ok(()) } else { Err(format!("{what}: {found:?} instead of {wanted:?}").into()) }
}
