//! Each limit at its edge: the last that is allowed, the first that is not.

use rebound_domain::limits::Limits;
use rebound_sandbox::{Class, Outcome, Plugin, RefuseError, Trap};

use crate::fixture::{patient, publish, sandbox};
use crate::guests::{act, detail, hostile};

/// What an answer of the recommendation stage takes by itself: a result of a list and a state.
const ANSWER_BYTES: u64 = 24;

#[test]
fn an_answer_of_64_kib_is_read_and_one_byte_more_is_not() {
    let plugin = publish(&sandbox(patient()), hostile());
    let text_bytes = patient().output_bytes - ANSWER_BYTES;
    let report = act(&plugin, &format!("decline {text_bytes}"));
    assert_eq!(report.outcome.word(), "declined", "{}", detail(&report));
    assert_eq!(report.usage.output_bytes, 64 * 1024);
    let report = act(&plugin, &format!("decline {}", text_bytes + 1));
    assert_eq!(report.outcome, Outcome::Trap(Trap::Output));
    assert_eq!(report.usage.output_bytes, 64 * 1024 + 1);
}

#[test]
fn a_reason_is_cut_like_a_log_line() {
    let plugin = publish(&sandbox(patient()), hostile());
    assert_eq!(act(&plugin, "decline 2000").outcome, Outcome::Declined("x".repeat(1024)));
    assert_eq!(act(&plugin, "fail 2000").outcome, Outcome::Internal("x".repeat(1024)));
}

#[test]
fn a_state_of_4_kib_is_kept_and_one_byte_more_is_not() {
    let plugin = publish(&sandbox(patient()), hostile());
    assert_eq!(act(&plugin, "state 4096").outcome, Outcome::Value(()));
    let Outcome::InvalidOutput(invalid) = act(&plugin, "state 4097").outcome else {
        panic!("4097 bytes were kept")
    };
    assert_eq!(invalid.field, "state");
}

#[test]
fn a_search_and_a_look_up_answer_for_at_most_the_limit() {
    let limits = Limits { candidates: 7, ..patient() };
    let plugin = publish(&sandbox(limits), hostile());
    assert_eq!(act(&plugin, "found").outcome, Outcome::Declined("7".to_owned()));
    assert_eq!(act(&plugin, "get 7").outcome, Outcome::Declined("7".to_owned()));
    check_asked(&plugin, "get 8", "8 ids in one call, over the limit of 7");
    assert_eq!(act(&plugin, "exclude 207").outcome, Outcome::Value(()), "and as many as a return has lines");
    check_asked(&plugin, "exclude 208", "208 excluded products in one call, over the limit of 207");
}

#[test]
fn a_search_names_at_most_as_many_categories_and_tags_as_a_list_may_hold() {
    let plugin = publish(&sandbox(patient()), hostile());
    assert_eq!(act(&plugin, "tags 32").outcome, Outcome::Value(()));
    check_asked(&plugin, "tags 33", "33 categories and tags in one call, over the limit of 32");
}

#[track_caller]
fn check_asked(plugin: &Plugin, config: &str, want: &str) {
    assert_eq!(act(plugin, config).outcome, Outcome::Trap(Trap::Other(want.to_owned())));
}

#[test]
fn a_call_gets_the_fuel_it_used_and_hardly_less_is_not_enough() {
    let used = act(&publish(&sandbox(patient()), hostile()), "serve").usage.fuel;
    let with_fuel = |fuel| {
        let sandbox = sandbox(Limits { fuel, ..patient() });
        let plugin = publish(&self::sandbox(patient()), hostile());
        let load = || Err("it is in the cache".into());
        let plugin =
            sandbox.load(Class::Standard, plugin.digest(), &load, plugin.manifest().clone()).unwrap();
        act(&plugin, "serve")
    };
    assert_eq!(with_fuel(used).outcome, Outcome::Value(()));
    // wasmtime looks at the fuel where a function or a loop begins: what runs after the last of those is owed.
    let owed = 1_000;
    let report = with_fuel(used - owed);
    assert_eq!(report.outcome, Outcome::Trap(Trap::OutOfFuel), "of {used}");
    assert_eq!(report.usage.fuel, used - owed);
}

#[test]
fn each_class_has_its_own_size_limit() {
    let size = hostile().len() as u64;
    let limits = Limits { component_bytes: size - 1, component_bytes_large: size, ..patient() };
    let sandbox = sandbox(limits);
    assert_eq!(
        sandbox.inspect(Class::Standard, hostile()),
        Err(RefuseError::TooLarge { size, size_max: size - 1, class: Class::Standard })
    );
    let (plugin, _) = sandbox.publish(Class::Large, hostile()).unwrap();
    assert_eq!(plugin.class(), Class::Large);
    let report = act(&plugin, "spin");
    assert_eq!(report.usage.fuel, limits.fuel_large, "and its own fuel");
    assert_eq!(report.usage.fuel_max, limits.fuel_large);
    assert_eq!(report.usage.memory_bytes_max, limits.memory_bytes_large);
    let report = act(&plugin, "allocate");
    assert_eq!(report.outcome, Outcome::Trap(Trap::Memory));
    assert!(report.usage.memory_bytes > limits.memory_bytes, "and its own memory");
}
