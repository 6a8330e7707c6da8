//! Which pages may post a form: the service's own.
//!
//! A page's cookie is `SameSite=Lax`, which keeps other sites out. A page of the same site on another host is let through
//! by it, so that what browsers say of a request's origin counts as well.

use axum::http::{HeaderMap, header};
use countersign_protocol::ServiceUrl;

/// Whether nothing in the request says that it comes from elsewhere. A program that isn't a browser says nothing.
pub(crate) fn is_own(headers: &HeaderMap, service: &ServiceUrl) -> bool {
    let value = |name: header::HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let site = headers.get("sec-fetch-site").map(|value| value.to_str().unwrap_or_default());
    let own = origin_of(service);
    let is_own_origin = |origin: &str| {
        // Without a TLS proxy the page may have been opened by another name of this computer.
        let is_host = || origin.strip_prefix("http://").is_some_and(|host| Some(host) == value(header::HOST));
        origin == own || (own.starts_with("http://") && is_host())
    };
    match (site, value(header::ORIGIN)) {
        (None, None) => true,
        (Some(site), None | Some("null")) => site == "same-origin",
        (Some(site), Some(origin)) => site == "same-origin" && is_own_origin(origin),
        (None, Some(origin)) => is_own_origin(origin),
    }
}

/// Scheme, host and port of the service, as browsers write them.
fn origin_of(service: &ServiceUrl) -> String {
    let address = service.join("");
    let scheme = address.split_once("://").map_or("https", |(scheme, _)| scheme);
    format!("{scheme}://{}", service.authority())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_services_own_pages_may_post() {
        let service: ServiceUrl = "https://www.example:8443/approve".parse().unwrap();
        let own = Some("https://www.example:8443");
        for (site, origin, host, expected) in [
            (None, None, "www.example:8443", true),
            (Some("same-origin"), own, "internal", true),
            (Some("same-origin"), None, "internal", true),
            (Some("same-origin"), Some("null"), "internal", true),
            (None, own, "internal", true),
            (None, Some("null"), "www.example:8443", false),
            (Some("same-site"), Some("https://blog.example"), "www.example:8443", false),
            (Some("same-site"), None, "www.example:8443", false),
            (Some("cross-site"), Some("null"), "www.example:8443", false),
            (Some("cross-site"), own, "www.example:8443", false),
            (Some("same-origin"), Some("https://evil.example"), "www.example:8443", false),
            (Some("none"), own, "www.example:8443", false),
            (Some(""), own, "www.example:8443", false),
            (None, Some("https://evil.example"), "www.example:8443", false),
            (None, Some("https://www.example"), "www.example:8443", false),
            (None, Some("http://www.example:8443x"), "www.example:8443", false),
            (None, Some("https://www.example:8443.evil.example"), "www.example:8443", false),
            (None, Some("http://www.example:8443"), "www.example:8443", false),
            (None, Some(""), "", false),
        ] {
            assert_eq!(
                is_own(&headers(site, origin, host), &service),
                expected,
                "{site:?} {origin:?} {host}"
            );
        }
    }

    #[test]
    fn a_service_of_this_computer_has_several_names() {
        let service: ServiceUrl = "http://127.0.0.1:8440".parse().unwrap();
        for (origin, host, expected) in [
            ("http://127.0.0.1:8440", "127.0.0.1:8440", true),
            ("http://localhost:8440", "localhost:8440", true),
            ("http://localhost:3000", "localhost:8440", false),
            ("https://localhost:8440", "localhost:8440", false),
        ] {
            assert_eq!(is_own(&headers(None, Some(origin), host), &service), expected, "{origin} {host}");
        }
    }

    fn headers(site: Option<&str>, origin: Option<&str>, host: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(site) = site {
            headers.insert("sec-fetch-site", site.parse().unwrap());
        }
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        headers
    }
}
