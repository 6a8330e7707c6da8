//! Pages without a state: where a plain camera app leads to, and refusals.

use std::borrow::Cow;

use maud::{Markup, html};

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
    document(section, "./".into(), main)
}

/// A heading and a sentence: why a page isn't shown, and where nothing is to be done. `root` as in [`Document`].
pub(super) fn notice(section: &Section, state: &str, root: Cow<'static, str>) -> Document {
    document(section, root, html! { main id="main" data-state=(state) { (opening(section)) } })
}

fn document(section: &Section, root: Cow<'static, str>, main: Markup) -> Document {
    let title = section.heading.to_owned();
    Document { title, organisation: None, root, has_forms: false, refresh: None, main }
}
