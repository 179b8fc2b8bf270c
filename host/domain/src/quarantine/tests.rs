//! A table of histories, and what holds for every history.

use proptest::prelude::*;

use super::*;

const RULES: Rules = Rules {
    window: Duration(60_000),
    failures_min: 3,
    rate_min: BasisPoints(5_000),
    backoff: Duration(1_000),
    backoff_max: Duration(3_000),
    probes: 2,
};

/// Plays calls, one a letter: `.` passes, `x` fails, `-` is spared; `+` lets a second go by and `~` a minute. Answers
/// what was called (`r` run, `p` probe) and what was not (`#`).
fn play(history: &str) -> (String, Quarantine, Vec<Change>) {
    let mut quarantine = Quarantine::default();
    let (mut now, mut told, mut changes) = (Instant(1_000_000), String::new(), Vec::new());
    for letter in history.chars() {
        let verdict = match letter {
            '+' => {
                now = now + Duration(1_000);
                continue;
            }
            '~' => {
                now = now + Duration(60_000);
                continue;
            }
            '.' => Verdict::Passed,
            'x' => Verdict::Failed,
            _ => Verdict::Spared,
        };
        match quarantine.admit(now) {
            Admission::Admitted(ticket) => {
                told.push(if ticket == Ticket::Probe { 'p' } else { 'r' });
                changes.extend(quarantine.settle(&RULES, now, ticket, verdict, "unreachable"));
            }
            Admission::Refused(_) => told.push('#'),
        }
    }
    (told, quarantine, changes)
}

#[track_caller]
fn check(history: &str, want: &str) {
    assert_eq!(play(history).0, want, "{history}");
}

#[test]
fn a_version_trips_by_count_and_rate_together() {
    check("xx.", "rrr");
    check("xxx.", "rrr#");
    // Three of seven are below half, three of six are half.
    check("....xxx.", "rrrrrrrr");
    check("...xxx.", "rrrrrr#");
}

#[test]
fn only_the_window_counts() {
    check("xx~x.", "rrrr");
    // Ten seconds more, so that it is not the same bucket that counts on.
    check("xx~++++++++++x.", "rrrr");
    check("xx+x.", "rrr#");
}

#[test]
fn what_nobody_is_to_blame_for_counts_neither_way() {
    check("----------.", "rrrrrrrrrrr");
    // Were they calls, three of seven would be below half.
    check("----xxx.", "rrrrrrr#");
    // A spared probe is tried again and proves nothing.
    check("xxx+-..x", "rrrpppr");
}

#[test]
fn probes_go_one_at_a_time_and_close_it_in_a_row() {
    check("xxx..+...", "rrr##ppr");
    let (_, quarantine, changes) = play("xxx+..");
    assert_eq!((quarantine.state, changes), (State::Closed, vec![Change::Tripped, Change::Closed]));
    let mut quarantine = play("xxx").1;
    let now = Instant(1_001_000);
    assert_eq!(quarantine.admit(now), Admission::Admitted(Ticket::Probe));
    assert_eq!(quarantine.admit(now), Admission::Refused(Refusal::Probing));
    let later = now + PROBE_LEASE;
    assert_eq!(quarantine.admit(later), Admission::Admitted(Ticket::Probe), "one that was lost is given up");
}

#[test]
fn a_failed_probe_doubles_the_backoff_up_to_its_bound() {
    // One second, then two, then three.
    check("xxx+x+.+x++.+x", "rrrp#p#p");
    let mut quarantine = play("xxx").1;
    let mut backoffs = Vec::new();
    for _ in 0..4 {
        let State::Open { until, backoff, since } = quarantine.state else { panic!("{quarantine:?}") };
        assert_eq!(since, Instant(1_000_000), "it is left out since it first tripped");
        backoffs.push(backoff.0);
        assert_eq!(quarantine.admit(until), Admission::Admitted(Ticket::Probe));
        quarantine.settle(&RULES, until, Ticket::Probe, Verdict::Failed, "memory");
    }
    assert_eq!(backoffs, [1_000, 2_000, 3_000, 3_000]);
    assert_eq!((quarantine.trips, quarantine.last.unwrap().outcome.as_str()), (5, "memory"));
}

#[test]
fn a_dry_look_neither_probes_nor_changes_anything() {
    let quarantine = play("xxx").1;
    let before = quarantine.clone();
    let late = Instant(2_000_000);
    assert_eq!(quarantine.peek(late), Admission::Refused(Refusal::Probing));
    assert_eq!(quarantine, before);
    assert_eq!(Quarantine::default().peek(late), Admission::Admitted(Ticket::Run));
}

#[test]
fn a_hold_stays_until_it_is_released_and_a_release_wipes_the_slate() {
    let (mut quarantine, now) = (Quarantine::default(), Instant(1_000_000));
    let hold = Hold { who: "ops".to_owned(), reason: "a bad batch".to_owned(), at: now };
    assert_eq!(quarantine.hold(hold.clone()), Change::Held);
    for later in [now, now + Duration::days(1_000)] {
        assert_eq!(quarantine.admit(later), Admission::Refused(Refusal::Held(hold.clone())));
    }
    assert!(!quarantine.is_clear());
    assert_eq!(quarantine.release(), Change::Released);
    assert!(quarantine.is_clear());
    let mut tripped = play("xxx").1;
    tripped.release();
    assert_eq!(tripped.recent(&RULES, now), (0, 0));
    assert_eq!(tripped.admit(now), Admission::Admitted(Ticket::Run));
}

#[test]
fn a_call_that_began_before_decides_nothing_after() {
    let mut quarantine = play("xxx").1;
    let state = quarantine.state;
    for verdict in [Verdict::Passed, Verdict::Failed] {
        assert_eq!(quarantine.settle(&RULES, Instant(9_000_000), Ticket::Run, verdict, "trap"), None);
        assert_eq!(quarantine.state, state);
    }
    quarantine.release();
    assert_eq!(quarantine.settle(&RULES, Instant(9_000_000), Ticket::Probe, Verdict::Failed, "trap"), None);
    assert!(quarantine.is_clear());
}

#[test]
fn a_clock_that_is_set_back_makes_no_backoff_longer() {
    let mut quarantine = play("xxx").1;
    assert_eq!(quarantine.admit(Instant(1_000)), Admission::Admitted(Ticket::Probe));
}

#[test]
fn what_is_recorded_reads_back_without_its_window() {
    for history in ["", "x", "xxx", "xxx+.", "xxx+x"] {
        let quarantine = play(history).1;
        let text = serde_json::to_string(&quarantine).unwrap();
        let back: Quarantine = serde_json::from_str(&text).unwrap();
        assert_eq!(back, Quarantine { window: Window::default(), ..quarantine }, "{history}");
    }
}

proptest! {
    /// Whatever happens: nothing passes while it is open before its time, backoffs stay in their bounds, and a version
    /// that never failed is never left out.
    #[test]
    fn every_history_keeps_its_promises(steps in prop::collection::vec((0_u8..3, 0_u64..5_000), 0..200)) {
        let mut quarantine = Quarantine::default();
        let (mut now, mut failures) = (Instant(1), 0_u32);
        for (kind, passes) in steps {
            now = now + Duration(passes);
            let verdict = [Verdict::Passed, Verdict::Failed, Verdict::Spared][usize::from(kind)];
            let before = quarantine.clone();
            match quarantine.admit(now) {
                Admission::Admitted(ticket) => {
                    if let State::Open { until, .. } = before.state {
                        prop_assert!(now >= until);
                    }
                    prop_assert_eq!(ticket == Ticket::Probe, before.state != State::Closed);
                    failures += u32::from(verdict == Verdict::Failed);
                    quarantine.settle(&RULES, now, ticket, verdict, "trap");
                }
                Admission::Refused(_) => prop_assert!(failures >= RULES.failures_min),
            }
            if let State::Open { since, until, backoff } = quarantine.state {
                prop_assert!(RULES.backoff <= backoff && backoff <= RULES.backoff_max);
                prop_assert!(since <= now && until.since(now) <= backoff);
            }
            let (calls, failed) = quarantine.recent(&RULES, now);
            prop_assert!(failed <= calls);
        }
    }
}
