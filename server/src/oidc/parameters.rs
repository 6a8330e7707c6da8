//! Parameters of a request as they arrive (RFC 6749, sections 3.1 and 3.2): each once at most, those without a value as if
//! they weren't there, and those that nobody here knows passed over.

use std::collections::BTreeMap;

use url::form_urlencoded;

/// Parameters that are read.
const KNOWN: &[&str] = &[
    "acr_values",
    "claims",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "grant_type",
    "id_token_hint",
    "login_hint",
    "max_age",
    "name",
    "nonce",
    "prompt",
    "redirect_uri",
    "registration",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
];

/// The parameters of one request.
#[derive(Clone, Default)]
pub(super) struct Parameters {
    values: BTreeMap<&'static str, String>,
    /// A parameter that came more than once, if there is one.
    pub(super) repeated: Option<&'static str>,
}

impl Parameters {
    pub(super) fn parse(text: &[u8]) -> Self {
        let mut parameters = Self::default();
        let mut seen = Vec::new();
        for (name, value) in form_urlencoded::parse(text) {
            let Some(name) = KNOWN.iter().find(|known| **known == name) else { continue };
            if seen.contains(name) {
                parameters.repeated = Some(name);
            }
            seen.push(*name);
            if !value.is_empty() {
                parameters.values.entry(name).or_insert_with(|| value.into_owned());
            }
        }
        parameters
    }

    /// The value of a parameter. One that came more than once has none.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        if self.repeated == Some(name) {
            return None;
        }
        self.values.get(name).map(String::as_str)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty() && self.repeated.is_none()
    }

    /// The same in one way of writing it, whatever the order was.
    pub(super) fn encode(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.values).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_once_and_unknown_ones_are_passed_over() {
        let read = Parameters::parse(
            b"state=a%20b+c&nonce=&approval_prompt=force&approval_prompt=auto&scope=openid",
        );
        assert_eq!((read.get("state"), read.get("nonce")), (Some("a b c"), None));
        assert_eq!((read.repeated, read.encode().as_str()), (None, "scope=openid&state=a+b+c"));
        assert!(Parameters::parse(b"").is_empty() && Parameters::parse(b"x=y").is_empty());
    }

    #[test]
    fn what_comes_twice_is_noticed_also_without_a_value() {
        for text in ["state=a&state=b", "state=a&state=a", "state=&state=b", "state=a&state=", "state&state"]
        {
            let read = Parameters::parse(text.as_bytes());
            assert_eq!((read.repeated, read.get("state")), (Some("state"), None), "{text}");
        }
    }
}
