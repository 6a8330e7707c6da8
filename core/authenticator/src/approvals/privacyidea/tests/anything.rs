//! Whatever comes in, a parser answers with a value or an error, and keeps its promises.

use proptest::prelude::*;

use super::*;
use crate::approvals::privacyidea::reply::PushReply;
use crate::client::HttpReply;
use crate::offer::Offer;

/// Any JSON, of the shapes that a server sends and of others.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let names = prop::sample::select(vec![
            "result",
            "status",
            "value",
            "error",
            "code",
            "detail",
            "time",
            "public_key",
            "display_code",
            "nonce",
            "url",
            "serial",
            "question",
            "title",
            "sslverify",
            "require_presence",
            "signature",
            "capabilities",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(names, inner, 0..8).prop_map(|fields| fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_a_reply_or_an_error(text in ".{0,200}", status in 100_u16..600) {
        let _ = PushReply::read(&HttpReply { status, text });
    }

    #[test]
    fn any_json_is_a_reply_or_an_error(json in any_json(), status in 100_u16..600) {
        let read = || PushReply::read(&HttpReply { status, text: json.to_string() });
        for _ in read().into_iter().map(PushReply::registered) {}
        for _ in read().into_iter().map(PushReply::polled) {}
        for answered in read().into_iter().filter_map(|reply| reply.answered().ok()) {
            prop_assert!(answered.code.is_none_or(|code| (1..=16).contains(&code.len())));
        }
    }

    #[test]
    fn only_what_the_server_has_signed_is_shown(json in any_json()) {
        prop_assert!(read(json).is_err());
    }

    #[test]
    fn whatever_text_is_signed_is_shown_or_refused(question in ".{0,60}", title in ".{0,60}", options in ".{0,30}") {
        let with_options = (!options.is_empty()).then_some(options.as_str());
        if let Ok(challenge) = read(server().challenge(&question, &title, with_options)) {
            let request = challenge.request(ACCOUNT, "North Trust");
            prop_assert!(request.matching.options.len() != 1);
            prop_assert!(request.matching.options.iter().all(|option| !option.contains('|') && !option.is_empty()));
            prop_assert!(!request.application.is_empty() && !request.application.contains('|'));
        }
    }

    #[test]
    fn any_link_is_an_offer_or_an_error(query in "(&?(url|serial|v|ttl|sslverify|enrollment_credential|issuer)=[ -~]{0,60}){0,7}") {
        let _ = Offer::parse(&format!("otpauth://pipush/x?{query}"));
    }
}
