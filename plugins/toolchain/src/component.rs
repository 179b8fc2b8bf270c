//! From a core module to a component, and what a component says of itself.
//!
//! Written into the component are its name and the standard metadata sections (`version`, `description`,
//! `licenses`, `authors`, `source`, `homepage`), which registries and `wasm-tools metadata` read.

use std::borrow::Cow;

use serde::Deserialize;
use wasm_encoder::{ComponentNameSection, ComponentSection, CustomSection, RawSection, Section};
use wasmparser::{Parser, Payload, Validator, WasmFeatures};
use wit_component::{ComponentEncoder, DecodedWasm};
use wit_parser::{InterfaceId, Resolve, WorldItem};

use crate::BuildError;

/// What a strategy may import; `types` holds no function.
const CONTRACT: [&str; 2] = ["rebound:strategy/catalog@0.1.0", "rebound:strategy/log@0.1.0"];

/// The stages a component may export.
const STAGES: [&str; 5] = ["segmentation", "recommendation", "coupon", "sharing", "progress"];

const RUST_REMEDY: &str = "build for wasm32-unknown-unknown, without crates that reach for the operating system or \
    the browser (getrandom, chrono's clock, wasm-bindgen: turn their features off); a strategy's only clock and \
    seed are context.now and context.seed";
const WASI_REMEDY: &str = "build without WASI: Rust for wasm32-unknown-unknown, Python with componentize-py \
    --stub-wasi, JavaScript with componentize-qjs --sync --stub-wasi";

/// What a package says of itself, as its Cargo.toml words it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Annotations {
    /// Semantic version.
    pub version: String,
    /// One sentence.
    pub description: Option<String>,
    /// SPDX expression.
    pub license: Option<String>,
    /// People or an organisation.
    #[serde(default)]
    pub authors: Vec<String>,
    /// Where the source is.
    pub repository: Option<String>,
    /// Where to read more.
    pub homepage: Option<String>,
}

/// Interfaces at a component's boundary, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interfaces {
    /// What it needs.
    pub imports: Vec<String>,
    /// What it offers.
    pub exports: Vec<String>,
}

/// Makes a component of a core module that `wit-bindgen` generated bindings for.
///
/// # Errors
/// `Imports` when the module needs something outside the contract, `Component` when it is no such module.
pub fn from_module(name: &str, module: &[u8], annotations: &Annotations) -> Result<Vec<u8>, BuildError> {
    let component_error = |reason| BuildError::Component { name: name.to_string(), reason };
    if !Parser::is_core_wasm(module) {
        return Err(component_error("it is no core WebAssembly module".to_string()));
    }
    let stripped = strip(module).map_err(|error| component_error(error.to_string()))?;
    check_imports(name, stripped.imports, RUST_REMEDY)?;
    let encoded = ComponentEncoder::default()
        .validate(true)
        .module(&stripped.module)
        .and_then(|encoder| encoder.encode());
    let mut component = encoded.map_err(|error| component_error(format!("{error:#}")))?;
    annotate(&mut component, name, annotations);
    Ok(component)
}

/// Reads a component's interfaces, and refuses one that is no strategy.
///
/// # Errors
/// `Component` when it is not valid, `Imports` and `Exports` when it is no strategy.
pub fn inspect(name: &str, component: &[u8]) -> Result<Interfaces, BuildError> {
    let component_error = |reason| BuildError::Component { name: name.to_string(), reason };
    if !Parser::is_component(component) {
        return Err(component_error("it is no WebAssembly component".to_string()));
    }
    Validator::new_with_features(WasmFeatures::default())
        .validate_all(component)
        .map_err(|error| component_error(error.to_string()))?;
    let decoded = wit_component::decode(component).map_err(|error| component_error(format!("{error:#}")))?;
    let DecodedWasm::Component(resolve, world) = decoded else {
        return Err(component_error("it is a WIT package and holds no code".to_string()));
    };
    let world = &resolve.worlds[world];
    let needed = world.imports.iter().filter(|(_, item)| is_capability(&resolve, item));
    check_imports(name, needed.map(|(key, _)| resolve.name_world_key(key)).collect(), WASI_REMEDY)?;
    let names = |items: Vec<_>| items.into_iter().map(|key| resolve.name_world_key(key)).collect();
    let interfaces = Interfaces {
        imports: names(world.imports.keys().collect()),
        exports: names(world.exports.keys().collect()),
    };
    check_exports(name, &interfaces.exports)?;
    Ok(interfaces)
}

/// A type-only interface gives a strategy nothing to call.
fn is_capability(resolve: &Resolve, item: &WorldItem) -> bool {
    let has_functions = |id: InterfaceId| !resolve.interfaces[id].functions.is_empty();
    match item {
        WorldItem::Interface { id, .. } => has_functions(*id),
        WorldItem::Function(_) => true,
        WorldItem::Type { .. } => false,
    }
}

fn check_imports(name: &str, needed: Vec<String>, remedy: &'static str) -> Result<(), BuildError> {
    // A core module's import has the function after it.
    let interface =
        |import: &str| import.split_once("::").map_or(import.len(), |(interface, _)| interface.len());
    let allowed = |import: &String| CONTRACT.contains(&&import[..interface(import)]);
    let imports: Vec<String> = needed.into_iter().filter(|import| !allowed(import)).collect();
    match imports.as_slice() {
        [] => Ok(()),
        _ => Err(BuildError::Imports { name: name.to_string(), imports, remedy }),
    }
}

fn check_exports(name: &str, exports: &[String]) -> Result<(), BuildError> {
    let has = |interface: &str| {
        exports.iter().any(|export| export.starts_with(&format!("rebound:strategy/{interface}@")))
    };
    let missing = |missing| Err(BuildError::Exports { name: name.to_string(), missing });
    match (has("metadata"), STAGES.iter().any(|stage| has(stage))) {
        (true, true) => Ok(()),
        (false, _) => missing("metadata"),
        (true, false) => missing("stage"),
    }
}

struct Stripped {
    module: Vec<u8>,
    /// Core imports, as `module::field`.
    imports: Vec<String>,
}

/// Leaves of the custom sections those that the component is made from, and `producers`.
fn strip(module: &[u8]) -> wasmparser::Result<Stripped> {
    let mut stripped = Stripped { module: wasm_encoder::Module::HEADER.to_vec(), imports: Vec::new() };
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        match &payload {
            Payload::CustomSection(section) => {
                let name = section.name();
                if !name.starts_with("component-type") && name != "producers" {
                    continue;
                }
            }
            Payload::ImportSection(section) => {
                for import in section.clone().into_imports() {
                    let import = import?;
                    stripped.imports.push(format!("{}::{}", import.module, import.name));
                }
            }
            _ => {}
        }
        if let Some((id, range)) = payload.as_section() {
            let offset = |offset| usize::try_from(offset).expect("a section lies within the module");
            let data = &module[offset(range.start)..offset(range.end)];
            RawSection { id, data }.append_to(&mut stripped.module);
        }
    }
    Ok(stripped)
}

fn annotate(component: &mut Vec<u8>, name: &str, annotations: &Annotations) {
    let Annotations { version, description, license, authors, repository, homepage } = annotations;
    let mut names = ComponentNameSection::new();
    names.component(name);
    ComponentSection::append_to_component(&names, component);
    let authors = (!authors.is_empty()).then(|| authors.join(", "));
    let sections = [
        ("version", Some(version)),
        ("description", description.as_ref()),
        ("licenses", license.as_ref()),
        ("authors", authors.as_ref()),
        ("source", repository.as_ref()),
        ("homepage", homepage.as_ref()),
    ];
    for (name, value) in sections {
        let Some(value) = value else { continue };
        let section = CustomSection { name: Cow::Borrowed(name), data: Cow::Borrowed(value.as_bytes()) };
        ComponentSection::append_to_component(&section, component);
    }
}

#[cfg(test)]
pub(crate) mod tests;
