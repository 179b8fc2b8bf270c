//! The same inputs give the same answer, for the same fuel, whenever and wherever they are given.

use proptest::prelude::*;
use rebound_domain::manifest::Stage;
use rebound_domain::money::Money;
use rebound_domain::time::Instant;
use rebound_sandbox::{Plugin, Report, Usage};

use crate::fixture::{catalog, context, patient, publish, sandbox, situation, unknown};
use crate::guests::{act_in, hostile};

fn same<T>(report: Report<T>) -> Report<T> {
    Report { usage: Usage { micros: 0, extensions: 0, ..report.usage }, ..report }
}

fn acts() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec!["serve", "panic", "nan", "infinite", "word", "recurse", "nonsense"])
            .prop_map(str::to_owned),
        (
            prop::sample::select(vec!["offers", "state", "flood", "search", "get", "decline", "product"]),
            0..200_u32
        )
            .prop_map(|(word, count)| format!("{word} {count}")),
    ]
}

fn plugin() -> &'static Plugin {
    static PLUGIN: std::sync::OnceLock<Plugin> = std::sync::OnceLock::new();
    PLUGIN.get_or_init(|| publish(&sandbox(patient()), hostile()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_stage_repeats_itself_exactly(act in acts(), stage in prop::sample::select(Stage::ALL.to_vec())) {
        let here = same(act_in(stage, plugin(), &act));
        let again = same(act_in(stage, plugin(), &act));
        let elsewhere = std::thread::scope(|scope| {
            scope.spawn(|| same(act_in(stage, plugin(), &act))).join().unwrap()
        });
        prop_assert_eq!(&here, &again);
        prop_assert_eq!(&here, &elsewhere);
    }

    #[test]
    fn a_recommendation_depends_on_its_situation_alone(
        seed in 0_u64..1 << 53,
        price in 1_i64..30_000,
        purchases in 0_usize..50,
        now in 0_u64..2_000_000_000_000,
    ) {
        let mut situation = situation();
        situation.seed = seed;
        situation.now = Instant(now);
        situation.customer.purchases.truncate(purchases);
        let line = &mut situation.event.lines[0];
        line.paid = Money(price);
        let context = context(&situation, "serve");
        let run = || same(plugin().recommend(&context, &catalog(), &unknown()));
        prop_assert_eq!(run(), run());
    }
}
