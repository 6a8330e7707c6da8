//! `docs/protocol.md` says what the code does: its numbers and its table of problems are held to the constants.

use countersign_protocol::limits::{
    MAX_CHALLENGES, MAX_LINK_BYTES, MAX_MESSAGE_BYTES, MAX_MOVE_PARTS, MAX_NAME_CHARS, MAX_NEWER_DEVICES,
    MAX_PART_BYTES, MAX_PARTS_IN_MESSAGE, MAX_RECEIPT_PARTS, MAX_REQUEST_AGE_SECONDS, MAX_WAIT_SECONDS,
    MAX_WAKE_UP_BYTES,
};
use countersign_protocol::messages::ProblemCode;

use crate::actions::fetch::{MAX_KNOWN, MAX_WAITING, NEWS_LAST, POLL_INTERVAL};
use crate::actions::relay::{LIFETIME, MAX_OPENINGS};
use crate::device_api::status;
use crate::http::BODY_TIMEOUT;

const TEXT: &str = include_str!("../../docs/protocol.md");

fn words(number: u64) -> &'static str {
    match number {
        4 => "four",
        6 => "six",
        10 => "ten",
        _ => "",
    }
}

#[test]
fn its_numbers_are_those_of_the_code() {
    let (waiting, openings) = (words(MAX_WAITING.into()), words(MAX_OPENINGS.into()));
    for said in [
        format!(
            "A message is at most {} KiB, a link {MAX_LINK_BYTES} bytes, a name {MAX_NAME_CHARS} characters",
            MAX_MESSAGE_BYTES / 1024
        ),
        format!("has 1 to {MAX_NAME_CHARS} characters"),
        format!("the open challenges that the device holds, at most {MAX_KNOWN}; more are `malformed`"),
        format!("It holds {waiting} fetches of one device at once"),
        format!("a `next_fetch` of {} s or more", POLL_INTERVAL.as_secs()),
        format!("while nothing has changed, at most {MAX_WAIT_SECONDS};"),
        format!("each a JWS, at most {MAX_CHALLENGES};"),
        format!("for {} days, at most {MAX_NEWER_DEVICES}:", NEWS_LAST.as_secs() / 86_400),
        format!("within {MAX_REQUEST_AGE_SECONDS} seconds of the service's time"),
        "at most 4,096 bytes of either".to_owned(),
        format!("`count` (1 to {MAX_MOVE_PARTS})"),
        format!("`parts` are up to {MAX_PARTS_IN_MESSAGE} that follow each other"),
        format!("base64url of 17 to {MAX_PART_BYTES} bytes"),
        format!("`receipt`, of up to {MAX_RECEIPT_PARTS} parts"),
        format!("{openings} openings in an hour at most"),
        format!("after {} minutes, or with its device", words(LIFETIME.as_secs() / 60)),
        format!(
            "the body takes longer than {} s, or is longer than {} KiB",
            BODY_TIMEOUT.as_secs(),
            MAX_MESSAGE_BYTES / 1024
        ),
    ] {
        assert!(TEXT.contains(&said), "docs/protocol.md doesn't say: {said}");
    }
    assert_eq!(MAX_WAKE_UP_BYTES, 4096);
}

#[test]
fn every_problem_is_in_the_table_with_its_status() {
    let mut found = Vec::new();
    let (_, rest) = TEXT.split_once("| `code` | HTTP |").unwrap();
    let table = rest.lines().skip(2).take_while(|line| line.starts_with('|'));
    for line in table {
        let mut cells = line.split('|').skip(1);
        let codes = cells.next().unwrap().split(',').map(|code| code.trim().trim_matches('`'));
        let statuses: Vec<u16> =
            cells.next().unwrap().split(',').map(|status| status.trim().parse().unwrap()).collect();
        for (index, name) in codes.enumerate() {
            let code: ProblemCode = serde_json::from_value(name.into()).unwrap();
            assert_ne!(code, ProblemCode::Unknown, "there is no {name}");
            let expected = statuses.get(index).or(statuses.last()).unwrap();
            assert_eq!(status(code).as_u16(), *expected, "{name}");
            found.push(code);
        }
    }
    for code in ALL {
        assert!(found.contains(&code), "{code:?} isn't in the table");
    }
    assert_eq!(found.len(), ALL.len());
}

/// All but [`ProblemCode::Unknown`], which is never sent. The match has to be added to with each new code.
const ALL: [ProblemCode; 18] = {
    use ProblemCode as P;
    match P::Unknown {
        P::Malformed
        | P::TicketUnknown
        | P::TicketExpired
        | P::TicketUsed
        | P::WrongServiceKey
        | P::ClockSkew => {}
        P::DeviceUnknown | P::DeviceRevoked | P::Replayed | P::ChallengeUnknown | P::ChallengeExpired => {}
        P::ChallengeAltered | P::AlreadyAnswered | P::WrongKey | P::Throttled | P::NameRefused => {}
        P::RelayRefused | P::Unavailable | P::Unknown => {}
    }
    [
        P::Malformed,
        P::TicketUnknown,
        P::TicketExpired,
        P::TicketUsed,
        P::WrongServiceKey,
        P::ClockSkew,
        P::DeviceUnknown,
        P::DeviceRevoked,
        P::Replayed,
        P::ChallengeUnknown,
        P::ChallengeExpired,
        P::ChallengeAltered,
        P::AlreadyAnswered,
        P::WrongKey,
        P::Throttled,
        P::NameRefused,
        P::RelayRefused,
        P::Unavailable,
    ]
};
