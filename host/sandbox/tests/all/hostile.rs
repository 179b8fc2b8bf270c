//! One attack each, and the exact outcome it ends in.

use rebound_domain::limits::Limits;
use rebound_domain::manifest::Stage;
use rebound_domain::time::Duration;
use rebound_sandbox::{Class, Level, Outcome, Plugin, PublishError, Report, Trap};

use crate::fixture::{patient, publish, sandbox};
use crate::guests::{act, act_in, detail, hostile};
use crate::handwritten::{Parts, recommender};

const PAGE: u64 = 64 * 1024;

fn hostile_plugin() -> Plugin {
    publish(&sandbox(patient()), hostile())
}

fn handwritten(parts: Parts) -> Report<()> {
    act(&publish(&sandbox(patient()), &recommender(parts)), "")
}

#[track_caller]
fn check(config: &str, want: &Outcome<()>) -> Report<()> {
    let report = act(&hostile_plugin(), config);
    assert_eq!(&report.outcome, want, "{config}");
    report
}

#[track_caller]
fn check_invalid(config: &str, field: &str) {
    let report = act(&hostile_plugin(), config);
    match &report.outcome {
        Outcome::InvalidOutput(invalid) => assert_eq!(invalid.field, field, "{config}: {invalid}"),
        other => panic!("{config} ended in {other:?}"),
    }
}

/// How publishing ends for a component whose `describe`, or whose start, misbehaves.
#[track_caller]
fn check_describe(parts: Parts, want: &Outcome<()>) {
    match sandbox(patient()).publish(Class::Standard, &recommender(parts)) {
        Err(PublishError::Describe { outcome, .. }) => assert_eq!(&outcome, want),
        other => panic!("publishing ended in {other:?}"),
    }
}

#[test]
fn an_endless_loop_in_any_stage_runs_out_of_fuel() {
    let plugin = hostile_plugin();
    for stage in Stage::ALL {
        let report = act_in(stage, &plugin, "spin");
        assert_eq!(report.outcome, Outcome::Trap(Trap::OutOfFuel), "{stage}");
        assert_eq!(report.usage.fuel, patient().fuel, "{stage} used all there was");
    }
}

#[test]
fn an_endless_loop_with_endless_fuel_meets_the_deadline() {
    let limits = Limits { fuel: u64::MAX, deadline: Duration(20), ..Limits::default() };
    let plugin = publish(&sandbox(Limits { fuel: u64::MAX, ..patient() }), hostile());
    assert_eq!(act(&plugin, "serve").outcome.word(), "value", "endless fuel by itself does no harm");
    // Under 20 ms a busy machine might not get through `describe`: this plugin skips it.
    let sandbox = sandbox(limits);
    let load = || Err("it is in the cache".into());
    let plugin = sandbox.load(Class::Standard, plugin.digest(), &load, plugin.manifest().clone()).unwrap();
    let report = act(&plugin, "spin");
    let Outcome::Trap(Trap::Deadline { cpu_micros, wall_micros, .. }) = report.outcome else {
        panic!("ended in {:?}", report.outcome)
    };
    assert!(cpu_micros >= 20_000 || wall_micros >= 80_000, "{cpu_micros} us of CPU in {wall_micros} us");
}

#[test]
fn an_endless_loop_in_describe_or_at_the_start_is_not_published() {
    check_describe(Parts { describe: "(loop (br 0))", ..Parts::default() }, &Outcome::Trap(Trap::OutOfFuel));
    let module = "(func $forever (loop (br 0))) (start $forever)";
    check_describe(Parts { module, ..Parts::default() }, &Outcome::Trap(Trap::OutOfFuel));
    check_describe(
        Parts { describe: "unreachable", ..Parts::default() },
        &Outcome::Trap(Trap::Unreachable(None)),
    );
}

#[test]
fn an_endless_loop_around_the_answer_runs_out_of_fuel() {
    for parts in [
        Parts { post_return: "(loop (br 0))", ..Parts::default() },
        Parts { realloc: Some("(loop (br 0)) (i32.const 0)"), ..Parts::default() },
    ] {
        assert_eq!(handwritten(parts).outcome, Outcome::Trap(Trap::OutOfFuel), "{parts:?}");
    }
}

#[test]
fn allocating_without_end_is_stopped_at_the_memory_limit() {
    let report = check("allocate", &Outcome::Trap(Trap::Memory));
    let limit = patient().memory_bytes;
    assert!(report.usage.memory_bytes <= limit, "{} of {limit}", report.usage.memory_bytes);
    assert!(
        report.usage.memory_bytes > limit / 2,
        "it got as far as it could: {}",
        report.usage.memory_bytes
    );
}

#[test]
fn two_memories_are_charged_together() {
    // 9 MiB each, under 16 MiB by itself, over it together.
    let module = "(memory $second 144)";
    check_describe(Parts { module, pages: 144, ..Parts::default() }, &Outcome::Trap(Trap::Memory));

    let module = "(memory $second 0)";
    let grow = "(if (i32.eq (memory.grow $second (i32.const 144)) (i32.const -1)) (then unreachable))
                (i32.const 2048)";
    let report = handwritten(Parts { module, recommend: grow, pages: 144, ..Parts::default() });
    assert_eq!(report.outcome, Outcome::Trap(Trap::Memory));
    assert_eq!(report.usage.memory_bytes, 144 * PAGE, "the growth that failed was not charged");
}

#[test]
fn an_absurd_growth_gives_nothing_back() {
    // wasmtime reports a growth past what the type can hold as failed without having asked; a limiter that then
    // gave back the growth before it could be emptied this way.
    let grow = "(block $full
                    (loop $more
                        (br_if $full (i32.eq (memory.grow (i32.const 1)) (i32.const -1)))
                        (drop (memory.grow (i32.const 65535)))
                        (br $more)))
                (i32.const 2048)";
    let report = handwritten(Parts { recommend: grow, ..Parts::default() });
    assert_eq!(report.outcome, Outcome::Value(()), "a guest that copes with the refusal goes on");
    assert_eq!(report.usage.memory_bytes, patient().memory_bytes);
}

#[test]
fn a_table_grows_no_further_than_its_slot() {
    let module = "(table $t 1 funcref)";
    let grow = "(loop $more
                    (br_if $more (i32.ne (table.grow $t (ref.null func) (i32.const 1000)) (i32.const -1))))
                (i32.const 2048)";
    let report = handwritten(Parts { module, recommend: grow, ..Parts::default() });
    assert_eq!(report.outcome, Outcome::Value(()));
    let table_bytes = report.usage.memory_bytes - 2 * PAGE;
    assert_eq!(table_bytes, 8 * 32_001, "elements are charged, and the refused thousand is not");
}

#[test]
fn recursion_exhausts_the_stack() {
    check("recurse", &Outcome::Trap(Trap::Stack));
    let parts =
        Parts { module: "(func $f (call $f))", recommend: "(call $f) unreachable", ..Parts::default() };
    assert_eq!(handwritten(parts).outcome, Outcome::Trap(Trap::Stack));
}

#[test]
fn a_stack_that_rust_keeps_in_memory_ends_at_its_bottom() {
    let report = act(&hostile_plugin(), "overflow");
    let Outcome::Trap(Trap::Other(reason)) = &report.outcome else { panic!("ended in {:?}", report.outcome) };
    assert!(reason.contains("64 KiB stack"), "{reason}");
}

#[test]
fn a_panic_after_a_refused_allocation_keeps_its_message() {
    let report = act(&hostile_plugin(), "grow-then-panic");
    let Outcome::Trap(Trap::Unreachable(Some(message))) = &report.outcome else {
        panic!("ended in {:?}", report.outcome)
    };
    assert!(message.contains("for a reason of its own"), "{message}");
}

#[test]
fn a_panic_is_reported_with_its_message() {
    let report = act(&hostile_plugin(), "panic");
    let Outcome::Trap(Trap::Unreachable(Some(message))) = &report.outcome else {
        panic!("ended in {:?}", report.outcome)
    };
    assert!(message.contains("as the config says") && message.contains("acts.rs"), "{message}");
    check("abort", &Outcome::Trap(Trap::Unreachable(None)));
}

#[test]
fn a_flood_of_log_lines_is_cut_and_harms_nothing_else() {
    let report = check("flood 1000", &Outcome::Value(()));
    assert_eq!(report.log.len(), 32);
    assert_eq!(report.log[31].message, "line 31");
    assert_eq!(report.usage.log_lines, 1001, "the honest line too");

    let report = check("chatter 5000", &Outcome::Value(()));
    assert_eq!(report.log[0].message, "好".repeat(1024 / 3), "cut between characters");
    assert_eq!(report.log[0].level, Level::Info);

    check("flood 1000000", &Outcome::Trap(Trap::OutOfFuel));
    check("chatter 1000000", &Outcome::Trap(Trap::Output));
}

#[test]
fn searching_without_end_is_paid_for() {
    check("search 100000", &Outcome::Trap(Trap::OutOfFuel));
    let fuel = |config| check(config, &Outcome::Value(())).usage.fuel;
    let (none, one, two) = (fuel("search 0"), fuel("search 1"), fuel("search 2"));
    assert!(one - none > 10_000, "a search costs more than the instructions around it: {}", one - none);
    assert!((two - one).abs_diff(one - none) < 1_000, "and each costs alike: {none} {one} {two}");
    let listed = fuel("exclude 100") - fuel("exclude 0");
    assert!(listed >= 100 * 50, "so does each condition: {listed}");
    let (get, got) = (fuel("fetch 1"), fuel("fetch 101"));
    assert!(got - get >= 100 * 1_000, "so does each product looked up: {}", got - get);
    let (written, more) = (fuel("write 1"), fuel("write 1001"));
    assert!(more - written >= 1_000, "and each byte of a log line: {}", more - written);
}

#[test]
fn too_many_offers_never_reach_the_plan() {
    check_invalid("offers 33", "offers");
    check("offers 3000", &Outcome::Trap(Trap::Output));
    check("offers 1000000", &Outcome::Trap(Trap::Memory));
    // A list as large as the memory, of offers that are all zeros: nothing was written, all would be read.
    let parts = Parts {
        pages: 200,
        recommend: "(i32.store (i32.const 2052) (i32.const 65536))
                    (i32.store (i32.const 2056) (i32.const 190000))
                    (i32.const 2048)",
        ..Parts::default()
    };
    assert_eq!(handwritten(parts).outcome, Outcome::Trap(Trap::Output));
}

#[test]
fn an_answer_that_repeats_itself_is_measured_at_full_length() {
    // 300 offers, each with the same 300 sentences as its copy: 24 KiB of memory that reads as 1.4 MiB.
    let fill = "(local $offer i32)
                (local.set $offer (i32.const 65536))
                (loop $more
                    (i32.store offset=40 (local.get $offer) (i32.const 90000))
                    (i32.store offset=44 (local.get $offer) (i32.const 300))
                    (local.set $offer (i32.add (local.get $offer) (i32.const 64)))
                    (br_if $more (i32.lt_u (local.get $offer) (i32.const 84736))))
                (i32.store (i32.const 2052) (i32.const 65536))
                (i32.store (i32.const 2056) (i32.const 300))
                (i32.const 2048)";
    assert_eq!(
        handwritten(Parts { recommend: fill, ..Parts::default() }).outcome,
        Outcome::Trap(Trap::Output)
    );
}

#[test]
fn values_out_of_range_are_invalid_output_with_their_field() {
    for (config, field) in [
        ("nan", "offers[0].score"),
        ("infinite", "offers[0].score"),
        ("product 99999", "offers[0].product"),
        ("word", "offers[0].kind"),
    ] {
        check_invalid(config, field);
    }
    let report = act_in(Stage::Segmentation, &hostile_plugin(), "nan");
    assert_eq!(report.outcome.word(), "invalid-output", "{}", detail(&report));
}

#[test]
fn broken_answers_are_traps_that_say_what_is_broken() {
    let answer = |text: &'static str| {
        let report = handwritten(Parts { recommend: text, ..Parts::default() });
        match report.outcome {
            Outcome::Trap(Trap::Other(reason)) => reason,
            other => panic!("{text} ended in {other:?}"),
        }
    };
    // declined, with a text that is no UTF-8.
    let reason = answer(
        "(i32.store8 (i32.const 2048) (i32.const 1))
         (i32.store (i32.const 2056) (i32.const 2100))
         (i32.store (i32.const 2060) (i32.const 2))
         (i32.store16 (i32.const 2100) (i32.const 0xfeff))
         (i32.const 2048)",
    );
    assert!(reason.contains("utf-8"), "{reason}");
    // A list that reaches past the memory.
    let reason = answer(
        "(i32.store (i32.const 2052) (i32.const 65536))
         (i32.store (i32.const 2056) (i32.const 0x7fffffff))
         (i32.const 2048)",
    );
    assert!(reason.contains("out of bounds"), "{reason}");
    // Neither ok nor error.
    let reason = answer("(i32.store8 (i32.const 2048) (i32.const 9)) (i32.const 2048)");
    assert!(reason.contains("discriminant"), "{reason}");
    // An answer outside the memory, and one that is not aligned.
    let reason = answer("(i32.const -16)");
    assert!(reason.contains("out of bounds"), "{reason}");
    let reason = answer("(i32.const 2049)");
    assert!(reason.contains("aligned"), "{reason}");
}

#[test]
fn an_allocator_that_lies_is_a_trap() {
    let report = handwritten(Parts { realloc: Some("(i32.const -64)"), ..Parts::default() });
    let Outcome::Trap(Trap::Other(reason)) = &report.outcome else { panic!("ended in {:?}", report.outcome) };
    assert!(reason.contains("beyond end of memory"), "{reason}");
}

#[test]
fn nothing_is_left_for_the_next_call() {
    let plugin = hostile_plugin();
    for _ in 0..3 {
        assert_eq!(act(&plugin, "count").outcome, Outcome::Declined("1".to_owned()));
    }
}

#[test]
fn what_the_instruction_set_traps_on_is_a_trap_with_its_reason() {
    let module = "(type $f (func)) (table 2 funcref) (elem (i32.const 0) $with) (func $with (param i32))";
    for (instructions, reason) in [
        ("(i32.div_u (i32.const 1) (i32.const 0))", "divide by zero"),
        ("(i32.div_s (i32.const 0x80000000) (i32.const -1))", "integer overflow"),
        ("(i32.trunc_f64_s (f64.const nan))", "invalid conversion"),
        ("(i32.load (i32.const -4))", "outside its memory"),
        ("(memory.fill (i32.const 131072) (i32.const 0) (i32.const 1)) (i32.const 0)", "outside its memory"),
        ("(call_indirect (type $f) (i32.const 1)) (i32.const 0)", "uninitialized element"),
        ("(call_indirect (type $f) (i32.const 0)) (i32.const 0)", "type mismatch"),
        ("(call_indirect (type $f) (i32.const 9)) (i32.const 0)", "out of bounds"),
    ] {
        let report = handwritten(Parts { module, recommend: instructions, ..Parts::default() });
        let Outcome::Trap(Trap::Other(said)) = &report.outcome else {
            panic!("{instructions} ended in {:?}", report.outcome)
        };
        assert!(said.contains(reason), "{instructions}: {said}");
    }
}

/// Were filling and copying one instruction's worth of fuel however much they move, twenty million of them would take
/// hours.
#[test]
fn instructions_that_do_much_at_once_are_paid_for_by_what_they_do() {
    for instruction in [
        "(memory.fill (i32.const 65536) (i32.const 7) (i32.const 12000000))",
        "(memory.copy (i32.const 65536) (i32.const 65537) (i32.const 12000000))",
        "(table.fill $t (i32.const 0) (ref.null func) (i32.const 30000))",
    ] {
        let recommend = format!("(loop $more {instruction} (br $more)) (i32.const 2048)");
        let parts = Parts {
            pages: 200,
            module: "(table $t 30000 funcref)",
            recommend: recommend.leak(),
            ..Parts::default()
        };
        let started = std::time::Instant::now();
        let report = handwritten(parts);
        assert_eq!(report.outcome, Outcome::Trap(Trap::OutOfFuel), "{instruction}");
        // Milliseconds, and the limit here is a minute: without a price this would run into it.
        assert!(started.elapsed().as_secs() < 30, "{instruction} took {:?}", started.elapsed());
    }
}

#[test]
fn a_table_of_the_largest_size_is_given_and_one_element_more_is_not() {
    let grow = |count: u32| {
        let recommend = format!(
            "(if (i32.eq (table.grow $t (ref.null func) (i32.const {count})) (i32.const -1)) (then unreachable))
             (i32.const 2048)"
        );
        let parts = Parts { module: "(table $t 1 funcref)", recommend: recommend.leak(), ..Parts::default() };
        handwritten(parts).outcome
    };
    assert_eq!(grow(32_767), Outcome::Value(()));
    // It learns that it got nothing, and gives up in its own way.
    assert_eq!(grow(32_768), Outcome::Trap(Trap::Unreachable(None)));
    // Growing costs by the element, granted or not.
    assert_eq!(grow(u32::MAX - 1), Outcome::Trap(Trap::OutOfFuel));
}
