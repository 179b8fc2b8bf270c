//! `rebound serve`: wires storage, sandbox, engine and edge together, serves, and ends in order.
//!
//! Everything is read and checked before the first request is taken. What can go wrong is a [`StartFault`], each
//! with an exit code of its own.

pub(crate) mod data_dir;
mod fault;
mod files;
pub(crate) mod limits;
mod logging;
pub(crate) mod quotas;
mod reload;
mod secret;
mod signals;
mod telemetry;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use rebound_edge::{AppState, AuthPolicy, Ended, Observation, Readiness, observed_app, run};
use rebound_engine::{Engine, EngineOptions};
use rebound_sandbox::{CacheOptions, Compiler, Sandbox, SandboxOptions};
use rebound_storage::{SledOptions, SledStorage, Storage, Unavailable};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use self::data_dir::DataDir;
pub(crate) use self::fault::StartFault;
use self::logging::Logs;
use self::reload::Reload;
use self::signals::{Signal, Signals};
use crate::config::{Access, Environment, Flags, Settings};
use crate::exit::{self, Exit};
use crate::failure::Failure;

/// The hidden command in which this binary compiles components.
pub(crate) const COMPILE_COMMAND: &str = "compile-component";
/// What the allocator of the compile process reserves at a time, KiB.
const COMPILE_ARENA_KIB: &str = "32768";

/// Decisions that may wait for each compute thread: a decision takes a fraction of a millisecond, so those at the
/// end of a full queue still have most of their 100 ms.
const COMPUTE_QUEUE_PER_THREAD: usize = 256;

const EXAMPLES: &str = "Examples:
  rebound serve --data ./data --dev
  rebound serve --data /var/lib/rebound --listen 10.0.0.5:8080 --currency EUR --limits limits.toml
  rebound serve --config /etc/rebound.toml --set trace.share_bp=500
  rebound serve --data ./replay --listen 127.0.0.1:0 --dev --clock event

The first line on standard output is {\"listening\":\"http://ADDRESS:PORT\"}, once requests are served; logs go to
standard error. The first start makes DIR/admin.token, which clients send (REBOUND_TOKEN), and DIR/host.key, without
which nothing in DIR can be read. Every key of the file is also a variable (REBOUND_LISTEN) and a flag (--listen, or
--set KEY=VALUE); `rebound config show` tells which value counts, and why. SIGHUP reads the configuration again; SIGTERM
and SIGINT let accepted requests finish; a second one ends at once.
";

/// Run the service.
#[derive(Debug, Args)]
#[command(after_help = help())]
pub(crate) struct Serve {
    #[command(flatten)]
    flags: Flags,
}

/// How often it is looked at what is due.
const DUE_INTERVAL: Duration = Duration::from_secs(1);

/// Why the service ends.
enum End {
    Signal(Signal),
    StorageFailed(Unavailable),
}

fn help() -> String {
    format!("{EXAMPLES}\nExit codes:\n{}", exit::TABLE)
}

impl Serve {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let environment = Environment::of_process();
        let (settings, resolved) = Settings::read(&self.flags, &environment)?;
        let logs = Logs::start(&settings);
        resolved.strangers.iter().for_each(|told| tracing::warn!("{told}"));
        files::raise_limit();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(StartFault::Runtime)?;
        let reload = Reload::new(self.flags, environment, resolved, logs);
        Ok(drive(runtime, serve(settings, reload)).map(|()| Exit::Done)?)
    }
}

/// Runs the service to its end. Dropping a runtime would wait, without limit, for what blocks a thread: a component
/// that compiles would hold the exit for minutes past the grace period. By now the storage is closed, so nothing of
/// such work could be kept: it ends with the process, and a compile child by its own limits.
fn drive<T>(runtime: Runtime, service: impl Future<Output = T>) -> T {
    let ended = runtime.block_on(service);
    runtime.shutdown_background();
    ended
}

async fn serve(settings: Settings, mut reload: Reload) -> Result<(), StartFault> {
    let address = settings.address;
    let listen = |source| StartFault::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(listen)?;
    let data = DataDir::open(&settings.data)?;
    let auth = match settings.access {
        Access::Token => AuthPolicy::token(&data.admin_token()?),
        Access::Open => {
            tracing::warn!("no token is asked for: this is a development server");
            AuthPolicy::Open
        }
    };
    let engine = start_engine(&data, &settings).await?;
    let readiness = Readiness::default();
    let (tracer, exporter) = telemetry::start(&settings, &engine).map_err(StartFault::Runtime)?;
    let observation = Observation::new(tracer);
    reload.applies_to(engine.clone(), observation.clone(), &settings);
    let state = AppState::new(engine.clone(), auth, readiness.clone(), settings.timeouts);
    let app = observed_app(state, observation);
    let promises = tokio::spawn(keep_promises(engine.clone()));
    // From here on a signal ends the service in order; before, there is nothing to finish.
    let mut signals = Signals::listen().map_err(StartFault::Runtime)?;
    let reloads = tokio::spawn(reload.run().map_err(StartFault::Runtime)?);
    announce(listener.local_addr().map_err(listen)?);
    let grace = settings.serving.grace;
    let mut end = None;
    let until = async {
        let why = tokio::select! {
            signal = signals.next() => End::Signal(signal),
            unavailable = engine.failure() => End::StorageFailed(unavailable),
        };
        end = Some(begin_end(why, signals, &readiness, grace));
    };
    let ended = run(listener, app, readiness.clone(), settings.serving, until).await;
    promises.abort();
    reloads.abort();
    let closed = engine.close().await;
    telemetry::end(exporter).await;
    if let Some(End::StorageFailed(unavailable)) = end {
        return Err(StartFault::StorageFailed(unavailable));
    }
    closed.map_err(StartFault::Close)?;
    match ended {
        Ended::Drained => tracing::info!("every request was answered; goodbye"),
        Ended::Cut { count } => return Err(StartFault::Cut { count, grace }),
    }
    Ok(())
}

async fn start_engine(data: &DataDir, settings: &Settings) -> Result<Engine, StartFault> {
    let host_key = data.host_key()?;
    // Before the storage: a storage without its slots tells that they were lost.
    let key_slots = data.key_slots()?;
    let storage: Arc<dyn Storage> = Arc::new(SledStorage::open(&data.storage(), SledOptions::default())?);
    let sandbox = Sandbox::start(SandboxOptions {
        limits: settings.limits,
        cache: CacheOptions { dir: data.cache(), key: host_key.derive("compiled components") },
        compiler: Compiler::Child {
            program: own_program().map_err(StartFault::Runtime)?,
            arguments: vec![COMPILE_COMMAND.into()],
            // The child's memory limit counts address space, of which the allocator would reserve that much at once.
            environment: vec![("MIMALLOC_ARENA_RESERVE".into(), COMPILE_ARENA_KIB.into())],
        },
        concurrency: settings.compute_threads.get(),
    })?;
    let options = EngineOptions {
        storage,
        sandbox,
        host_key,
        key_slots,
        limits: settings.limits,
        clock: settings.clock,
        currency: settings.currency,
        compute_threads: settings.compute_threads,
        compute_queue_count_max: settings.compute_threads.get().saturating_mul(COMPUTE_QUEUE_PER_THREAD),
    };
    let engine = Engine::start(options).await?;
    engine.set_quotas(settings.quotas.clone());
    Ok(engine)
}

/// Ends what is due, once a second, as long as the service runs. A round that fails is tried again: nothing is lost but
/// time, and a storage that fails for good ends the service anyway.
async fn keep_promises(engine: Engine) {
    let mut ticks = tokio::time::interval(DUE_INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match engine.run_due(engine.now()).await {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, "promises ended"),
            Err(error) => tracing::warn!(%error, "what is due is tried again"),
        }
    }
}

/// This very program: a newer one that was put in its place meanwhile would compile for another wasmtime, which the
/// sandbox refuses.
fn own_program() -> std::io::Result<PathBuf> {
    let running = Path::new("/proc/self/exe");
    if running.exists() { Ok(running.to_path_buf()) } else { std::env::current_exe() }
}

/// The contract's first line.
fn announce(address: SocketAddr) {
    let line = serde_json::json!({ "listening": format!("http://{address}") });
    let mut stdout = std::io::stdout().lock();
    if let Err(error) = writeln!(stdout, "{line}").and_then(|()| stdout.flush()) {
        tracing::warn!(%error, "nobody reads standard output");
    }
    tracing::info!(%address, "listening");
}

/// Says why the service ends, stops wanting traffic, and lets a second signal end it at once.
fn begin_end(why: End, mut signals: Signals, readiness: &Readiness, grace: Duration) -> End {
    readiness.withdraw();
    match &why {
        End::Signal(signal) => {
            tracing::info!(%signal, grace_s = grace.as_secs(), "ending: accepted requests finish, new ones are not wanted");
        }
        End::StorageFailed(reason) => tracing::error!(%reason, "ending: the storage failed"),
    }
    tokio::spawn(async move {
        let signal = signals.next().await;
        tracing::warn!(%signal, "ending at once");
        std::process::exit(signal.exit_code());
    });
    why
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn work_that_blocks_does_not_hold_the_end() {
        let (release, gate) = channel::<()>();
        let (done, ended) = channel();
        std::thread::spawn(move || {
            let (started, start) = tokio::sync::oneshot::channel();
            drive(Runtime::new().unwrap(), async move {
                tokio::task::spawn_blocking(move || {
                    started.send(()).unwrap();
                    gate.recv()
                });
                start.await.unwrap();
            });
            done.send(()).unwrap();
        });
        // Far longer than it takes; with the work still held it would never come.
        ended.recv_timeout(Duration::from_secs(30)).unwrap();
        drop(release);
    }
}
