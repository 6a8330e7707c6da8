//! What an attacker can make of texts that are joined without escaping, and of a server that counts nothing.

use super::*;
use crate::approvals::Unshown;
use crate::approvals::privacyidea::call::Say;
use crate::approvals::privacyidea::call::answer_call;

#[test]
fn a_challenge_in_order_is_shown() {
    let challenge = read(server().challenge("Login ada?", "VPN", Some("21,06,99"))).unwrap();
    let request = challenge.request(ACCOUNT, "North Trust");
    assert_eq!((request.application.as_str(), request.message.as_deref()), ("VPN", Some("Login ada?")));
    assert_eq!((request.user.as_str(), request.organisation.as_str()), ("ada", "North Trust"));
    assert_eq!((request.issued_at, request.expires_at), (NOW, NOW + 120));
    assert!(request.can_report);
}

#[test]
fn an_altered_challenge_is_refused() {
    for (name, value) in [
        ("question", "Login bob?"),
        ("title", "Payroll"),
        ("sslverify", "0"),
        ("require_presence", "21,06,98"),
        ("nonce", "RABY2RZTU7YA2RGCWXEPEKH7PJHF7BWA"),
    ] {
        let mut challenge = server().challenge("Login ada?", "VPN", Some("21,06,99"));
        challenge[name] = value.into();
        assert_eq!(read(challenge).unwrap_err(), RefusedChallenge::BadSignature, "{name}");
    }
}

#[test]
fn a_presence_check_cannot_be_moved_into_sslverify() {
    let mut challenge = server().challenge("Login ada?", "VPN", Some("06,95,17"));
    challenge.as_object_mut().unwrap().remove("require_presence");
    challenge["sslverify"] = "1|06,95,17".into();
    // The signed text is the same, so the signature alone would let it pass.
    assert_eq!(read(challenge).unwrap_err(), RefusedChallenge::AmbiguousText);
}

#[test]
fn a_presence_check_cannot_be_stripped_by_moving_every_part_on() {
    let mut challenge = server().challenge("Login ada?", "VPN", Some("1"));
    challenge.as_object_mut().unwrap().remove("require_presence");
    challenge["question"] = "Login ada?|VPN".into();
    challenge["title"] = "1".into();
    // It verifies; that is why a presence check of a single option is refused in the first place.
    assert!(read(challenge).is_ok());
    assert_eq!(
        read(server().challenge("Login ada?", "VPN", Some("1"))).unwrap_err(),
        RefusedChallenge::BadOptions
    );
}

#[test]
fn where_the_title_begins_is_not_believed_if_a_bar_is_in_it() {
    let mut moved = server().challenge("Sign in|Log out", "VPN", None);
    for challenge in [server().challenge("Sign in", "Log out|VPN", None), {
        moved["question"] = "Sign in".into();
        moved["title"] = "Log out|VPN".into();
        moved
    }] {
        let request = read(challenge).unwrap().request(ACCOUNT, "North Trust");
        assert_eq!(request.application, "North Trust");
        assert_eq!(request.message.as_deref(), Some("Sign in | Log out|VPN"));
    }
}

#[test]
fn options_that_mean_something_else_are_refused() {
    for options in
        ["decline,allow,later", "Decline,a", " decline,a", "a|b,c", ",a", "a", "a,a", "a\u{202E},b"]
    {
        let challenge = server().challenge("Login ada?", "VPN", Some(options));
        assert_eq!(read(challenge).unwrap_err(), RefusedChallenge::BadOptions, "{options}");
    }
}

#[test]
fn an_answer_goes_to_the_enrolled_server_alone() {
    for url in [
        "https://pi.example.evil/ttype/push",
        "https://pi.example:8443/ttype/push",
        "http://pi.example/ttype/push",
        "http://127.0.0.1/ttype/push",
        "https://pi.example@evil.example/ttype/push",
        "junk",
    ] {
        let mut challenge = server().challenge("Login ada?", "VPN", None);
        challenge["signature"] = server().sign(&format!("{NONCE}|{url}|{SERIAL}|Login ada?|VPN|1")).into();
        challenge["url"] = url.into();
        assert_eq!(read(challenge).unwrap_err(), RefusedChallenge::OtherServer, "{url}");
    }
}

#[test]
fn signatures_have_their_padding_and_upper_case() {
    let good = server().challenge("Login ada?", "VPN", None);
    let signature = good["signature"].as_str().unwrap();
    for altered in [
        signature.trim_end_matches('=').to_owned(),
        signature.to_lowercase(),
        String::new(),
        "A".repeat(10_000),
    ] {
        let mut challenge = good.clone();
        challenge["signature"] = altered.into();
        assert_eq!(read(challenge).unwrap_err(), RefusedChallenge::BadSignature);
    }
}

#[test]
fn what_carries_another_tokens_serial_or_no_form_is_refused() {
    let mut challenge = server().challenge("Login ada?", "VPN", None);
    challenge["serial"] = "PIPU00000002".into();
    assert_eq!(read(challenge).unwrap_err(), RefusedChallenge::OtherToken);
    for junk in [json!(null), json!([]), json!("text"), json!({}), json!({ "nonce": 7 })] {
        assert_eq!(read(junk).unwrap_err(), RefusedChallenge::Malformed);
    }
    let mut challenge = server().challenge("Login ada?", "VPN", None);
    challenge["nonce"] = "SHORT|x".into();
    assert_eq!(read(challenge).unwrap_err(), RefusedChallenge::Malformed);
}

#[test]
fn altered_capabilities_are_refused_and_missing_ones_mean_no_reason() {
    let good = server().challenge("Login ada?", "VPN", None);
    for (name, value) in
        [("capabilities", r#"{"decline_reason": false}"#), ("capabilities_signature", "AAAAAAAA")]
    {
        let mut challenge = good.clone();
        challenge[name] = value.into();
        assert_eq!(read(challenge).unwrap_err(), RefusedChallenge::BadCapabilities, "{name}");
    }
    let mut challenge = good;
    challenge.as_object_mut().unwrap().remove("capabilities");
    let challenge = read(challenge).unwrap();
    assert!(!challenge.request(ACCOUNT, "").can_report);
    let call = answer_call(&challenge, Say::Report);
    assert_eq!(call.text(), format!("{NONCE}|{SERIAL}|decline"), "an older server would rebuild it so");
    let call = answer_call(&challenge, Say::Cancel);
    assert_eq!(call.text(), format!("{NONCE}|{SERIAL}|decline"));
}

#[test]
fn an_empty_text_is_told_and_the_organisation_stands_in_for_the_title() {
    let request = read(server().challenge("", "", None)).unwrap().request(ACCOUNT, "North Trust");
    assert_eq!((request.application.as_str(), request.message.as_deref()), ("North Trust", Some("")));
}

#[test]
fn characters_that_hide_or_reverse_text_are_not_shown() {
    let challenge = server().challenge("Login\u{202E}ada\u{0}?", "V\u{200F}PN", None);
    let request = read(challenge).unwrap().request(ACCOUNT, "North Trust");
    assert_eq!((request.application.as_str(), request.message.as_deref()), ("VPN", Some("Loginada?")));
}

#[test]
fn a_challenge_ends_two_minutes_after_it_was_first_seen_whatever_is_still_listed() {
    let (mut token, listed) = (token(), || vec![server().challenge("Login ada?", "VPN", None)]);
    let mut read = |now| read_challenges(listed(), &binding(), &mut token, ACCOUNT, "ada", now).0.pop();
    assert!(read(NOW).is_some());
    let later = read(NOW + 119).unwrap();
    assert!(!later.is_expired(NOW + 119) && later.is_expired(NOW + 120));
    assert_eq!(read(NOW + 120), None);
}

#[test]
fn what_was_answered_is_never_shown_again() {
    let mut token = token();
    let challenge = server().challenge("Login ada?", "VPN", None);
    let id = read(challenge.clone()).unwrap().id();
    token.see(id, NOW).over = true;
    assert_eq!(
        read_challenges(vec![challenge], &binding(), &mut token, ACCOUNT, "ada", NOW),
        (Vec::new(), Vec::new())
    );
}

#[test]
fn a_crowd_of_challenges_is_bounded() {
    let challenges = vec![server().challenge("Login ada?", "VPN", None); 50];
    let (open, refused) = read_challenges(challenges, &binding(), &mut token(), ACCOUNT, "ada", NOW);
    assert_eq!((open.len(), refused), (16, vec![RefusedChallenge::TooMany]));
    let challenges = vec![server().challenge("Login ada?", "VPN", None); 16];
    let refused = read_challenges(challenges, &binding(), &mut token(), ACCOUNT, "ada", NOW).1;
    assert_eq!(refused, []);
}

#[test]
fn what_is_not_shown_is_told_by_what_can_be_done_about_it() {
    for (refused, told) in [
        (RefusedChallenge::BadOptions, "request_unshown_options"),
        (RefusedChallenge::OtherServer, "request_unshown_address"),
        (RefusedChallenge::TooMany, "request_unshown_too_many"),
        (RefusedChallenge::BadSignature, "request_unshown_unverified"),
        (RefusedChallenge::BadCapabilities, "request_unshown_unverified"),
        (RefusedChallenge::Malformed, "request_unshown_unverified"),
        (RefusedChallenge::OtherToken, "request_unshown_unverified"),
        (RefusedChallenge::AmbiguousText, "request_unshown_unverified"),
    ] {
        assert_eq!(Unshown::from(refused).code(), told);
    }
}

#[test]
fn an_option_with_spaces_around_it_is_shown_without_and_sent_with_them() {
    let challenge = read(server().challenge("Login ada?", "VPN", Some("red , green"))).unwrap();
    assert_eq!(challenge.request(ACCOUNT, "").matching.options, ["red", "green"]);
    for typed in ["green", " green "] {
        let proof = crate::approvals::MatchProof::Choice(typed.into());
        let choice = challenge.choice(&proof).unwrap();
        assert_eq!(choice, Some(" green"));
        let text = answer_call(&challenge, Say::Approve(choice)).text().to_owned();
        assert_eq!(text, format!("{NONCE}|{SERIAL}| green"));
    }
}
