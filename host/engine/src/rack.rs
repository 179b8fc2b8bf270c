//! The versions that are loaded. A published version is loaded when it is needed, and unloaded when it has not been
//! for long.
//!
//! Machine code takes about three times a component's size in memory, so ten thousand versions cannot all stay
//! loaded. What a route or a running experiment names is pinned: it is loaded before the change takes effect, and
//! never unloaded while it is named, so a decision practically never loads. All others (a replay's, what was routed
//! yesterday) share `limits.loaded_bytes`; of them the one that was used longest ago goes first.
//!
//! A call never waits for a compiler. Where the compiled file is missing or damaged, the call is told so, and the
//! component is compiled again beside the calls.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use rebound_domain::ids::{Digest, PluginRef};
use rebound_domain::manifest::Manifest;
use rebound_sandbox::{Class, LoadError, Plugin, Sandbox};
use rebound_storage::Storage;
use tokio::runtime::Handle;

use crate::error::{Fault, chain};
use crate::figures::RackFigures;
use crate::plugins::component;

/// How long after it was begun a version is not compiled again because of a call. A component that does not compile
/// any more would else keep the compiler busy as long as decisions ask for it.
const MEND_PAUSE: Duration = Duration::from_secs(60);

/// Which component a version is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ComponentFacts {
    /// Of its bytes.
    pub(crate) digest: Digest,
    /// Its bytes, how many.
    pub(crate) size: u64,
    pub(crate) class: Class,
}

/// One published version's place in the rack, whether it is loaded or not.
pub(crate) struct Seat {
    pub(crate) component: ComponentFacts,
    manifest: Arc<Manifest>,
    plugin: ArcSwapOption<Plugin>,
    /// The rack's count when it was last taken.
    used: AtomicU64,
    /// Whether a route or a running experiment names it. Changed under the rack's lock.
    is_pinned: AtomicBool,
    /// Changes under way that will name it.
    holds: AtomicU32,
    /// Held while it is read from the cache: of two calls at once, one loads it.
    loading: Mutex<()>,
    /// Held while it is compiled. Another lock, so that a call does not wait for a compiler.
    compiling: Mutex<()>,
    /// When a call last had it compiled again.
    mended: Mutex<Option<Instant>>,
}

impl Seat {
    pub(crate) fn new(component: ComponentFacts, manifest: Arc<Manifest>) -> Self {
        Self {
            component,
            manifest,
            plugin: ArcSwapOption::empty(),
            used: AtomicU64::new(0),
            is_pinned: AtomicBool::new(false),
            holds: AtomicU32::new(0),
            loading: Mutex::default(),
            compiling: Mutex::default(),
            mended: Mutex::default(),
        }
    }

    /// Whose it is.
    pub(crate) fn plugin(&self) -> &PluginRef {
        &self.manifest.plugin
    }

    fn is_free(&self) -> bool {
        !self.is_pinned.load(Ordering::Acquire) && self.holds.load(Ordering::Acquire) == 0
    }

    fn code_bytes(&self) -> u64 {
        self.plugin.load().as_ref().map_or(0, |plugin| plugin.code_bytes())
    }
}

/// Why a call cannot have its version now. The host's own trouble, so it counts against nobody.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotLoaded {
    /// The file has gone, or is not what this host wrote.
    #[error("its compiled file is missing, damaged or of another build; it is being compiled again")]
    Compile,
    /// The code is there and does not fit.
    #[error(transparent)]
    Load(#[from] LoadError),
}

/// Why a version cannot be made ready, even with a compiler.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unready {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Every loaded version.
pub(crate) struct Rack {
    sandbox: Sandbox,
    storage: Arc<dyn Storage>,
    /// Where components are compiled beside the calls; calls run on threads that know no runtime.
    runtime: Handle,
    /// Code of versions that are not pinned, bytes.
    free_bytes_max: u64,
    clock: AtomicU64,
    loaded: Mutex<Loaded>,
    figures: RackFigures,
}

#[derive(Default)]
struct Loaded {
    seats: HashMap<Digest, Arc<Seat>>,
    pinned: Vec<Arc<Seat>>,
}

impl Rack {
    /// Belongs to the runtime it is made in.
    pub(crate) fn new(
        sandbox: Sandbox,
        storage: Arc<dyn Storage>,
        free_bytes_max: u64,
        figures: RackFigures,
    ) -> Arc<Self> {
        let runtime = Handle::current();
        let (clock, loaded) = (AtomicU64::new(0), Mutex::default());
        Arc::new(Self { sandbox, storage, runtime, free_bytes_max, clock, loaded, figures })
    }

    /// The version, ready to be called: as it stands, else from the cache. Blocks for a file's reading at most.
    ///
    /// # Errors
    /// [`NotLoaded`]; the component is then compiled again, for later calls.
    pub(crate) fn take(self: &Arc<Self>, seat: &Arc<Seat>) -> Result<Arc<Plugin>, NotLoaded> {
        let taken = self.kept(seat).map_err(NotLoaded::from).and_then(|kept| kept.ok_or(NotLoaded::Compile));
        if taken.is_err() {
            self.mend(seat);
        }
        taken
    }

    /// Makes a version ready, compiled again when it has to be; off the compute threads, which must not wait so long.
    ///
    /// # Errors
    /// [`Unready`] when its bytes cannot be read, or make no plugin any more.
    pub(crate) async fn ready(self: &Arc<Self>, seat: &Arc<Seat>) -> Result<Arc<Plugin>, Unready> {
        if let Some(plugin) = self.standing(seat) {
            return Ok(plugin);
        }
        let (rack, seat) = (Arc::clone(self), Arc::clone(seat));
        let loading = tokio::task::spawn_blocking(move || match rack.kept(&seat)? {
            Some(plugin) => Ok(plugin),
            None => rack.compiled(&seat),
        });
        Ok(loading.await.map_err(|_| Fault::Lost("loading a plugin"))??)
    }

    /// Takes in a version that was loaded elsewhere: publishing has it.
    pub(crate) fn put(&self, seat: &Arc<Seat>, plugin: Plugin) -> Arc<Plugin> {
        self.figures.loaded(plugin.origin());
        let plugin = Arc::new(plugin);
        self.used(seat);
        let mut loaded = self.lock();
        seat.plugin.store(Some(Arc::clone(&plugin)));
        loaded.seats.insert(seat.component.digest, Arc::clone(seat));
        self.unload(&mut loaded);
        plugin
    }

    /// Keeps these loaded, and no others, from now on.
    pub(crate) fn pin(&self, wanted: Vec<Arc<Seat>>) {
        let mut loaded = self.lock();
        loaded.pinned.drain(..).for_each(|seat| seat.is_pinned.store(false, Ordering::Release));
        wanted.iter().for_each(|seat| seat.is_pinned.store(true, Ordering::Release));
        loaded.pinned = wanted;
        self.unload(&mut loaded);
    }

    /// Keeps a version that is loaded, or becomes so, until the answer is dropped: from being made ready to being pinned.
    pub(crate) fn hold(self: &Arc<Self>, seat: &Arc<Seat>) -> Hold {
        seat.holds.fetch_add(1, Ordering::AcqRel);
        Hold { rack: Arc::clone(self), seat: Arc::clone(seat) }
    }

    fn lock(&self) -> MutexGuard<'_, Loaded> {
        // Nothing under this lock panics halfway through a change.
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn used(&self, seat: &Seat) {
        seat.used.store(self.clock.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    fn standing(&self, seat: &Seat) -> Option<Arc<Plugin>> {
        let plugin = seat.plugin.load_full()?;
        self.used(seat);
        Some(plugin)
    }

    /// As it stands, else from the cache; none when it has to be compiled.
    fn kept(&self, seat: &Arc<Seat>) -> Result<Option<Arc<Plugin>>, LoadError> {
        if let Some(plugin) = self.standing(seat) {
            return Ok(Some(plugin));
        }
        let _one_loads = seat.loading.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plugin) = self.standing(seat) {
            return Ok(Some(plugin));
        }
        let ComponentFacts { digest, class, .. } = seat.component;
        let plugin = self.sandbox.load_kept(class, digest, Arc::clone(&seat.manifest))?;
        Ok(plugin.map(|plugin| self.put(seat, plugin)))
    }

    /// Compiled again from the stored bytes. Blocks for as long as a compiler takes.
    fn compiled(&self, seat: &Arc<Seat>) -> Result<Arc<Plugin>, LoadError> {
        let _one_compiles = seat.compiling.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plugin) = self.standing(seat) {
            return Ok(plugin);
        }
        let ComponentFacts { digest, class, .. } = seat.component;
        let read = || {
            let bytes = component(self.storage.as_ref(), &seat.component);
            self.runtime.block_on(bytes).map_err(Into::into)
        };
        let plugin = self.sandbox.load(class, digest, &read, Arc::clone(&seat.manifest))?;
        Ok(self.put(seat, plugin))
    }

    /// Compiles a version again beside the calls, unless that was begun a moment ago.
    fn mend(self: &Arc<Self>, seat: &Arc<Seat>) {
        {
            let mut mended = seat.mended.lock().unwrap_or_else(PoisonError::into_inner);
            if mended.is_some_and(|since| since.elapsed() < MEND_PAUSE) {
                return;
            }
            *mended = Some(Instant::now());
        }
        self.figures.mending();
        let (rack, seat) = (Arc::clone(self), Arc::clone(seat));
        // Nobody waits for it: the next call that finds it loaded is what it is for.
        self.runtime.spawn_blocking(move || {
            let plugin = seat.plugin();
            tracing::warn!(%plugin, "a version that was called is not loaded; compiling it again");
            if let Err(error) = rack.compiled(&seat) {
                tracing::error!(%plugin, error = %chain(&error), "a published version cannot be loaded any more; its stages fall back");
            }
        });
    }

    /// Unloads what is not pinned and was used longest ago, until the rest is within its bound. A call that has taken
    /// one keeps it until it ends.
    fn unload(&self, loaded: &mut Loaded) {
        let mut free: Vec<(u64, Digest, u64)> = loaded
            .seats
            .values()
            .filter(|seat| seat.is_free())
            .map(|seat| (seat.used.load(Ordering::Relaxed), seat.component.digest, seat.code_bytes()))
            .collect();
        let mut free_bytes: u64 = free.iter().map(|(.., bytes)| bytes).sum();
        if free_bytes > self.free_bytes_max {
            free.sort_unstable();
            for (_, digest, bytes) in free {
                if free_bytes <= self.free_bytes_max {
                    break;
                }
                if let Some(seat) = loaded.seats.remove(&digest) {
                    seat.plugin.store(None);
                    self.figures.unloaded();
                }
                free_bytes -= bytes;
            }
        }
        let code_bytes = loaded.seats.values().map(|seat| seat.code_bytes()).sum();
        self.figures.stands(loaded.seats.len(), code_bytes);
    }
}

/// That a version stays loaded for now.
pub(crate) struct Hold {
    rack: Arc<Rack>,
    seat: Arc<Seat>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.seat.holds.fetch_sub(1, Ordering::AcqRel);
        self.rack.unload(&mut self.rack.lock());
    }
}

#[cfg(test)]
mod tests {
    use rebound_domain::limits::Limits;
    use rebound_sandbox::{CacheOptions, Compiler, SandboxOptions};
    use rebound_storage::MemoryStorage;

    use super::*;
    use crate::figures::Figures;

    #[tokio::test]
    async fn what_cannot_be_compiled_is_not_tried_again_at_every_call() {
        let dir = tempfile::tempdir().unwrap();
        let cache = CacheOptions { dir: dir.path().to_owned(), key: [1; 32] };
        let (limits, compiler) = (Limits::default(), Compiler::InProcess);
        let sandbox = Sandbox::start(SandboxOptions { limits, cache, compiler, concurrency: 1 }).unwrap();
        let figures = Figures::new();
        let rack = Rack::new(sandbox, Arc::new(MemoryStorage::new()), 0, figures.rack());
        let manifest = Manifest {
            plugin: "acme/gone@1.0.0".parse().unwrap(),
            summary: String::new(),
            config_schema: "{}".to_owned(),
            state_version: 1,
            templates: Vec::new(),
            personas: Vec::new(),
            stages: Vec::new(),
        };
        // Its bytes are nowhere.
        let component = ComponentFacts { digest: Digest::of(b"gone"), size: 4, class: Class::Standard };
        let seat = Arc::new(Seat::new(component, Arc::new(manifest)));
        for _ in 0..5 {
            assert!(matches!(rack.take(&seat), Err(NotLoaded::Compile)));
        }
        let text = figures.text(&[]);
        assert!(text.contains("rebound_version_mends_total 1\n"), "{text}");
        let unready = rack.ready(&seat).await;
        assert!(matches!(unready, Err(Unready::Load(LoadError::Read { .. }))), "who can wait is told why");
    }
}
