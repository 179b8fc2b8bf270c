//! Whole decisions in this process: one read, the stages, one durable commit; no HTTP.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rebound_domain::event::ReturnRequest;
use rebound_domain::ids::{CustomerId, EventId, OrderId, ReturnId};
use rebound_domain::limits::Limits;
use rebound_domain::money::Currency;
use rebound_edge::{AppState, AuthPolicy, Readiness, ServeOptions, Timeouts};
use rebound_engine::{Clock, Engine, EngineOptions, HostKey, Mode, Origin};
use rebound_sandbox::{CacheOptions, Compiler, Sandbox, SandboxOptions};
use rebound_storage::{SledOptions, SledStorage};
use rebound_tests::client::Client;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::load::Measured;
use crate::workload::{self, Event, Workload};
use crate::{LEVELS, ROUND, ROUNDS, Row, WARM_UP};

/// As many decisions as the service lets wait for a thread, per thread.
const QUEUE_PER_THREAD: usize = 256;

pub(crate) fn run(components: &Path, workload: &Arc<Workload>) -> Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let engine = runtime.block_on(start(folder.path()))?;
    set_up(&runtime, &engine, components, workload)?;
    let caller = Caller::new(&engine, workload)?;
    let mut rows = Vec::new();
    for at_once in LEVELS {
        let round = |span| runtime.block_on(decide(&caller, at_once, span));
        round(WARM_UP)?;
        let rounds = (0..ROUNDS).map(|_| round(ROUND)).collect::<Result<Vec<_>>>()?;
        rows.push(Row { what: "decisions in process", at_once, measured: Measured::median(rounds) });
    }
    runtime.block_on(engine.close())?;
    Ok(rows)
}

async fn start(folder: &Path) -> Result<Engine> {
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let limits = Limits::default();
    let host_key = HostKey::new([7; 32]);
    let sandbox = Sandbox::start(SandboxOptions {
        limits,
        cache: CacheOptions { dir: folder.join("cache"), key: host_key.derive("compiled components") },
        compiler: Compiler::InProcess,
        concurrency: threads.get(),
    })?;
    let options = EngineOptions {
        storage: Arc::new(SledStorage::open(&folder.join("storage"), SledOptions::default())?),
        sandbox,
        host_key,
        key_slots: rebound_engine::KeySlots::open(&folder.join("customer.keys"))?,
        limits,
        clock: Clock::System,
        currency: Currency::new("CNY")?,
        compute_threads: threads,
        compute_queue_count_max: threads.get() * QUEUE_PER_THREAD,
    };
    Ok(Engine::start(options).await?)
}

/// Over HTTP, so that there is one way to set a service up.
fn set_up(
    runtime: &tokio::runtime::Runtime,
    engine: &Engine,
    components: &Path,
    workload: &Workload,
) -> Result<()> {
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    let url = format!("http://{}", listener.local_addr()?);
    let readiness = Readiness::default();
    let state = AppState::new(engine.clone(), AuthPolicy::Open, readiness.clone(), Timeouts::default());
    let forever = std::future::pending();
    let serving =
        rebound_edge::run(listener, rebound_edge::app(state), readiness, ServeOptions::default(), forever);
    let serving = runtime.spawn(serving);
    let done = workload::set_up(&Client::new(&url, None), components, workload);
    serving.abort();
    done
}

/// What callers share.
struct Caller {
    engine: Engine,
    workload: Arc<Workload>,
    /// One per pattern of the workload.
    requests: Vec<ReturnRequest>,
}

async fn decide(caller: &Arc<Caller>, at_once: usize, span: Duration) -> Result<Measured> {
    let started = Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..at_once {
        let caller = Arc::clone(caller);
        callers.spawn(async move { caller.run(started + span).await });
    }
    let mut took = Vec::new();
    while let Some(caller) = callers.join_next().await {
        took.extend(caller??);
    }
    Ok(Measured::new(took, started.elapsed()))
}

impl Caller {
    fn new(engine: &Engine, workload: &Arc<Workload>) -> Result<Arc<Self>> {
        let requests = workload.patterns().map(request).collect::<Result<_>>()?;
        Ok(Arc::new(Self { engine: engine.clone(), workload: Arc::clone(workload), requests }))
    }

    async fn run(&self, until: Instant) -> Result<Vec<Duration>> {
        let mut took = Vec::new();
        while Instant::now() < until {
            let event = self.workload.next();
            let mut digest = [0; 32];
            digest[..8].copy_from_slice(&event.number.to_be_bytes());
            let request = self.request(&event)?;
            let started = Instant::now();
            let decided = self.engine.decide(request, digest, Mode::Commit).await?;
            took.push(started.elapsed());
            ensure!(decided.origin == Origin::Made, "{} was decided before", decided.plan.return_id);
        }
        Ok(took)
    }

    fn request(&self, event: &Event) -> Result<ReturnRequest> {
        let mut request = self.requests[event.pattern].clone();
        request.id = EventId::new(format!("e-{}", event.number))?;
        request.return_id = ReturnId::new(format!("r-{}", event.number))?;
        request.customer_id = CustomerId::new(format!("c-{}", event.customer))?;
        for line in &mut request.lines {
            line.order_id = Some(OrderId::new(format!("o-{}", event.customer))?);
        }
        Ok(request)
    }
}

/// The domain's form of a body: its instants are milliseconds.
fn request(body: &str) -> Result<ReturnRequest> {
    let mut event: Value = serde_json::from_str(body)?;
    let at: jiff::Timestamp = event["requested_at"].as_str().context("a return has a time")?.parse()?;
    event["requested_at"] = json!(at.as_millisecond());
    Ok(serde_json::from_value(event)?)
}
