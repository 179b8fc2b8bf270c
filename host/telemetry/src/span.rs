//! Spans of one request, noted where they happen and handed over together.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::context::TraceContext;
use crate::tracer::Shared;

/// Something that took time.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// Its trace.
    pub trace: u128,
    /// Itself.
    pub id: u64,
    /// What it is a part of; none for the first of a trace.
    pub parent: Option<u64>,
    /// What it is: one of few.
    pub name: &'static str,
    /// Whose side it tells.
    pub kind: SpanKind,
    /// Nanoseconds since 1970.
    pub start: u64,
    /// Nanoseconds since 1970.
    pub end: u64,
    /// What is known about it. Nothing that tells of a person.
    pub attributes: Vec<(&'static str, Value)>,
    /// Why it failed; none when it did not.
    pub error: Option<String>,
}

/// Whose side a span tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// Work inside the host.
    Internal,
    /// Answering somebody.
    Server,
}

/// What an attribute says.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A constant word.
    Word(&'static str),
    /// A text.
    Text(String),
    /// A count.
    Count(u64),
    /// Yes or no.
    Flag(bool),
}

/// The trace of one request that is followed or passed on. Cheap to clone; once the last clone is gone, its spans are handed over.
#[derive(Debug, Clone)]
pub struct Trace(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    tracer: Arc<Shared>,
    /// The trace, and the request's own span.
    context: TraceContext,
    /// The span that asked.
    caller: Option<u64>,
    anchor: Instant,
    anchor_unix: u64,
    spans: Mutex<Vec<Span>>,
}

/// A span as others' parent. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Place {
    trace: Trace,
    span: u64,
}

/// A span that goes on, or nothing at all when nobody follows: then whatever is said about it costs nothing.
#[derive(Debug, Default)]
pub struct Follow(Option<OpenSpan>);

/// A span that goes on. It ends when it is dropped.
#[derive(Debug)]
pub struct OpenSpan {
    trace: Trace,
    span: Option<Span>,
}

tokio::task_local! {
    static CURRENT: Trace;
}

/// Runs a future within a trace: [`current`] finds it there.
pub async fn within<F: Future>(trace: Option<Trace>, future: F) -> F::Output {
    match trace {
        Some(trace) => CURRENT.scope(trace, future).await,
        None => future.await,
    }
}

/// The request that this task answers, when its spans are kept. A task that is spawned is not in its parent's trace.
#[must_use]
pub fn current() -> Option<Place> {
    CURRENT.try_with(|trace| trace.is_sampled().then(|| trace.place())).ok().flatten()
}

impl Trace {
    pub(crate) fn new(tracer: Arc<Shared>, context: TraceContext, caller: Option<u64>) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(Arc::new(Inner {
            tracer,
            context,
            caller,
            // Ends are counted from here on a clock that never goes back: a span cannot end before it starts.
            anchor: Instant::now(),
            anchor_unix: u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
            spans: Mutex::default(),
        }))
    }

    /// What the answer, and whoever is asked next, is told.
    #[must_use]
    pub fn context(&self) -> TraceContext {
        self.0.context
    }

    /// Whether spans are kept.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.0.context.sampled
    }

    /// The request's own span, under whoever asked.
    #[must_use]
    pub fn request(&self, name: &'static str) -> OpenSpan {
        let TraceContext { span, .. } = self.0.context;
        self.open(name, SpanKind::Server, span, self.0.caller)
    }

    fn place(&self) -> Place {
        Place { trace: self.clone(), span: self.0.context.span }
    }

    fn open(&self, name: &'static str, kind: SpanKind, id: u64, parent: Option<u64>) -> OpenSpan {
        let start = self.now();
        let trace = self.0.context.trace;
        let span =
            Span { trace, id, parent, name, kind, start, end: start, attributes: Vec::new(), error: None };
        OpenSpan { trace: self.clone(), span: Some(span) }
    }

    fn now(&self) -> u64 {
        let elapsed = u64::try_from(self.0.anchor.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.0.anchor_unix.saturating_add(elapsed)
    }
}

impl Place {
    /// A part of it that starts now.
    #[must_use]
    pub fn part(&self, name: &'static str) -> OpenSpan {
        self.trace.open(name, SpanKind::Internal, self.trace.0.tracer.span_id(), Some(self.span))
    }
}

impl Follow {
    /// A part of what is followed, if anything is.
    #[must_use]
    pub fn part_of(place: Option<&Place>, name: &'static str) -> Self {
        Self(place.map(|place| place.part(name)))
    }

    /// It as others' parent.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.0.as_ref().map(OpenSpan::place)
    }

    /// Says something about it, worked out only when somebody follows.
    pub fn tell(&mut self, tell: impl FnOnce(&mut OpenSpan)) {
        if let Some(span) = &mut self.0 {
            tell(span);
        }
    }
}

impl OpenSpan {
    /// It as others' parent.
    #[must_use]
    pub fn place(&self) -> Place {
        let span = self.span.as_ref().map_or(self.trace.0.context.span, |span| span.id);
        Place { trace: self.trace.clone(), span }
    }

    /// Says something about it.
    pub fn set(&mut self, key: &'static str, value: Value) {
        if let Some(span) = &mut self.span {
            span.attributes.push((key, value));
        }
    }

    /// Says that it failed.
    pub fn fail(&mut self, why: String) {
        if let Some(span) = &mut self.span {
            span.error = Some(why);
        }
    }
}

impl Drop for OpenSpan {
    fn drop(&mut self) {
        let Some(mut span) = self.span.take() else { return };
        if !self.trace.is_sampled() {
            return;
        }
        span.end = self.trace.now();
        self.trace.0.spans.lock().unwrap_or_else(PoisonError::into_inner).push(span);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let spans = std::mem::take(self.spans.get_mut().unwrap_or_else(PoisonError::into_inner));
        if !spans.is_empty() {
            self.tracer.offer(spans);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tracer;

    #[tokio::test]
    async fn spans_are_handed_over_together_once_the_last_holder_is_gone() {
        let tracer = Tracer::new(10_000, 100);
        let trace = tracer.start(None).unwrap();
        let request = trace.request("request");
        within(Some(trace.clone()), async {
            let decide = current().unwrap().part("decide");
            drop(decide.place().part("read"));
            drop(decide);
        })
        .await;
        drop(request);
        assert_eq!(tracer.take(100).len(), 0, "somebody still holds the trace");
        let context = trace.context();
        drop(trace);
        let spans = tracer.take(100);
        let [read, decide, request] = &spans[..] else { panic!("{spans:?}") };
        assert_eq!((request.trace, request.id, request.parent), (context.trace, context.span, None));
        assert_eq!((decide.name, decide.parent), ("decide", Some(request.id)));
        assert_eq!((read.name, read.parent), ("read", Some(decide.id)));
        assert!(request.start <= decide.start && decide.end <= request.end && read.end <= decide.end);
    }

    #[tokio::test]
    async fn outside_a_kept_trace_nothing_is_noted() {
        assert!(current().is_none());
        let tracer = Tracer::new(0, 100);
        let trace = tracer.start(None).unwrap();
        assert!(!trace.is_sampled());
        within(Some(trace.clone()), async { assert!(current().is_none()) }).await;
        drop(trace.request("request"));
        drop(trace);
        assert!(tracer.take(100).is_empty());
    }
}
