//! What Entra asks of a sign-in, and what of that it is told: exactly one context (`acr`) and one method (`amr`), each out
//! of those that it has named.
//!
//! A method has a type, which has to be in the context: after a password Entra asks for possession or inherence. All
//! methods of this service are possession, so that a context without it is met by none.

use countersign_protocol::json;
use serde::Deserialize;
use serde_json::Value;

use crate::store::clients::Methods;
use crate::store::sign_ins::Method;

/// Contexts that possession meets.
const CONTEXTS: [&str; 4] =
    ["possessionorinherence", "knowledgeorpossession", "knowledgeorpossessionorinherence", "possession"];
/// What an approval on a phone may be called, the most exact first: a key in hardware, one in software, any key.
const PHONE: [&str; 3] = ["hwk", "swk", "pop"];
/// What a one-time code is called.
const CODE: &str = "otp";

/// What Entra asks for and this service can give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The context that the answer will have.
    pub(super) acr: &'static str,
    /// Methods of which it will have one.
    amr: Vec<&'static str>,
}

/// Why a request's `claims` lead to no sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotWanted {
    /// It isn't what OpenID Connect Core 1.0, section 5.5 describes, or doesn't say what is asked for.
    Malformed,
    /// Nothing of this service meets it.
    Unmet,
}

#[derive(Deserialize)]
struct Claims {
    id_token: Members,
}

#[derive(Deserialize)]
struct Members {
    acr: Claim,
    amr: Claim,
}

#[derive(Deserialize)]
struct Claim {
    value: Option<Value>,
    values: Option<Vec<Value>>,
}

impl Claim {
    fn texts(&self) -> impl Iterator<Item = &str> {
        self.value.iter().chain(self.values.iter().flatten()).filter_map(Value::as_str)
    }
}

impl Wanted {
    /// Reads the request's `claims`.
    pub(super) fn parse(claims: &str) -> Result<Self, NotWanted> {
        let claims: Claims = json::from_object(claims.as_bytes()).map_err(|_| NotWanted::Malformed)?;
        let Members { acr, amr } = claims.id_token;
        if acr.texts().next().is_none() || amr.texts().next().is_none() {
            return Err(NotWanted::Malformed);
        }
        let known = |text: &str| CONTEXTS.into_iter().find(|context| *context == text);
        let acr = acr.texts().find_map(known).ok_or(NotWanted::Unmet)?;
        let asked: Vec<&str> = amr.texts().collect();
        let amr: Vec<&str> = PHONE.into_iter().chain([CODE]).filter(|amr| asked.contains(amr)).collect();
        if amr.is_empty() { Err(NotWanted::Unmet) } else { Ok(Self { acr, amr }) }
    }

    /// As it is stored with the request.
    pub(super) fn amr_text(&self) -> String {
        self.amr.join(" ")
    }

    /// Those of the client's methods that can be told: approvals on a phone if one of `devices`, of which each says whether
    /// its keys are in hardware, can be.
    pub(super) fn methods(&self, allowed: Methods, devices: &[bool]) -> Methods {
        let wanted = self.amr_text();
        let is_told = |method: &Method| match method {
            Method::Push => devices.iter().any(|hardware| {
                told(&wanted, Method::Push, if *hardware { "pop hwk" } else { "pop swk" }).is_some()
            }),
            Method::Code => told(&wanted, Method::Code, "").is_some(),
        };
        let methods: Vec<Method> = allowed.iter().filter(is_told).collect();
        Methods::of(&methods)
    }
}

/// What Entra is told of an approval: `wanted` is what it asked for, `used` what the sign-in says of itself, each as texts
/// with spaces between.
pub(super) fn told(wanted: &str, method: Method, used: &str) -> Option<&'static str> {
    let has = |list: &str, amr: &str| list.split(' ').any(|one| one == amr);
    match method {
        Method::Push => PHONE.into_iter().find(|amr| has(used, amr) && has(wanted, amr)),
        Method::Code => has(wanted, CODE).then_some(CODE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Entra writes it.
    const ENTRA: &str = r#"{"id_token":{"amr":{"essential":true,"values":["face","fido","fpt","hwk","iris","otp","pop",
        "retina","sc","sms","swk","tel","vbm"]},"acr":{"essential":true,"values":["possessionorinherence"]}}}"#;

    fn claims(acr: &str, amr: &str) -> String {
        format!(
            r#"{{"id_token":{{"acr":{{"essential":true,"values":{acr}}},"amr":{{"essential":true,"values":{amr}}}}}}}"#
        )
    }

    #[test]
    fn one_context_and_one_method_are_told_out_of_those_asked_for() {
        let wanted = Wanted::parse(ENTRA).unwrap();
        assert_eq!((wanted.acr, wanted.amr_text().as_str()), ("possessionorinherence", "hwk swk pop otp"));
        let text = wanted.amr_text();
        for (method, used, amr) in [
            (Method::Push, "mfa pop hwk fpt", Some("hwk")),
            (Method::Push, "mfa pop swk pin", Some("swk")),
            (Method::Push, "pop swk user", Some("swk")),
            (Method::Code, "otp", Some("otp")),
        ] {
            assert_eq!(told(&text, method, used), amr, "{used}");
        }
        assert_eq!(told("pop", Method::Push, "mfa pop hwk fpt"), Some("pop"));
        assert_eq!(told("swk", Method::Push, "mfa pop hwk fpt"), None);
        assert_eq!(told("hwk swk", Method::Code, "otp"), None);
        let several =
            Wanted::parse(&claims(r#"["knowledge","possession","possessionorinherence"]"#, r#"["otp"]"#));
        assert_eq!(several.unwrap().acr, "possession");
    }

    #[test]
    fn a_context_without_possession_is_met_by_nothing() {
        for acr in
            [r#"["knowledgeorinherence"]"#, r#"["inherence"]"#, r#"["knowledge"]"#, r#"["Possession"]"#]
        {
            assert_eq!(Wanted::parse(&claims(acr, r#"["hwk"]"#)), Err(NotWanted::Unmet), "{acr}");
        }
        for amr in [r#"["fido"]"#, r#"["face","fpt","sms"]"#, r#"["HWK"]"#] {
            assert_eq!(Wanted::parse(&claims(r#"["possession"]"#, amr)), Err(NotWanted::Unmet), "{amr}");
        }
    }

    #[test]
    fn claims_that_say_nothing_are_malformed() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"id_token":null}"#,
            r#"{"id_token":{"acr":{"values":["possession"]}}}"#,
            r#"{"id_token":{"acr":null,"amr":null}}"#,
            &claims("[]", r#"["hwk"]"#),
            &claims(r#"["possession"]"#, "[]"),
            &claims("[1]", r#"["hwk"]"#),
            &claims(r#""possession""#, r#"["hwk"]"#),
            r#"{"id_token":{"acr":{"values":["possession"],"values":["knowledge"]},"amr":{"values":["hwk"]}}}"#,
        ] {
            assert_eq!(Wanted::parse(text), Err(NotWanted::Malformed), "{text}");
        }
    }

    #[test]
    fn a_method_that_could_not_be_told_is_not_offered() {
        let all = Methods::of(&[Method::Push, Method::Code]);
        let methods = |amr: &str, devices: &[bool]| {
            Wanted::parse(&claims(r#"["possession"]"#, amr)).unwrap().methods(all, devices)
        };
        assert_eq!(methods(r#"["hwk","swk","otp"]"#, &[false]), all);
        assert_eq!(methods(r#"["hwk"]"#, &[true, false]), Methods::of(&[Method::Push]));
        assert_eq!(methods(r#"["hwk"]"#, &[false]), Methods::default());
        assert_eq!(methods(r#"["pop"]"#, &[false]), Methods::of(&[Method::Push]));
        assert_eq!(methods(r#"["hwk","otp"]"#, &[false]), Methods::of(&[Method::Code]));
        assert_eq!(methods(r#"["hwk","swk"]"#, &[]), Methods::default());
    }
}
