//! Taking strategies in.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rebound_domain::catalog::{Candidate, Catalog, Query, Switched};
use rebound_domain::check::{self, InvalidOutput};
use rebound_domain::ids::{Digest, ProductId};
use rebound_domain::limits::Limits;
use rebound_domain::manifest::{Manifest, Stage};
use rebound_domain::product::Product;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre};

use crate::artefact::Artefact;
use crate::cache::{Cache, CacheOptions, Found};
use crate::call::Call;
use crate::class::Class;
use crate::compile::{CompileError, Compiler};
use crate::deadline;
use crate::inspect::{self, Exports, RefuseError};
use crate::invoke::{invoke, store};
use crate::outcome::{LogLine, Outcome};
use crate::plugin::{Origin, Plugin, Shared};
use crate::runtime::Runtime;
use crate::wire;
use crate::wire::verbs;

/// Everything a sandbox is made of.
#[derive(Debug, Clone)]
pub struct SandboxOptions {
    /// What a component and a call may use.
    pub limits: Limits,
    /// Where compiled components are kept.
    pub cache: CacheOptions,
    /// Who compiles.
    pub compiler: Compiler,
    /// How many calls run at a time, at least 1: the number of compute threads. More calls than that wait for
    /// one another.
    pub concurrency: usize,
}

/// The place where strategies run. A cheap handle; the last one, and the last plugin, end it.
#[derive(Clone)]
pub struct Sandbox {
    shared: Arc<Inner>,
}

struct Inner {
    limits: Limits,
    cache: Cache,
    compiler: Compiler,
    /// Held while a component compiles: one at a time.
    compiling: Mutex<()>,
    standard: Arc<Runtime>,
    large: Arc<Runtime>,
}

/// Why a sandbox does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The folder of compiled components cannot be used.
    #[error("the cache folder {} cannot be made private to its owner", dir.display())]
    Cache {
        /// The folder.
        dir: std::path::PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The pool of instances cannot be reserved.
    #[error(
        "no room for {instance_count} instances of the {class} class: {reason}; lower the concurrency or the memory limit"
    )]
    Engine {
        /// The class.
        class: Class,
        /// How many were wanted.
        instance_count: u32,
        /// What wasmtime says.
        reason: String,
    },
    /// The thread that moves the epochs cannot be started.
    #[error("the epoch thread cannot be started")]
    Thread(#[source] std::io::Error),
}

/// Why a component is not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// It is refused unseen.
    #[error(transparent)]
    Refused(#[from] RefuseError),
    /// It does not compile within its limits.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// It does not fit the contract, or the pool.
    #[error("the component does not link: {0}")]
    Link(String),
    /// It did not say what it is.
    #[error("`describe` gave no manifest ({}): {}", outcome.word(), outcome.detail().unwrap_or_default())]
    Describe {
        /// How the call ended.
        outcome: Outcome<()>,
        /// What it logged.
        log: Vec<LogLine>,
    },
    /// What it says of itself does not stand.
    #[error("the manifest does not stand: {0}")]
    Manifest(InvalidOutput),
}

/// Why a published component is not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It had to be compiled again, and its bytes are not to be had.
    #[error("the component {digest} cannot be read")]
    Read {
        /// Which.
        digest: Digest,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The bytes are of another component.
    #[error("the component {digest} was asked for, but {found} came; the stored bytes are damaged")]
    Digest {
        /// Which was asked for.
        digest: Digest,
        /// Which came.
        found: Digest,
    },
    /// Under today's limits it would be refused.
    #[error(transparent)]
    Refused(#[from] RefuseError),
    /// It does not compile within its limits.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// It does not fit the contract, or the pool.
    #[error("the component does not link: {0}")]
    Link(String),
}

impl Sandbox {
    /// Reserves the pools, opens the cache and starts the epoch thread.
    ///
    /// # Errors
    /// [`StartError`], naming what cannot be had.
    pub fn start(options: SandboxOptions) -> Result<Self, StartError> {
        let SandboxOptions { limits, cache, compiler, concurrency } = options;
        // One more than there are compute threads: publishing describes beside them.
        let instance_count = u32::try_from(concurrency.max(1)).unwrap_or(u32::MAX).saturating_add(1);
        let runtime =
            |class| {
                Runtime::start(class, limits, instance_count).map(Arc::new).map_err(|error| {
                    StartError::Engine { class, instance_count, reason: format!("{error:#}") }
                })
            };
        let (standard, large) = (runtime(Class::Standard)?, runtime(Class::Large)?);
        let dir = cache.dir.clone();
        let cache =
            Cache::open(cache, &standard.engine).map_err(|source| StartError::Cache { dir, source })?;
        let tick = deadline::tick(Duration::from_millis(limits.deadline.0));
        deadline::start(vec![standard.engine.weak(), large.engine.weak()], tick)
            .map_err(StartError::Thread)?;
        let compiling = Mutex::new(());
        Ok(Self { shared: Arc::new(Inner { limits, cache, compiler, compiling, standard, large }) })
    }

    /// The limits everything here is held to.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// Looks at a component without compiling it: size, form, imports, exports, static limits.
    ///
    /// # Errors
    /// [`RefuseError`], naming what is in the way and how to build without it.
    pub fn inspect(&self, class: Class, bytes: &[u8]) -> Result<Exports, RefuseError> {
        let features = self.runtime(class).engine.get_wasm_features();
        inspect::inspect(class, &self.shared.limits, features, bytes)
    }

    /// Takes a new component in: inspects, compiles, links, asks it what it is, and checks the answer. Blocks,
    /// for seconds when the component is large; one component compiles at a time.
    ///
    /// # Errors
    /// [`PublishError`], by the step that failed.
    pub fn publish(&self, class: Class, bytes: &[u8]) -> Result<(Plugin, Manifest), PublishError> {
        let Exports { stages } = self.inspect(class, bytes)?;
        let digest = Digest::of(bytes);
        let runtime = self.runtime(class);
        let (code, origin) = match self.cached(digest, runtime) {
            Ok(code) => (code, Origin::Cache),
            Err(origin) => {
                let artefact = self.compile(digest, bytes)?;
                (
                    Code::of(&artefact, runtime).map_err(|error| PublishError::Link(format!("{error:#}")))?,
                    origin,
                )
            }
        };
        let linked = Linked::new(runtime, code, &stages).map_err(PublishError::Link)?;
        let manifest = self.describe(runtime, &linked, &stages)?;
        check::manifest(&self.shared.limits, &manifest).map_err(PublishError::Manifest)?;
        linked.check_types(runtime).map_err(|error| PublishError::Link(format!("{error:#}")))?;
        Ok((linked.plugin(digest, origin, Arc::new(manifest.clone()), runtime), manifest))
    }

    /// Makes a published component callable: from the cache when it can be, else compiled again from `bytes`.
    /// Blocks; under a millisecond from the cache.
    ///
    /// # Errors
    /// [`LoadError`], by the step that failed.
    pub fn load(
        &self,
        class: Class,
        digest: Digest,
        bytes: &dyn Fn() -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>>,
        manifest: Arc<Manifest>,
    ) -> Result<Plugin, LoadError> {
        let runtime = self.runtime(class);
        let (code, origin) = match self.cached(digest, runtime) {
            Ok(code) => (code, Origin::Cache),
            Err(origin) => {
                let bytes = bytes().map_err(|source| LoadError::Read { digest, source })?;
                let found = Digest::of(&bytes);
                if found != digest {
                    return Err(LoadError::Digest { digest, found });
                }
                self.inspect(class, &bytes)?;
                let artefact = self.compile(digest, &bytes)?;
                (Code::of(&artefact, runtime).map_err(|error| LoadError::Link(format!("{error:#}")))?, origin)
            }
        };
        let linked = Linked::new(runtime, code, &manifest.stages).map_err(LoadError::Link)?;
        Ok(linked.plugin(digest, origin, manifest, runtime))
    }

    /// Makes a published component callable from the cache alone; none when it has to be compiled. For threads that
    /// cannot wait for a compiler: it reads one file and blocks for about a millisecond for each MiB of code.
    ///
    /// # Errors
    /// [`LoadError::Link`] alone.
    pub fn load_kept(
        &self,
        class: Class,
        digest: Digest,
        manifest: Arc<Manifest>,
    ) -> Result<Option<Plugin>, LoadError> {
        let runtime = self.runtime(class);
        // Whoever gets none asks [`Self::load`] for it, which tells what is wrong with what is kept.
        let Found::Artefact(artefact) = self.shared.cache.find(digest) else { return Ok(None) };
        let Ok(code) = Code::of(&artefact, runtime) else { return Ok(None) };
        let linked = Linked::new(runtime, code, &manifest.stages).map_err(LoadError::Link)?;
        Ok(Some(linked.plugin(digest, Origin::Cache, manifest, runtime)))
    }

    fn runtime(&self, class: Class) -> &Arc<Runtime> {
        match class {
            Class::Standard => &self.shared.standard,
            Class::Large => &self.shared.large,
        }
    }

    /// What is kept of a component, or why it has to be compiled.
    fn cached(&self, digest: Digest, runtime: &Runtime) -> Result<Code, Origin> {
        match self.shared.cache.find(digest) {
            Found::Artefact(artefact) => Code::of(&artefact, runtime).map_err(|error| {
                tracing::warn!(%digest, error = format!("{error:#}"), "a kept component does not load; compiling it again");
                Origin::Stale
            }),
            Found::Missing => Err(Origin::Compiled),
            Found::Stale => {
                tracing::info!(%digest, "a kept component is of another wasmtime or other settings; compiling it again");
                Err(Origin::Stale)
            }
            Found::Tampered => {
                tracing::warn!(%digest, "a kept component is not what this host wrote; compiling it again");
                Err(Origin::Tampered)
            }
        }
    }

    fn compile(&self, digest: Digest, bytes: &[u8]) -> Result<Artefact, CompileError> {
        let _one_at_a_time = self.shared.compiling.lock().unwrap_or_else(PoisonError::into_inner);
        let artefact = self.shared.compiler.compile(&self.shared.limits, bytes)?;
        if let Err(error) = self.shared.cache.keep(digest, &artefact) {
            // The next start compiles again; nothing else is lost.
            tracing::warn!(%digest, %error, "a compiled component could not be kept");
        }
        Ok(artefact)
    }

    fn describe(
        &self,
        runtime: &Runtime,
        linked: &Linked,
        stages: &[Stage],
    ) -> Result<Manifest, PublishError> {
        let limits = &self.shared.limits;
        // Beside what any answer may hold, all the templates.
        let templates_bytes = u64::from(limits.templates) * u64::from(limits.template_bytes);
        let output_bytes_max = limits.output_bytes.saturating_add(templates_bytes);
        let report = invoke(
            runtime,
            &linked.component,
            &linked.describe,
            Arc::new(NoCatalog),
            output_bytes_max,
            (),
            |manifest: wire::manifest::Manifest| match manifest.parse(stages) {
                Ok(manifest) => Outcome::Value(manifest),
                Err(invalid) => Outcome::InvalidOutput(invalid),
            },
        );
        match report.outcome {
            Outcome::Value(manifest) => Ok(manifest),
            Outcome::InvalidOutput(invalid) => Err(PublishError::Manifest(invalid)),
            other => Err(PublishError::Describe { outcome: other.map(drop), log: report.log }),
        }
    }
}

/// Machine code that can be linked.
struct Code {
    component: Component,
    /// What it takes in memory, bytes.
    size: u64,
}

impl Code {
    fn of(artefact: &Artefact, runtime: &Runtime) -> wasmtime::Result<Self> {
        let component = artefact.load(&runtime.engine)?;
        Ok(Self { component, size: artefact.as_ref().len() as u64 })
    }
}

/// A component and its exports, found by name once.
struct Linked {
    component: InstancePre<Call>,
    code_bytes: u64,
    describe: ComponentExportIndex,
    stages: [Option<ComponentExportIndex>; Stage::ALL.len()],
}

impl Linked {
    fn new(runtime: &Runtime, code: Code, stages: &[Stage]) -> Result<Self, String> {
        let Code { component, size: code_bytes } = code;
        // Else the first call would pay for it.
        component.initialize_copy_on_write_image().map_err(|error| format!("{error:#}"))?;
        let describe = function(&component, "metadata", "describe")?;
        let mut exports = [const { None }; Stage::ALL.len()];
        for stage in stages {
            exports[*stage as usize] = Some(function(&component, stage.word(), verbs::verb(*stage))?);
        }
        let component = runtime.linker.instantiate_pre(&component).map_err(|error| format!("{error:#}"))?;
        Ok(Self { component, code_bytes, describe, stages: exports })
    }

    /// Holds every stage's function to the contract now, rather than at its first call. Once published it stays
    /// checked: the digest names the component.
    fn check_types(&self, runtime: &Runtime) -> wasmtime::Result<()> {
        let _slot = runtime.slots.take();
        let mut store = store(runtime, Arc::new(NoCatalog), runtime.limits.output_bytes);
        let instance = self.component.instantiate(&mut store)?;
        for (stage, export) in Stage::ALL.into_iter().zip(&self.stages) {
            if let Some(export) = export {
                verbs::check_type(stage, &instance, &mut store, export)?;
            }
        }
        Ok(())
    }

    fn plugin(
        self,
        digest: Digest,
        origin: Origin,
        manifest: Arc<Manifest>,
        runtime: &Arc<Runtime>,
    ) -> Plugin {
        let Self { component, code_bytes, stages: exports, .. } = self;
        let runtime = Arc::clone(runtime);
        Plugin::new(Shared { digest, origin, code_bytes, manifest, runtime, component, exports })
    }
}

fn function(component: &Component, interface: &str, function: &str) -> Result<ComponentExportIndex, String> {
    let interface = wire::interface(interface);
    component
        .get_export_index(None, &interface)
        .and_then(|instance| component.get_export_index(Some(&instance), function))
        .ok_or_else(|| format!("it does not export `{function}` of `{interface}`"))
}

/// What `describe` sees: a manifest depends on nothing.
struct NoCatalog;

impl Catalog for NoCatalog {
    fn search(&self, _: &Query) -> Vec<Candidate> {
        Vec::new()
    }
    fn get(&self, _: ProductId) -> Option<Arc<Product>> {
        None
    }
    fn stock(&self, _: ProductId) -> Option<u32> {
        None
    }
    fn switched(&self, _: ProductId, _: ProductId) -> Option<Switched> {
        None
    }
}
