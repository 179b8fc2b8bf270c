//! A body sent to `POST /v1/returns`, through the real routes: parsing, checks, canonicalization and the decision
//! itself, as a dry run, so that nothing of one input is left for the next. Whatever it is, the fault is the
//! client's: no answer is 500.

#![no_main]

use std::num::NonZeroUsize;
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use libfuzzer_sys::fuzz_target;
use rebound_domain::event::ProductRequest;
use rebound_domain::ids::Sku;
use rebound_domain::limits::Limits;
use rebound_domain::money::{Currency, Money};
use rebound_edge::{AppState, AuthPolicy, Readiness, Timeouts, app};
use rebound_engine::{Clock, Engine, EngineOptions, HostKey};
use rebound_sandbox::{CacheOptions, Compiler, Sandbox, SandboxOptions};
use rebound_storage::MemoryStorage;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

struct Service {
    runtime: Runtime,
    router: Router,
    _cache: tempfile::TempDir,
}

impl Service {
    /// With the products that the seeds send back, so that they get past the look-up.
    fn start() -> Self {
        let cache = tempfile::tempdir().expect("there is room for an empty folder");
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        let router = runtime.block_on(async {
            let sandbox = Sandbox::start(SandboxOptions {
                limits: Limits::default(),
                cache: CacheOptions { dir: cache.path().to_owned(), key: [7; 32] },
                compiler: Compiler::InProcess,
                concurrency: 1,
            });
            let engine = Engine::start(EngineOptions {
                storage: Arc::new(MemoryStorage::new()),
                sandbox: sandbox.expect("the pool fits"),
                host_key: HostKey::new([1; 32]),
                key_slots: rebound_engine::KeySlots::open(&cache.path().join("customer.keys"))
                    .expect("a new folder takes a file"),
                limits: Limits::default(),
                clock: Clock::Event,
                currency: currency(),
                compute_threads: NonZeroUsize::MIN,
                compute_queue_count_max: 64,
            });
            let engine = engine.await.expect("an empty storage opens");
            let stocked = engine.import_products(["S-1", "S-2"].map(product).to_vec()).await;
            stocked.expect("storage in memory takes products");
            app(AppState::new(engine, AuthPolicy::Open, Readiness::default(), Timeouts::default()))
        });
        Self { runtime, router, _cache: cache }
    }

    fn post(&self, body: &[u8]) -> StatusCode {
        let request = Request::post("/v1/returns?dry_run=true")
            .header("content-type", "application/json")
            .body(Body::from(body.to_vec()))
            .expect("the head is fixed");
        let answer = self.runtime.block_on(self.router.clone().oneshot(request));
        answer.expect("routes answer everything").status()
    }
}

fn currency() -> Currency {
    Currency::new("CNY").expect("three capitals")
}

fn product(sku: &str) -> ProductRequest {
    ProductRequest {
        sku: Sku::new(sku).expect("a plain name"),
        title: "Velvet lipstick".to_owned(),
        category: Some("lips".to_owned()),
        brand: None,
        price: Money(12_900),
        currency: currency(),
        tags: Vec::new(),
        style: None,
        options: Vec::new(),
        stock: Some(3),
        margin: None,
    }
}

static SERVICE: LazyLock<Service> = LazyLock::new(Service::start);

fuzz_target!(|body: &[u8]| {
    let status = SERVICE.post(body);
    assert!(status.as_u16() < 500, "{status}");
});
