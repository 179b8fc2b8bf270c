//! A service in memory, and answers that are held against the published document.

use std::num::NonZeroUsize;
use std::sync::{Arc, LazyLock, OnceLock};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use rebound_domain::limits::Limits;
use rebound_domain::money::Currency;
use rebound_edge::{AppState, AuthPolicy, Code, Readiness, Timeouts, app};
use rebound_engine::{Clock, Engine, EngineOptions, HostKey};
use rebound_sandbox::{CacheOptions, Compiler, Sandbox, SandboxOptions};
use rebound_storage::{MemoryStorage, Storage};
use serde_json::{Value, json};
use tower::ServiceExt;

pub(crate) const TOKEN: &str = "an-admin-token";

/// Where compiled components go; a sandbox reserves much address space, so all tests share one.
fn sandbox() -> Sandbox {
    static SANDBOX: LazyLock<(Sandbox, tempfile::TempDir)> = LazyLock::new(|| {
        let dir = tempfile::tempdir().unwrap();
        let options = SandboxOptions {
            limits: Limits::default(),
            cache: CacheOptions { dir: dir.path().join("cache"), key: [7; 32] },
            compiler: Compiler::InProcess,
            concurrency: 2,
        };
        (Sandbox::start(options).unwrap(), dir)
    });
    SANDBOX.0.clone()
}

/// The routes over an engine of their own.
pub(crate) struct Service {
    pub(crate) router: Router,
    pub(crate) readiness: Readiness,
    pub(crate) engine: Engine,
}

impl Service {
    pub(crate) async fn start() -> Self {
        Self::over(Arc::new(MemoryStorage::new())).await
    }

    /// With products to return.
    pub(crate) async fn stocked() -> Self {
        let service = Self::start().await;
        service.stock().await;
        service
    }

    pub(crate) async fn stock(&self) {
        let lines = [
            json!({"sku": "LIP-01", "title": "Velvet lipstick", "category": "lips", "price": 12900}),
            json!({"sku": "LIP-02", "title": "Satin lipstick", "category": "lips", "price": 14900, "stock": 3}),
        ];
        let answer = self.post("/v1/catalog").ndjson(&lines).send().await;
        assert_eq!(answer.json()["created"], 2);
    }

    pub(crate) async fn over(storage: Arc<dyn Storage>) -> Self {
        Self::with(storage, AuthPolicy::token(TOKEN), Timeouts::default()).await
    }

    pub(crate) async fn with(storage: Arc<dyn Storage>, auth: AuthPolicy, timeouts: Timeouts) -> Self {
        let options = EngineOptions {
            storage,
            sandbox: sandbox(),
            host_key: HostKey::new([1; 32]),
            key_slots: key_slots(),
            limits: Limits::default(),
            clock: Clock::Event,
            currency: Currency::new("CNY").unwrap(),
            compute_threads: NonZeroUsize::MIN,
            compute_queue_count_max: 64,
        };
        let engine = Engine::start(options).await.unwrap();
        let readiness = Readiness::default();
        let router = app(AppState::new(engine.clone(), auth, readiness.clone(), timeouts));
        Self { router, readiness, engine }
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> Call {
        self.call(Method::POST, path)
    }

    pub(crate) fn put(&self, path: &str) -> Call {
        self.call(Method::PUT, path)
    }

    /// A request with the token.
    pub(crate) fn call(&self, method: Method, path: &str) -> Call {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, format!("Bearer {TOKEN}").parse().unwrap());
        Call { router: self.router.clone(), method, path: path.to_owned(), headers, body: Body::empty() }
    }
}

/// A request on its way.
pub(crate) struct Call {
    router: Router,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Body,
}

impl Call {
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    pub(crate) fn without(mut self, name: &'static str) -> Self {
        self.headers.remove(name);
        self
    }

    pub(crate) fn body(mut self, media_type: &str, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self.header("content-type", media_type)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.text(&body.to_string())
    }

    /// A JSON body as it is written here.
    pub(crate) fn text(self, body: &str) -> Self {
        self.body("application/json", body.to_owned())
    }

    pub(crate) fn ndjson(self, lines: &[Value]) -> Self {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        self.body("application/x-ndjson", text)
    }

    /// Sends it, and holds the answer against the published document.
    pub(crate) async fn send(self) -> Answer {
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.path.parse().unwrap();
        *request.headers_mut() = self.headers;
        let response = self.router.oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let answer = Answer { status, headers, bytes };
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("cache-control"), "no-store");
        if status.is_client_error() || status.is_server_error() {
            answer.assert_problem();
        }
        crate::contract::check(&self.method, &self.path, &answer);
        answer
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// The code of a problem, and its detail.
    #[track_caller]
    pub(crate) fn problem(&self) -> (String, String) {
        let body = self.json();
        let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("no {name}: {body}")).to_owned();
        (text("code"), text("detail"))
    }

    /// Every problem has one shape, and its code has one status.
    fn assert_problem(&self) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let body = self.json();
        let code =
            Code::ALL.iter().find(|code| body["code"] == code.word()).unwrap_or_else(|| panic!("{body}"));
        assert_eq!(self.status, code.status(), "{body}");
        assert_eq!(body["status"], code.status().as_u16());
        assert_eq!(body["title"], code.title());
        assert_eq!(body["type"], format!("urn:rebound:problem:{code}"));
        // When there is room again depends on the token.
        if *code == Code::RateLimited {
            assert!(self.header("retry-after").parse::<u16>().is_ok_and(|seconds| seconds > 0), "{self:?}");
            return;
        }
        let retry = code.retry_after_seconds().map(|seconds| seconds.to_string()).unwrap_or_default();
        assert_eq!(self.header("retry-after"), retry);
    }
}

/// A body that never ends and never says anything.
pub(crate) fn endless() -> Body {
    Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::convert::Infallible>>())
}

/// A return event over the stocked products.
pub(crate) fn event(id: &str, return_id: &str) -> Value {
    json!({
        "source": "shop",
        "id": id,
        "return_id": return_id,
        "customer_id": "c-1",
        "requested_at": "2026-03-01T09:30:00Z",
        "locale": "en",
        "currency": "CNY",
        "channel": "web",
        "lines": [{"sku": "LIP-01", "quantity": 2, "paid": 20000, "reason": "color", "note": "too red"}],
    })
}

/// The published document.
pub(crate) fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let runtime = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let service = Service::start().await;
                let request =
                    Request::get("/openapi.json").header("authorization", format!("Bearer {TOKEN}"));
                let response = service.router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
                let bytes = response.into_body().collect().await.unwrap().to_bytes();
                serde_json::from_slice(&bytes).unwrap()
            })
        });
        runtime.join().unwrap()
    })
}

/// One file for all services of a test: one that comes up again over the same storage opens its customers. Not of all
/// tests: who was erased in one is erased wherever the same keys lie.
pub(crate) fn key_slots() -> rebound_engine::KeySlots {
    thread_local! {
        static SLOTS: rebound_engine::KeySlots = {
            let dir = tempfile::tempdir().unwrap();
            rebound_engine::KeySlots::open(&dir.path().join("customer.keys")).unwrap()
        };
    }
    SLOTS.with(Clone::clone)
}
