//! Server-sent events of a page: its state at once, and again each time that it changes.
//!
//! An event is only the state's name. The script compares it with the page's and loads the page if they differ, so
//! that nothing secret is in an event, and one that is missed does no harm.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderName, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::enrolment_view;
use crate::app::App;
use crate::hub::{Subscription, Waiting};
use crate::keys::PageKind;
use crate::page::Page;
use crate::refusal::Refusal;
use crate::store::sign_ins::SignInState;
use crate::time::Time;

/// Streams that one page may have open: a few tabs of one browser.
const MAX_STREAMS: u32 = 8;
/// Well below the minute after which proxies close a connection that is silent.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The page's events, until it has reached its last state or the service stops.
pub(super) fn stream(app: Arc<App>, kind: PageKind, page: Page) -> Response {
    let subscription = page.subscribe(&app);
    let Some(waiting) = subscription.wait_as_one_of(MAX_STREAMS) else {
        return StatusCode::TOO_MANY_REQUESTS.into_response();
    };
    let listener = Listener { app, kind, page, subscription, last: None, over: false, _waiting: waiting };
    let events = stream::unfold(listener, async |mut listener| {
        let state = listener.next().await?;
        Some((Ok::<_, Infallible>(Event::default().data(state)), listener))
    });
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        // Asks nginx and its kin not to collect events before they pass them on.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT))).into_response()
}

struct Listener {
    app: Arc<App>,
    kind: PageKind,
    page: Page,
    subscription: Subscription,
    /// The last state that was sent.
    last: Option<&'static str>,
    /// Whether that was the last one of all.
    over: bool,
    _waiting: Waiting,
}

struct Current {
    state: &'static str,
    /// When it changes by itself; none for a last state.
    until: Option<Time>,
}

impl Listener {
    async fn next(&mut self) -> Option<&'static str> {
        while !self.over && !self.app.hub.is_closing() {
            // A database that can't be read ends the stream; the browser connects again by itself.
            let Current { state, until } = self.current().await.ok()?;
            self.over = until.is_none();
            if self.last != Some(state) {
                self.last = Some(state);
                return Some(state);
            }
            self.page.changed(&self.app, &mut self.subscription, until?).await;
        }
        None
    }

    async fn current(&self) -> Result<Current, Refusal> {
        match self.kind {
            PageKind::SignIn => {
                let view = self.page.sign_in(&self.app).await?;
                let until = (view.state == SignInState::Pending).then_some(view.expires);
                Ok(Current { state: view.state.as_str(), until })
            }
            PageKind::Enrolment => {
                let view = self.page.enrolment(&self.app).await?;
                let until = enrolment_view::is_open(view.state).then_some(view.expires);
                Ok(Current { state: enrolment_view::state_name(view.state), until })
            }
        }
    }
}
