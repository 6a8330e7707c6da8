//! A browser without JavaScript: it keeps cookies by host and path, follows redirects from site to site, and presses the
//! button of a form that is to be posted.

use std::collections::BTreeMap;

use countersign_tests::Failure;
use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, StatusCode};
use url::{Url, form_urlencoded};

/// The cookies and the page of one person.
pub(crate) struct Browser {
    client: Client,
    cookies: BTreeMap<(String, String, String), String>,
}

/// A page, or the request that a browser would have sent to a site that isn't there.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) url: Url,
    pub(crate) status: StatusCode,
    pub(crate) html: String,
    /// The fields that were posted to it.
    pub(crate) form: Option<Vec<(String, String)>>,
}

impl Browser {
    pub(crate) fn new() -> Result<Self, Failure> {
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { client, cookies: BTreeMap::new() })
    }

    /// Opens an address and follows it, as far as to `stop`, which isn't asked.
    pub(crate) async fn open(&mut self, address: &str, stop: Option<&str>) -> Result<Page, Failure> {
        self.go(address.parse()?, None, stop).await
    }

    /// Presses the button of the only form of a page that leads to another site.
    pub(crate) async fn submit(&mut self, page: &Page, stop: Option<&str>) -> Result<Page, Failure> {
        let action =
            between(&page.html, "<form id=\"answer\" method=\"post\" action=\"", "\"").ok_or("no form")?;
        let mut fields = Vec::new();
        for input in page.html.split("<input type=\"hidden\"").skip(1) {
            let value = |name: &str| between(input, &format!("{name}=\""), "\"").map(unescape);
            fields.push((value("name").ok_or("no name")?, value("value").ok_or("no value")?));
        }
        self.go(unescape(action).parse()?, Some(fields), stop).await
    }

    /// Types the name of the person who signs in.
    pub(crate) async fn type_name(&mut self, page: &Page, name: &str) -> Result<Page, Failure> {
        let action = between(&page.html, "<form id=\"name-form\" method=\"post\" action=\"", "\"");
        let action = action.ok_or_else(|| format!("no name is asked for: {}", page.html))?;
        let fields = vec![("name".to_owned(), name.to_owned())];
        self.go(page.url.join(&unescape(action))?, Some(fields), None).await
    }

    async fn go(
        &mut self,
        mut url: Url,
        mut form: Option<Vec<(String, String)>>,
        stop: Option<&str>,
    ) -> Result<Page, Failure> {
        for _ in 0..12 {
            if stop.is_some_and(|stop| url.as_str().starts_with(stop)) {
                return Ok(Page { url, status: StatusCode::OK, html: String::new(), form });
            }
            let mut request = match &form {
                None => self.client.get(url.clone()),
                Some(fields) => {
                    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
                    self.client
                        .post(url.clone())
                        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                        .body(body)
                }
            };
            let host = url.host_str().unwrap_or_default().to_owned();
            let sent: Vec<String> = self
                .cookies
                .iter()
                .filter(|((of, path, _), _)| *of == host && url.path().starts_with(path.as_str()))
                .map(|((_, _, name), value)| format!("{name}={value}"))
                .collect();
            if !sent.is_empty() {
                request = request.header(COOKIE, sent.join("; "));
            }
            let response = request.send().await?;
            for cookie in response.headers().get_all(SET_COOKIE) {
                let (pair, rest) = cookie.to_str()?.split_once(';').unwrap_or((cookie.to_str()?, ""));
                let (name, value) = pair.split_once('=').ok_or("a cookie without a value")?;
                let attribute = |wanted: &str| {
                    rest.split(';').find_map(|it| {
                        let (name, value) = it.trim().split_once('=')?;
                        name.eq_ignore_ascii_case(wanted).then(|| value.to_owned())
                    })
                };
                let path = attribute("path").unwrap_or_else(|| "/".to_owned());
                let key = (host.clone(), path, name.to_owned());
                // As far as relying parties take cookies away: with no value, or a time that is over.
                if value.is_empty() || attribute("max-age").is_some_and(|age| age.starts_with(['0', '-'])) {
                    self.cookies.remove(&key);
                } else {
                    self.cookies.insert(key, value.to_owned());
                }
            }
            let status = response.status();
            match response.headers().get(LOCATION) {
                Some(location) if status.is_redirection() => {
                    url = url.join(location.to_str()?)?;
                    form = None;
                }
                _ => return Ok(Page { status, html: response.text().await?, url, form }),
            }
        }
        Err(format!("the browser is sent in circles: {url}").into())
    }
}

impl Page {
    /// The number on a sign-in page.
    pub(crate) fn number(&self) -> Result<&str, Failure> {
        let number = between(&self.html, "data-number=\"", "\"");
        number.ok_or_else(|| format!("{} shows no number: {} {}", self.url, self.status, self.html).into())
    }

    /// Where a sign-in page leads back to.
    pub(crate) fn back(&self) -> Result<String, Failure> {
        let link =
            between(&self.html, "<a class=\"button\" href=\"", "\"").ok_or("the page leads nowhere")?;
        Ok(self.url.join(&unescape(link))?.to_string())
    }
}

fn unescape(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    Some(text.split_once(before)?.1.split_once(after)?.0)
}
