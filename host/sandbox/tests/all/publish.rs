//! What is refused after it was compiled: what does not link, and what says of itself what does not stand.

use rebound_sandbox::{Class, InvalidOutput, PublishError, Sandbox};

use crate::fixture::{patient, sandbox};
use crate::guests::hostile;
use crate::handwritten::{Parts, recommender, recommender_of_another_contract};

fn publish(component: &[u8]) -> PublishError {
    sandbox(patient()).publish(Class::Standard, component).unwrap_err()
}

#[test]
fn a_function_of_another_type_is_refused_at_publish() {
    for (from, to) in
        [("score: f32", "score: f64"), ("seed: u64", "salt: u64"), ("internal(string)", "internal")]
    {
        let error = publish(&recommender_of_another_contract(from, to));
        assert!(matches!(error, PublishError::Link(_)), "{from} as {to}: {error:?}");
    }
    let honest = recommender_of_another_contract("score: f32", "score: f32");
    assert!(sandbox(patient()).publish(Class::Standard, &honest).is_ok());
}

#[test]
fn a_manifest_that_does_not_stand_is_refused_with_its_field() {
    // The version's text stands after the name's, at 1217.
    let describe = "(i32.store8 (i32.const 1217) (i32.const 120))";
    let error = publish(&recommender(Parts { describe, ..Parts::default() }));
    let PublishError::Manifest(InvalidOutput { field, reason }) = &error else { panic!("{error:?}") };
    assert_eq!(field, "version");
    assert!(reason.contains("x.1.0"), "{reason}");
    // An upper-case name.
    let describe = "(i32.store8 (i32.const 1200) (i32.const 84))";
    let error = publish(&recommender(Parts { describe, ..Parts::default() }));
    let PublishError::Manifest(InvalidOutput { field, .. }) = &error else { panic!("{error:?}") };
    assert_eq!(field, "name");
    // No summary: only the check of the whole manifest finds that.
    let describe = "(i32.store (i32.const 1044) (i32.const 0))";
    let error = publish(&recommender(Parts { describe, ..Parts::default() }));
    let PublishError::Manifest(InvalidOutput { field, .. }) = &error else { panic!("{error:?}") };
    assert_eq!(field, "summary");
}

#[test]
fn a_module_instantiated_too_often_is_refused_when_it_is_loaded() {
    // Two memories by its text, four when it runs: the pool counts what the text does not show.
    let component = wat::parse_str(
        r#"(component
            (core module $m (memory 1) (memory 1))
            (core instance (instantiate $m))
            (core instance (instantiate $m))
            (instance $i)
            (export "rebound:strategy/metadata@0.1.0" (instance $i))
            (export "rebound:strategy/progress@0.1.0" (instance $i))
        )"#,
    );
    let error = publish(&component.unwrap());
    let PublishError::Link(reason) = &error else { panic!("{error:?}") };
    assert!(reason.contains("memories"), "{reason}");
}

#[test]
fn publishing_twice_gives_the_same_plugin() {
    let sandbox: Sandbox = sandbox(patient());
    let (first, manifest) = sandbox.publish(Class::Standard, hostile()).unwrap();
    let (second, again) = sandbox.publish(Class::Standard, hostile()).unwrap();
    assert_eq!((first.digest(), manifest), (second.digest(), again));
}
