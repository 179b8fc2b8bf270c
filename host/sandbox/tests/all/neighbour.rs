//! What one guest does, another served at the same time never notices.

use std::sync::atomic::{AtomicBool, Ordering};

use rebound_sandbox::{Plugin, Report, Usage};

use crate::fixture::{catalog, context, patient, publish, sandbox, situation, unknown};
use crate::guests::{act, hostile};

/// Every attack, more often than the pool has room for.
const ROUNDS: usize = 8;

const ATTACKS: [(&str, &str); 11] = [
    ("spin", "out-of-fuel"),
    ("allocate", "memory"),
    ("recurse", "stack"),
    ("overflow", "trap"),
    ("panic", "unreachable"),
    ("flood 1000000", "out-of-fuel"),
    ("search 100000", "out-of-fuel"),
    ("offers 1000000", "memory"),
    ("offers 3000", "output-too-large"),
    ("nan", "invalid-output"),
    ("product 99999", "invalid-output"),
];

/// All of a report that has to be the same every time.
fn served(plugin: &Plugin) -> Report<rebound_domain::answer::Recommendations> {
    let situation = situation();
    let mut report = plugin.recommend(&context(&situation, "serve"), &catalog(), &unknown());
    report.usage = Usage { micros: 0, extensions: 0, ..report.usage };
    report
}

#[test]
fn a_neighbour_never_notices_and_no_slot_is_lost() {
    let sandbox = sandbox(patient());
    let (neighbour, attacker) = (publish(&sandbox, hostile()), publish(&sandbox, hostile()));
    let alone = served(&neighbour);
    assert_eq!(alone.outcome.word(), "value");

    let over = AtomicBool::new(false);
    /// Ends the watch however the attacks end: a failed assertion must not leave it waiting.
    struct Ends<'a>(&'a AtomicBool);
    impl Drop for Ends<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut count = 0;
            while !over.load(Ordering::Relaxed) || count == 0 {
                assert_eq!(served(&neighbour), alone);
                count += 1;
            }
        });
        let ends = Ends(&over);
        for (config, want) in ATTACKS {
            for _ in 0..ROUNDS {
                assert_eq!(act(&attacker, config).outcome.word(), want, "{config}");
            }
        }
        drop(ends);
        watch.join().unwrap();
    });
    assert_eq!(served(&neighbour), alone, "and is served after it all");
}

#[test]
fn more_callers_than_slots_wait_for_one_another() {
    let plugin = publish(&sandbox(patient()), hostile());
    let alone = served(&plugin);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                // Long enough for all of them to be there at once.
                assert_eq!(act(&plugin, "search 300").outcome.word(), "value");
                assert_eq!(served(&plugin), alone);
            });
        }
    });
}
