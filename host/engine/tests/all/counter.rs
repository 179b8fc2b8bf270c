//! A strategy written by hand that counts its calls for a customer in its state, as segmenter and as recommender.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, SizeAlign, Type, TypeDefKind};

/// Where the manifest stands, the state (as many `s` as there were calls) and the answers; the manifest's texts, which
/// may be long, lie beyond what is allocated from 4096 on.
const MANIFEST: u32 = 64;
const TEXTS: u32 = 512 * 1024;
const STATE: u32 = 1024;
const CLASSIFICATION: u32 = 2048;
const RECOMMENDATIONS: u32 = 2176;

/// The component. At its n-th call for a customer it answers the segment of n times `s`, and remembers it.
pub(crate) fn counter(name: &str, version: &str, state_version: u32) -> Vec<u8> {
    configured(name, version, state_version, "{}")
}

/// One with a config schema of its own.
pub(crate) fn configured(name: &str, version: &str, state_version: u32, config_schema: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    resolve.push_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/0.1.0")).unwrap();
    let world = "package tests:worlds; world counter {
        include rebound:strategy/segmenter@0.1.0;
        include rebound:strategy/recommender@0.1.0;
    }";
    let package = resolve.push_str("worlds.wit", world).unwrap();
    let world = resolve.select_world(&[package], Some("counter")).unwrap();
    let module = module([name, version, "Counts.", config_schema], state_version, state_offset(&resolve));
    let mut module = wat::parse_str(module).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
    ComponentEncoder::default().validate(true).module(&module).unwrap().encode().unwrap()
}

/// Where `state` stands in a context.
fn state_offset(resolve: &Resolve) -> usize {
    let mut sizes = SizeAlign::default();
    sizes.fill(resolve).unwrap();
    let context = resolve.types.iter().find(|(_, it)| it.name.as_deref() == Some("context")).unwrap().1;
    let TypeDefKind::Record(context) = &context.kind else { panic!("a context is a record") };
    let fields: Vec<&Type> = context.fields.iter().map(|field| &field.ty).collect();
    let index = context.fields.iter().position(|field| field.name == "state").unwrap();
    sizes.field_offsets(fields)[index].0.size_wasm32()
}

/// The canonical ABI, in short: a record is its fields at their alignment, a text or list is its address and count,
/// a variant is its case and its payload, and what does not fit into registers is passed by address.
fn module(manifest: [&str; 4], state_version: u32, state: usize) -> String {
    let mut texts = String::new();
    let mut fields: Vec<u32> = Vec::new();
    for text in manifest {
        fields.extend([TEXTS + u32::try_from(texts.len()).unwrap(), u32::try_from(text.len()).unwrap()]);
        texts.push_str(text);
    }
    fields.extend([state_version, 0, 0, 0, 0]);
    let manifest: String =
        fields.iter().flat_map(|field| field.to_le_bytes()).map(|byte| format!("\\{byte:02x}")).collect();
    let texts = texts.replace('\\', "\\5c").replace('"', "\\22");
    let all_states = "s".repeat(64);
    let count = state + 8;
    // Answers are zero but for these: the segment's key, and the state, whose third case is `put`.
    let key = CLASSIFICATION + 4;
    let (classified, recommended) = (CLASSIFICATION + 48, RECOMMENDATIONS + 12);
    let put = |at: u32| {
        format!(
            "(i32.store8 (i32.const {at}) (i32.const 2))
            (i32.store (i32.const {}) (i32.const {STATE})) (i32.store (i32.const {}) (local.get $calls))",
            at + 4,
            at + 8
        )
    };
    let (put_classified, put_recommended) = (put(classified), put(recommended));
    format!(
        r#"(module
            (memory (export "memory") 16)
            (global $next (mut i32) (i32.const 4096))
            (data (i32.const {MANIFEST}) "{manifest}")
            (data (i32.const {TEXTS}) "{texts}")
            (data (i32.const {STATE}) "{all_states}")
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                (local $at i32)
                (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
                (global.set $next (i32.add (local.get $at) (local.get 3)))
                (local.get $at))
            (func $calls (param $context i32) (result i32)
                (if (result i32) (i32.load8_u offset={state} (local.get $context))
                    (then (i32.add (i32.const 1) (i32.load offset={count} (local.get $context))))
                    (else (i32.const 1))))
            (func (export "rebound:strategy/metadata@0.1.0#describe") (result i32) (i32.const {MANIFEST}))
            (func (export "rebound:strategy/segmentation@0.1.0#classify") (param i32) (result i32)
                (local $calls i32)
                (local.set $calls (call $calls (local.get 0)))
                (i32.store (i32.const {key}) (i32.const {STATE}))
                (i32.store offset=4 (i32.const {key}) (local.get $calls))
                {put_classified}
                (i32.const {CLASSIFICATION}))
            (func (export "rebound:strategy/recommendation@0.1.0#recommend") (param i32) (result i32)
                (local $calls i32)
                (local.set $calls (call $calls (local.get 0)))
                {put_recommended}
                (i32.const {RECOMMENDATIONS})))"#
    )
}
