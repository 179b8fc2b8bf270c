use proptest::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::*;

/// The cases of one part of `cases.json`, which any language can read.
fn cases<T: DeserializeOwned>(part: &str) -> Vec<T> {
    let mut file: serde_json::Value = serde_json::from_str(include_str!("cases.json")).unwrap();
    let cases: Vec<T> = serde_json::from_value(file[part]["cases"].take()).unwrap();
    assert!(!cases.is_empty(), "{part} has cases");
    cases
}

#[test]
fn buckets_are_those_of_growthbook() {
    #[derive(Deserialize)]
    struct Case {
        seed: String,
        unit: String,
        bucket: u16,
    }
    for Case { seed, unit, bucket: want } in cases("buckets") {
        assert_eq!(bucket(&seed, &unit).unwrap().number(), want, "{seed} + {unit}");
    }
}

#[test]
fn namespaces_are_those_of_growthbook() {
    #[derive(Deserialize)]
    struct Case {
        unit: String,
        id: String,
        range: (f64, f64),
        holds: bool,
    }
    for Case { unit, id, range: (start, end), holds } in cases("namespaces") {
        let namespace = Namespace { id, range: Range { start, end } };
        assert_eq!(namespace.holds(&unit), Ok(holds), "{unit} in {namespace:?}");
    }
}

#[test]
fn ranges_are_those_of_growthbook_to_the_last_bit() {
    #[derive(Deserialize)]
    struct Case {
        weights: Vec<f64>,
        coverage: f64,
        ranges: Vec<(f64, f64)>,
    }
    for Case { weights, coverage, ranges: want } in cases("ranges") {
        let got: Vec<_> = ranges(weights.clone(), coverage).map(|range| (range.start, range.end)).collect();
        assert_eq!(got, want, "{weights:?} at {coverage}");
    }
}

#[test]
fn a_unit_without_a_name_has_no_bucket() {
    assert_eq!(bucket("exp", ""), Err(EmptyUnit));
    let whole = Namespace { id: "ns".to_owned(), range: Range { start: 0.0, end: 1.0 } };
    assert_eq!(whole.holds(""), Err(EmptyUnit));
}

#[test]
fn ranges_hold_their_start_and_not_their_end() {
    let range = Range { start: 0.25, end: 0.5 };
    for (number, want) in [(0.2499, false), (0.25, true), (0.4999, true), (0.5, false)] {
        assert_eq!(range.holds(number), want, "{number}");
    }
}

proptest! {
    #[test]
    fn a_bucket_is_one_of_ten_thousand(seed in ".{0,12}", unit in ".{1,12}") {
        let bucket = bucket(&seed, &unit).unwrap();
        prop_assert!(bucket.number() < Bucket::COUNT);
        prop_assert!((0.0..1.0).contains(&bucket.fraction()));
    }

    #[test]
    fn widening_coverage_moves_nobody(
        parts in prop::collection::vec(0_u32..100, 2..6),
        narrow in 0.0_f64..=1.0,
        wide in 0.0_f64..=1.0,
        number in 0_u16..Bucket::COUNT,
    ) {
        let (narrow, wide) = (narrow.min(wide), narrow.max(wide));
        let whole = parts.iter().sum::<u32>().max(1);
        let weights: Vec<f64> = parts.iter().map(|&part| f64::from(part) / f64::from(whole)).collect();
        let arm = |coverage| {
            ranges(weights.iter().copied(), coverage).position(|range| range.holds(Bucket(number).fraction()))
        };
        if let Some(before) = arm(narrow) {
            prop_assert_eq!(arm(wide), Some(before));
        }
    }

    #[test]
    fn no_bucket_is_in_two_ranges(
        parts in prop::collection::vec(0_u32..100, 2..6),
        coverage in 0.0_f64..=1.0,
        number in 0_u16..Bucket::COUNT,
    ) {
        let whole = parts.iter().sum::<u32>().max(1);
        let weights = parts.iter().map(|&part| f64::from(part) / f64::from(whole));
        let holding = ranges(weights, coverage).filter(|range| range.holds(Bucket(number).fraction()));
        prop_assert!(holding.count() <= 1);
    }
}
