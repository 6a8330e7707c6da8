//! The envelope of every reply, good and bad.

use super::*;
use crate::approvals::ReplyError;
use crate::approvals::privacyidea::PushError;
use crate::approvals::privacyidea::reply::{Answered, PushReply};
use crate::client::HttpReply;

fn reply(status: u16, body: &Value) -> PushReply {
    PushReply::read(&HttpReply { status, text: body.to_string() }).unwrap()
}

fn error(code: i64) -> Value {
    json!({ "result": { "status": false, "error": { "code": code, "message": "ERR: text" } }, "time": 1.5 })
}

#[test]
fn a_page_is_no_reply_whatever_its_status() {
    for text in ["", "<!doctype html><html></html>", "[]", "{}", r#"{"error":"Not found"}"#, "{\"result\":7}"]
    {
        for (status, told) in [
            (200, ReplyError::NotTheService),
            (302, ReplyError::NotTheService),
            (404, ReplyError::NotTheService),
            (500, ReplyError::NotTheService),
            (429, ReplyError::Busy),
            (502, ReplyError::Unavailable),
            (503, ReplyError::Unavailable),
            (504, ReplyError::Unavailable),
        ] {
            let read = PushReply::read(&HttpReply { status, text: text.into() });
            assert_eq!(read.unwrap_err(), told, "{status} {text}");
        }
    }
    let good = json!({ "result": { "status": true, "value": [] } }).to_string();
    let read = PushReply::read(&HttpReply { status: 302, text: good });
    assert_eq!(read.unwrap_err(), ReplyError::NotTheService);
}

#[test]
fn the_servers_time_is_read_and_nonsense_is_not() {
    let body = |time: Value| json!({ "result": { "status": true, "value": [] }, "time": time });
    assert_eq!(reply(200, &body(json!(1_795_489_543.184_3))).time, Some(1_795_489_543_184));
    for time in [json!(null), json!(-1.0), json!(1e300)] {
        assert_eq!(reply(200, &body(time)).time, None);
    }
}

#[test]
fn errors_are_told_by_their_number_and_by_what_was_asked() {
    assert_eq!(reply(400, &error(905)).registered().unwrap_err(), PushError::CodeUnknown);
    assert_eq!(reply(404, &error(601)).registered().unwrap_err(), PushError::CodeUsed);
    assert_eq!(reply(400, &error(10)).polled().unwrap_err(), PushError::DeviceUnknown);
    assert_eq!(reply(400, &error(-311)).polled().unwrap_err(), PushError::DeviceUnknown);
    assert_eq!(reply(403, &error(303)).polled().unwrap_err(), PushError::Forbidden);
    assert_eq!(reply(404, &error(601)).answered().unwrap_err(), PushError::DeviceUnknown);
    assert_eq!(reply(400, &error(4711)).answered().unwrap_err(), PushError::Refused(4711));
    assert!(reply(500, &error(-500)).is_server_fault());
    assert_eq!(reply(500, &error(-500)).polled().unwrap_err(), PushError::Unavailable);
    assert!(reply(400, &error(10)).may_be_clock() && !reply(403, &error(303)).may_be_clock());
}

#[test]
fn an_answer_that_was_not_taken_comes_with_status_200() {
    let body = |value| json!({ "result": { "status": true, "value": value } });
    assert_eq!(reply(200, &body(false)).answered(), Ok(Answered { taken: false, code: None, message: None }));
    assert_eq!(reply(200, &body(true)).answered(), Ok(Answered { taken: true, code: None, message: None }));
}

#[test]
fn a_code_to_show_is_a_short_code() {
    let body = |code: Value| json!({ "result": { "status": true, "value": true }, "detail": { "display_code": code, "message": "x" } });
    assert_eq!(reply(200, &body(json!("07"))).answered().unwrap().code.as_deref(), Some("07"));
    for code in [json!(""), json!("call 0900-SCAM"), json!("1".repeat(17)), json!(null), json!({})] {
        assert_eq!(reply(200, &body(code)).answered().unwrap().code, None);
    }
}

#[test]
fn what_the_administrator_says_comes_with_a_code_alone() {
    let body = |code: Value, message: Value| json!({ "result": { "status": true, "value": true }, "detail": { "display_code": code, "message": message } });
    let message = |code, message| reply(200, &body(code, message)).answered().unwrap().message;
    assert_eq!(
        message(json!("07"), json!(" Type it\u{202e} at the door. ")).as_deref(),
        Some("Type it at the door.")
    );
    for nothing in [json!(null), json!(""), json!(" \u{200f}"), json!(7), json!({})] {
        assert_eq!(message(json!("07"), nothing), None);
    }
    assert_eq!(message(json!(null), json!("Type it.")), None, "there is nothing to type");
    assert_eq!(message(json!("07"), json!("x".repeat(9_000))).unwrap().len(), 2_000);
}

#[test]
fn a_rollout_without_a_key_of_the_server_is_broken() {
    let body =
        |key: Value| json!({ "result": { "status": true, "value": true }, "detail": { "public_key": key } });
    let good = BASE64.encode(&server().public);
    let wrapped = format!("{}\n{}\n", &good[..64], &good[64..]);
    assert_eq!(reply(200, &body(json!(wrapped))).registered().unwrap().server_key, good);
    for key in
        [json!(null), json!(""), json!("junk"), json!("AAAA"), json!(good[..100]), json!("A".repeat(5000))]
    {
        assert_eq!(reply(200, &body(key)).registered().unwrap_err(), PushError::EnrolmentBroken);
    }
}
