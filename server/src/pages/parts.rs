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
        p class="number" {
            span class="unseen" { (text.number_label) ": " (spelt(number)) }
            span id="number" data-number=(number) aria-hidden="true" { (grouped(number)) }
        }
        p class="rule" { (text.number_rule) }
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
    html! { img id="qr" src=(source) alt=(alt) width="264" height="264"; }
}

/// The time left. The script counts it down; screen readers read it when they are asked to.
pub(super) fn time_left(text: &Text, left: Duration) -> Markup {
    html! {
        p class="time" {
            (text.time_left_label) " "
            span id="time-left" role="timer" data-seconds=(left.as_secs()) data-hurry=(text.hurry) {
                ((text.time_left)(left))
            }
        }
    }
}

/// A button that asks the service to do something.
pub(super) fn button(action: &str, label: &str) -> Markup {
    html! {
        form method="post" action=(action) { button class="quiet" type="submit" { (label) } }
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
