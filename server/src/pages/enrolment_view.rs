//! The enrolment page in each of its states, as a function of what is to be shown.

use maud::{Markup, html};

use super::document::{Document, Refresh};
use super::parts::{button, check_value, heading, number, opening, other_match, qr, time_left};
use super::text::{Section, Text};
use crate::page::EnrolmentView;
use crate::store::enrolments::EnrolmentState;
use crate::time::Time;

/// The page as it stands at `now`; `scans` shows the QR of the activation in place of the number.
pub(super) fn document(text: &Text, view: &EnrolmentView, scans: bool, now: Time) -> Document {
    let page = Page { text, view, base: format!("../enrolments/{}", view.id), scans, now };
    let said = &text.enrolment;
    let (title, content) = match view.state {
        EnrolmentState::Pending => (said.heading.to_owned(), page.waiting()),
        EnrolmentState::AwaitingActivation => (said.joined.to_owned(), page.joined()),
        EnrolmentState::Active => page.enrolled(),
        EnrolmentState::Failed => page.ended(&said.failed),
        EnrolmentState::Denied => page.ended(&said.denied),
        EnrolmentState::Reported => page.ended(&said.reported),
        EnrolmentState::Expired => page.ended(&said.expired),
        EnrolmentState::Cancelled => page.ended(&said.cancelled),
    };
    let waits = is_open(view.state);
    let next = view.return_url.as_ref().filter(|_| view.state == EnrolmentState::Active);
    let refresh = if waits { Some(Refresh::Again) } else { next.cloned().map(Refresh::To) };
    let main = html! {
        main id="main" class="enrolment" data-state=(state_name(view.state)) data-next=[next]
            data-events=[waits.then(|| format!("{}/events", page.base))] {
            (content)
        }
    };
    Document {
        title,
        organisation: Some(view.organisation.clone()),
        root: "../".into(),
        has_forms: true,
        refresh,
        main,
    }
}

/// What the page calls a state.
pub(super) const fn state_name(state: EnrolmentState) -> &'static str {
    match state {
        EnrolmentState::Pending => "waiting",
        EnrolmentState::AwaitingActivation => "joined",
        EnrolmentState::Active => "enrolled",
        EnrolmentState::Failed => "failed",
        EnrolmentState::Denied => "denied",
        EnrolmentState::Reported => "reported",
        EnrolmentState::Expired => "expired",
        EnrolmentState::Cancelled => "cancelled",
    }
}

/// Whether a page in this state waits for news.
pub(super) const fn is_open(state: EnrolmentState) -> bool {
    matches!(state, EnrolmentState::Pending | EnrolmentState::AwaitingActivation)
}

struct Page<'a> {
    text: &'a Text,
    view: &'a EnrolmentView,
    /// Relative address of the enrolment.
    base: String,
    /// Whether the QR is chosen in place of the number.
    scans: bool,
    now: Time,
}

impl Page<'_> {
    fn waiting(&self) -> Markup {
        let said = &self.text.enrolment;
        html! {
            (heading(said.heading))
            p class="lead" { ((said.account)(self.view.display_name.as_ref().unwrap_or(&self.view.user))) }
            div class="beside" data-secret {
                div {
                    ol class="steps" {
                        @for step in said.steps {
                            li { (step) }
                        }
                    }
                    p class="rule" { (said.qr_rule) }
                }
                div class="picture" {
                    @if let Some(link) = &self.view.link {
                        // Shown where there is a touch screen and no mouse: a phone can't scan its own screen.
                        a class="button on-phone" href=(link.expose()) { (said.open_here) }
                    }
                    (qr(&format!("{}/qr.png", self.base), said.qr_alt))
                }
            }
            (self.foot(said.cancel))
        }
    }

    fn joined(&self) -> Markup {
        let said = &self.text.enrolment;
        html! {
            (heading(said.joined))
            @if let Some(name) = &self.view.device_name {
                p class="lead" { ((said.joined_device)(name)) }
            }
            ol class="steps" data-secret {
                li {
                    strong { (said.compare.heading) }
                    @if let Some(value) = &self.view.check_value {
                        (check_value(value))
                    }
                    (said.compare.body)
                }
                li {
                    @match (&self.view.number, &self.view.match_link) {
                        (Some(digits), link) if link.is_none() || !self.scans => {
                            (said.type_number)
                            (number(self.text, digits.expose()))
                        }
                        (_, Some(_)) => {
                            (said.scan_below)
                            div class="picture" { (self.match_picture()) }
                        }
                        (_, None) => {}
                    }
                }
            }
            @if self.view.number.is_some() && self.view.match_link.is_some() {
                p class="choice" { (other_match(&self.base, self.scans, said.scan_instead, said.type_instead)) }
            }
            (self.foot(said.not_mine))
        }
    }

    fn enrolled(&self) -> (String, Markup) {
        let said = &self.text.enrolment;
        let title = (said.enrolled)(self.view.device_name.as_deref().unwrap_or_default());
        let content = html! {
            (heading(&title))
            p class="lead" { (said.enrolled_body) }
            @match &self.view.return_url {
                Some(address) => p { a class="button" href=(address) { (said.go_on) } },
                None => p { (said.enrolled_next) },
            }
        };
        (title, content)
    }

    fn ended(&self, section: &Section) -> (String, Markup) {
        let content = html! {
            (opening(section))
            @match &self.view.return_url {
                Some(address) => p { a class="button" href=(address) { (self.text.enrolment.go_back) } },
                None => p { (self.text.enrolment.new_code) },
            }
        };
        (section.heading.to_owned(), content)
    }

    fn match_picture(&self) -> Markup {
        qr(&format!("{}/match.png", self.base), self.text.enrolment.scan_alt)
    }

    fn foot(&self, stop: &str) -> Markup {
        html! {
            div class="foot" {
                (time_left(self.text, self.view.expires.since(self.now)))
                (button(&format!("{}/cancel", self.base), stop))
            }
        }
    }
}
