//! What several pages have in common.

use std::time::Duration;

use maud::{Markup, html};

use super::text::{Section, Text};

/// The heading of a page. The script moves the focus to it when it replaces the page's content.
pub(super) fn heading(text: &str) -> Markup {
    html! { h1 tabindex="-1" { (text) } }
}

/// A heading and the sentence that goes with it.
pub(super) fn opening(section: &Section) -> Markup {
    html! {
        (heading(section.heading))
        p class="lead" { (section.body) }
    }
}

/// A number to be typed on the phone: in groups for the eye, digit by digit for the ear.
pub(super) fn number(text: &Text, number: &str) -> Markup {
    html! {
        div data-secret {
            p class="number" {
                span class="unseen" { (text.number_label) ": " (spelt(number)) }
                span id="number" data-number=(number) aria-hidden="true" { (grouped(number)) }
            }
            p class="rule" { (text.number_rule) }
        }
    }
}

/// A value to be compared with the phone's, as it is there for the eye and character by character for the ear.
pub(super) fn check_value(value: &str) -> Markup {
    html! {
        p class="check-value" {
            span class="unseen" { (spelt(value)) }
            span id="check-value" aria-hidden="true" { (value) }
        }
    }
}

/// A QR code: dark on light whatever the colours of the page are.
pub(super) fn qr(source: &str, alt: &str) -> Markup {
    html! { img id="qr" data-secret src=(source) alt=(alt) width="264" height="264"; }
}

/// How long until something can be done again. The script counts it down and loads the page again at its end.
pub(super) fn wait(text: &Text, left: Duration) -> Markup {
    // A started second is waited for.
    let left = Duration::from_secs(left.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX));
    html! {
        span id="wait" role="timer" data-seconds=(left.as_secs()) { ((text.time_left)(left)) }
    }
}

/// The time left. The script counts it down; screen readers read it when they are asked to. At its end the script takes
/// away what is marked (`data-secret`), also while it can't load the page: secrets, and what can't be done any more.
pub(super) fn time_left(text: &Text, left: Duration) -> Markup {
    html! {
        p id="over" class="error" hidden { (text.over) }
        p class="time" {
            (text.time_left_label) " "
            span id="time-left" role="timer" data-seconds=(left.as_secs()) data-hurry=(text.hurry) {
                ((text.time_left)(left))
            }
        }
    }
}

/// The link to the QR in place of the number, or back. It is in the page's address which of them is shown.
pub(super) fn other_match(base: &str, scans: bool, scan: &str, type_it: &str) -> Markup {
    html! {
        @if scans {
            a data-secret href=(base) { (type_it) }
        } @else {
            a data-secret href=(format!("{base}?scan=1")) { (scan) }
        }
    }
}

/// A button that asks the service to do something.
pub(super) fn button(action: &str, label: &str) -> Markup {
    html! {
        form method="post" action=(action) data-secret { button class="quiet" type="submit" { (label) } }
    }
}

/// Digits in groups of three, or halves where that is even: `482 913`, `1234 5678`.
fn grouped(number: &str) -> String {
    let size = match number.len() {
        8 => 4,
        5.. => 3,
        _ => number.len().max(1),
    };
    let characters: Vec<char> = number.chars().collect();
    let groups: Vec<String> = characters.chunks(size).map(|group| group.iter().collect()).collect();
    groups.join("\u{a0}")
}

/// What a screen reader says character by character.
fn spelt(text: &str) -> String {
    let characters: Vec<String> =
        text.chars().filter(char::is_ascii_alphanumeric).map(String::from).collect();
    characters.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_for_the_eye_and_spelt_for_the_ear() {
        for (number, shown) in [
            ("42", "42"),
            ("4829", "4829"),
            ("48291", "482 91"),
            ("482913", "482 913"),
            ("12345678", "1234 5678"),
        ] {
            assert_eq!(grouped(number).replace('\u{a0}', " "), shown);
        }
        assert_eq!(spelt("K7QF-2MXD"), "K, 7, Q, F, 2, M, X, D");
    }
}
