//! The frame of every page: head, header, the main part, footer.

use std::borrow::Cow;

use maud::{DOCTYPE, Markup, html};

use super::assets::{self, Asset};
use super::text::Text;

/// A page, ready to be framed.
pub(super) struct Document {
    pub(super) title: String,
    /// Who runs the service, where it is known.
    pub(super) organisation: Option<String>,
    /// Way from the page's address to the service's root, relative where that is known: pages work below any prefix that a
    /// proxy adds.
    pub(super) root: Cow<'static, str>,
    /// Whether its forms ask this service for something, so that its origin has to be told to it.
    pub(super) has_forms: bool,
    /// What a browser without JavaScript does by itself.
    pub(super) refresh: Option<Refresh>,
    /// The `<main>` element. The script replaces it when there is news.
    pub(super) main: Markup,
}

/// A refresh by the browser itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refresh {
    /// Load the page again.
    Again,
    /// Load it again after a second, with JavaScript as well.
    Soon,
    /// Go to another address.
    To(String),
}

impl Document {
    /// The whole page.
    pub(super) fn render(&self, text: &Text) -> String {
        let root = &self.root;
        let asset = |asset: &Asset| format!("{root}assets/{}", asset.name);
        let refresh = self.refresh.as_ref().map(|refresh| match refresh {
            Refresh::Again => "5".to_owned(),
            Refresh::Soon => "1".to_owned(),
            Refresh::To(address) => format!("2;url={address}"),
        });
        html! {
            (DOCTYPE)
            html lang=(text.lang) {
                head {
                    meta charset="utf-8";
                    title { (self.title) " – " (text.product) }
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="robots" content="noindex";
                    link rel="icon" type="image/svg+xml" href=(asset(&assets::ICON));
                    link rel="stylesheet" href=(asset(&assets::STYLE));
                    script src=(asset(&assets::SCRIPT)) defer {}
                    @if let Some(refresh) = refresh {
                        @if self.refresh == Some(Refresh::Soon) {
                            meta http-equiv="refresh" content=(refresh);
                        } @else {
                            noscript { meta http-equiv="refresh" content=(refresh); }
                        }
                    }
                }
                body {
                    header {
                        img class="mark" src=(asset(&assets::ICON)) alt="" width="28" height="28";
                        span class="product" { (text.product) }
                        @if let Some(organisation) = &self.organisation {
                            span class="organisation" { (organisation) }
                        }
                    }
                    // The script shows it while it can't load the page.
                    p id="offline" class="notice" role="alert" hidden { (text.offline) }
                    (self.main)
                    footer { p { (text.footer) } }
                    // Outside of what the script replaces, so that screen readers go on listening to it.
                    div id="status" class="unseen" role="status" {}
                }
            }
        }
        .into_string()
    }
}
