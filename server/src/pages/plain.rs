//! Pages without a state: where a plain camera app leads to, and refusals.

use maud::html;

use super::document::Document;
use super::parts::opening;
use super::text::{Section, Text};

/// What somebody sees who scanned a code with the camera instead of the app. The secret is in the fragment, which
/// stays in the browser, and which nothing here reads.
pub(super) fn landing(text: &Text, section: &Section, steps: &[&str]) -> Document {
    let main = html! {
        main id="main" data-state="landing" {
            (opening(section))
            ol class="steps" {
                @for step in steps {
                    li { (step) }
                }
            }
            p class="rule" { (text.landing.rule) }
        }
    };
    Document { title: section.heading.to_owned(), organisation: None, root: "./", refresh: None, main }
}

/// Why a page isn't shown. `root` as in [`Document`].
pub(super) fn refusal(section: &Section, state: &str, root: &'static str) -> Document {
    let main = html! { main id="main" data-state=(state) { (opening(section)) } };
    Document { title: section.heading.to_owned(), organisation: None, root, refresh: None, main }
}
