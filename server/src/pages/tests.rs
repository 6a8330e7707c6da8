//! What holds for every page in every state.

use std::time::Duration;

use countersign_protocol::Id;

use super::document::{Document, Refresh};
use super::sign_in_view::{self, CodeError, Way};
use super::text::ENGLISH;
use super::{enrolment_view, plain};
use crate::page::{EnrolmentView, SignInView};
use crate::secret::SecretText;
use crate::store::enrolments::EnrolmentState;
use crate::store::sign_ins::{Push, SignInState};
use crate::time::Time;

const NOW: Time = Time::from_millis(1_800_000_000_000);

#[test]
fn every_page_has_one_heading_one_main_a_language_and_a_label_for_each_input() {
    for (name, page) in pages() {
        for (what, count) in [("<h1 ", 1), ("<main ", 1), ("<html lang=\"en\">", 1), ("role=\"status\"", 1)] {
            assert_eq!(page.matches(what).count(), count, "{what} in {name}");
        }
        let inputs = page.matches("<input ").count();
        assert_eq!(inputs, page.matches("<label for=").count(), "{name}");
        assert_eq!(page.matches("<img ").count(), page.matches(" alt=\"").count(), "{name}");
    }
}

#[test]
fn nothing_is_inline_and_nothing_comes_from_elsewhere() {
    for (name, page) in pages() {
        for inline in ["<style", " style=", " onclick=", " onload=", "javascript:"] {
            assert!(!page.contains(inline), "{inline} in {name}");
        }
        assert!(page.split("<script").skip(1).all(|script| script.contains(" defer></script>")), "{name}");
        for source in page.split("src=\"").skip(1) {
            assert!(source.starts_with("../") || source.starts_with("./"), "{name}");
        }
    }
}

#[test]
fn texts_from_outside_are_escaped() {
    let hostile = "<script>alert(1)</script>\"'&";
    let mut view = sign_in(SignInState::Pending);
    view.application = hostile.to_owned();
    view.place = Some(hostile.to_owned());
    view.organisation = hostile.to_owned();
    let mut joined = enrolment(EnrolmentState::AwaitingActivation);
    joined.device_name = Some(hostile.to_owned());
    let documents = [
        sign_in_view::document(&ENGLISH, &view, Way::Phone, NOW),
        enrolment_view::document(&ENGLISH, &joined, NOW),
    ];
    for document in documents {
        let page = document.render(&ENGLISH);
        assert!(!page.contains("<script>") && page.contains("&lt;script&gt;"));
    }
}

#[test]
fn a_sign_in_shows_what_its_policy_asks_for() {
    let page = |number: bool, scan: bool| {
        let mut view = sign_in(SignInState::Pending);
        view.number = view.number.filter(|_| number);
        view.match_link = view.match_link.filter(|_| scan);
        sign_in_view::document(&ENGLISH, &view, Way::Phone, NOW).render(&ENGLISH)
    };
    for (number, scan, shown) in [
        (true, true, (1, 1, 1)),
        (true, false, (1, 0, 0)),
        (false, true, (0, 1, 0)),
        (false, false, (0, 0, 0)),
    ] {
        let page = page(number, scan);
        let count = |what: &str| page.matches(what).count();
        assert_eq!((count("data-number=\"482913\""), count("id=\"qr\""), count("<details>")), shown);
    }
}

#[test]
fn only_pages_that_wait_listen_and_only_an_approved_one_leaves() {
    for state in SIGN_IN_STATES {
        let document = sign_in_view::document(&ENGLISH, &sign_in(state), Way::Phone, NOW);
        let page = document.render(&ENGLISH);
        assert_eq!(page.contains("data-events="), state == SignInState::Pending, "{state:?}");
        assert_eq!(page.contains("data-next="), state == SignInState::Approved, "{state:?}");
        let refresh = match state {
            SignInState::Pending => Some(Refresh::Again),
            SignInState::Approved => Some(Refresh::To("https://ward.example/back?state=1".to_owned())),
            _ => None,
        };
        assert_eq!(document.refresh, refresh, "{state:?}");
    }
    for state in ENROLMENT_STATES {
        let page = enrolment_view::document(&ENGLISH, &enrolment(state), NOW).render(&ENGLISH);
        assert_eq!(page.contains("data-events="), enrolment_view::is_open(state), "{state:?}");
    }
}

#[test]
fn a_sign_in_that_asks_no_phone_offers_the_code_alone_and_says_why() {
    for push in [Push::Limited, Push::Locked] {
        let mut view = sign_in(SignInState::Pending);
        (view.push, view.number, view.match_link) = (push, None, None);
        for way in [Way::Phone, Way::Code(None)] {
            let document = sign_in_view::document(&ENGLISH, &view, way, NOW);
            assert_eq!(document.refresh, None);
            let page = document.render(&ENGLISH);
            assert!(page.contains("id=\"code-form\"") && page.contains(ENGLISH.code.phone_rests));
            assert!(!page.contains(ENGLISH.code.use_phone) && !page.contains(ENGLISH.sign_in.use_code));
        }
    }
}

#[test]
fn a_form_that_is_being_filled_in_is_not_loaded_again() {
    let document = sign_in_view::document(&ENGLISH, &sign_in(SignInState::Pending), Way::Code(None), NOW);
    assert_eq!(document.refresh, None);
}

/// WCAG 2.2, success criteria 1.4.3 (text, 4.5) and 1.4.11 (what isn't text, 3).
#[test]
fn all_colours_have_enough_contrast_in_both_schemes() {
    let style = include_str!("assets/page.css");
    let schemes: Vec<&str> =
        style.split(":root {").skip(1).filter_map(|rest| rest.split('}').next()).collect();
    assert_eq!(schemes.len(), 2, "light and dark");
    for scheme in schemes {
        let luminance_of = |name: &str| {
            let (_, rest) = scheme.split_once(&format!("--{name}: #")).unwrap();
            let channel = |at: usize| {
                let value = f64::from(u8::from_str_radix(&rest[at..at + 2], 16).unwrap()) / 255.0;
                if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
            };
            0.0722f64.mul_add(channel(4), 0.2126f64.mul_add(channel(0), 0.7152 * channel(2)))
        };
        for (front, back, least) in [
            ("text", "ground", 7.0),
            ("text", "surface", 7.0),
            ("text", "soft", 7.0),
            ("muted", "ground", 4.5),
            ("muted", "surface", 4.5),
            ("accent", "surface", 4.5),
            ("accent", "soft", 4.5),
            ("on-accent", "accent", 4.5),
            ("good", "surface", 4.5),
            ("bad", "surface", 4.5),
            ("warn", "surface", 3.0),
        ] {
            let (front_light, back_light) = (luminance_of(front), luminance_of(back));
            let (light, dark) = (front_light.max(back_light), front_light.min(back_light));
            let ratio = (light + 0.05) / (dark + 0.05);
            assert!(ratio >= least, "{front} on {back}: {ratio:.2}");
        }
    }
}

const SIGN_IN_STATES: [SignInState; 7] = [
    SignInState::Pending,
    SignInState::Approved,
    SignInState::Denied,
    SignInState::Reported,
    SignInState::Failed,
    SignInState::Expired,
    SignInState::Cancelled,
];

const ENROLMENT_STATES: [EnrolmentState; 6] = [
    EnrolmentState::Pending,
    EnrolmentState::AwaitingActivation,
    EnrolmentState::Active,
    EnrolmentState::Failed,
    EnrolmentState::Expired,
    EnrolmentState::Cancelled,
];

fn pages() -> Vec<(String, String)> {
    let (landing, refusal) = (&ENGLISH.landing, &ENGLISH.refusal);
    let mut pages: Vec<(String, Document)> = vec![
        ("enrol".into(), plain::landing(&ENGLISH, &landing.enrol, &landing.enrol_steps)),
        ("match".into(), plain::landing(&ENGLISH, &landing.sign_in, &landing.sign_in_steps)),
        ("unknown".into(), plain::refusal(&refusal.unknown, "unknown", "../")),
        ("elsewhere".into(), plain::refusal(&refusal.elsewhere, "elsewhere", "../")),
        ("unavailable".into(), plain::refusal(&refusal.unavailable, "unavailable", "../")),
    ];
    for state in SIGN_IN_STATES {
        let document = sign_in_view::document(&ENGLISH, &sign_in(state), Way::Phone, NOW);
        pages.push((format!("sign-in-{}", state.as_str()), document));
    }
    let errors = [CodeError::Malformed, CodeError::Wrong, CodeError::Locked, CodeError::TooMany];
    for error in errors.map(Some).into_iter().chain([None]) {
        let way = Way::Code(error);
        let document = sign_in_view::document(&ENGLISH, &sign_in(SignInState::Pending), way, NOW);
        pages.push((format!("code-{}", error.map_or("form", CodeError::as_str)), document));
    }
    for state in ENROLMENT_STATES {
        let document = enrolment_view::document(&ENGLISH, &enrolment(state), NOW);
        pages.push((format!("enrolment-{}", enrolment_view::state_name(state)), document));
    }
    pages.into_iter().map(|(name, document)| (name, document.render(&ENGLISH))).collect()
}

fn sign_in(state: SignInState) -> SignInView {
    let waits = state == SignInState::Pending;
    SignInView {
        id: Id::from_bytes([7; 16]),
        organisation: "Leeds Teaching Hospitals".to_owned(),
        application: "Ward portal".to_owned(),
        user: "ada.okafor@leeds.example".to_owned(),
        place: Some("Leeds".to_owned()),
        ip: Some("192.0.2.7".to_owned()),
        browser: Some("Firefox on Windows".to_owned()),
        state,
        push: Push::Asked,
        expires: NOW + Duration::from_secs(118),
        number: waits.then(|| SecretText::new("482913".to_owned())),
        match_link: waits.then(|| SecretText::new("https://approve.example/match#c=x&s=y".to_owned())),
        return_url: Some("https://ward.example/back?state=1".to_owned()),
    }
}

fn enrolment(state: EnrolmentState) -> EnrolmentView {
    let waits = state == EnrolmentState::AwaitingActivation;
    let link = |path: &str| SecretText::new(format!("https://approve.example/{path}#a=b&c=d"));
    EnrolmentView {
        id: Id::from_bytes([7; 16]),
        organisation: "Leeds Teaching Hospitals".to_owned(),
        user: "ada.okafor@leeds.example".to_owned(),
        display_name: Some("Ada Okafor".to_owned()),
        state,
        expires: NOW + Duration::from_secs(582),
        link: (state == EnrolmentState::Pending).then(|| link("enrol")),
        check_value: Some("K7QF-2MXD".to_owned()),
        device_name: Some("Ada’s phone".to_owned()),
        number: waits.then(|| SecretText::new("482913".to_owned())),
        match_link: waits.then(|| link("match")),
    }
}
