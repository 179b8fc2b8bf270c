//! An engine to test with, and the words to talk to it.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rebound_domain::event::{
    OrderRequest, OrderRequestLine, ProductRequest, ReturnRequest, ReturnRequestLine,
};
use rebound_domain::ids::{BudgetId, CustomerId, EventId, OrderId, PluginRef, ReturnId, Sku, Source};
use rebound_domain::limits::Limits;
use rebound_domain::money::{Currency, Money};
use rebound_domain::namespace::{Bound, QuotaSettings, Quotas};
use rebound_domain::policy::{Budget, Counts, Stacking};
use rebound_domain::route::{Access, RouteEntry};
use rebound_domain::time::Instant;
use rebound_engine::{
    BodyDigest, Clock, DecideError, Decided, Engine, EngineOptions, HostKey, KeySlots, Mode,
};
use rebound_sandbox::{CacheOptions, Class, Compiler, Sandbox, SandboxOptions};
use rebound_storage::testing::{Fault, FaultyStorage};
use rebound_storage::{Entry, Key, MemoryStorage, SCAN_LIMIT_MAX, Storage};

use crate::watched::Watched;

/// An engine, its storage, and the folder of its compiled components.
pub(crate) struct House {
    pub(crate) engine: Engine,
    pub(crate) storage: Arc<MemoryStorage>,
    cache: Arc<tempfile::TempDir>,
}

pub(crate) const DAY: u64 = 24 * 60 * 60 * 1000;

impl House {
    pub(crate) async fn new() -> Self {
        let cache = Arc::new(tempfile::tempdir().unwrap());
        Self::over(Arc::new(MemoryStorage::new()), cache).await
    }

    /// The same data under a new engine, as after a restart.
    pub(crate) async fn restarted(&self) -> Self {
        Self::over(Arc::new(self.storage.reopen()), Arc::clone(&self.cache)).await
    }

    /// The same keys over other records, as after a restore.
    pub(crate) async fn restored(&self, records: Vec<(Key, Entry)>) -> Self {
        Self::over(Arc::new(MemoryStorage::holding(records)), Arc::clone(&self.cache)).await
    }

    /// The same, with limits of its own.
    pub(crate) async fn restarted_with(&self, limits: Limits) -> Self {
        let storage = Arc::new(self.storage.reopen());
        Self::started(storage.clone(), storage, Arc::clone(&self.cache), limits).await
    }

    /// An engine whose storage is watched, and may be made to fail behind that.
    pub(crate) async fn watched(plan: Vec<Fault>) -> (Self, Arc<Watched>) {
        let mut watched = None;
        let wrap = |inner: Arc<dyn Storage>| {
            let storage = Arc::new(Watched::new(Arc::new(FaultyStorage::new(inner, plan))));
            watched = Some(Arc::clone(&storage));
            storage as Arc<dyn Storage>
        };
        let cache = Arc::new(tempfile::tempdir().unwrap());
        let storage = Arc::new(MemoryStorage::new());
        let house = Self::started(storage.clone(), wrap(storage), cache, Limits::default()).await;
        (house, watched.unwrap())
    }

    async fn over(storage: Arc<MemoryStorage>, cache: Arc<tempfile::TempDir>) -> Self {
        Self::started(storage.clone(), storage, cache, Limits::default()).await
    }

    /// A second engine on the same data, which reaches it through `front`.
    pub(crate) async fn fronted(&self, front: Arc<dyn Storage>) -> Self {
        Self::started(Arc::clone(&self.storage), front, Arc::clone(&self.cache), Limits::default()).await
    }

    /// The same with limits of its own.
    pub(crate) async fn fronted_with(&self, front: Arc<dyn Storage>, limits: Limits) -> Self {
        Self::started(Arc::clone(&self.storage), front, Arc::clone(&self.cache), limits).await
    }

    /// Where a version's compiled code is kept.
    pub(crate) fn code_file(&self, plugin: &PluginRef) -> PathBuf {
        let digest = self.engine.plugin(plugin).unwrap().digest;
        let name: String = digest.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        self.cache.path().join("cache").join(name)
    }

    /// One with limits of its own.
    pub(crate) async fn limited(limits: Limits) -> Self {
        let (storage, cache) = (Arc::new(MemoryStorage::new()), Arc::new(tempfile::tempdir().unwrap()));
        Self::started(storage.clone(), storage, cache, limits).await
    }

    async fn started(
        storage: Arc<MemoryStorage>,
        front: Arc<dyn Storage>,
        cache: Arc<tempfile::TempDir>,
        limits: Limits,
    ) -> Self {
        let host_key = HostKey::new([9; 32]);
        let sandbox = Sandbox::start(SandboxOptions {
            limits,
            cache: CacheOptions {
                dir: cache.path().join("cache"),
                key: host_key.derive("compiled components"),
            },
            compiler: Compiler::InProcess,
            concurrency: 2,
        });
        let engine = Engine::start(EngineOptions {
            storage: front,
            sandbox: sandbox.unwrap(),
            host_key,
            key_slots: KeySlots::open(&cache.path().join("customer.keys")).unwrap(),
            limits,
            clock: Clock::Event,
            currency: currency(),
            compute_threads: NonZeroUsize::new(2).unwrap(),
            compute_queue_count_max: 1024,
        });
        let engine = engine.await.unwrap();
        // Most tests publish in a partner's namespace, and load it more than a partner may.
        engine.set_quotas(Quotas { partners: Self::unlimited(), ..Quotas::default() });
        Self { engine, storage, cache }
    }

    /// No quota at all.
    pub(crate) fn unlimited() -> QuotaSettings {
        let none = Some(Bound::Unlimited);
        QuotaSettings {
            versions: none,
            bytes: none,
            fuel_per_second: none,
            compute_share_bp: none,
            log_bytes_per_second: none,
        }
    }

    pub(crate) async fn with_products(skus: &[&str]) -> Self {
        let house = Self::new().await;
        house.stock(skus).await;
        house
    }

    pub(crate) async fn stock(&self, skus: &[&str]) {
        let products =
            skus.iter().enumerate().map(|(index, sku)| product(sku, 1000 + index as i64)).collect();
        assert!(self.engine.import_products(products).await.unwrap().iter().all(Result::is_ok));
    }

    pub(crate) async fn publish(&self, component: Vec<u8>) -> PluginRef {
        self.engine.publish(Class::Standard, component.into()).await.unwrap().0.plugin
    }

    /// Publishes the guest whose stages do what their config says, and approves its texts.
    pub(crate) async fn hostile(&self) -> PluginRef {
        static COMPONENT: OnceLock<Vec<u8>> = OnceLock::new();
        let build = || {
            let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/guests");
            rebound_toolchain::build(&dir, &rebound_toolchain::Options::default()).unwrap().bytes
        };
        let plugin = self.publish(COMPONENT.get_or_init(build).clone()).await;
        self.engine.approve(&plugin, "Tests".to_owned(), "its texts were read".to_owned()).await.unwrap();
        plugin
    }

    /// The file of customers' key slots.
    pub(crate) fn slots(&self) -> std::path::PathBuf {
        self.cache.path().join("customer.keys")
    }

    /// The list of erasures beside it.
    pub(crate) fn erasures(&self) -> std::path::PathBuf {
        self.slots().with_extension("erasures")
    }

    /// Everything that is stored.
    pub(crate) async fn records(&self) -> Vec<(Key, Entry)> {
        self.storage.scan_all(None, SCAN_LIMIT_MAX).await.unwrap().value
    }

    pub(crate) async fn decide(&self, request: &ReturnRequest) -> Result<Decided, DecideError> {
        self.engine.decide(request.clone(), body(request), Mode::Commit).await
    }
}

/// Runs a version for up to three answers.
pub(crate) fn entry(plugin: &PluginRef, config: &str) -> RouteEntry {
    RouteEntry {
        plugin: plugin.clone(),
        config: config.to_owned(),
        slots: 3,
        margin: Access::Withheld,
        fallback: None,
    }
}

/// 1,000.00 for coupons of an amount, at most 100.00 each, one per customer.
pub(crate) fn budget() -> Budget {
    Budget {
        id: BudgetId::new("spring").unwrap(),
        currency: currency(),
        counts: Counts::Spend,
        limit: Money(100_000),
        benefits: vec!["amount-off".to_owned()],
        max_value: Money(10_000),
        stacking: Stacking::Exclusive,
        per_customer: 1,
    }
}

pub(crate) fn currency() -> Currency {
    Currency::new("CNY").unwrap()
}

/// What the edge would make of the canonical body: equal requests, equal digests.
pub(crate) fn body(request: &ReturnRequest) -> BodyDigest {
    *rebound_domain::ids::Digest::of(format!("{request:?}").as_bytes()).as_bytes()
}

pub(crate) fn product(sku: &str, price: i64) -> ProductRequest {
    ProductRequest {
        sku: Sku::new(sku).unwrap(),
        title: format!("Title of {sku}"),
        category: Some("things".to_owned()),
        brand: None,
        price: Money(price),
        currency: currency(),
        tags: vec![],
        style: None,
        options: vec![],
        stock: None,
        margin: None,
    }
}

pub(crate) fn order(id: &str, customer: Option<&str>, at: u64, skus: &[&str]) -> OrderRequest {
    OrderRequest {
        id: OrderId::new(id).unwrap(),
        customer_id: customer.map(|customer| CustomerId::new(customer).unwrap()),
        ordered_at: Instant(at),
        delivered_at: None,
        currency: currency(),
        lines: skus
            .iter()
            .map(|sku| OrderRequestLine { sku: Sku::new(*sku).unwrap(), quantity: 2, paid: Money(500) })
            .collect(),
        discount: None,
        coupon: None,
    }
}

pub(crate) fn request(event: &str, return_id: &str, customer: &str, skus: &[&str]) -> ReturnRequest {
    ReturnRequest {
        source: Source::new("shop").unwrap(),
        id: EventId::new(event).unwrap(),
        return_id: ReturnId::new(return_id).unwrap(),
        customer_id: CustomerId::new(customer).unwrap(),
        requested_at: Instant(100 * DAY),
        locale: "en".to_owned(),
        currency: currency(),
        channel: None,
        lines: skus
            .iter()
            .map(|sku| ReturnRequestLine {
                sku: Sku::new(*sku).unwrap(),
                quantity: 1,
                paid: Money(250),
                order_id: None,
                reason: None,
                reason_code: None,
                note: None,
            })
            .collect(),
        requested_resolution: None,
    }
}
