//! Which requests are followed, and where their spans wait for the exporter.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::context::TraceContext;
use crate::span::{Span, Trace};

/// Follows requests, or does nothing at all. Cheap to clone; every clone is the same.
#[derive(Debug, Clone, Default)]
pub struct Tracer(Option<Arc<Shared>>);

#[derive(Debug)]
pub(crate) struct Shared {
    /// Of the requests that nobody has decided about, basis points.
    share_bp: AtomicU32,
    /// Ids need to differ, and to differ between hosts; nobody relies on their being unknown.
    ids: RandomState,
    id_count: AtomicU64,
    queue: Mutex<VecDeque<Span>>,
    queue_count_max: usize,
    filled: Condvar,
    exported: AtomicU64,
    dropped: AtomicU64,
}

impl Tracer {
    /// Follows nothing.
    #[must_use]
    pub fn off() -> Self {
        Self(None)
    }

    /// Follows `share_bp` of 10,000 requests, and every one whose caller follows it. At most `queue_count_max` spans wait.
    #[must_use]
    pub fn new(share_bp: u32, queue_count_max: usize) -> Self {
        Self(Some(Arc::new(Shared {
            share_bp: AtomicU32::new(share_bp),
            ids: RandomState::new(),
            id_count: AtomicU64::new(0),
            queue: Mutex::default(),
            queue_count_max,
            filled: Condvar::new(),
            exported: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        })))
    }

    /// The trace of a request that comes in; none when nothing is followed. The caller's decision counts, so that a trace
    /// is whole or not there at all; without one the share decides.
    #[must_use]
    pub fn start(&self, caller: Option<TraceContext>) -> Option<Trace> {
        let shared = self.0.as_ref()?;
        let trace = caller.map_or_else(|| shared.trace_id(), |caller| caller.trace);
        let sampled = caller.map_or_else(|| shared.draws(trace), |caller| caller.sampled);
        let context = TraceContext { trace, span: shared.span_id(), sampled };
        Some(Trace::new(Arc::clone(shared), context, caller.map(|caller| caller.span)))
    }

    /// Changes the share, basis points.
    pub fn set_share_bp(&self, share_bp: u32) {
        if let Some(shared) = &self.0 {
            shared.share_bp.store(share_bp, Ordering::Relaxed);
        }
    }

    /// Whether anything is followed.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Spans that nobody will see: the queue was full, or the collector did not take them.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.as_ref().map_or(0, |shared| shared.dropped.load(Ordering::Relaxed))
    }

    /// Its own figures in the OpenMetrics text format, without the end mark; empty when nothing is followed.
    #[must_use]
    pub fn figures(&self) -> String {
        let Some(shared) = &self.0 else { return String::new() };
        let mut text =
            "# HELP rebound_trace_spans Spans by what became of them.\n# TYPE rebound_trace_spans counter\n"
                .to_owned();
        for (outcome, count) in [("dropped", &shared.dropped), ("exported", &shared.exported)] {
            let count = count.load(Ordering::Relaxed);
            writeln!(text, "rebound_trace_spans_total{{outcome=\"{outcome}\"}} {count}")
                .expect("a string takes all text");
        }
        text
    }

    /// The spans that wait, at most `count_max`.
    pub(crate) fn take(&self, count_max: usize) -> Vec<Span> {
        let Some(shared) = &self.0 else { return Vec::new() };
        let mut queue = shared.lock();
        let count = queue.len().min(count_max);
        queue.drain(..count).collect()
    }

    /// Waits until `count` spans are there, somebody calls [`Tracer::wake`], or `patience` is over.
    pub(crate) fn wait(&self, count: usize, patience: Duration) {
        let Some(shared) = &self.0 else { return };
        let queue = shared.lock();
        if queue.len() < count {
            // Woken too early is no harm: what is there is sent.
            drop(shared.filled.wait_timeout(queue, patience).unwrap_or_else(PoisonError::into_inner));
        }
    }

    pub(crate) fn wake(&self) {
        if let Some(shared) = &self.0 {
            shared.filled.notify_all();
        }
    }

    pub(crate) fn count_exported(&self, count: usize) {
        if let Some(shared) = &self.0 {
            shared.exported.fetch_add(count as u64, Ordering::Relaxed);
        }
    }

    pub(crate) fn count_dropped(&self, count: usize) {
        if let Some(shared) = &self.0 {
            shared.dropped.fetch_add(count as u64, Ordering::Relaxed);
        }
    }
}

/// From how many waiting spans on the exporter is woken.
pub(crate) const BATCH_COUNT: usize = 512;

impl Shared {
    pub(crate) fn span_id(&self) -> u64 {
        // Never zero, which would mean none.
        self.ids.hash_one(self.id_count.fetch_add(1, Ordering::Relaxed)).max(1)
    }

    fn trace_id(&self) -> u128 {
        u128::from(self.span_id()) << 64 | u128::from(self.span_id())
    }

    /// By the trace's own low bits, so that every host of a trace draws alike.
    fn draws(&self, trace: u128) -> bool {
        trace % 10_000 < u128::from(self.share_bp.load(Ordering::Relaxed))
    }

    /// Takes a request's spans all together or not at all: half a tree tells nothing. Never waits.
    pub(crate) fn offer(&self, spans: Vec<Span>) {
        let mut queue = self.lock();
        if queue.len() + spans.len() > self.queue_count_max {
            self.dropped.fetch_add(spans.len() as u64, Ordering::Relaxed);
            return;
        }
        queue.extend(spans);
        if queue.len() >= BATCH_COUNT {
            self.filled.notify_all();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Span>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_decides_for_its_own_trace() {
        let caller = |sampled| TraceContext { trace: 7, span: 8, sampled };
        for (share_bp, sampled) in [(0, true), (10_000, false)] {
            let trace = Tracer::new(share_bp, 10).start(Some(caller(sampled))).unwrap();
            assert_eq!((trace.context().trace, trace.context().sampled), (7, sampled));
            assert_ne!(trace.context().span, 8, "the host has a span of its own");
        }
    }

    #[test]
    fn the_share_is_drawn_and_can_change() {
        let tracer = Tracer::new(2_500, 10);
        let kept = |tracer: &Tracer| (0..10_000).filter(|_| tracer.start(None).unwrap().is_sampled()).count();
        let count = kept(&tracer);
        // Six standard deviations of 43.
        assert!((2_240..=2_760).contains(&count), "{count}");
        tracer.set_share_bp(0);
        assert_eq!(kept(&tracer), 0);
    }

    #[test]
    fn a_full_queue_drops_whole_requests_and_counts_them() {
        let tracer = Tracer::new(10_000, 3);
        for _ in 0..3 {
            let trace = tracer.start(None).unwrap();
            let request = trace.request("request");
            drop(request.place().part("decide"));
        }
        assert_eq!((tracer.take(10).len(), tracer.dropped()), (2, 4));
        assert!(tracer.figures().contains("rebound_trace_spans_total{outcome=\"dropped\"} 4"));
    }

    #[test]
    fn off_costs_nothing_and_says_nothing() {
        let tracer = Tracer::off();
        assert!(tracer.start(None).is_none() && tracer.figures().is_empty() && !tracer.is_on());
    }
}
