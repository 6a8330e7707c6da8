//! A person's browser, as far as this door needs one: it keeps cookies by their paths, follows redirects and posts forms.

use std::collections::BTreeMap;

use countersign_tests::http_client;
use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, RequestBuilder, StatusCode, Url};

use crate::stand_in::{Answer, Attempt};

/// A browser with the page that it shows.
pub(crate) struct Visitor {
    client: Client,
    /// By path.
    cookies: BTreeMap<String, String>,
    pub(crate) url: Url,
    pub(crate) status: StatusCode,
    pub(crate) html: String,
}

impl Visitor {
    /// A browser that Entra sends to the service with this request.
    pub(crate) async fn sent(service: &str, attempt: &Attempt) -> Self {
        let url: Url = format!("{service}/oidc/authorize").parse().unwrap();
        let mut visitor = Self {
            client: http_client(),
            cookies: BTreeMap::new(),
            url: url.clone(),
            status: StatusCode::OK,
            html: String::new(),
        };
        visitor.post(url, attempt).await;
        visitor
    }

    /// The same request again, from this browser.
    pub(crate) async fn post_again(&mut self, attempt: &Attempt) {
        let url = self.url.join("/oidc/authorize").unwrap();
        self.post(url, attempt).await;
    }

    async fn post(&mut self, url: Url, attempt: &Attempt) {
        // No cookie goes with a form of another site.
        let request = self.form_of(&url, &attempt.form).header("sec-fetch-site", "cross-site");
        self.load(request, url).await;
    }

    pub(crate) async fn get(&mut self, path: &str) {
        let url = self.url.join(path).unwrap();
        let request = self.client.get(url.clone()).header(COOKIE, self.cookies_for(&url));
        self.load(request, url).await;
    }

    /// Types a one-time code.
    pub(crate) async fn submit_code(&mut self, code: &str) {
        self.press("code", &[("code", code)]).await;
    }

    /// Presses the button that cancels.
    pub(crate) async fn cancel(&mut self) {
        self.press("cancel", &[]).await;
    }

    async fn press(&mut self, button: &str, form: &[(&str, &str)]) {
        let url: Url = format!("{}/{button}", self.url).parse().unwrap();
        let request = self.form_of(&url, form.iter().copied()).header(COOKIE, self.cookies_for(&url));
        self.load(request, url).await;
    }

    fn form_of<I, K, V>(&self, url: &Url, form: I) -> RequestBuilder
    where
        I: IntoIterator,
        I::Item: std::borrow::Borrow<(K, V)>,
        K: AsRef<str>,
        V: AsRef<str>,
    {
        let encoded = encode(form);
        self.client.post(url.clone()).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(encoded)
    }

    /// Loads its page again.
    pub(crate) async fn reload(&mut self) {
        let path = self.url.path().to_owned();
        self.get(&path).await;
    }

    /// The state of the page.
    pub(crate) fn state(&self) -> &str {
        between(&self.html, "data-state=\"", "\"").unwrap_or_default()
    }

    /// Where the page sends on to by itself, or by its button.
    pub(crate) fn next(&self) -> String {
        let next = between(&self.html, "data-next=\"", "\"")
            .or_else(|| between(&self.html, "class=\"button\" href=\"", "\""));
        next.expect("the page leads on").to_owned()
    }

    pub(crate) fn number(&self) -> String {
        between(&self.html, "data-number=\"", "\"").expect("the page shows a number").to_owned()
    }

    /// What the page's QR says.
    pub(crate) fn link(&self) -> String {
        between(&self.html, "class=\"button on-phone\" href=\"", "\"")
            .expect("the page has a link")
            .replace("&amp;", "&")
    }

    /// The form that the page posts to another site by itself.
    pub(crate) fn posted_form(&self) -> Option<(String, Answer)> {
        between(&self.html, "data-posts=\"", "\"")?;
        Some(self.form())
    }

    /// The form of the page: where it goes, and its fields.
    pub(crate) fn form(&self) -> (String, Answer) {
        let form = between(&self.html, "<form id=\"answer\"", "</form>").expect("the page has a form");
        let action = between(form, "action=\"", "\"").unwrap().to_owned();
        let fields = form.split("<input ").skip(1).map(|input| {
            let attribute = |name: &str| unescape(between(input, &format!("{name}=\""), "\"").unwrap());
            (attribute("name"), attribute("value"))
        });
        (action, fields.collect())
    }

    async fn load(&mut self, request: RequestBuilder, mut url: Url) {
        let mut response = request.send().await.unwrap();
        for _ in 0..5 {
            for cookie in response.headers().get_all(SET_COOKIE) {
                let cookie = cookie.to_str().unwrap();
                let path = between(cookie, "Path=", ";").unwrap().to_owned();
                self.cookies.insert(path, cookie.split(';').next().unwrap().to_owned());
            }
            let Some(location) = response.headers().get(LOCATION) else { break };
            assert_eq!(response.status(), StatusCode::SEE_OTHER);
            url = url.join(location.to_str().unwrap()).unwrap();
            response =
                self.client.get(url.clone()).header(COOKIE, self.cookies_for(&url)).send().await.unwrap();
        }
        (self.url, self.status) = (url, response.status());
        self.html = response.text().await.unwrap();
    }

    fn cookies_for(&self, url: &Url) -> String {
        let fits = |path: &str| url.path() == path || url.path().starts_with(&format!("{path}/"));
        let cookies = self.cookies.iter().filter(|(path, _)| fits(path)).map(|(_, cookie)| cookie.as_str());
        cookies.collect::<Vec<_>>().join("; ")
    }
}

/// A form as browsers write it.
pub(crate) fn encode<I, K, V>(form: I) -> String
where
    I: IntoIterator,
    I::Item: std::borrow::Borrow<(K, V)>,
    K: AsRef<str>,
    V: AsRef<str>,
{
    Url::parse_with_params("http://localhost/", form).unwrap().query().unwrap_or_default().to_owned()
}

fn unescape(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    Some(text.split_once(before)?.1.split_once(after)?.0)
}
