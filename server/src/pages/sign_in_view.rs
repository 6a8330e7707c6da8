//! The sign-in page in each of its states, as a function of what is to be shown.

use maud::{Markup, html};

use super::document::{Document, Refresh};
use super::parts::{button, heading, number, opening, other_match, qr, time_left, wait};
use super::text::{Section, Text};
use crate::page::SignInView;
use crate::refusal::Refusal;
use crate::store::sign_ins::{Method, Push, SignInState};
use crate::time::Time;

/// Which way the page offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Approve on the phone, by the QR in place of the number if `scans`.
    Phone { scans: bool },
    /// Type a one-time code, after this error with the last one.
    Code(Option<CodeError>),
}

/// What was wrong with a one-time code. The page's address carries it from the form to the page, so that a page may be
/// loaded again without sending the code again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CodeError {
    Malformed,
    Wrong,
    Used,
    Next,
    Locked,
    TooMany,
    Unavailable,
}

impl Way {
    /// What is left if no phone was asked.
    const fn without_phone(self) -> Self {
        match self {
            Self::Phone { .. } => Self::Code(None),
            Self::Code(_) => self,
        }
    }

    /// As in [`Document`].
    pub(super) const fn root(self) -> &'static str {
        match self {
            Self::Phone { .. } => "../",
            Self::Code(_) => "../../",
        }
    }
}

impl CodeError {
    /// None if there is no point in another code, since the sign-in has ended.
    pub(super) const fn of(refusal: Refusal) -> Option<Self> {
        match refusal {
            Refusal::Ended => None,
            Refusal::Invalid(_) => Some(Self::Malformed),
            Refusal::WrongCode => Some(Self::Wrong),
            Refusal::UsedCode => Some(Self::Used),
            Refusal::NextCode => Some(Self::Next),
            Refusal::Locked(_) => Some(Self::Locked),
            Refusal::TooManyCodes => Some(Self::TooMany),
            _ => Some(Self::Unavailable),
        }
    }

    /// As the page's address has it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Wrong => "wrong",
            Self::Used => "used",
            Self::Next => "next",
            Self::Locked => "locked",
            Self::TooMany => "too_many",
            Self::Unavailable => "unavailable",
        }
    }
}

/// The page as it stands at `now`.
pub(super) fn document(text: &Text, view: &SignInView, way: Way, now: Time) -> Document {
    let root = way.root();
    let page = Page { text, view, base: format!("{root}sign-ins/{}", view.id), now };
    let said = &text.sign_in;
    let shown = if view.push == Push::Asked { way } else { way.without_phone() };
    let (title, content) = match (view.state, shown) {
        (SignInState::Pending, Way::Phone { scans }) => (said.heading.to_owned(), page.phone(scans)),
        (SignInState::Pending, Way::Code(error)) => (page.code_title(error), page.code(error)),
        (SignInState::Approved, _) => (said.approved.heading.to_owned(), page.approved()),
        (SignInState::Denied, _) => page.ended(&said.denied),
        (SignInState::Reported, _) => page.ended(&said.reported),
        (SignInState::Failed, _) => page.ended(&said.failed),
        (SignInState::Expired, _) => page.ended(&said.expired),
        (SignInState::Cancelled, _) => page.ended(&said.cancelled),
    };
    let waits = view.state == SignInState::Pending;
    let next = view.return_url.as_ref().filter(|_| view.state == SignInState::Approved);
    let refresh = match shown {
        // Loading the form again would take away what is being typed.
        Way::Code(_) if waits && page.takes_code() => None,
        _ if waits => Some(Refresh::Again),
        _ => next.map(|address| Refresh::To(address.clone())),
    };
    let main = html! {
        main id="main" class="sign-in" data-state=(view.state.as_str())
            data-waits=[(waits && !page.takes_code()).then_some("code")]
            data-events=[waits.then(|| format!("{}/events", page.base))] data-next=[next] {
            (content)
        }
    };
    let organisation = Some(view.organisation.clone());
    Document { title, organisation, root: root.into(), has_forms: true, refresh, main }
}

struct Page<'a> {
    text: &'a Text,
    view: &'a SignInView,
    /// Relative address of the sign-in.
    base: String,
    now: Time,
}

impl Page<'_> {
    fn phone(&self, scans: bool) -> Markup {
        let said = &self.text.sign_in;
        let picture = || qr(&format!("{}/match.png", self.base), said.qr_alt);
        html! {
            (heading(said.heading))
            (self.details())
            ol class="steps" data-secret {
                li { (said.open_app) }
                li {
                    @match (&self.view.number, &self.view.match_link) {
                        (Some(digits), link) if link.is_none() || !scans => {
                            (said.type_number)
                            (number(self.text, digits.expose()))
                        }
                        (Some(_), Some(_)) => {
                            (said.scan_how)
                            div class="picture" { (picture()) }
                        }
                        (None, Some(_)) => {
                            (said.scan_below)
                            div class="picture" { (picture()) }
                        }
                        (_, None) => (said.just_approve),
                    }
                }
            }
            @if self.view.number.is_some() && self.view.match_link.is_some() {
                p class="choice" { (other_match(&self.base, scans, said.scan_instead, said.type_instead)) }
            }
            (self.foot(self.may_take_code().then_some((&format!("{}/code", self.base), said.use_code))))
        }
    }

    /// Whether a code can be typed now.
    fn takes_code(&self) -> bool {
        self.view.has_code_tries && self.view.code_wait.is_none()
    }

    /// Whether a code can be typed before this sign-in ends.
    fn may_take_code(&self) -> bool {
        self.view.has_code_tries && self.view.code_wait.is_none_or(|until| until < self.view.expires)
    }

    fn code_title(&self, error: Option<CodeError>) -> String {
        let said = &self.text.code;
        match error {
            Some(_) => format!("{}: {}", said.error_title, said.heading),
            None => said.heading.to_owned(),
        }
    }

    fn code(&self, error: Option<CodeError>) -> Markup {
        let said = &self.text.code;
        let asks_phone = self.view.push == Push::Asked;
        let error = error.map(|error| match error {
            CodeError::Malformed => said.malformed,
            CodeError::Wrong => said.wrong,
            CodeError::Used => said.used,
            CodeError::Next => said.next,
            // The wait is over: see `no_code`.
            CodeError::Locked | CodeError::TooMany => said.again,
            CodeError::Unavailable => said.unavailable,
        });
        html! {
            (heading(said.heading))
            @if !asks_phone && self.view.push != Push::Excluded {
                p class="lead" { (said.phone_rests) }
            } @else if self.takes_code() {
                p class="lead" { (said.where_from) }
            }
            (self.details())
            @if self.takes_code() { (self.code_form(error)) } @else { (self.no_code()) }
            (self.foot(asks_phone.then_some((self.base.as_str(), said.use_phone))))
        }
    }

    fn code_form(&self, error: Option<&str>) -> Markup {
        let said = &self.text.code;
        html! {
            form id="code-form" method="post" action=(format!("{}/code", self.base)) novalidate data-secret {
                label for="code" { (said.label) }
                p id="code-hint" class="hint" { (said.hint) }
                @if let Some(error) = error {
                    p id="code-error" class="error" { (error) }
                }
                div class="entry" {
                    input id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" maxlength="12"
                        autocorrect="off" spellcheck="false" required autofocus aria-invalid=[error.map(|_| "true")]
                        aria-describedby=(if error.is_some() { "code-error code-hint" } else { "code-hint" });
                    button type="submit" { (said.submit) }
                }
            }
        }
    }

    /// Why no code can be typed now, and when one can.
    fn no_code(&self) -> Markup {
        let (said, view) = (&self.text.code, self.view);
        html! {
            p id="code-error" class="error" {
                @match view.code_wait.filter(|_| view.has_code_tries) {
                    Some(until) => {
                        (said.locked) " " (wait(self.text, until.since(self.now))) "."
                        @if !self.may_take_code() { " " (said.locked_for_longer) }
                    }
                    None if !view.methods.contains(Method::Code) => (said.phone_only),
                    None => (said.too_many),
                }
            }
        }
    }

    fn approved(&self) -> Markup {
        let said = &self.text.sign_in;
        html! {
            (opening(&said.approved))
            @match &self.view.return_url {
                Some(address) => {
                    p { ((said.going_back)(&self.view.application)) }
                    p { a class="button" href=(address) { ((said.continue_to)(&self.view.application)) } }
                }
                None => p { (said.close_window) },
            }
        }
    }

    fn ended(&self, section: &Section) -> (String, Markup) {
        let said = &self.text.sign_in;
        let content = html! {
            (opening(section))
            p { ((said.start_again)(&self.view.application)) }
            @if let Some(address) = &self.view.return_url {
                p { a class="button" href=(address) { ((said.back_to)(&self.view.application)) } }
            }
        };
        (section.heading.to_owned(), content)
    }

    /// What the phone shows as well: who asks, for whom, from where.
    fn details(&self) -> Markup {
        let said = &self.text.sign_in;
        let view = self.view;
        let from: Vec<&str> =
            [&view.place, &view.ip, &view.browser].into_iter().flatten().map(String::as_str).collect();
        html! {
            dl {
                div { dt { (said.application) } dd { (view.application) } }
                div { dt { (said.user) } dd { (view.user) } }
                @if !from.is_empty() {
                    div { dt { (said.place) } dd { (from.join(" · ")) } }
                }
            }
        }
    }

    /// The time left, the address and name of the other way if there is one, and the way out.
    fn foot(&self, other_way: Option<(&str, &str)>) -> Markup {
        html! {
            div class="foot" {
                (time_left(self.text, self.view.expires.since(self.now)))
                @if let Some((address, label)) = other_way {
                    a data-secret href=(address) { (label) }
                }
                (button(&format!("{}/cancel", self.base), self.text.sign_in.cancel))
            }
            @if self.view.may_be_new {
                details class="new-here" {
                    summary { (self.text.sign_in.no_phone.heading) }
                    p { (self.text.sign_in.no_phone.body) }
                }
            }
        }
    }
}
