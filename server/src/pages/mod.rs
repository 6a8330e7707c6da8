//! The hosted pages: enrolment, sign-in, and where plain camera apps lead to.
//!
//! They are written on the server and work without JavaScript, which only makes them quicker: a script listens to the
//! page's events and, when the state has changed, loads the page again and takes over its `<main>`. So there is one
//! way in which a state becomes a page. What is chosen on a page is in its address, so that loading it again keeps it.
//!
//! | module | what is in it |
//! |---|---|
//! | `routes`, `entry`, `origin`, `reply` | requests, who may see a page and post its forms, responses |
//! | `events` | server-sent events: the state, each time that it changes |
//! | `sign_in_view`, `enrolment_view`, `openid`, `plain` | a state as HTML |
//! | `document`, `parts` | the frame, and what pages have in common |
//! | `text` | every sentence |
//! | `qr`, `assets` | pictures, style sheet, script |

mod assets;
mod document;
mod enrolment_view;
pub(crate) mod entry;
mod events;
pub(crate) mod openid;
pub(crate) mod origin;
mod parts;
mod plain;
mod qr;
mod reply;
mod routes;
mod sign_in_view;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use routes::{not_found, router};
