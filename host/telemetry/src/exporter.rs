//! Handing spans and figures over to a collector, on a thread of its own. Whatever a collector does costs no decision
//! anything: what it does not take is dropped and counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::exposition::Exposition;
use crate::otlp::{self, Resource};
use crate::tracer::{BATCH_COUNT, Tracer};

/// Hands a body over.
pub trait Transport: Send + 'static {
    /// Posts protobuf to `path` under the collector's address, and returns the body of a good answer. May block, for a
    /// bounded time.
    ///
    /// # Errors
    /// [`Refused`].
    fn post(&self, path: &str, body: &[u8]) -> Result<Vec<u8>, Refused>;
}

/// Why a collector did not take what was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It may take it later: it is not there, or busy (429, 502, 503, 504).
    #[error("the collector is not there or busy: {reason}")]
    Later {
        /// What happened.
        reason: String,
        /// What it asks for.
        wait: Option<Duration>,
    },
    /// It will never take it.
    #[error("the collector does not take it: {reason}")]
    Never {
        /// What it answered.
        reason: String,
    },
}

/// How much and how often.
#[derive(Debug, Clone)]
pub struct ExporterOptions {
    /// `service.name`.
    pub service: String,
    /// `service.version`.
    pub version: &'static str,
    /// `service.instance.id`: tells this process from others of the service.
    pub instance: String,
    /// Whether spans are sent.
    pub spans: bool,
    /// How long a span waits for others at most.
    pub span_interval: Duration,
    /// How often figures are sent; none at all when zero.
    pub figures_interval: Duration,
    /// Tries of one batch of spans.
    pub attempts_max: u32,
    /// From the first retry on, doubled for each.
    pub backoff: Duration,
}

/// A thread that hands over. [`Exporter::end`] sends what is left.
#[derive(Debug)]
pub struct Exporter {
    tracer: Tracer,
    ending: Arc<AtomicBool>,
    stop: Sender<()>,
    ended: Receiver<()>,
    thread: JoinHandle<()>,
}

/// Longest wait between two tries, whatever the collector asks for: the queue fills meanwhile.
const WAIT_MAX: Duration = Duration::from_secs(30);

impl Exporter {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the operating system gives none.
    pub fn start(
        options: ExporterOptions,
        tracer: Tracer,
        figures: impl Fn() -> String + Send + 'static,
        transport: impl Transport,
    ) -> std::io::Result<Self> {
        let ending = Arc::new(AtomicBool::new(false));
        let (stop, stopped) = channel();
        let (done, ended) = channel();
        let mut work = Work {
            resource: Resource {
                service: options.service.clone(),
                version: options.version,
                instance: options.instance.clone(),
            },
            start: unix_nanos(),
            figures_due: Instant::now() + options.figures_interval,
            options,
            tracer: tracer.clone(),
            figures,
            transport,
            ending: Arc::clone(&ending),
            stopped,
            is_refused: false,
        };
        let thread = std::thread::Builder::new().name("telemetry".to_owned()).spawn(move || {
            work.run();
            // Whoever waited may have given up.
            done.send(()).ok();
        })?;
        Ok(Self { tracer, ending, stop, ended, thread })
    }

    /// Sends what is left, for at most `patience`, and ends. Returns whether all of it was tried in time.
    pub fn end(self, patience: Duration) -> bool {
        self.ending.store(true, Ordering::Release);
        // The thread may have ended by a panic, which is told below.
        self.stop.send(()).ok();
        self.tracer.wake();
        let in_time = self.ended.recv_timeout(patience).is_ok();
        in_time && self.thread.join().is_ok()
    }
}

struct Work<F, T> {
    resource: Resource,
    options: ExporterOptions,
    tracer: Tracer,
    figures: F,
    transport: T,
    start: u64,
    figures_due: Instant,
    ending: Arc<AtomicBool>,
    stopped: Receiver<()>,
    /// Whether the last batch was refused: a collector that is away is told once, not once a second.
    is_refused: bool,
}

impl<F: Fn() -> String, T: Transport> Work<F, T> {
    fn run(&mut self) {
        loop {
            let is_last = self.ending.load(Ordering::Acquire);
            if !is_last {
                self.wait();
            }
            self.send_spans();
            if self.sends_figures() && (is_last || Instant::now() >= self.figures_due) {
                self.send_figures();
                self.figures_due = Instant::now() + self.options.figures_interval;
            }
            if is_last {
                return;
            }
        }
    }

    fn sends_figures(&self) -> bool {
        !self.options.figures_interval.is_zero()
    }

    fn wait(&self) {
        let figures = match self.sends_figures() {
            true => self.figures_due.saturating_duration_since(Instant::now()),
            false => Duration::MAX,
        };
        match self.options.spans && self.tracer.is_on() {
            true => self.tracer.wait(BATCH_COUNT, self.options.span_interval.min(figures)),
            false => {
                // Either it is time, or the end.
                self.stopped.recv_timeout(figures).ok();
            }
        }
    }

    fn send_spans(&mut self) {
        loop {
            let spans = self.tracer.take(BATCH_COUNT);
            if spans.is_empty() {
                return;
            }
            let body = otlp::traces(&self.resource, &spans);
            let sent = self.patiently("/v1/traces", &body);
            match &sent {
                Ok(answer) => {
                    let rejected =
                        usize::try_from(otlp::rejected(answer)).unwrap_or(usize::MAX).min(spans.len());
                    self.tracer.count_exported(spans.len() - rejected);
                    self.tracer.count_dropped(rejected);
                }
                Err(_) => self.tracer.count_dropped(spans.len()),
            }
            self.tell(sent.err());
        }
    }

    /// A round that fails is not tried again: the next one tells the same sums.
    fn send_figures(&mut self) {
        let figures = match Exposition::parse(&(self.figures)()) {
            Ok(figures) => figures,
            Err(error) => return tracing::error!(%error, "figures are not sent"),
        };
        let body = otlp::metrics(&self.resource, &figures, self.start, unix_nanos());
        let sent = self.transport.post("/v1/metrics", &body);
        self.tell(sent.err());
    }

    fn tell(&mut self, refused: Option<Refused>) {
        match (&refused, self.is_refused) {
            (Some(error), false) => {
                tracing::warn!(%error, "telemetry is not taken; decisions go on, what is not sent is dropped and counted")
            }
            (None, true) => tracing::info!("telemetry is taken again"),
            _ => {}
        }
        self.is_refused = refused.is_some();
    }

    /// Tries again while it makes sense: not once the host is ending, and not when the answer will be the same.
    fn patiently(&self, path: &str, body: &[u8]) -> Result<Vec<u8>, Refused> {
        let mut backoff = self.options.backoff;
        let mut attempt = 1;
        loop {
            let refused = match self.transport.post(path, body) {
                Ok(answer) => return Ok(answer),
                Err(refused) => refused,
            };
            let Refused::Later { wait, .. } = &refused else { return Err(refused) };
            if attempt >= self.options.attempts_max || self.ending.load(Ordering::Acquire) {
                return Err(refused);
            }
            attempt += 1;
            let wait = wait.unwrap_or(backoff).min(WAIT_MAX);
            backoff = backoff.saturating_mul(2);
            if self.stopped.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
                return Err(refused);
            }
        }
    }
}

fn unix_nanos() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
