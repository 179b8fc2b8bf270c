//! `rebound serve`: wires storage, sandbox, engine and edge together, serves, and ends in order.
//!
//! Everything is read and checked before the first request is taken. What can go wrong is a [`StartFault`], each
//! with an exit code of its own.

mod data_dir;
mod fault;
mod files;
mod limits;
mod logging;
mod secret;
mod signals;

use std::io::Write as _;
use std::net::{SocketAddr, ToSocketAddrs};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use clap::{Args, ValueEnum};
use rebound_domain::limits::Limits;
use rebound_domain::money::Currency;
use rebound_edge::{AppState, AuthPolicy, Ended, Readiness, ServeOptions, Timeouts, app, run};
use rebound_engine::{Clock, Engine, EngineOptions};
use rebound_sandbox::{CacheOptions, Compiler, Sandbox, SandboxOptions};
use rebound_storage::{SledOptions, SledStorage, Storage, Unavailable};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use self::data_dir::DataDir;
pub(crate) use self::fault::StartFault;
use self::signals::{Signal, Signals};
use crate::exit::{self, Exit};
use crate::failure::Failure;

/// The hidden command in which this binary compiles components.
pub(crate) const COMPILE_COMMAND: &str = "compile-component";

/// Decisions that may wait for each compute thread: a decision takes a fraction of a millisecond, so those at the
/// end of a full queue still have most of their 100 ms.
const COMPUTE_QUEUE_PER_THREAD: usize = 256;

const EXAMPLES: &str = "Examples:
  rebound serve --data ./data --dev
  rebound serve --data /var/lib/rebound --listen 10.0.0.5:8080 --currency EUR --limits limits.toml
  rebound serve --data ./replay --listen 127.0.0.1:0 --dev --clock event

The first line on standard output is {\"listening\":\"http://ADDRESS:PORT\"}, once requests are served; logs go to
standard error. The first start makes DIR/admin.token, which clients send (REBOUND_TOKEN), and DIR/host.key, without
which nothing in DIR can be read. SIGTERM and SIGINT let accepted requests finish; a second one ends at once.
";

/// Run the service.
#[derive(Debug, Args)]
#[command(after_help = help())]
pub(crate) struct Serve {
    /// Where everything is kept; made when it is not there.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: String,
    /// For development: no token, and loopback addresses only.
    #[arg(long)]
    dev: bool,
    /// What `now` is for a decision. The event's own time replays history, with --dev only.
    #[arg(long, default_value = "system")]
    clock: ClockWord,
    /// The deployment's currency (ISO 4217), until a policy says otherwise.
    #[arg(long, default_value = "CNY", value_parser = currency)]
    currency: Currency,
    /// Threads that run strategies; as many as there are processors when left out.
    #[arg(long, value_name = "N")]
    compute_threads: Option<NonZeroUsize>,
    /// Limits that differ from the defaults (TOML; docs/operating.md lists them).
    #[arg(long, value_name = "FILE.toml")]
    limits: Option<PathBuf>,
    /// How long connections are still accepted after the signal to end, while /readyz answers 503.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    shutdown_drain: u64,
    /// How long accepted requests may go on after that.
    #[arg(long, value_name = "SECONDS", default_value_t = 25)]
    shutdown_grace: u64,
    /// What is logged: error, warn, info, debug, or target=level pairs.
    #[arg(long, value_name = "FILTER", env = "RUST_LOG", default_value = "info,sled=warn")]
    log: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ClockWord {
    /// The wall clock.
    System,
    /// The time of the event.
    Event,
}

/// Arguments that were checked.
struct Settings {
    data: PathBuf,
    address: SocketAddr,
    access: Access,
    clock: Clock,
    currency: Currency,
    compute_threads: NonZeroUsize,
    limits: Limits,
    drain: Duration,
    grace: Duration,
}

/// How often it is looked at what is due.
const DUE_INTERVAL: Duration = Duration::from_secs(1);

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    /// Whoever has the admin token.
    Token,
    /// Whoever is on this machine.
    Open,
}

/// Why the service ends.
enum End {
    Signal(Signal),
    StorageFailed(Unavailable),
}

fn help() -> String {
    format!("{EXAMPLES}\nExit codes:\n{}", exit::TABLE)
}

fn currency(code: &str) -> Result<Currency, String> {
    Currency::new(code).map_err(|error| error.to_string())
}

impl Serve {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let log = self.log.clone();
        let settings = self.check()?;
        logging::start(&log)?;
        files::raise_limit();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(StartFault::Runtime)?;
        Ok(drive(runtime, serve(settings)).map(|()| Exit::Done)?)
    }

    fn check(self) -> Result<Settings, Failure> {
        let usage = |problem: String| Err(Failure::Usage(problem));
        let address = self.listen.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
        let Some(address) = address else {
            return usage(format!(
                "--listen {} is no address with a port; write 127.0.0.1:8080",
                self.listen.escape_debug()
            ));
        };
        if self.dev && !address.ip().is_loopback() {
            return usage(format!(
                "--dev asks nobody for a token, so it listens on loopback only, not on {address}; listen on 127.0.0.1, or leave --dev out"
            ));
        }
        if self.clock == ClockWord::Event && !self.dev {
            return usage("--clock event lets events say what time it is; it needs --dev".to_owned());
        }
        let limits = self.limits.as_deref().map_or_else(|| Ok(Limits::default()), limits::read)?;
        Ok(Settings {
            data: self.data,
            address,
            access: if self.dev { Access::Open } else { Access::Token },
            clock: match self.clock {
                ClockWord::System => Clock::System,
                ClockWord::Event => Clock::Event,
            },
            currency: self.currency,
            compute_threads: self
                .compute_threads
                .unwrap_or_else(|| available_parallelism().unwrap_or(NonZeroUsize::MIN)),
            limits,
            drain: Duration::from_secs(self.shutdown_drain),
            grace: Duration::from_secs(self.shutdown_grace),
        })
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

async fn serve(settings: Settings) -> Result<(), StartFault> {
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
    let app = app(AppState::new(engine.clone(), auth, readiness.clone(), Timeouts::default()));
    let promises = tokio::spawn(keep_promises(engine.clone()));
    // From here on a signal ends the service in order; before, there is nothing to finish.
    let mut signals = Signals::listen().map_err(StartFault::Runtime)?;
    announce(listener.local_addr().map_err(listen)?);
    let mut end = None;
    let until = async {
        let why = tokio::select! {
            signal = signals.next() => End::Signal(signal),
            unavailable = engine.failure() => End::StorageFailed(unavailable),
        };
        end = Some(begin_end(why, signals, &readiness, settings.grace));
    };
    let (drain, grace) = (settings.drain, settings.grace);
    let options = ServeOptions { drain, grace, ..ServeOptions::default() };
    let ended = run(listener, app, readiness.clone(), options, until).await;
    promises.abort();
    let closed = engine.close().await;
    if let Some(End::StorageFailed(unavailable)) = end {
        return Err(StartFault::StorageFailed(unavailable));
    }
    closed.map_err(StartFault::Close)?;
    match ended {
        Ended::Drained => tracing::info!("every request was answered; goodbye"),
        Ended::Cut { count } => return Err(StartFault::Cut { count, grace: settings.grace }),
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
    Ok(Engine::start(options).await?)
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
