//! The engine: everything the use cases share, and how it comes up.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use rebound_domain::access::Caller;
use rebound_domain::ids::PluginRef;
use rebound_domain::limits::Limits;
use rebound_domain::money::Currency;
use rebound_domain::policy::Policy;
use rebound_domain::quarantine::Rules;
use rebound_domain::time::Instant;
use rebound_sandbox::Sandbox;
use rebound_storage::{Health, Storage, StorageError, Unavailable};

use crate::audit::Journal;
use crate::claims::Violations;
use crate::clerk::{Clerk, Inbox};
use crate::compute::ComputePool;
use crate::control::Control;
use crate::error::{Damaged, Fault};
use crate::figures::Figures;
use crate::identity::{HostKey, Seal};
use crate::namespaces::Namespaces;
use crate::person;
use crate::rack::{Rack, Unready};
use crate::recorder::Ring;
use crate::restore;
use crate::shelf::Shelf;
use crate::slots::{KeyRing, KeySlots};
use crate::tokens::Tokens;
use crate::tuning::Tuning;
use crate::wards::{self, Wards};

/// What an engine is made of.
pub struct EngineOptions {
    /// Where records go.
    pub storage: Arc<dyn Storage>,
    /// Where strategies run.
    pub sandbox: Sandbox,
    /// The host's secret; lost, every record is lost.
    pub host_key: HostKey,
    /// What erasing a customer overwrites; lost, every customer's records are lost.
    pub key_slots: KeySlots,
    /// The limits that the engine itself keeps.
    pub limits: Limits,
    /// What `now` is.
    pub clock: Clock,
    /// The deployment's currency until a policy is set.
    pub currency: Currency,
    /// Threads that run strategies.
    pub compute_threads: NonZeroUsize,
    /// Decisions that may wait for a thread.
    pub compute_queue_count_max: usize,
}

/// What `now` is for a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The wall clock.
    System,
    /// The event's own time: replays history as it was. For development only.
    Event,
}

/// Why an engine does not come up.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The storage cannot be read.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// A version that a route or a running experiment names cannot be loaded any more, or one's record does not stand.
    #[error("published plugin {plugin} cannot be loaded")]
    Plugin {
        /// Which.
        plugin: PluginRef,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The operating system gives no threads.
    #[error("the compute threads cannot be started")]
    Threads(#[source] std::io::Error),
}

impl From<StorageError> for StartError {
    fn from(error: StorageError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<Damaged> for StartError {
    fn from(error: Damaged) -> Self {
        Self::Fault(error.into())
    }
}

/// Loads what a decision may call, so that none has to.
async fn load_served(rack: &Arc<Rack>, control: &Control) -> Result<(), StartError> {
    let served = control.served();
    rack.pin(served.clone());
    for seat in served {
        rack.ready(&seat).await.map_err(|unready| match unready {
            Unready::Load(error) => {
                StartError::Plugin { plugin: seat.plugin().clone(), source: error.into() }
            }
            Unready::Fault(fault) => StartError::Fault(fault),
        })?;
    }
    Ok(())
}

/// The use cases. Cheap to clone; every clone is the same engine, and acts in somebody's name (see [`Engine::acting`]).
#[derive(Clone)]
pub struct Engine {
    pub(crate) shared: Arc<Shared>,
    /// In whose name this clone acts.
    pub(crate) caller: Arc<Caller>,
}

pub(crate) struct Shared {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) sandbox: Sandbox,
    pub(crate) host_key: HostKey,
    /// Wraps customers' keys.
    pub(crate) key_ring: KeyRing,
    /// Seals what tells of a person and belongs to no customer's file.
    pub(crate) record_seal: Seal,
    pub(crate) limits: Limits,
    pub(crate) tuning: Tuning,
    pub(crate) clock: Clock,
    /// The latest time that an event has told; what a replay's clock says.
    latest_event: AtomicU64,
    pub(crate) compute: ComputePool,
    pub(crate) shelf: Shelf,
    /// The versions that are loaded; shared with the compute threads.
    pub(crate) rack: Arc<Rack>,
    control: ArcSwap<Control>,
    /// Held while the control plane changes: changes go one after the other.
    pub(crate) control_writer: tokio::sync::Mutex<()>,
    /// Held while products get their numbers.
    pub(crate) catalog_writer: tokio::sync::Mutex<()>,
    pub(crate) figures: Figures,
    pub(crate) violations: Violations,
    /// Which versions are left out; shared with the compute threads.
    pub(crate) wards: Arc<Wards>,
    pub(crate) clerk: Clerk,
    pub(crate) namespaces: Namespaces,
    /// Who changed what.
    pub(crate) journal: Journal,
    pub(crate) tokens: Tokens,
}

impl Shared {
    /// What the clock says: the wall's time, or in a replay the latest event's.
    pub(crate) fn clock_reading(&self, wall: Instant) -> Instant {
        match self.clock {
            Clock::System => wall,
            Clock::Event => Instant(self.latest_event.load(Ordering::Relaxed)),
        }
    }

    /// Lets a replay's clock go on to a decided event's time.
    pub(crate) fn event_at(&self, at: Instant) {
        self.latest_event.fetch_max(at.0, Ordering::Relaxed);
    }
}

impl Engine {
    /// Reads the control plane, the catalogue and everything learned from orders and returns back into memory,
    /// and starts the compute threads.
    ///
    /// # Errors
    /// [`StartError`] naming what cannot be read.
    pub async fn start(options: EngineOptions) -> Result<Self, StartError> {
        let EngineOptions { storage, sandbox, host_key, key_slots, limits, clock, currency, .. } = options;
        let key_ring = KeyRing::new(host_key.clone(), key_slots);
        let record_seal = Seal::new(&host_key.derive("records"));
        let eraser = person::Eraser {
            storage: storage.as_ref(),
            ring: &key_ring,
            host_key: &host_key,
            record_seal: &record_seal,
            asked: None,
        };
        eraser.finish().await?;
        let control = restore::control(&storage, Policy::standard(currency)).await?;
        let figures = Figures::new();
        let rack = Rack::new(sandbox.clone(), Arc::clone(&storage), limits.loaded_bytes, figures.rack());
        load_served(&rack, &control).await?;
        let violations = Violations::default();
        let catalogue = restore::catalogue(storage.as_ref(), &key_ring, &record_seal, &violations).await?;
        let quarantines = wards::restore(storage.as_ref()).await?;
        let journal = Journal::restore(storage.as_ref()).await?;
        let tokens = Tokens::restore(storage.as_ref()).await?;
        let ring = Ring::restore(storage.as_ref(), &limits).await?;
        let thread_count = u32::try_from(options.compute_threads.get()).unwrap_or(u32::MAX);
        let compute = ComputePool::start(options.compute_threads, options.compute_queue_count_max)
            .map_err(StartError::Threads)?;
        let inbox = Inbox::new();
        let wards = Wards::new(Rules::from(&limits), quarantines, inbox.sender.clone());
        let clerk = Clerk::start(inbox, Arc::clone(&storage), record_seal.clone(), ring, figures.after());
        let shared = Shared {
            storage,
            sandbox,
            host_key,
            key_ring,
            record_seal,
            limits,
            tuning: Tuning::new(&limits),
            clock,
            latest_event: AtomicU64::new(0),
            compute,
            shelf: Shelf::new(catalogue),
            rack,
            control: ArcSwap::from_pointee(control),
            control_writer: tokio::sync::Mutex::default(),
            catalog_writer: tokio::sync::Mutex::default(),
            figures,
            violations,
            wards: Arc::new(wards),
            clerk,
            namespaces: Namespaces::new(thread_count),
            journal,
            tokens,
        };
        Ok(Self { shared: Arc::new(shared), caller: Arc::new(Caller::host()) })
    }

    /// The same engine in somebody's name: what they change is theirs in the audit log, and what they may not do is
    /// refused.
    #[must_use]
    pub fn acting(&self, caller: Arc<Caller>) -> Self {
        Self { shared: Arc::clone(&self.shared), caller }
    }

    /// Whether the storage takes writes; what readiness means.
    #[must_use]
    pub fn health(&self) -> Health {
        self.shared.storage.health()
    }

    /// Returns why once the storage has failed for good: the process should end then.
    pub async fn failure(&self) -> Unavailable {
        self.shared.storage.failure().await
    }

    /// Lands what was accepted and lets go of the files.
    ///
    /// # Errors
    /// [`StorageError`] when the last writes do not become durable.
    pub async fn close(&self) -> Result<(), StorageError> {
        self.settled().await;
        self.shared.storage.close().await
    }

    /// Returns once what decisions left to be written after them (changed quarantines, recordings) is written, or given
    /// up because the storage refuses.
    pub async fn settled(&self) {
        self.shared.clerk.settled().await;
    }

    /// The figures in the Prometheus text format.
    #[must_use]
    pub fn figures(&self) -> String {
        self.shared.figures.timings.waiting(self.shared.compute.waiting());
        self.shared.figures.text(&self.quarantine())
    }

    /// The limits in force.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    pub(crate) fn control(&self) -> Arc<Control> {
        self.shared.control.load_full()
    }

    /// Swaps the control plane in memory; the caller holds `control_writer` and has committed the change.
    pub(crate) fn change_control(&self, change: impl FnOnce(&mut Control)) {
        let mut control = Control::clone(&self.shared.control.load());
        change(&mut control);
        self.shared.rack.pin(control.served());
        self.shared.control.store(Arc::new(control));
    }

    pub(crate) fn wall_clock(&self) -> Instant {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Instant(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}
