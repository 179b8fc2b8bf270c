//! What a component is, before any of it is compiled.

use rebound_domain::limits::Limits;
use rebound_domain::manifest::Stage;
use wasmtime::wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType};
use wasmtime::wasmparser::types::TypesRef;
use wasmtime::wasmparser::{BinaryReaderError, Instance, Parser, Payload, Validator, WasmFeatures};

use crate::class::Class;
use crate::engine::{CORE_INSTANCES_MAX, MEMORIES_MAX, TABLES_MAX};
use crate::wire;

/// What a component offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exports {
    /// The stages it can serve, in the order they run; at least one.
    pub stages: Vec<Stage>,
}

/// Why a component is refused before it is compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefuseError {
    /// Larger than its class allows.
    #[error("the component has {size} bytes, over the {size_max} of the {class} class; strip it{}", larger(*class))]
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        size_max: u64,
        /// The class it was offered for.
        class: Class,
    },
    /// No component at all.
    #[error("this is {found}, not a WebAssembly component; build one with `rebound build`")]
    NotComponent {
        /// What it looks like.
        found: &'static str,
    },
    /// Not well-formed, or in need of a proposal that is switched off.
    #[error("the component is not valid at byte {offset}: {reason}")]
    Invalid {
        /// Where.
        offset: u64,
        /// What is wrong.
        reason: String,
    },
    /// It wants something that strategies do not get.
    #[error(
        "the component imports `{name}`, but a strategy gets `{}` and `{}` only; {}",
        wire::interface("catalog"),
        wire::interface("log"),
        without(name)
    )]
    ForeignImport {
        /// The import's name.
        name: String,
    },
    /// It does not say what it is.
    #[error(
        "the component does not export `{}`; export it, or build against this version of the contract",
        wire::interface("metadata")
    )]
    NoMetadata,
    /// It serves no stage.
    #[error(
        "the component exports no stage (it exports {}); export at least one of segmentation, recommendation, \
         coupon, sharing and progress of {}@{}",
        listed(exports),
        wire::PACKAGE,
        wire::VERSION
    )]
    NoStage {
        /// What it does export.
        exports: Vec<String>,
    },
    /// It is made of more parts than a pooled instance has room for, or starts with too much memory.
    #[error("the component has {found} {what}, over the limit of {found_max}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How much of it.
        found: u64,
        /// The limit.
        found_max: u64,
    },
}

/// Looks at a component: size, form, imports, exports and what it will surely need. Linear in its size.
///
/// Imports of nothing but types are harmless, and so are exports that nobody calls.
pub(crate) fn inspect(
    class: Class,
    limits: &Limits,
    features: WasmFeatures,
    bytes: &[u8],
) -> Result<Exports, RefuseError> {
    let (size, size_max) = (bytes.len() as u64, class.component_bytes_max(limits));
    if size > size_max {
        return Err(RefuseError::TooLarge { size, size_max, class });
    }
    if !Parser::is_component(bytes) {
        let found = if Parser::is_core_wasm(bytes) { "a core module" } else { "something else" };
        return Err(RefuseError::NotComponent { found });
    }
    let invalid = |error: BinaryReaderError| RefuseError::Invalid {
        offset: error.offset() as u64,
        reason: error.message().to_owned(),
    };
    let types = Validator::new_with_features(features).validate_all(bytes).map_err(invalid)?;
    let needs = Needs::of(bytes).map_err(invalid)?;
    needs.check(class.memory_bytes_max(limits))?;
    imports(types.as_ref(), &needs.imports)?;
    exports(needs.exports)
}

/// What the outermost component names, and what all its parts surely need.
#[derive(Default)]
struct Needs {
    imports: Vec<String>,
    exports: Vec<String>,
    core_instances: u64,
    memories: u64,
    tables: u64,
    /// The largest memory that any of its modules starts with.
    memory_bytes: u64,
}

impl Needs {
    fn of(bytes: &[u8]) -> Result<Self, BinaryReaderError> {
        let mut needs = Self::default();
        // Sections of nested modules and components come in between; only the outermost names count.
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::Version { .. } => depth += 1,
                Payload::End(_) => depth -= 1,
                Payload::ComponentImportSection(section) if depth == 1 => {
                    for import in section {
                        needs.imports.push(import?.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) if depth == 1 => {
                    for export in section {
                        needs.exports.push(export?.name.name.to_owned());
                    }
                }
                Payload::InstanceSection(section) => {
                    for instance in section {
                        let is_new = matches!(instance?, Instance::Instantiate { .. });
                        needs.core_instances += u64::from(is_new);
                    }
                }
                Payload::MemorySection(section) => {
                    for memory in section {
                        let memory = memory?;
                        let page_bytes = 1_u64 << memory.page_size_log2.unwrap_or(16);
                        needs.memories += 1;
                        needs.memory_bytes =
                            needs.memory_bytes.max(memory.initial.saturating_mul(page_bytes));
                    }
                }
                Payload::TableSection(section) => needs.tables += u64::from(section.count()),
                _ => {}
            }
        }
        Ok(needs)
    }

    /// A module may be instantiated more than once, so this is the least that is needed; the pool checks the
    /// whole when the component is loaded.
    fn check(&self, memory_bytes_max: u64) -> Result<(), RefuseError> {
        for (what, found, found_max) in [
            ("core instances", self.core_instances, u64::from(CORE_INSTANCES_MAX)),
            ("memories", self.memories, u64::from(MEMORIES_MAX)),
            ("tables", self.tables, u64::from(TABLES_MAX)),
            ("bytes of memory to start with", self.memory_bytes, memory_bytes_max),
        ] {
            if found > found_max {
                return Err(RefuseError::TooMany { what, found, found_max });
            }
        }
        Ok(())
    }
}

fn imports(types: TypesRef<'_>, names: &[String]) -> Result<(), RefuseError> {
    let granted = [wire::interface("catalog"), wire::interface("log")];
    let is_harmless = |name: &str| match types.component_item_for_import(name).map(|item| &item.ty) {
        Some(ComponentEntityType::Instance(id)) => {
            types[*id].exports.values().all(|export| is_plain_type(&export.ty))
        }
        Some(entity) => is_plain_type(entity),
        None => false,
    };
    match names.iter().find(|name| !granted.contains(name) && !is_harmless(name)) {
        Some(name) => Err(RefuseError::ForeignImport { name: name.clone() }),
        None => Ok(()),
    }
}

/// A type that needs nobody to provide it; a resource would.
fn is_plain_type(entity: &ComponentEntityType) -> bool {
    matches!(entity, ComponentEntityType::Type { referenced, .. } if !matches!(referenced, ComponentAnyTypeId::Resource(_)))
}

fn exports(names: Vec<String>) -> Result<Exports, RefuseError> {
    if !names.contains(&wire::interface("metadata")) {
        return Err(RefuseError::NoMetadata);
    }
    let is_exported = |stage: &Stage| names.contains(&wire::interface(stage.word()));
    let stages: Vec<Stage> = Stage::ALL.into_iter().filter(is_exported).collect();
    if stages.is_empty() {
        return Err(RefuseError::NoStage { exports: names });
    }
    Ok(Exports { stages })
}

/// How to do without an import.
fn without(name: &str) -> &'static str {
    if name.starts_with("wasi:") {
        "build without WASI: Rust for wasm32-unknown-unknown (`rebound build` does), componentize-py with \
         `--stub-wasi`, componentize-qjs with `--sync --stub-wasi`"
    } else if name.starts_with(wire::PACKAGE) {
        "build against this version of the contract"
    } else {
        "everything a strategy may know is in its context; leave the import out"
    }
}

fn larger(class: Class) -> &'static str {
    match class {
        Class::Standard => ", or publish it as large",
        Class::Large => "",
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}
