//! Guests that no compiler would make: core modules written by hand, wrapped into components.

use std::path::Path;
use std::sync::OnceLock;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{PackageId, Resolve, SourceMap};

const CONTRACT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/0.1.0");

/// What differs between them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts {
    /// Declarations beside the exported memory.
    pub(crate) module: &'static str,
    /// Pages of the exported memory to start with.
    pub(crate) pages: u32,
    /// Instructions before `describe` answers.
    pub(crate) describe: &'static str,
    /// Instructions of `recommend`; they leave the address of its answer. Local 0 is the context's address.
    pub(crate) recommend: &'static str,
    /// Instructions after the answer was read.
    pub(crate) post_return: &'static str,
    /// Instructions of the allocator, instead of handing out the next bytes.
    pub(crate) realloc: Option<&'static str>,
}

/// An answer of no offers that keeps the state: result ok, no list, keep.
pub(crate) const NO_OFFERS: &str = "(i32.const 2048)";

impl Default for Parts {
    fn default() -> Self {
        let nothing = "";
        Self {
            module: nothing,
            pages: 2,
            describe: nothing,
            recommend: NO_OFFERS,
            post_return: nothing,
            realloc: None,
        }
    }
}

/// The canonical ABI, in short: a record is its fields at their alignment, a text or list is its address and
/// count, and what does not fit into registers is passed by address. The manifest stands at 1024, its texts at
/// 1200, an empty answer at 2048, everything from 4096 is the allocator's.
pub(crate) fn recommender(parts: Parts) -> Vec<u8> {
    component(contract(), &recommender_text(parts))
}

fn recommender_text(parts: Parts) -> String {
    let Parts { module, pages, describe, recommend, post_return, realloc } = parts;
    let realloc = realloc.unwrap_or(
        "(global.set $next (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
         (global.get $next)
         (global.set $next (i32.add (global.get $next) (local.get 3)))",
    );
    let texts = ["tests/handwritten", "0.1.0", "Written by hand.", "{}"];
    let mut address = 1200;
    let mut record = Vec::new();
    for text in texts {
        record.extend([address, u32::try_from(text.len()).unwrap()]);
        address += u32::try_from(text.len()).unwrap();
    }
    record.extend([1, 0, 0, 0, 0]);
    let record: String =
        record.iter().flat_map(|word| word.to_le_bytes()).map(|b| format!("\\{b:02x}")).collect();
    let texts = texts.concat();
    format!(
        r#"(module
            (memory (export "memory") {pages})
            (global $next (mut i32) (i32.const 4096))
            (data (i32.const 1024) "{record}")
            (data (i32.const 1200) "{texts}")
            {module}
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) {realloc})
            (func (export "rebound:strategy/metadata@0.1.0#describe") (result i32)
                {describe} (i32.const 1024))
            (func (export "rebound:strategy/recommendation@0.1.0#recommend") (param i32) (result i32)
                {recommend})
            (func (export "cabi_post_rebound:strategy/recommendation@0.1.0#recommend") (param i32)
                {post_return})
        )"#
    )
}

/// A recommender that says it is of this contract, with one type of it changed.
pub(crate) fn recommender_of_another_contract(from: &str, to: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let mut sources = SourceMap::default();
    for file in ["types.wit", "host.wit", "stages.wit", "worlds.wit"] {
        let text = std::fs::read_to_string(Path::new(CONTRACT).join(file)).unwrap();
        sources.push_str(file, text.replace(from, to));
    }
    let group = sources.parse().map_err(|(_, error)| error).unwrap();
    let package = resolve.push_group(group).unwrap();
    component((&resolve, package), &recommender_text(Parts::default()))
}

/// Wraps a core module, given as text, into a recommender.
fn component((resolve, package): (&Resolve, PackageId), text: &str) -> Vec<u8> {
    let mut module = wat::parse_str(text).unwrap();
    let world = resolve.select_world(&[package], Some("recommender")).unwrap();
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8, false).unwrap();
    ComponentEncoder::default().validate(true).module(&module).unwrap().encode().unwrap()
}

fn contract() -> (&'static Resolve, PackageId) {
    static RESOLVED: OnceLock<(Resolve, PackageId)> = OnceLock::new();
    let (resolve, package) = RESOLVED.get_or_init(|| {
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_dir(CONTRACT).unwrap();
        (resolve, package)
    });
    (resolve, *package)
}
