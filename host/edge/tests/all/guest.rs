//! A component small enough to write here: it says who it is, and gives up when it is called.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

const CONFIG_SCHEMA: &str =
    r#"{"type":"object","properties":{"top":{"type":"integer"}},"additionalProperties":false}"#;

/// A segmentation strategy.
pub(crate) fn segmenter(name: &str, version: &str, summary: &str) -> Vec<u8> {
    component(&module(name, version, summary, CONFIG_SCHEMA, ""))
}

/// One with a config schema of its own.
pub(crate) fn configured(name: &str, version: &str, config_schema: &str) -> Vec<u8> {
    component(&module(name, version, "s", config_schema, ""))
}

/// One that wants the network.
pub(crate) fn networker() -> Vec<u8> {
    component(&module(
        "tests/net",
        "1.0.0",
        "s",
        CONFIG_SCHEMA,
        r#"(import "wasi:sockets/network@0.2.0" "connect" (func))"#,
    ))
}

fn module(name: &str, version: &str, summary: &str, config_schema: &str, imports: &str) -> String {
    let mut texts = String::new();
    let mut fields: Vec<u32> = Vec::new();
    for text in [name, version, summary, config_schema] {
        fields.extend([TEXTS + u32::try_from(texts.len()).unwrap(), u32::try_from(text.len()).unwrap()]);
        texts.push_str(text);
    }
    // The state version, no templates, no personas.
    fields.extend([1, 0, 0, 0, 0]);
    let manifest: String =
        fields.iter().flat_map(|field| field.to_le_bytes()).map(|byte| format!("\\{byte:02x}")).collect();
    let heap = (TEXTS as usize + texts.len()).next_multiple_of(4096);
    let texts = texts.replace('\\', "\\5c").replace('"', "\\22");
    format!(
        r#"(module
            {imports}
            (memory (export "memory") 16)
            (global $next (mut i32) (i32.const {heap}))
            (data (i32.const {MANIFEST}) "{manifest}")
            (data (i32.const {TEXTS}) "{texts}")
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                (local $at i32)
                (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
                (global.set $next (i32.add (local.get $at) (local.get 3)))
                (local.get $at))
            (func (export "rebound:strategy/metadata@0.1.0#describe") (result i32) (i32.const {MANIFEST}))
            (func (export "rebound:strategy/segmentation@0.1.0#classify") (param i32) (result i32) unreachable))"#
    )
}

const MANIFEST: u32 = 64;
const TEXTS: u32 = 256;

pub(crate) fn component(module: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let wit = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/0.1.0");
    resolve.push_dir(wit).unwrap();
    resolve
        .push_str("wasi.wit", "package wasi:sockets@0.2.0; interface network { connect: func(); }")
        .unwrap();
    let world = "package tests:worlds; world greedy {
        include rebound:strategy/segmenter@0.1.0;
        import wasi:sockets/network@0.2.0;
    }";
    let package = resolve.push_str("worlds.wit", world).unwrap();
    let world = resolve.select_world(&[package], Some("greedy")).unwrap();
    let mut module = wat::parse_str(module).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
    ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
}
