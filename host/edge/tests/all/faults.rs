//! The host's own trouble: said in general to the client, in full to the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use axum::http::Method;
use rebound_storage::{
    Batch, BoxFuture, Bytes, CommitError, Committed, Direction, Entry, Health, Key, KeyRange, MemoryStorage,
    Reading, Storage, StorageError, Unavailable,
};
use serde_json::json;
use tokio::sync::Notify;

use crate::guest::segmenter;
use crate::support::{Service, endless, event};

/// A storage that can be made to fail.
#[derive(Default)]
struct Moody {
    storage: MemoryStorage,
    mood: AtomicU8,
    /// Told of each commit that is held.
    held: Notify,
}

const OVERLOADED: u8 = 1;
const BROKEN: u8 = 2;
const CORRUPT: u8 = 3;
/// Commits never end.
const STUCK: u8 = 4;
const FULL: u8 = 5;

impl Moody {
    fn mood(&self) -> u8 {
        self.mood.load(Ordering::Relaxed)
    }

    fn becomes(&self, mood: u8) {
        self.mood.store(mood, Ordering::Relaxed);
    }
}

fn broken() -> Unavailable {
    Unavailable::Failed { reason: "write error on /dev/secret".to_owned() }
}

fn full() -> Unavailable {
    Unavailable::Full { free_bytes: 12, reserve_bytes: 34 }
}

impl Storage for Moody {
    fn get(&self, keys: Vec<Key>) -> BoxFuture<'_, Reading<Vec<Option<Entry>>>> {
        match self.mood() {
            BROKEN => Box::pin(async { Err(broken().into()) }),
            CORRUPT => {
                Box::pin(async { Err(StorageError::Corrupt { key: "secret".to_owned(), why: "torn" }) })
            }
            _ => self.storage.get(keys),
        }
    }

    fn scan(
        &self,
        owner: Bytes,
        range: KeyRange,
        limit: usize,
        direction: Direction,
    ) -> BoxFuture<'_, Reading<Vec<(Bytes, Entry)>>> {
        self.storage.scan(owner, range, limit, direction)
    }

    fn scan_all(&self, after: Option<Key>, limit: usize) -> BoxFuture<'_, Reading<Vec<(Key, Entry)>>> {
        self.storage.scan_all(after, limit)
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<Committed, CommitError>> {
        match self.mood() {
            OVERLOADED => {
                Box::pin(async { Err(CommitError::Overloaded { queued_bytes: 2, queued_bytes_max: 1 }) })
            }
            BROKEN => Box::pin(async { Err(CommitError::Unknown(broken())) }),
            CORRUPT => Box::pin(async {
                Err(CommitError::Unreadable(StorageError::Corrupt { key: "secret".to_owned(), why: "torn" }))
            }),
            FULL => Box::pin(async { Err(full().into()) }),
            STUCK => {
                self.held.notify_one();
                Box::pin(std::future::pending())
            }
            _ => self.storage.commit(batch),
        }
    }

    fn durable(&self, sequence: rebound_storage::Sequence) -> BoxFuture<'_, Result<(), StorageError>> {
        self.storage.durable(sequence)
    }

    fn health(&self) -> Health {
        match self.mood() {
            BROKEN => Health::Refusing(broken()),
            FULL => Health::Refusing(full()),
            _ => Health::Serving,
        }
    }

    fn failure(&self) -> BoxFuture<'_, Unavailable> {
        self.storage.failure()
    }

    fn close(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        self.storage.close()
    }
}

#[tokio::test]
async fn trouble_has_its_code_and_tells_nothing_internal() {
    let storage = Arc::new(Moody::default());
    let service = Service::over(storage.clone()).await;
    let product = json!({"sku": "LIP-01", "title": "t", "price": 12900});
    service.post("/v1/catalog").ndjson(&[product]).send().await.expect(200);
    for (mood, code) in [(OVERLOADED, "busy"), (BROKEN, "storage_unavailable"), (CORRUPT, "internal")] {
        storage.becomes(mood);
        let arms =
            json!([{"key": "a", "weight": 5000, "entries": []}, {"key": "b", "weight": 5000, "entries": []}]);
        let calls = [
            service.post("/v1/returns").json(&event("e-1", "r-1")),
            service.post("/v1/catalog").ndjson(&[json!({"sku": "B", "title": "b", "price": 1})]),
            service.post("/v1/customers").ndjson(&[json!({"customer_id": "c-1"})]),
            service.post("/v1/orders").ndjson(&[json!({
                "id": "o-1", "ordered_at": "2026-01-01T00:00:00Z", "lines": [{"sku": "LIP-01", "quantity": 1, "paid": 1}]
            })]),
            service.put("/v1/routes/coupon").json(&json!({"entries": []})),
            service.put("/v1/experiments/a").json(&json!({"stage": "coupon", "arms": arms})),
            service.put("/v1/policy").json(&json!({"currency": "CNY"})),
            service.put("/v1/budgets/b").json(&json!({
                "currency": "CNY", "limit": 1, "max_value": 1, "benefits": ["gift"]
            })),
        ];
        for call in calls {
            let answer = call.send().await;
            assert_eq!(answer.problem().0, code, "{answer:?}");
            let text = String::from_utf8(answer.bytes.to_vec()).unwrap();
            assert!(!text.contains("secret") && !text.contains("torn"), "{text}");
            let incident = answer.json()["incident"].as_str().map(str::to_owned);
            match code {
                "busy" => assert_eq!(incident, None),
                _ => assert!(answer.problem().1.contains(&incident.unwrap()), "{text}"),
            }
        }
    }
    storage.becomes(0);
    // Nothing of what was refused was done.
    service.post("/v1/returns").json(&event("e-1", "r-1")).send().await.expect(201);
}

#[tokio::test]
async fn a_plan_that_cannot_be_read_is_not_called_missing() {
    let storage = Arc::new(Moody::default());
    let service = Service::over(storage.clone()).await;
    for (mood, status) in [(BROKEN, 503), (CORRUPT, 500)] {
        storage.becomes(mood);
        service.get("/v1/returns/r-1").send().await.expect(status);
    }
}

/// The permit once went back when the client hung up, while the host still held what it had sent: a client that
/// hung up again and again could fill the memory.
#[tokio::test]
async fn what_a_client_left_behind_counts_until_the_host_is_done_with_it() {
    let storage = Arc::new(Moody::default());
    let service = Service::over(storage.clone()).await;
    storage.becomes(STUCK);
    let wasm = "application/wasm";
    let component = segmenter("tests/left", "1.0.0", "sorts");
    let gone = tokio::spawn(service.post("/v1/plugins").body(wasm, component).send());
    storage.held.notified().await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    let mut second = Box::pin(service.post("/v1/plugins").body(wasm, endless()).send());
    assert!(futures_util::poll!(&mut second).is_pending());
    let third = service.post("/v1/plugins").body(wasm, endless()).send().await.expect(503);
    assert_eq!(third.problem().0, "busy");

    let line = json!({"customer_id": "c-1"});
    let gone = tokio::spawn(service.post("/v1/customers").ndjson(&[line]).send());
    storage.held.notified().await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    let ndjson = "application/x-ndjson";
    let mut others: Vec<_> =
        (1..32).map(|_| Box::pin(service.post("/v1/orders").body(ndjson, endless()).send())).collect();
    for other in &mut others {
        assert!(futures_util::poll!(other).is_pending());
    }
    let one_more = service.post("/v1/orders").body(ndjson, endless()).send().await.expect(503);
    assert_eq!(one_more.problem().0, "busy");
}

#[tokio::test]
async fn readiness_goes_off_with_the_storage_and_at_the_end_while_the_process_lives_on() {
    let storage = Arc::new(Moody::default());
    let service = Service::over(storage.clone()).await;
    service.get("/readyz").send().await.expect(200);
    storage.becomes(BROKEN);
    assert_eq!(service.get("/readyz").send().await.expect(503).problem().0, "storage_unavailable");
    service.get("/healthz").send().await.expect(200);
    storage.becomes(0);
    service.get("/readyz").send().await.expect(200);
    service.readiness.withdraw();
    assert_eq!(service.get("/readyz").send().await.expect(503).problem().0, "shutting_down");
    service.get("/healthz").send().await.expect(200);
    service.call(Method::HEAD, "/healthz").send().await.expect(200);
}

#[tokio::test]
async fn the_figures_are_openmetrics() {
    let service = Service::stocked().await;
    service.post("/v1/returns").json(&event("e-1", "r-1")).send().await.expect(201);
    let answer = service.get("/metrics").send().await.expect(200);
    assert!(answer.header("content-type").starts_with("application/openmetrics-text"));
    let text = String::from_utf8(answer.bytes.to_vec()).unwrap();
    assert!(text.contains("rebound_decisions_total{outcome=\"made\"} 1"), "{text}");
    assert!(text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn a_full_disk_is_told_with_what_to_do_and_passes() {
    let storage = Arc::new(Moody::default());
    let service = Service::over(storage.clone()).await;
    let product = json!({"sku": "LIP-01", "title": "t", "price": 12900});
    service.post("/v1/catalog").ndjson(&[product]).send().await.expect(200);
    storage.becomes(FULL);
    let answer = service.post("/v1/returns").json(&event("e-1", "r-1")).send().await;
    assert_eq!(answer.header("retry-after"), "5");
    let (code, detail) = answer.expect(503).problem();
    assert_eq!(code, "storage_unavailable");
    assert!(detail.contains("nothing was written") && detail.contains("12 bytes free"), "{detail}");
    let (_, ready) = service.get("/readyz").send().await.expect(503).problem();
    assert!(ready.contains("free some space"), "{ready}");
    storage.becomes(0);
    service.get("/readyz").send().await.expect(200);
    service.post("/v1/returns").json(&event("e-1", "r-1")).send().await.expect(201);
}

#[tokio::test]
async fn a_storage_that_cannot_be_copied_says_so_instead_of_sending_half_a_file() {
    let service = Service::over(Arc::new(Moody::default())).await;
    let (code, detail) = service.post("/v1/backups").send().await.expect(503).problem();
    assert_eq!(
        (code.as_str(), detail.contains("cannot be copied")),
        ("storage_unavailable", true),
        "{detail}"
    );
}
