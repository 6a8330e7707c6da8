//! Wrong clocks, as people complain of them.

use super::*;

/// A Tuesday in November 2026, milliseconds.
pub(super) const NOW: u64 = 1_795_500_000_000;
pub(super) const NORTH: &str = "sign.north.example";
pub(super) const SOUTH: &str = "sign.south.example";

/// A phone: true time since [`NOW`], its wall clock's error, and its boot.
#[derive(Clone)]
pub(super) struct Device {
    elapsed: u64,
    booted: u64,
    pub(super) wall_ahead: i64,
    /// The error of the clock that the platform sets, if it sets one.
    pub(super) network_ahead: Option<i64>,
    boot: &'static str,
}

impl Device {
    pub(super) fn ahead(wall_ahead: i64) -> Self {
        Self { elapsed: 0, booted: 0, wall_ahead, network_ahead: None, boot: "first" }
    }

    pub(super) fn after(&mut self, milliseconds: u64) -> &mut Self {
        self.elapsed += milliseconds;
        self
    }

    pub(super) fn restart(&mut self, boot: &'static str) {
        (self.boot, self.booted) = (boot, self.elapsed);
    }

    pub(super) fn truth(&self) -> u64 {
        NOW + self.elapsed
    }

    pub(super) fn read(&self) -> ClockReading {
        ClockReading {
            wall: self.truth().saturating_add_signed(self.wall_ahead),
            monotonic: self.elapsed - self.booted,
            boot: self.boot.into(),
            network: self.network_ahead.map(|ahead| self.truth().saturating_add_signed(ahead)),
        }
    }

    /// A quick exchange with a service whose clock is ahead by so much.
    pub(super) fn ask(&mut self, times: &mut KnownTimes, service: &str, is_signed: bool, ahead: i64) {
        let sent = self.read();
        let held = (self.truth() + 10).saturating_add_signed(ahead);
        let received = self.after(20).read();
        times.learn(TimeAnchor::from_exchange(service, is_signed, &sent, received, held, 0).unwrap());
    }
}

/// The person believes this service.
fn choose(times: &mut KnownTimes, phone: &Device, service: &str) {
    let asked = times.contradictions(&phone.read());
    times.set_choice(Some(StoredChoice::new(ClockChoice::Service(service.into()), &asked)));
}

/// What the next process knows: what was written.
pub(super) fn restarted(times: &mut KnownTimes) -> KnownTimes {
    KnownTimes::new(times.take_unsaved().into_iter().map(|(_, anchor)| anchor))
}

#[track_caller]
fn assert_right(times: &KnownTimes, device: &Device, source: TimeSource) {
    let status = times.status(&device.read());
    assert!(status.time.unix_ms.abs_diff(device.truth()) < 50, "{status:?}");
    assert_eq!(status.time.source, source);
    assert!((status.wall_ahead_ms - device.wall_ahead).abs() < 50, "{status:?}");
}

#[test]
fn codes_are_right_when_the_phone_is_74_seconds_fast_and_the_person_has_said_so() {
    let (mut times, mut phone) = (KnownTimes::default(), Device::ahead(74_000));
    phone.ask(&mut times, NORTH, true, 0);
    choose(&mut times, &phone, NORTH);
    phone.after(3_600_000);
    assert_right(&times, &phone, TimeSource::Service);
    let status = times.status(&phone.read());
    assert!(status.is_corrected());
    assert_eq!((status.service.as_deref(), status.age_ms), (Some(NORTH), Some(3_600_000)));
}

#[test]
fn codes_stay_right_when_somebody_turns_the_clock() {
    let (mut times, mut phone) = (KnownTimes::default(), Device::ahead(0));
    phone.ask(&mut times, NORTH, true, 0);
    for ahead in [600_000, -600_000, 40 * 365 * 86_400_000, 0] {
        phone.wall_ahead = ahead;
        phone.after(1_000);
        assert_right(&times, &phone, TimeSource::Service);
    }
}

#[test]
fn codes_are_right_on_a_plane_after_the_phone_was_restarted() {
    let (mut times, mut phone) = (KnownTimes::default(), Device::ahead(74_000));
    phone.ask(&mut times, NORTH, true, 0);
    choose(&mut times, &phone, NORTH);
    let (choice, mut times) = (times.choice().cloned(), restarted(&mut times));
    phone.after(7_200_000).restart("second");
    phone.after(60_000);
    let reading = phone.read();
    assert!(times.status_at(NORTH, &reading).time.unix_ms.abs_diff(phone.truth()) < 50, "its own service's");
    let status = times.status(&reading);
    assert_eq!(
        (status.time.source, status.undecided),
        (TimeSource::WallClock, Vec::new()),
        "a guess asks nobody"
    );
    times.set_choice(choice);
    assert_right(&times, &phone, TimeSource::LastKnownOffset);
}

#[test]
fn a_clock_that_was_set_right_before_a_restart_is_not_corrected_once_more() {
    let (mut times, mut phone) = (KnownTimes::default(), Device::ahead(74_000));
    phone.ask(&mut times, NORTH, true, 0);
    let mut times = restarted(&mut times);
    phone.wall_ahead = 0;
    phone.after(60_000);
    times.note_wall(&phone.read());
    let times = restarted(&mut times);
    phone.after(60_000).restart("second");
    phone.after(60_000);
    assert_right(&times, &phone, TimeSource::LastKnownOffset);
}

#[test]
fn a_clock_that_nobody_set_is_not_written_again_and_again() {
    let (mut times, mut phone) = (KnownTimes::default(), Device::ahead(74_000));
    phone.ask(&mut times, NORTH, true, 0);
    assert_eq!(times.take_unsaved().len(), 1);
    for _ in 0..100 {
        phone.after(30_000);
        times.note_wall(&phone.read());
        phone.ask(&mut times, NORTH, true, 0);
        assert!(!times.has_unsaved());
    }
    phone.after(86_400_000);
    phone.ask(&mut times, NORTH, true, 0);
    assert!(times.has_unsaved(), "once a day, so that a clock that goes back is noticed");
}

#[test]
fn a_clock_that_fell_back_to_2020_while_the_battery_was_out_is_told() {
    let (mut times, mut phone) = (KnownTimes::default(), Device::ahead(0));
    phone.ask(&mut times, NORTH, true, 0);
    let times = restarted(&mut times);
    phone.after(86_400_000).restart("second");
    phone.wall_ahead = -(6 * 365 * 86_400_000);
    phone.after(30_000);
    let status = times.status(&phone.read());
    assert_eq!(status.time.source, TimeSource::ClockWentBack);
    assert!(status.is_corrected());
    // The earliest that it can be: later than what the service told, and not after the truth.
    assert!((NOW + 30_000..phone.truth()).contains(&status.time.unix_ms), "{status:?}");
}

#[test]
fn a_clock_that_was_set_right_while_the_phone_was_off_is_believed_where_the_old_error_can_not_be() {
    let (mut times, mut phone) = (KnownTimes::default(), Device::ahead(600_000));
    phone.ask(&mut times, NORTH, true, 0);
    let times = restarted(&mut times);
    phone.after(60_000).restart("second");
    phone.wall_ahead = 0;
    assert_right(&times, &phone, TimeSource::WallClock);
    assert_eq!(times.status_at(NORTH, &phone.read()).time.source, TimeSource::WallClock);
}

#[test]
fn one_service_with_a_wrong_clock_spoils_its_own_codes_alone() {
    let (mut times, mut phone) = (KnownTimes::default(), Device::ahead(0));
    phone.ask(&mut times, NORTH, true, 600_000);
    phone.ask(&mut times, SOUTH, true, 0);
    phone.after(1_000);
    assert_right(&times, &phone, TimeSource::Service);
    let reading = phone.read();
    let at = |service| times.status_at(service, &reading).time.unix_ms;
    assert!(at(NORTH).abs_diff(phone.truth() + 600_000) < 50, "it checks its codes by its own clock");
    assert!(at(SOUTH).abs_diff(phone.truth()) < 50);
    assert!(at("other.example").abs_diff(phone.truth()) < 50);
    let clocks = times.service_clocks(&reading);
    let off: Vec<_> = clocks.iter().filter(|clock| clock.ahead_ms.abs() > 3_000).collect();
    assert_eq!(off.iter().map(|clock| clock.service.as_str()).collect::<Vec<_>>(), [NORTH]);
}

#[test]
fn two_services_that_agree_outweigh_the_phones_clock() {
    let (mut times, mut phone) = (KnownTimes::default(), Device::ahead(-7_200_000));
    phone.ask(&mut times, NORTH, true, 0);
    phone.ask(&mut times, SOUTH, false, 40);
    assert_right(&times, &phone, TimeSource::Service);
}

#[test]
fn a_time_that_nobody_signed_corrects_codes_and_is_told_as_that() {
    let (mut times, mut phone) = (KnownTimes::default(), Device::ahead(74_000));
    phone.ask(&mut times, NORTH, false, 0);
    choose(&mut times, &phone, NORTH);
    assert_right(&times, &phone, TimeSource::UnsignedService);
}

#[test]
fn a_proxy_between_phone_and_server_can_not_move_the_time_by_days() {
    for lie in [93_700_000, -93_700_000, 365 * 86_400_000] {
        let (mut times, mut phone) = (KnownTimes::default(), Device::ahead(0));
        phone.ask(&mut times, NORTH, false, lie);
        assert_right(&times, &phone, TimeSource::WallClock);
        // Its own timestamps still go by it: it is who checks them.
        let own = times.status_at(NORTH, &phone.read()).time.unix_ms;
        assert!(own.abs_diff(phone.truth().saturating_add_signed(lie)) < 50);
        let times = restarted(&mut times);
        phone.after(60_000).restart("second");
        assert_right(&times, &phone, TimeSource::WallClock);
    }
}

#[test]
fn unsigned_times_can_not_outvote_a_signed_one() {
    let (mut times, mut phone) = (KnownTimes::default(), Device::ahead(74_000));
    phone.ask(&mut times, NORTH, true, 0);
    for proxied in ["a.example", "b.example", "c.example"] {
        phone.ask(&mut times, proxied, false, 3_600_000);
    }
    let status = times.status(&phone.read());
    assert_eq!((status.time.source, status.undecided.len()), (TimeSource::WallClock, 4), "nobody can know");
    choose(&mut times, &phone, NORTH);
    assert_right(&times, &phone, TimeSource::Service);
    phone.ask(&mut times, NORTH, false, 3_600_000);
    assert_right(&times, &phone, TimeSource::Service);
}

#[test]
fn a_time_before_this_software_or_after_the_century_is_nobodys() {
    for service in [0, 1_600_000_000_000, 4_102_444_800_000, u64::MAX] {
        let (mut times, phone) = (KnownTimes::default(), Device::ahead(0));
        times.learn(TimeAnchor::from_exchange(NORTH, true, &phone.read(), phone.read(), service, 0).unwrap());
        assert_right(&times, &phone, TimeSource::WallClock);
        let times = restarted(&mut times);
        let mut phone = phone.clone();
        phone.restart("second");
        assert_right(&times, &phone, TimeSource::WallClock);
    }
}

#[test]
fn without_a_service_the_wall_clock_is_all_there_is() {
    let phone = Device::ahead(74_000);
    let status = KnownTimes::default().status(&phone.read());
    assert_eq!(status.time, ServiceTime { unix_ms: phone.read().wall, source: TimeSource::WallClock });
    assert_eq!((status.wall_ahead_ms, status.service, status.age_ms), (0, None, None));
    assert_eq!(KnownTimes::default().status_at(NORTH, &phone.read()).time, status.time);
}

#[test]
fn a_service_that_sets_its_clock_is_followed_even_by_a_slow_reply() {
    let (mut times, mut phone) = (KnownTimes::default(), Device::ahead(0));
    phone.ask(&mut times, NORTH, true, 600_000);
    let sent = phone.read();
    let received = phone.after(4_000).read();
    times.learn(TimeAnchor::from_exchange(NORTH, true, &sent, received, phone.truth() - 2_000, 0).unwrap());
    assert_right(&times, &phone, TimeSource::Service);
}

#[test]
fn a_slow_reply_does_not_replace_a_quick_one_until_drift_outweighs_it() {
    let (mut times, mut phone) = (KnownTimes::default(), Device::ahead(0));
    let slow = |phone: &mut Device, times: &mut KnownTimes| {
        let sent = phone.read();
        let received = phone.after(2_000).read();
        // All of the round trip was the way there, so that half of it is wrong.
        let told = phone.truth();
        times.learn(TimeAnchor::from_exchange(NORTH, true, &sent, received, told, 0).unwrap());
    };
    phone.ask(&mut times, NORTH, true, 0);
    slow(&mut phone, &mut times);
    assert_right(&times, &phone, TimeSource::Service);
    phone.after(30_000_000);
    slow(&mut phone, &mut times);
    assert_eq!(times.status(&phone.read()).time.unix_ms, phone.truth() + 1_000);
}

#[test]
fn what_the_service_held_back_is_no_part_of_the_round_trip() {
    let phone = Device::ahead(0);
    let (sent, mut received) = (phone.read(), phone.read());
    received.monotonic += 25_040;
    let anchor = TimeAnchor::from_exchange(NORTH, true, &sent, received.clone(), NOW, 25_000).unwrap();
    assert_eq!(KnownTimes::new([anchor]).status(&received).time.unix_ms, NOW + 20);
}

#[test]
fn an_exchange_across_a_restart_tells_no_time() {
    let reading =
        |monotonic, boot: &str| ClockReading { wall: NOW, monotonic, boot: boot.into(), network: None };
    let exchange = |sent, received| TimeAnchor::from_exchange(NORTH, true, &sent, received, NOW, 0);
    assert_eq!(exchange(reading(100, "a"), reading(300, "b")), None);
    assert_eq!(exchange(reading(300, "a"), reading(100, "a")), None);
}

#[test]
fn clocks_at_the_ends_of_what_numbers_can_be_stop_nothing() {
    let reading =
        |wall, monotonic, boot: &str| ClockReading { wall, monotonic, boot: boot.into(), network: None };
    for told in [0, NOW, u64::MAX] {
        for (wall, monotonic) in [(0, 0), (u64::MAX, u64::MAX), (NOW, u64::MAX), (u64::MAX, 0)] {
            for signed in [true, false] {
                let at = reading(wall, monotonic, "a");
                let anchor = TimeAnchor::from_exchange(NORTH, signed, &at, at.clone(), told, 0).unwrap();
                let mut times = KnownTimes::new([anchor]);
                for boot in ["a", "b"] {
                    for (wall, monotonic) in [(0, 0), (u64::MAX, u64::MAX), (NOW, NOW)] {
                        let now = reading(wall, monotonic, boot);
                        times.status(&now);
                        times.status_at(NORTH, &now);
                        times.service_clocks(&now);
                        times.note_wall(&now);
                    }
                }
            }
        }
    }
}
