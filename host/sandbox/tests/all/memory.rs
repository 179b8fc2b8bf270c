//! What hostile calls took, they give back: measured as the process's resident memory, in a process of its own,
//! where no other test allocates.

use std::process::Command;

use crate::fixture::{patient, publish, sandbox};
use crate::guests::{act, hostile};

/// Set for the process that measures.
const MEASURES: &str = "REBOUND_MEASURES_MEMORY";
const NAME: &str = "memory::hungry_calls_give_everything_back";
/// Each holds up to 16 MiB while it runs, so a single one that stayed each round would be a gibibyte.
const HUNGRY: [(&str, &str); 8] = [
    ("allocate", "memory"),
    ("brim", "declined"),
    ("offers 1000000", "memory"),
    ("decline 10485760", "output-too-large"),
    ("write 10485760", "output-too-large"),
    ("fetch 2000000", "output-too-large"),
    ("recurse", "stack"),
    ("panic", "unreachable"),
];
const ROUNDS: usize = 64;
const GROWTH_BYTES_MAX: usize = 32 * 1024 * 1024;

#[test]
fn hungry_calls_give_everything_back() {
    if std::env::var_os(MEASURES).is_some() {
        let (before, after) = measure();
        println!("{before} bytes resident before, {after} after {ROUNDS} rounds");
        assert!(after < before + GROWTH_BYTES_MAX, "{before} bytes resident became {after}");
        return;
    }
    let own = std::env::current_exe().unwrap();
    let output =
        Command::new(own).args([NAME, "--exact", "--nocapture"]).env(MEASURES, "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "the name stands above: {said}");
}

/// What is resident before and after all those calls.
fn measure() -> (usize, usize) {
    let plugin = publish(&sandbox(patient()), hostile());
    let round = || {
        for (config, want) in HUNGRY {
            assert_eq!(act(&plugin, config).outcome.word(), want, "{config}");
        }
    };
    // The first rounds fill what is kept on purpose: the pool's slots and the allocator's own room.
    (0..4).for_each(|_| round());
    let before = resident_bytes();
    (0..ROUNDS).for_each(|_| round());
    (before, resident_bytes())
}

/// The second field of statm, in pages of 4 KiB; where there is no such file nothing is measured and the outcomes
/// above are all that is held.
fn resident_bytes() -> usize {
    let Ok(statm) = std::fs::read_to_string("/proc/self/statm") else { return 0 };
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}
