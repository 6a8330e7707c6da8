//! Pages of the OpenID door: who signs in, an answer that is posted back, and why there is none.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};

use super::document::{Document, Refresh};
use super::parts::{heading, opening, wait};
use super::plain;
use super::reply::{refuse, show, show_posting};
use super::text::{ENGLISH, Section};
use crate::refusal::Refusal;

/// Why an authorization request is answered by a page: there is no address that its answer can be trusted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Untrusted {
    /// No client of this identifier can be used.
    Client,
    /// The redirect URI isn't one of the client's.
    RedirectUri,
    /// The request can't be read.
    Malformed,
}

/// What somebody sees who opens the endpoint itself.
pub(crate) fn endpoint() -> Response {
    show(StatusCode::OK, &plain::notice(&ENGLISH.openid.endpoint, "landing", "../".into()))
}

/// Why nothing is sent back. `detail` is for the person who sets the application up, and has nothing of the request.
pub(crate) fn untrusted(why: Untrusted, detail: &str) -> Response {
    let text = &ENGLISH.openid;
    let section = match why {
        Untrusted::Client => &text.unknown_client,
        Untrusted::RedirectUri => &text.return_address,
        Untrusted::Malformed => &text.malformed,
    };
    let main = html! {
        main id="main" data-state="refused" {
            (opening(section))
            p class="rule" { (text.for_administrators) " " (detail) }
        }
    };
    show(StatusCode::BAD_REQUEST, &document(section, "../", main))
}

/// Asks for the name of the person. `action` is where the form goes, with the request in it; `given` is what was typed, if
/// it is no name, or what the application suggests.
pub(crate) fn name(
    application: &str,
    organisation: &str,
    action: &str,
    given: &str,
    is_wrong: bool,
) -> Response {
    let text = &ENGLISH.openid;
    let main = html! {
        main id="main" data-state="name" {
            (opening(&text.name))
            dl { div { dt { (text.name_application) } dd { (application) } } }
            form id="name-form" method="post" action=(action) novalidate {
                label for="name" { (text.name_label) }
                p id="name-hint" class="hint" { (text.name_hint) }
                @if is_wrong {
                    p id="name-error" class="error" { (text.name_wrong) }
                }
                div class="entry" {
                    input id="name" name="name" type="text" autocomplete="username" maxlength="128" value=(given)
                        autocapitalize="none" autocorrect="off" spellcheck="false" required autofocus
                        aria-invalid=[is_wrong.then_some("true")]
                        aria-describedby=(if is_wrong { "name-error name-hint" } else { "name-hint" });
                    button type="submit" { (text.name_submit) }
                }
            }
        }
    };
    let title = if is_wrong {
        format!("{}: {}", ENGLISH.code.error_title, text.name.heading)
    } else {
        text.name.heading.to_owned()
    };
    let document = Document {
        title,
        organisation: Some(organisation.to_owned()),
        has_forms: true,
        ..document(&text.name, "../", main)
    };
    show(StatusCode::OK, &document)
}

/// Says that too many sign-ins were started from an address, and for how long none can be.
pub(crate) fn too_many(left: Duration) -> Response {
    let text = &ENGLISH.openid;
    let main = html! {
        main id="main" data-state="limited" {
            (opening(&text.too_many))
            p { (text.too_many_again) " " (wait(&ENGLISH, left)) "." }
        }
    };
    show(StatusCode::TOO_MANY_REQUESTS, &document(&text.too_many, "../", main))
}

/// What a browser sees that has the sign-in in another tab: its own cookie is on the way.
pub(crate) fn waiting() -> Response {
    let text = &ENGLISH.openid.waiting;
    let main = html! { main id="main" data-state="waiting" { (opening(text)) } };
    show(StatusCode::OK, &Document { refresh: Some(Refresh::Soon), ..document(text, "../../", main) })
}

/// The result has gone back already.
pub(crate) fn finished() -> Response {
    show(StatusCode::OK, &plain::notice(&ENGLISH.openid.finished, "finished", "../../".into()))
}

/// A page of a sign-in that isn't shown.
pub(crate) fn refused(refusal: Refusal) -> Response {
    refuse(refusal, "../../")
}

/// As [`refused`], for an address one level up.
pub(crate) fn refused_request(refusal: Refusal) -> Response {
    refuse(refusal, "../")
}

/// Posts an answer to the application (OAuth 2.0 Form Post Response Mode, section 2): by itself, or by a button.
pub(crate) fn post_back(root: &'static str, redirect_uri: &str, fields: &[(&str, String)]) -> Response {
    let text = &ENGLISH.openid;
    let main = html! {
        main id="main" data-state="posting" data-posts="answer" {
            (heading(text.posting.heading))
            p class="lead" { (text.posting.body) }
            (answer_form(redirect_uri, fields, text.post))
        }
    };
    let document = Document { has_forms: true, ..document(&text.posting, root, main) };
    show_posting(&document, scheme_of(redirect_uri))
}

/// Says that the application has stopped waiting. `approved` if that is all that was missing.
pub(crate) fn too_late(root: &'static str, approved: bool) -> Response {
    let text = if approved { &ENGLISH.openid.too_late_approved } else { &ENGLISH.openid.too_late };
    show(StatusCode::OK, &plain::notice(text, "too_late", root.into()))
}

/// Says that there is no phone to approve with. The application learns it when the person presses the button.
pub(crate) fn no_phone(
    root: &'static str,
    organisation: &str,
    redirect_uri: &str,
    fields: &[(&str, String)],
) -> Response {
    let text = &ENGLISH.openid.no_phone;
    let main = html! {
        main id="main" data-state="no_phone" {
            (opening(text))
            (answer_form(redirect_uri, fields, ENGLISH.enrolment.go_back))
        }
    };
    let organisation = Some(organisation.to_owned());
    let document = Document { organisation, has_forms: true, ..document(text, root, main) };
    show_posting(&document, scheme_of(redirect_uri))
}

fn answer_form(redirect_uri: &str, fields: &[(&str, String)], button: &str) -> Markup {
    html! {
        form id="answer" method="post" action=(redirect_uri) {
            @for (name, value) in fields {
                input type="hidden" name=(name) value=(value);
            }
            button type="submit" { (button) }
        }
    }
}

fn scheme_of(address: &str) -> &str {
    address.split_once(':').map_or("https", |(scheme, _)| scheme)
}

fn document(section: &Section, root: &'static str, main: Markup) -> Document {
    let title = section.heading.to_owned();
    Document { title, organisation: None, root: root.into(), has_forms: false, refresh: None, main }
}
