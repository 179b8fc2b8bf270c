//! What is refused before any of it is compiled.

use rebound_domain::manifest::Stage;
use rebound_sandbox::{Class, Exports, RefuseError};

use crate::fixture::{patient, sandbox};
use crate::guests::hostile;
use crate::handwritten::{Parts, recommender};

fn inspect(bytes: &[u8]) -> Result<Exports, RefuseError> {
    sandbox(patient()).inspect(Class::Standard, bytes)
}

fn text(component: &str) -> Vec<u8> {
    wat::parse_str(component).unwrap()
}

#[test]
fn exports_tell_the_stages() {
    assert_eq!(inspect(hostile()), Ok(Exports { stages: Stage::ALL.to_vec() }));
    let one = recommender(Parts::default());
    assert_eq!(inspect(&one), Ok(Exports { stages: vec![Stage::Recommendation] }));
}

#[test]
fn a_foreign_import_is_refused_by_name_with_the_way_out() {
    for (name, way_out) in [
        ("wasi:sockets/tcp@0.2.0", "--stub-wasi"),
        ("wasi:clocks/wall-clock@0.2.0", "wasm32-unknown-unknown"),
        ("rebound:strategy/catalog@0.9.0", "this version of the contract"),
        ("example:telemetry/beacon", "leave the import out"),
    ] {
        let component = text(&format!(r#"(component (import "{name}" (instance (export "f" (func)))))"#));
        let error = inspect(&component).unwrap_err();
        assert_eq!(error, RefuseError::ForeignImport { name: name.to_owned() });
        let said = error.to_string();
        assert!(said.contains(name) && said.contains(way_out), "{said}");
    }
    let function = text(r#"(component (import "steal" (func)))"#);
    assert_eq!(inspect(&function), Err(RefuseError::ForeignImport { name: "steal".to_owned() }));
    let resource = r#"(component (import "a:b/c" (instance (export "r" (type (sub resource))))))"#;
    assert_eq!(inspect(&text(resource)), Err(RefuseError::ForeignImport { name: "a:b/c".to_owned() }));
}

#[test]
fn an_import_of_types_alone_is_harmless() {
    let types = r#"(component (import "a:b/types" (instance (type $r (record (field "x" u32))) (export "r" (type (eq $r))))))"#;
    assert_eq!(inspect(&text(types)), Err(RefuseError::NoMetadata), "it gets past its import");
}

#[test]
fn what_is_no_strategy_is_refused() {
    assert_eq!(inspect(b"\x7fELF"), Err(RefuseError::NotComponent { found: "something else" }));
    assert_eq!(inspect(b""), Err(RefuseError::NotComponent { found: "something else" }));
    assert_eq!(inspect(&text("(module)")), Err(RefuseError::NotComponent { found: "a core module" }));
    assert_eq!(inspect(&text("(component)")), Err(RefuseError::NoMetadata));
    let metadata = r#"(component (instance $i) (export "rebound:strategy/metadata@0.1.0" (instance $i)))"#;
    let exports = vec!["rebound:strategy/metadata@0.1.0".to_owned()];
    assert_eq!(inspect(&text(metadata)), Err(RefuseError::NoStage { exports }));
}

#[test]
fn damaged_bytes_are_refused_with_their_place() {
    let whole = recommender(Parts::default());
    for size in [9, whole.len() / 2, whole.len() - 1] {
        assert!(matches!(inspect(&whole[..size]), Err(RefuseError::Invalid { .. })), "cut at {size}");
    }
}

#[test]
fn proposals_that_are_off_are_refused() {
    for module in [
        "(memory i64 1)",
        "(memory 1 1 shared)",
        "(func (param v128 v128 v128) (result v128)
            (i32x4.relaxed_trunc_f32x4_s (local.get 0)))",
    ] {
        let component = text(&format!("(component (core module {module}))"));
        assert!(matches!(inspect(&component), Err(RefuseError::Invalid { .. })), "{module}");
    }
}

#[test]
fn parts_beyond_what_an_instance_holds_are_refused() {
    let module = |inside: &str| format!("(component (core module $m {inside}))");
    let instances: String = (0..41).map(|_| "(core instance (instantiate $m))").collect();
    for (component, what, found) in [
        (module("(memory 1) (memory 1) (memory 1) (memory 1)"), "memories", 4),
        (module("(table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref)"), "tables", 4),
        (module("(memory 257)"), "bytes of memory to start with", 257 * 64 * 1024),
        (format!("(component (core module $m) {instances})"), "core instances", 41),
    ] {
        let Err(RefuseError::TooMany { what: said, found: count, .. }) = inspect(&text(&component)) else {
            panic!("{what} were not refused: {:?}", inspect(&text(&component)))
        };
        assert_eq!((said, count), (what, found));
    }
}
