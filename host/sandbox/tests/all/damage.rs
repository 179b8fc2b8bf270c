//! Components that were cut or had a bit flipped, by the thousand: refused with a reason, or still a strategy that
//! is held to its limits. Never a panic, never a hang.

use rebound_sandbox::{Class, Outcome, PublishError};

use crate::fixture::{patient, publish, sandbox};
use crate::guests::act;
use crate::handwritten::{Parts, recommender};

const FLIPS: usize = 4_000;
/// Of those that inspection lets through, as many are compiled and run.
const RUNS: usize = 300;

/// SplitMix64: the same damage in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }
}

/// With one to three bits flipped.
fn flipped(whole: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..=random.below(3) {
        bytes[random.below(whole.len())] ^= 1 << random.below(8);
    }
    bytes
}

#[test]
fn a_component_cut_anywhere_is_refused_or_lost_nothing_that_counts() {
    let sandbox = sandbox(patient());
    let whole = recommender(Parts::default());
    let wanted = sandbox.inspect(Class::Standard, &whole).unwrap();
    let mut refused = 0;
    for size in 0..whole.len() {
        match sandbox.inspect(Class::Standard, &whole[..size]) {
            // What stands last names nothing but tools.
            Ok(exports) => assert_eq!(exports, wanted, "cut at {size}"),
            Err(error) => {
                assert!(!error.to_string().is_empty());
                refused += 1;
            }
        }
    }
    assert!(refused > 1_000 && refused * 10 > whole.len() * 9, "{refused} of {}", whole.len());
}

#[test]
fn flipped_bits_are_refused_or_held_to_the_limits() {
    let sandbox = sandbox(patient());
    let whole = recommender(Parts::default());
    let neighbour = publish(&sandbox, &whole);
    let (mut random, mut refused, mut published, mut failed) = (Random(1), 0, 0, 0);
    for flip in 0..FLIPS {
        let bytes = flipped(&whole, &mut random);
        if sandbox.inspect(Class::Standard, &bytes).is_err() {
            refused += 1;
            continue;
        }
        if published + failed == RUNS {
            continue;
        }
        match sandbox.publish(Class::Standard, &bytes) {
            Ok((plugin, _)) => {
                published += 1;
                let report = act(&plugin, "");
                assert!(report.usage.fuel <= report.usage.fuel_max, "flip {flip}: {report:?}");
                assert!(
                    report.usage.memory_bytes <= report.usage.memory_bytes_max,
                    "flip {flip}: {report:?}"
                );
            }
            Err(PublishError::Refused(error)) => panic!("flip {flip} passed inspection, then {error}"),
            Err(_) => failed += 1,
        }
    }
    println!(
        "of {FLIPS} flips {refused} were refused unseen, {failed} when loaded, {published} are strategies"
    );
    assert!(refused > FLIPS / 10, "{refused} refused");
    assert!(published > 0 && failed > 0, "{published} published, {failed} failed");
    assert_eq!(act(&neighbour, "").outcome, Outcome::Value(()), "and the next is served");
}
