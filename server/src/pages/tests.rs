//! What holds for every page in every state.

use std::time::Duration;

use countersign_protocol::Id;

use super::document::{Document, Refresh};
use super::sign_in_view::{self, CodeError, Way};
use super::text::ENGLISH;
use super::{enrolment_view, plain};
use crate::page::{EnrolmentView, SignInView};
use crate::secret::SecretText;
use crate::store::clients::Methods;
use crate::store::enrolments::EnrolmentState;
use crate::store::sign_ins::{Method, Push, SignInState};
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
            assert!(["../", "./", "/approve/"].iter().any(|root| source.starts_with(root)), "{name}");
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
        sign_in_view::document(&ENGLISH, &view, Way::Phone { scans: false }, NOW),
        enrolment_view::document(&ENGLISH, &joined, false, NOW),
    ];
    for document in documents {
        let page = document.render(&ENGLISH);
        assert!(!page.contains("<script>") && page.contains("&lt;script&gt;"));
    }
}

#[test]
fn a_sign_in_shows_what_its_policy_asks_for() {
    let page = |number: bool, scan: bool, scans: bool| {
        let mut view = sign_in(SignInState::Pending);
        view.number = view.number.filter(|_| number);
        view.match_link = view.match_link.filter(|_| scan);
        sign_in_view::document(&ENGLISH, &view, Way::Phone { scans }, NOW).render(&ENGLISH)
    };
    for (number, scan, chosen, shown) in [
        (true, true, false, (1, 0, 1)),
        (true, true, true, (0, 1, 1)),
        (true, false, false, (1, 0, 0)),
        (true, false, true, (1, 0, 0)),
        (false, true, false, (0, 1, 0)),
        (false, true, true, (0, 1, 0)),
        (false, false, false, (0, 0, 0)),
        (false, false, true, (0, 0, 0)),
    ] {
        let page = page(number, scan, chosen);
        let count = |what: &str| page.matches(what).count();
        let other = if chosen { ENGLISH.sign_in.type_instead } else { ENGLISH.sign_in.scan_instead };
        let found = (count("data-number=\"482913\""), count("id=\"qr\""), count(other));
        assert_eq!(found, shown, "{number} {scan} {chosen}");
    }
}

#[test]
fn only_pages_that_wait_listen_and_only_an_approved_one_leaves() {
    for state in SIGN_IN_STATES {
        let document = sign_in_view::document(&ENGLISH, &sign_in(state), Way::Phone { scans: false }, NOW);
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
        let page = enrolment_view::document(&ENGLISH, &enrolment(state), false, NOW).render(&ENGLISH);
        assert_eq!(page.contains("data-events="), enrolment_view::is_open(state), "{state:?}");
    }
}

#[test]
fn a_sign_in_that_asks_no_phone_offers_the_code_alone_and_says_why() {
    for push in [Push::Limited, Push::Locked] {
        let mut view = sign_in(SignInState::Pending);
        (view.push, view.number, view.match_link) = (push, None, None);
        for way in [Way::Phone { scans: false }, Way::Code(None)] {
            let document = sign_in_view::document(&ENGLISH, &view, way, NOW);
            assert_eq!(document.refresh, None);
            let page = document.render(&ENGLISH);
            assert!(page.contains("id=\"code-form\"") && page.contains(ENGLISH.code.phone_rests));
            assert!(!page.contains(ENGLISH.code.use_phone) && !page.contains(ENGLISH.sign_in.use_code));
        }
    }
}

#[test]
fn what_is_chosen_stays_when_the_page_is_loaded_again() {
    // The browser loads the same address again, and the choice is in it.
    let view = sign_in(SignInState::Pending);
    let document = sign_in_view::document(&ENGLISH, &view, Way::Phone { scans: true }, NOW);
    assert_eq!(document.refresh, Some(Refresh::Again));
    let page = document.render(&ENGLISH);
    assert!(page.contains("content=\"5\"") && page.contains("id=\"qr\""));
    let joined = enrolment(EnrolmentState::AwaitingActivation);
    let page = enrolment_view::document(&ENGLISH, &joined, true, NOW).render(&ENGLISH);
    assert!(page.contains("id=\"qr\"") && !page.contains("data-number"));
}

#[test]
fn a_wait_for_codes_is_the_real_one_and_nothing_is_offered_that_cannot_work() {
    let base = sign_in(SignInState::Pending);
    let page = |wait: Option<u64>, has_code_tries: bool, push: Push, way: Way| {
        let mut view = sign_in(SignInState::Pending);
        (view.push, view.has_code_tries) = (push, has_code_tries);
        view.code_wait = wait.map(|seconds| NOW + Duration::from_secs(seconds));
        let document = sign_in_view::document(&ENGLISH, &view, way, NOW);
        (document.render(&ENGLISH), document.refresh)
    };
    let code = Way::Code(Some(CodeError::Locked));
    for (wait, shown) in [(1, "0:01"), (30, "0:30"), (90, "1:30")] {
        let (text, refresh) = page(Some(wait), true, Push::Asked, code);
        assert!(text.contains(&format!("data-seconds=\"{wait}\">{shown}</span>")), "{wait}");
        assert!(!text.contains("<form id=\"code-form\"") && text.contains(ENGLISH.code.use_phone));
        assert!(!text.contains(ENGLISH.code.locked_for_longer) && text.contains("data-waits=\"code\""));
        assert_eq!(refresh, Some(Refresh::Again), "without JavaScript the form comes back");
    }
    // Beyond the end of this sign-in there is no point in waiting here, and the phone's page doesn't lead here.
    let beyond = base.expires.since(NOW).as_secs() + 1;
    let (text, _) = page(Some(beyond), true, Push::Asked, code);
    assert!(text.contains(ENGLISH.code.locked_for_longer));
    let phone = Way::Phone { scans: false };
    for (wait, tries, offered) in
        [(None, true, true), (Some(30), true, true), (Some(beyond), true, false), (None, false, false)]
    {
        let (text, _) = page(wait, tries, Push::Asked, phone);
        assert_eq!(text.contains(ENGLISH.sign_in.use_code), offered, "{wait:?} {tries}");
    }
    let (text, _) = page(Some(30), false, Push::Limited, code);
    assert!(text.contains(ENGLISH.code.too_many) && !text.contains("id=\"wait\""));
    assert!(!text.contains("<form id=\"code-form\"") && !text.contains(ENGLISH.code.use_phone));
    // Once it is over, the address may still say that there was one.
    let (text, refresh) = page(None, true, Push::Asked, code);
    assert!(text.contains("<form id=\"code-form\"") && !text.contains(ENGLISH.code.locked));
    assert_eq!(refresh, None);
}

#[test]
fn everything_that_is_worthless_after_its_time_is_marked_for_the_script() {
    let script = include_str!("assets/page.js");
    assert!(
        script.contains("[data-secret]") && script.contains("#over") && script.contains("offline.hidden")
    );
    for (name, page) in pages() {
        let secrets = [
            ("<div data-secret><p class=\"number\"", "class=\"number\""),
            ("id=\"qr\" data-secret", "id=\"qr\""),
        ];
        for (marked, secret) in secrets {
            assert_eq!(page.matches(marked).count(), page.matches(secret).count(), "{name}");
        }
        assert_eq!(page.matches("id=\"offline\"").count(), 1, "{name}");
        assert_eq!(page.contains("id=\"over\""), page.contains("id=\"time-left\""), "{name}");
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

const ENROLMENT_STATES: [EnrolmentState; 8] = [
    EnrolmentState::Pending,
    EnrolmentState::AwaitingActivation,
    EnrolmentState::Active,
    EnrolmentState::Failed,
    EnrolmentState::Denied,
    EnrolmentState::Reported,
    EnrolmentState::Expired,
    EnrolmentState::Cancelled,
];

#[test]
fn a_wrong_number_a_denial_and_a_report_of_an_activation_are_told_apart() {
    let said = [
        (EnrolmentState::Failed, "The number typed on the phone wasn’t the one"),
        (EnrolmentState::Denied, "The enrolment was denied on the phone."),
        (EnrolmentState::Reported, "The enrolment was reported from the phone"),
    ];
    for (state, own) in said {
        let page = enrolment_view::document(&ENGLISH, &enrolment(state), false, NOW).render(&ENGLISH);
        for (_, text) in said {
            assert_eq!(page.contains(text), text == own, "{}", state.as_str());
        }
    }
}

fn pages() -> Vec<(String, String)> {
    let (landing, refusal) = (&ENGLISH.landing, &ENGLISH.refusal);
    let mut pages: Vec<(String, Document)> = vec![
        ("enrol".into(), plain::landing(&ENGLISH, &landing.enrol, &landing.enrol_steps)),
        ("match".into(), plain::landing(&ENGLISH, &landing.sign_in, &landing.sign_in_steps)),
        ("home".into(), plain::notice(&landing.home, "landing", "./".into())),
        ("nowhere".into(), plain::notice(&refusal.unknown, "unknown", "/approve/".into())),
        ("unknown".into(), plain::notice(&refusal.unknown, "unknown", "../".into())),
        ("elsewhere".into(), plain::notice(&refusal.elsewhere, "elsewhere", "../".into())),
        ("refused".into(), plain::notice(&refusal.cross_origin, "refused", "../".into())),
        ("unavailable".into(), plain::notice(&refusal.unavailable, "unavailable", "../".into())),
    ];
    for state in SIGN_IN_STATES {
        let document = sign_in_view::document(&ENGLISH, &sign_in(state), Way::Phone { scans: false }, NOW);
        pages.push((format!("sign-in-{}", state.as_str()), document));
    }
    let errors = [
        CodeError::Malformed,
        CodeError::Wrong,
        CodeError::Used,
        CodeError::Next,
        CodeError::Locked,
        CodeError::TooMany,
        CodeError::Unavailable,
    ];
    for error in errors.map(Some).into_iter().chain([None]) {
        let way = Way::Code(error);
        let document = sign_in_view::document(&ENGLISH, &sign_in(SignInState::Pending), way, NOW);
        pages.push((format!("code-{}", error.map_or("form", CodeError::as_str)), document));
    }
    for state in ENROLMENT_STATES {
        let document = enrolment_view::document(&ENGLISH, &enrolment(state), false, NOW);
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
        code_wait: None,
        has_code_tries: true,
        methods: Methods::of(&[Method::Push, Method::Code]),
        may_be_new: false,
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
        return_url: None,
    }
}
