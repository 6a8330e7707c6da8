//! A browser as far as a page of the service needs one: it keeps the cookie, and shows text and pictures.

use std::time::{Duration, Instant};

use reqwest::header::{COOKIE, HeaderMap, SET_COOKIE};
use reqwest::{Client, Url};

use crate::{Failure, http_client};

/// A page of the service, as it was last loaded.
pub struct Page {
    client: Client,
    url: Url,
    cookie: String,
    html: String,
}

impl Page {
    /// Opens the page for the first time; the service then knows this browser by its cookie.
    ///
    /// # Errors
    ///
    /// When the service refuses, or can't be reached.
    pub async fn open(url: &str) -> Result<Self, Failure> {
        let mut page =
            Self { client: http_client(), url: url.parse()?, cookie: String::new(), html: String::new() };
        page.load().await?;
        Ok(page)
    }

    /// Loads it again until it is in `state`.
    ///
    /// # Errors
    ///
    /// When it isn't after five seconds.
    pub async fn reload_until(mut self, state: &str) -> Result<Self, Failure> {
        let wanted = format!("data-state=\"{state}\"");
        let end = Instant::now() + Duration::from_secs(5);
        while !self.html.contains(&wanted) {
            if Instant::now() > end {
                return Err(format!("the page did not come to say {state}").into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            self.load().await?;
        }
        Ok(self)
    }

    /// The number that a person reads off the page.
    ///
    /// # Errors
    ///
    /// When it shows none.
    pub fn number(&self) -> Result<String, Failure> {
        Ok(between(&self.html, "data-number=\"", "\"").ok_or("the page shows no number")?.to_owned())
    }

    /// The text of the element with this id.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn text(&self, id: &str) -> Result<&str, Failure> {
        let missing = || format!("the page has no {id}");
        let (_, rest) = self.html.split_once(&format!("id=\"{id}\"")).ok_or_else(missing)?;
        Ok(between(rest, ">", "<").ok_or_else(missing)?.trim())
    }

    /// The bytes of the picture with this id.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub async fn picture(&self, id: &str) -> Result<Vec<u8>, Failure> {
        let missing = || format!("the page has no picture {id}");
        let (_, rest) = self.html.split_once(&format!("id=\"{id}\"")).ok_or_else(missing)?;
        let source = between(rest, "src=\"", "\"").ok_or_else(missing)?.replace("&amp;", "&");
        let response = self.client.get(self.url.join(&source)?).header(COOKIE, &self.cookie).send().await?;
        Ok(response.error_for_status()?.bytes().await?.to_vec())
    }

    async fn load(&mut self) -> Result<(), Failure> {
        let response = self.client.get(self.url.clone()).header(COOKIE, &self.cookie).send().await?;
        self.take_cookie(response.headers());
        // The first visit may send the browser on, to an address without the page's key.
        if let Some(location) = response.headers().get("location") {
            self.url = self.url.join(location.to_str()?)?;
            return Box::pin(self.load()).await;
        }
        self.html = response.error_for_status()?.text().await?;
        Ok(())
    }

    fn take_cookie(&mut self, headers: &HeaderMap) {
        if let Some(cookie) = headers.get(SET_COOKIE).and_then(|cookie| cookie.to_str().ok()) {
            self.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        }
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    Some(text.split_once(before)?.1.split_once(after)?.0)
}
