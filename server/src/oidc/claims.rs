//! What a request asks of the sign-in: `acr_values`, `claims` (OpenID Connect Core 1.0, section 5.5) and what follows for
//! the methods that may approve it.
//!
//! A value that this service never gives is refused before anybody is asked. A value that it may give is looked for in what
//! the person has done; only where it is essential a sign-in without it is refused afterwards.

use countersign_protocol::json;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::acr::Acr;
use super::error::OauthError;
use crate::store::clients::Methods;
use crate::store::sign_ins::{Method, SignIn};

/// Methods (RFC 8176) that an approval on a phone may have used.
const PHONE_AMR: [&str; 7] = ["mfa", "pop", "hwk", "swk", "fpt", "pin", "user"];
/// The one of a code.
const CODE_AMR: &str = "otp";

/// What a sign-in has to be for its client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wanted {
    /// Contexts that are asked for, by name, the best first. Those that this service doesn't know are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    acr: Vec<String>,
    /// Whether no other one will do.
    #[serde(default)]
    acr_essential: bool,
    /// Methods of which one must have been used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    amr: Vec<String>,
    /// Whose sign-in it must be, by `sub`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sub: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Claims {
    id_token: Option<Members>,
    userinfo: Option<Members>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Members {
    acr: Option<Claim>,
    amr: Option<Claim>,
    sub: Option<Claim>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Claim {
    essential: bool,
    value: Option<Value>,
    values: Option<Vec<Value>>,
}

impl Claim {
    /// The values that are asked for: texts, or lists of texts as `amr` has them.
    fn texts(&self) -> Vec<String> {
        let values = self.value.iter().chain(self.values.iter().flatten());
        values
            .flat_map(|value| match value {
                Value::Array(values) => values.clone(),
                other => vec![other.clone()],
            })
            .filter_map(|value| value.as_str().map(str::to_owned))
            .collect()
    }

    fn has_values(&self) -> bool {
        self.value.is_some() || self.values.is_some()
    }
}

impl Wanted {
    pub(super) fn parse(acr_values: Option<&str>, claims: Option<&str>) -> Result<Self, OauthError> {
        let malformed = OauthError::invalid_request("claims isn't the JSON object that it should be");
        let claims: Claims = match claims {
            Some(text) => json::from_object(text.as_bytes()).map_err(|_| malformed)?,
            None => Claims::default(),
        };
        let (id_token, userinfo) = (claims.id_token.unwrap_or_default(), claims.userinfo.unwrap_or_default());
        let mut wanted = Self::default();
        let mut asked: Vec<String> = Vec::new();
        if let Some(acr) = id_token.acr.filter(Claim::has_values) {
            (asked, wanted.acr_essential) = (acr.texts(), acr.essential);
        } else if let Some(values) = acr_values {
            asked = values.split(' ').filter(|value| !value.is_empty()).map(str::to_owned).collect();
        }
        let is_asked = !asked.is_empty() || wanted.acr_essential;
        wanted.acr = asked.into_iter().filter(|acr| Acr::parse(acr).is_some()).collect();
        if is_asked && wanted.acr.is_empty() {
            return Err(OauthError::unmet("none of the acr values that are asked for is supported"));
        }
        if let Some(amr) = id_token.amr.filter(Claim::has_values) {
            let texts = amr.texts();
            let is_known = |text: &String| text == CODE_AMR || PHONE_AMR.contains(&text.as_str());
            wanted.amr = texts.into_iter().filter(is_known).collect();
            if wanted.amr.is_empty() {
                return Err(OauthError::unmet("none of the amr values that are asked for is supported"));
            }
            if !amr.essential {
                wanted.amr.clear();
            }
        }
        let subs = [id_token.sub, userinfo.sub].into_iter().flatten().filter(Claim::has_values);
        for sub in subs {
            let texts = sub.texts();
            let [text] = texts.as_slice() else {
                return Err(OauthError::invalid_request("claims asks for a sub that isn't one text"));
            };
            if wanted.sub.as_ref().is_some_and(|other| other != text) {
                return Err(OauthError::invalid_request("claims asks for two different sub"));
            }
            wanted.sub = Some(text.clone());
        }
        Ok(wanted)
    }

    /// Those of the client's methods that can lead to what is wanted.
    pub(super) fn methods(&self, allowed: Methods) -> Methods {
        let is_enough = |method: &Method| {
            let takes_code = self.contexts().any(Acr::takes_code) || self.acr.is_empty();
            let (acr, amr) = match method {
                Method::Push => (true, &PHONE_AMR[..]),
                Method::Code => (takes_code, &[CODE_AMR][..]),
            };
            acr && (self.amr.is_empty() || self.amr.iter().any(|one| amr.contains(&one.as_str())))
        };
        let methods: Vec<Method> = allowed.iter().filter(is_enough).collect();
        Methods::of(&methods)
    }

    /// The context of an approved sign-in: the first that was asked for and is met, or else the strongest.
    pub(super) fn context(&self, sign_in: &SignIn) -> Acr {
        let proven = Acr::of(sign_in);
        self.contexts().find(|acr| acr.is_met_by(proven)).unwrap_or(proven)
    }

    /// Whether an approved sign-in is what was wanted.
    pub(super) fn is_met_by(&self, sign_in: &SignIn) -> bool {
        let proven = Acr::of(sign_in);
        let used: Vec<&str> = sign_in.amr.as_deref().unwrap_or_default().split(' ').collect();
        let is_context = !self.acr_essential || self.contexts().any(|acr| acr.is_met_by(proven));
        is_context && (self.amr.is_empty() || self.amr.iter().any(|amr| used.contains(&amr.as_str())))
    }

    fn contexts(&self) -> impl Iterator<Item = Acr> {
        self.acr.iter().filter_map(|acr| Acr::parse(acr))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "urn:countersign:acr:two-factor";
    const ONE: &str = "urn:countersign:acr:one-factor";

    fn error(acr_values: Option<&str>, claims: Option<&str>) -> &'static str {
        Wanted::parse(acr_values, claims).unwrap_err().code
    }

    #[test]
    fn what_is_never_given_is_refused_before_anybody_is_asked() {
        let unmet = "unmet_authentication_requirements";
        assert_eq!(error(Some("phr phrh"), None), unmet);
        assert_eq!(error(None, Some(r#"{"id_token":{"acr":{"essential":true,"values":["phr"]}}}"#)), unmet);
        assert_eq!(error(None, Some(r#"{"id_token":{"acr":{"value":"0"}}}"#)), unmet);
        assert_eq!(
            error(None, Some(r#"{"id_token":{"amr":{"essential":true,"values":["face","sms"]}}}"#)),
            unmet
        );
        for malformed in ["", "[]", "1", "{", r#"{"id_token":1}"#, r#"{"id_token":{},"id_token":{}}"#] {
            assert_eq!(error(None, Some(malformed)), "invalid_request", "{malformed}");
        }
        for subs in [
            r#"{"id_token":{"sub":{"values":["a","b"]}}}"#,
            r#"{"id_token":{"sub":{"value":"a"}},"userinfo":{"sub":{"value":"b"}}}"#,
            r#"{"id_token":{"sub":{"value":1}}}"#,
        ] {
            assert_eq!(error(None, Some(subs)), "invalid_request", "{subs}");
        }
    }

    #[test]
    fn methods_that_cannot_lead_there_are_not_offered() {
        let all = Methods::of(&[Method::Push, Method::Code]);
        let methods =
            |acr: Option<&str>, claims: Option<&str>| Wanted::parse(acr, claims).unwrap().methods(all);
        assert_eq!(methods(None, None), all);
        assert_eq!(methods(Some(TWO), None), Methods::of(&[Method::Push]));
        assert_eq!(methods(Some(&format!("{TWO} {ONE}")), None), all);
        let amr =
            |values: &str| format!(r#"{{"id_token":{{"amr":{{"essential":true,"values":{values}}}}}}}"#);
        assert_eq!(methods(None, Some(&amr(r#"["otp"]"#))), Methods::of(&[Method::Code]));
        assert_eq!(methods(None, Some(&amr(r#"[["hwk"],"swk"]"#))), Methods::of(&[Method::Push]));
        assert_eq!(methods(None, Some(r#"{"id_token":{"amr":{"values":["otp"]}}}"#)), all);
        assert_eq!(methods(Some(TWO), Some(&amr(r#"["otp"]"#))), Methods::default());
        assert_eq!(methods(None, Some(r#"{"id_token":{"email":null,"acr":null},"userinfo":null}"#)), all);
    }
}
