use super::*;
use crate::{KEY_BYTES_MAX, OWNER_BYTES_MAX};

fn key(name: &'static str) -> Key {
    Key::new("o", name)
}

#[track_caller]
fn check(build: impl FnOnce(&mut Batch) -> &mut Batch, want: Result<(), Invalid>) {
    let mut batch = Batch::new();
    build(&mut batch);
    assert_eq!(batch.validate(), want);
}

#[test]
fn the_rules_of_a_batch_are_refused_by_name() {
    let first = Revision::new(1);
    check(|b| b, Err(Invalid::WritesNothing));
    check(|b| b.expect_revision(key("a"), first), Err(Invalid::WritesNothing));
    check(|b| b.put(key("a"), "1").delete(key("a")), Err(Invalid::WrittenTwice { key: key("a") }));
    check(
        |b| b.expect_absent(key("a")).expect_revision(key("a"), first).put(key("a"), "1"),
        Err(Invalid::ExpectedTwice { key: key("a") }),
    );
    check(|b| b.expect_absent(key("a")).put(key("b"), "1"), Err(Invalid::AbsentNotPut { key: key("a") }));
    check(|b| b.expect_absent(key("a")).delete(key("a")), Err(Invalid::AbsentNotPut { key: key("a") }));
    check(
        |b| b.expect_revision(key("n"), first).add(key("n"), Add::by(1)),
        Err(Invalid::CounterExpected { key: key("n") }),
    );
    check(|b| b.put(key("a"), "1").add(key("n"), Add::by(1)), Err(Invalid::AddUnguarded { key: key("n") }));
    check(
        |b| b.expect_revision(key("a"), first).put(key("b"), "1").add(key("n"), Add::by(1)),
        Err(Invalid::AddUnguarded { key: key("n") }),
    );
}

#[test]
fn what_the_rules_allow_passes() {
    let first = Revision::new(1);
    check(|b| b.put(key("a"), "1"), Ok(()));
    check(|b| b.delete(key("a")), Ok(()));
    check(|b| b.expect_revision(key("a"), first).put(key("b"), "1"), Ok(()));
    check(|b| b.expect_revision(key("a"), first).delete(key("a")).add(key("n"), Add::by(1)), Ok(()));
    check(|b| b.expect_absent(key("a")).expect_absent(key("a")).put(key("a"), "1"), Ok(()));
    check(|b| b.expect_absent(key("a")).put(key("a"), "1").add(key("n"), Add::by(1)), Ok(()));
}

#[test]
fn sizes_are_refused_one_past_their_limit() {
    fn value(size: usize) -> Bytes {
        Bytes::from(vec![0; size])
    }
    check(|b| b.put(key("a"), value(VALUE_BYTES_MAX)), Ok(()));
    check(
        |b| b.put(key("a"), value(VALUE_BYTES_MAX + 1)),
        Err(Invalid::ValueTooLarge { key: key("a"), size: VALUE_BYTES_MAX + 1 }),
    );
    check(|b| b.delete(Key::new("", "a")), Err(Invalid::OwnerEmpty));
    check(|b| b.delete(Key::new(value(OWNER_BYTES_MAX), value(KEY_BYTES_MAX))), Ok(()));
    check(
        |b| b.delete(Key::new(value(OWNER_BYTES_MAX + 1), "")),
        Err(Invalid::OwnerTooLong { size: OWNER_BYTES_MAX + 1 }),
    );
    check(
        |b| b.delete(Key::new("o", value(KEY_BYTES_MAX + 1))),
        Err(Invalid::KeyTooLong { size: KEY_BYTES_MAX + 1 }),
    );
    fn many(b: &mut Batch, count: usize) -> &mut Batch {
        for index in 0..count {
            b.delete(Key::new("o", index.to_string()));
        }
        b
    }
    check(|b| many(b, BATCH_OPERATIONS_MAX), Ok(()));
    check(
        |b| many(b, BATCH_OPERATIONS_MAX + 1),
        Err(Invalid::TooManyOperations { count: BATCH_OPERATIONS_MAX + 1 }),
    );
    fn full(b: &mut Batch, last: usize) -> &mut Batch {
        for index in 0..15_u8 {
            b.put(Key::new("o", vec![index]), value(VALUE_BYTES_MAX - 2 - OPERATION_BYTES));
        }
        b.put(key("z"), value(last))
    }
    check(|b| full(b, VALUE_BYTES_MAX - 2 - OPERATION_BYTES), Ok(()));
    check(
        |b| full(b, VALUE_BYTES_MAX - 1 - OPERATION_BYTES),
        Err(Invalid::BatchTooLarge { size: BATCH_BYTES_MAX + 1 }),
    );
}

#[test]
fn an_add_stops_at_the_bound_it_moves_towards_and_at_no_other() {
    let add = |delta, floor, ceiling| Add { delta, floor, ceiling };
    let cases = [
        (add(5, None, Some(10)), 5, Ok(10)),
        (add(6, None, Some(10)), 5, Err(10)),
        (add(-5, Some(0), None), 5, Ok(0)),
        (add(-6, Some(0), None), 5, Err(0)),
        (add(-1, Some(0), Some(10)), 20, Ok(19)),
        (add(1, Some(0), Some(10)), -20, Ok(-19)),
        (add(1, None, Some(10)), 20, Err(10)),
        (add(-1, Some(0), None), -20, Err(0)),
        (add(0, Some(0), Some(10)), 20, Ok(20)),
        (add(1, None, None), i128::MAX, Err(i128::MAX)),
        (add(-1, None, None), i128::MIN, Err(i128::MIN)),
        (add(i128::MAX, None, None), 0, Ok(i128::MAX)),
        (add(i128::MIN, None, None), 0, Ok(i128::MIN)),
        (add(i128::MIN, None, None), i128::MAX, Ok(-1)),
    ];
    for (add, counter, want) in cases {
        assert_eq!(add.apply(counter), want, "{add:?} on {counter}");
    }
}
