//! Who disagrees with whom, and whose time the codes of other issuers go by: one row for each case.

use super::tests::{Device, NORTH, SOUTH, restarted};
use super::*;

const EAST: &str = "pi.east.example";
/// Of the same organisation as [`NORTH`].
const NORTH_TOO: &str = "pi.north.example";
const MINUTES: i64 = 60_000;

/// One case. All errors are milliseconds ahead of the true time.
struct Case {
    name: &'static str,
    /// The clock that the platform sets from the network, if there is one.
    network: Option<i64>,
    wall: i64,
    /// Host, whether it signs, and its error, in the order in which they tell the time.
    services: &'static [(&'static str, bool, i64)],
    choice: Option<Choice>,
    /// The error of the time that codes go by.
    used: i64,
    source: TimeSource,
    /// The services that the person is shown beside the device's clock.
    asked: &'static [&'static str],
}

/// What the person has said when they were asked.
#[derive(Clone, Copy)]
enum Choice {
    Device,
    Service(&'static str),
}

const QUIET: Case = Case {
    name: "nobody has told the time",
    network: None,
    wall: 0,
    services: &[],
    choice: None,
    used: 0,
    source: TimeSource::WallClock,
    asked: &[],
};

const CASES: &[Case] = &[
    QUIET,
    Case { name: "nobody tells that the clock is wrong", wall: 5 * MINUTES, used: 5 * MINUTES, ..QUIET },
    // One service.
    Case { name: "one agrees", services: &[(NORTH, true, 0)], source: TimeSource::Service, ..QUIET },
    Case {
        name: "one that signs nothing agrees",
        services: &[(NORTH, false, 0)],
        source: TimeSource::UnsignedService,
        ..QUIET
    },
    Case { name: "one agrees roughly: its error spoils no code", services: &[(NORTH, true, 9_000)], ..QUIET },
    Case {
        name: "one that is five minutes ahead",
        services: &[(NORTH, true, 5 * MINUTES)],
        asked: &[NORTH],
        ..QUIET
    },
    Case {
        name: "one that is five minutes behind",
        services: &[(NORTH, true, -5 * MINUTES)],
        asked: &[NORTH],
        ..QUIET
    },
    Case {
        name: "one without signatures that is ahead",
        services: &[(NORTH, false, 5 * MINUTES)],
        asked: &[NORTH],
        ..QUIET
    },
    Case {
        name: "one without signatures that is days ahead is no witness",
        services: &[(NORTH, false, 2_880 * MINUTES)],
        ..QUIET
    },
    Case {
        name: "one that is days ahead and signs",
        services: &[(NORTH, true, 2_880 * MINUTES)],
        asked: &[NORTH],
        ..QUIET
    },
    Case { name: "one that tells no possible time", services: &[(NORTH, true, -1_700_000_000_000)], ..QUIET },
    Case {
        name: "the device is wrong, and one says so",
        wall: 2 * MINUTES,
        used: 2 * MINUTES,
        services: &[(NORTH, true, 0)],
        asked: &[NORTH],
        ..QUIET
    },
    Case {
        name: "eleven seconds are a disagreement",
        services: &[(NORTH, true, 11_000)],
        asked: &[NORTH],
        ..QUIET
    },
    // The person has chosen.
    Case {
        name: "the person believes the device",
        services: &[(NORTH, true, 5 * MINUTES)],
        choice: Some(Choice::Device),
        ..QUIET
    },
    Case {
        name: "the person believes the service",
        wall: 2 * MINUTES,
        services: &[(NORTH, true, 0)],
        choice: Some(Choice::Service(NORTH)),
        source: TimeSource::Service,
        ..QUIET
    },
    Case {
        name: "the person believes one without signatures",
        wall: 2 * MINUTES,
        services: &[(NORTH, false, 0)],
        choice: Some(Choice::Service(NORTH)),
        source: TimeSource::UnsignedService,
        ..QUIET
    },
    Case {
        name: "a choice of one of two that differ",
        wall: 2 * MINUTES,
        services: &[(NORTH, true, 0), (SOUTH, true, -9 * MINUTES)],
        choice: Some(Choice::Service(NORTH)),
        source: TimeSource::Service,
        ..QUIET
    },
    Case {
        name: "a choice of a service that agrees moves nothing",
        services: &[(NORTH, true, 1_000)],
        choice: Some(Choice::Service(NORTH)),
        used: 1_000,
        source: TimeSource::Service,
        ..QUIET
    },
    // The platform sets the clock.
    Case { name: "the platform's clock alone", network: Some(0), source: TimeSource::Platform, ..QUIET },
    Case {
        name: "the platform's clock and a person who has turned the other",
        network: Some(0),
        wall: 9 * MINUTES,
        source: TimeSource::Platform,
        ..QUIET
    },
    Case {
        name: "the platform's clock against one service",
        network: Some(0),
        services: &[(NORTH, true, 5 * MINUTES)],
        source: TimeSource::Platform,
        ..QUIET
    },
    Case {
        name: "the platform's clock, a turned one, and one service",
        network: Some(0),
        wall: 9 * MINUTES,
        services: &[(NORTH, true, 5 * MINUTES)],
        source: TimeSource::Platform,
        ..QUIET
    },
    Case {
        name: "the platform's clock against one service that the person has chosen",
        network: Some(0),
        services: &[(NORTH, true, 5 * MINUTES)],
        choice: Some(Choice::Service(NORTH)),
        source: TimeSource::Platform,
        ..QUIET
    },
    Case {
        name: "the platform's clock against two that know each other",
        network: Some(0),
        services: &[(NORTH, true, 5 * MINUTES), (NORTH_TOO, true, 5 * MINUTES)],
        source: TimeSource::Platform,
        ..QUIET
    },
    Case {
        name: "the platform's clock against two that don't",
        network: Some(5 * MINUTES),
        wall: 5 * MINUTES,
        services: &[(NORTH, true, 0), (SOUTH, true, 0)],
        source: TimeSource::Service,
        ..QUIET
    },
    Case {
        name: "the platform's clock and one service against two",
        network: Some(0),
        services: &[(NORTH, true, 5 * MINUTES), (SOUTH, true, 5 * MINUTES), (EAST, true, 0)],
        source: TimeSource::Platform,
        ..QUIET
    },
    Case {
        name: "a platform's clock that can't be right counts for nothing",
        network: Some(-1_700_000_000_000),
        services: &[(NORTH, true, 0)],
        source: TimeSource::Service,
        ..QUIET
    },
    // Two services against the wall clock.
    Case {
        name: "two that agree with the device",
        services: &[(NORTH, true, 0), (SOUTH, false, 0)],
        source: TimeSource::Service,
        ..QUIET
    },
    Case {
        name: "two that don't know each other",
        wall: 120 * MINUTES,
        services: &[(NORTH, true, 0), (SOUTH, true, 0)],
        source: TimeSource::Service,
        ..QUIET
    },
    Case {
        name: "two that don't know each other, one without signatures",
        wall: -120 * MINUTES,
        services: &[(NORTH, true, 0), (SOUTH, false, 0)],
        source: TimeSource::Service,
        ..QUIET
    },
    Case {
        name: "two without signatures",
        wall: 120 * MINUTES,
        services: &[(NORTH, false, 0), (SOUTH, false, 0)],
        source: TimeSource::UnsignedService,
        ..QUIET
    },
    Case {
        name: "two that know each other are one",
        services: &[(NORTH, true, 5 * MINUTES), (NORTH_TOO, true, 5 * MINUTES)],
        asked: &[NORTH, NORTH_TOO],
        ..QUIET
    },
    Case {
        name: "two that differ from the device and from each other",
        services: &[(NORTH, true, 5 * MINUTES), (SOUTH, true, -5 * MINUTES)],
        asked: &[NORTH, SOUTH],
        ..QUIET
    },
    Case {
        name: "two outvote the device whatever the person has said of one",
        wall: 2 * MINUTES,
        services: &[(NORTH, true, 0), (SOUTH, true, 0)],
        choice: Some(Choice::Device),
        source: TimeSource::Service,
        ..QUIET
    },
    // More on the device's side.
    Case {
        name: "one with the device, one against",
        services: &[(NORTH, true, 5 * MINUTES), (SOUTH, true, 0)],
        source: TimeSource::Service,
        ..QUIET
    },
    Case {
        name: "one without signatures with the device, a signed one against",
        services: &[(NORTH, true, 5 * MINUTES), (SOUTH, false, 0)],
        source: TimeSource::UnsignedService,
        ..QUIET
    },
    Case {
        name: "one with the device, two against",
        services: &[(NORTH, true, 5 * MINUTES), (SOUTH, true, 5 * MINUTES), (EAST, true, 0)],
        asked: &[NORTH, SOUTH],
        ..QUIET
    },
    Case {
        name: "two with the device, two against",
        services: &[
            (NORTH, true, 5 * MINUTES),
            (SOUTH, true, 5 * MINUTES),
            (EAST, true, 0),
            ("a.example", true, 0),
        ],
        source: TimeSource::Service,
        ..QUIET
    },
    Case {
        name: "one with the device, three against",
        wall: 5 * MINUTES,
        services: &[(NORTH, true, 0), (SOUTH, true, 0), (EAST, true, 0), ("a.example", true, 5 * MINUTES)],
        source: TimeSource::Service,
        ..QUIET
    },
    // What nobody signs.
    Case {
        name: "three without signatures against the device and a signed time",
        services: &[
            (NORTH, false, 5 * MINUTES),
            (SOUTH, false, 5 * MINUTES),
            (EAST, false, 5 * MINUTES),
            ("a.example", true, 0),
        ],
        source: TimeSource::Service,
        ..QUIET
    },
    Case {
        name: "two without signatures against the device, and a signed time that differs from both",
        services: &[(NORTH, false, 5 * MINUTES), (SOUTH, false, 5 * MINUTES), (EAST, true, -5 * MINUTES)],
        asked: &[EAST, NORTH, SOUTH],
        ..QUIET
    },
    // The wall clock can't be right.
    Case {
        name: "a wall clock of before this software, and one service",
        wall: -31_536_000_000 * 3,
        services: &[(NORTH, true, 0)],
        source: TimeSource::Service,
        ..QUIET
    },
    Case {
        name: "a wall clock of the next century, and one service",
        wall: 31_536_000_000 * 80,
        services: &[(NORTH, true, 0)],
        source: TimeSource::Service,
        ..QUIET
    },
    Case {
        name: "a wall clock that can't be right, and two against one",
        wall: -31_536_000_000 * 3,
        services: &[(NORTH, true, 5 * MINUTES), (SOUTH, true, 0), (EAST, true, 0)],
        source: TimeSource::Service,
        ..QUIET
    },
];

#[test]
fn every_case_of_who_disagrees_with_whom() {
    for case in CASES {
        let (mut times, mut device) = (KnownTimes::default(), Device::ahead(case.wall));
        device.network_ahead = case.network;
        for (service, is_signed, ahead) in case.services {
            device.ask(&mut times, service, *is_signed, *ahead);
        }
        if let Some(choice) = case.choice {
            let choice = match choice {
                Choice::Device => ClockChoice::Device,
                Choice::Service(service) => ClockChoice::Service(service.into()),
            };
            times.set_choice(Some(StoredChoice::new(choice, &times.contradictions(&device.read()))));
        }
        let status = times.status(&device.read());
        let name = case.name;
        let used = difference(status.time.unix_ms, device.truth());
        assert!(used.abs_diff(case.used) < 50, "{name}: {used} {status:?}");
        assert_eq!(status.time.source, case.source, "{name}");
        let mut asked: Vec<_> = status.undecided.iter().map(|clock| clock.service.as_str()).collect();
        asked.sort_unstable();
        let mut wanted = case.asked.to_vec();
        wanted.sort_unstable();
        assert_eq!(asked, wanted, "{name}");
        // Whatever the others go by, each service's own codes go by its own time.
        for (service, _, ahead) in case.services {
            let own = times.status_at(service, &device.read()).time.unix_ms;
            assert!(difference(own, device.truth()).abs_diff(*ahead) < 100, "{name}: {service}");
        }
    }
}

fn difference(one: u64, other: u64) -> i64 {
    i64::try_from(i128::from(one) - i128::from(other)).unwrap()
}

/// A phone that was asked about a service with this error and has answered so.
fn answered(choice: &ClockChoice, wall: i64, ahead: i64) -> (KnownTimes, Device) {
    let (mut times, mut device) = (KnownTimes::default(), Device::ahead(wall));
    device.ask(&mut times, NORTH, true, ahead);
    times.set_choice(Some(StoredChoice::new(choice.clone(), &times.contradictions(&device.read()))));
    (times, device)
}

#[test]
fn a_choice_is_asked_once_and_answers_that_difference_alone() {
    let service = ClockChoice::Service(NORTH.into());
    for choice in [ClockChoice::Device, service.clone()] {
        let (mut times, mut device) = answered(&choice, 74_000, 0);
        assert_eq!(times.status(&device.read()).undecided, []);
        assert_eq!(times.status(&device.read()).choice.as_ref(), Some(&choice));
        // A clock that nobody sets drifts.
        device.after(86_400_000);
        device.wall_ahead += 8_000;
        device.ask(&mut times, NORTH, true, 0);
        assert_eq!(times.status(&device.read()).undecided, []);
        // The server's clock jumps by five minutes: nobody was asked about that.
        device.ask(&mut times, NORTH, true, 300_000);
        let status = times.status(&device.read());
        assert_eq!((status.time.source, status.undecided.len()), (TimeSource::WallClock, 1), "{choice:?}");
    }
    // A person who has set the clock right, as they were told, isn't taken for one who believes the server ever after.
    let (mut times, mut device) = answered(&service, 74_000, 0);
    device.wall_ahead = 0;
    times.note_wall(&device.read());
    assert_eq!(times.status(&device.read()).time.source, TimeSource::Service);
    device.ask(&mut times, NORTH, true, 300_000);
    assert_eq!(times.status(&device.read()).undecided.len(), 1);
}

#[test]
fn a_choice_that_is_undone_is_asked_for_again() {
    let (mut times, device) = answered(&ClockChoice::Service(NORTH.into()), 74_000, 0);
    times.set_choice(None);
    let status = times.status(&device.read());
    assert_eq!((status.time.source, status.undecided.len(), status.choice), (TimeSource::WallClock, 1, None));
}

#[test]
fn another_service_that_differs_too_asks_again() {
    for choice in [ClockChoice::Device, ClockChoice::Service(NORTH.into())] {
        let (mut times, mut device) = answered(&choice, 74_000, 0);
        device.ask(&mut times, SOUTH, true, -600_000);
        assert_eq!(times.status(&device.read()).undecided.len(), 2, "{choice:?}");
    }
}

#[test]
fn a_clock_that_somebody_turns_speaks_against_itself_and_the_service() {
    for ahead in [600_000, -600_000] {
        let (mut times, mut device) = (KnownTimes::default(), Device::ahead(0));
        device.ask(&mut times, NORTH, true, 0);
        device.wall_ahead = ahead;
        for _ in 0..3 {
            device.after(60_000);
            times.note_wall(&device.read());
            device.ask(&mut times, NORTH, true, 0);
            let status = times.status(&device.read());
            assert_eq!((status.time.source, status.undecided.len()), (TimeSource::Service, 0));
        }
        // Another process of the same boot knows it, too.
        let status = restarted(&mut times).status(&device.read());
        assert_eq!(status.time.source, TimeSource::Service);
        // Where the platform has turned it, it is right.
        device.network_ahead = Some(ahead);
        assert_eq!(times.status(&device.read()).time.source, TimeSource::Platform);
    }
}

#[test]
fn a_service_that_sets_its_own_clock_wrong_is_not_believed_for_having_been_right() {
    let (mut times, mut device) = (KnownTimes::default(), Device::ahead(0));
    device.ask(&mut times, NORTH, true, 0);
    device.after(60_000);
    device.ask(&mut times, NORTH, true, 300_000);
    let status = times.status(&device.read());
    assert_eq!((status.time.source, status.undecided.len()), (TimeSource::WallClock, 1));
}

#[test]
fn what_two_knew_before_a_restart_still_outvotes_the_device() {
    let (mut times, mut device) = (KnownTimes::default(), Device::ahead(74_000));
    device.ask(&mut times, NORTH, true, 0);
    device.ask(&mut times, SOUTH, true, 0);
    let times = restarted(&mut times);
    device.after(60_000).restart("second");
    assert_eq!(times.status(&device.read()).time.source, TimeSource::LastKnownOffset);
    device.network_ahead = Some(74_000);
    assert_eq!(times.status(&device.read()).time.source, TimeSource::Platform, "it may have been set since");
}
