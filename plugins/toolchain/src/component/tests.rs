use wasmparser::{Parser, Payload};
use wit_component::StringEncoding;
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve};

use super::*;

/// A module that does nothing, for a world of the contract or one written here.
fn module(world: &str, wit: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let (contract, _) = resolve.push_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/0.1.0")).unwrap();
    let package = match wit {
        "" => contract,
        _ => resolve.push_str("test.wit", wit).unwrap(),
    };
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    let mut module = wit_component::dummy_module(&resolve, world, ManglingAndAbi::Legacy(LiftLowerAbi::Sync));
    wit_component::embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false)
        .unwrap();
    module
}

/// A recommender that does nothing.
pub(crate) fn strategy_component() -> Vec<u8> {
    from_module("it", &module("recommender", ""), &Annotations::default()).unwrap()
}

/// As another toolchain would make it: without our checks.
fn unchecked(wit: &str) -> Vec<u8> {
    let module = module("it", wit);
    ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
}

/// Names of custom sections and their data, at every depth.
fn custom_sections(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let payloads = Parser::new(0).parse_all(bytes).map(Result::unwrap);
    let sections = payloads.filter_map(|payload| match payload {
        Payload::CustomSection(section) => Some((section.name().to_string(), section.data().to_vec())),
        _ => None,
    });
    sections.collect()
}

#[test]
fn a_component_says_what_it_imports_and_exports() {
    let interfaces = inspect("it", &strategy_component()).unwrap();
    let of = |names: &[&str]| {
        names.iter().map(|name| format!("rebound:strategy/{name}@0.1.0")).collect::<Vec<_>>()
    };
    assert_eq!(interfaces.imports, of(&["types", "catalog", "log"]));
    assert_eq!(interfaces.exports, of(&["metadata", "recommendation"]));
}

#[test]
fn an_import_outside_the_contract_is_refused_by_name_with_a_way_out() {
    let wit = "package wasi:clocks@0.2.0; interface wall-clock { now: func() -> u64; } \
        world it { import wall-clock; include rebound:strategy/recommender@0.1.0; }";
    let refusals = [
        from_module("it", &module("it", wit), &Annotations::default()).unwrap_err(),
        inspect("it", &unchecked(wit)).unwrap_err(),
    ];
    for (refusal, [import, remedy]) in refusals.iter().zip([
        ["wasi:clocks/wall-clock@0.2.0::now", "wasm32-unknown-unknown"],
        ["wasi:clocks/wall-clock@0.2.0", "--stub-wasi"],
    ]) {
        assert!(matches!(refusal, BuildError::Imports { imports, .. } if imports == &[import]), "{refusal}");
        assert!(refusal.to_string().contains(remedy), "{refusal}");
    }
}

#[test]
fn a_core_import_of_a_browser_binding_is_refused_by_name() {
    let mut module = wasm_encoder::Module::new();
    let mut types = wasm_encoder::TypeSection::new();
    types.ty().function([], []);
    let mut imports = wasm_encoder::ImportSection::new();
    imports.import("__wbindgen_placeholder__", "now", wasm_encoder::EntityType::Function(0));
    let module = module.section(&types).section(&imports).clone().finish();
    let refusal = from_module("it", &module, &Annotations::default()).unwrap_err();
    assert!(refusal.to_string().contains("__wbindgen_placeholder__::now"), "{refusal}");
}

#[test]
fn a_type_only_import_is_no_capability() {
    let wit = "package other:words; interface words { type word = string; } \
        world it { import words; include rebound:strategy/recommender@0.1.0; }";
    inspect("it", &unchecked(wit)).unwrap();
}

#[test]
fn a_strategy_exports_its_description_and_a_stage() {
    let (metadata, stage) =
        ("export rebound:strategy/metadata@0.1.0;", "export rebound:strategy/coupon@0.1.0;");
    for (exports, missing) in [(stage, "metadata"), (metadata, "stage")] {
        let wit = format!("package other:it; world it {{ {exports} export more: func(); }}");
        let refusal = inspect("it", &unchecked(&wit)).unwrap_err();
        assert!(
            matches!(refusal, BuildError::Exports { missing: found, .. } if found == missing),
            "{refusal}"
        );
    }
}

#[test]
fn what_is_no_component_is_refused() {
    let module = module("recommender", "");
    for bytes in [b"text".as_slice(), &module, &strategy_component()[..100]] {
        let refusal = inspect("it", bytes).unwrap_err();
        assert!(matches!(refusal, BuildError::Component { .. }), "{refusal}");
    }
    let refusal = from_module("it", &strategy_component(), &Annotations::default()).unwrap_err();
    assert!(matches!(refusal, BuildError::Component { .. }), "{refusal}");
}

#[test]
fn leftover_sections_go_and_the_standard_ones_tell_of_the_package() {
    let mut module = module("recommender", "");
    for name in ["name", "producers", ".debug_info"] {
        let data: &[u8] = if name == "producers" { &[0] } else { &[] };
        let section = CustomSection { name: name.into(), data: data.into() };
        Section::append_to(&section, &mut module);
    }
    let annotations = Annotations {
        version: "1.2.3".to_string(),
        description: Some("Offers coats.".to_string()),
        license: Some("Apache-2.0".to_string()),
        authors: vec!["Ann".to_string(), "Bob".to_string()],
        repository: None,
        homepage: Some("https://example.org".to_string()),
    };
    let component = from_module("coats", &module, &annotations).unwrap();
    inspect("coats", &component).unwrap();
    let sections = custom_sections(&component);
    let said = |name: &str| {
        let section = sections.iter().find(|section| section.0 == name)?;
        Some(String::from_utf8(section.1.clone()).unwrap())
    };
    assert_eq!(said("version").as_deref(), Some("1.2.3"));
    assert_eq!(said("description").as_deref(), Some("Offers coats."));
    assert_eq!(said("licenses").as_deref(), Some("Apache-2.0"));
    assert_eq!(said("authors").as_deref(), Some("Ann, Bob"));
    assert_eq!(said("homepage").as_deref(), Some("https://example.org"));
    assert_eq!(said("source"), None);
    let names: Vec<&str> = sections.iter().map(|section| section.0.as_str()).collect();
    assert!(names.contains(&"component-name") && names.contains(&"producers"), "{names:?}");
    assert!(
        !names.contains(&".debug_info") && !names.iter().any(|n| n.starts_with("component-type")),
        "{names:?}"
    );
}
