//! What every answer has in common, what the log says of it, and which trace it belongs to.
//!
//! The log and the spans name the route, never what stands in its variable parts: those may be a merchant's own numbers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use rebound_telemetry::{Trace, TraceContext, Tracer, Value, within};

use crate::problem::Cause;

/// The header of W3C trace context.
const TRACEPARENT: &str = "traceparent";

/// What is watched of requests. Cheap to clone; every clone is the same.
#[derive(Debug, Clone, Default)]
pub struct Observation {
    tracer: Tracer,
    access_log: Arc<AtomicBool>,
}

impl Observation {
    /// Follows requests by this tracer; only failures are lines of the log.
    #[must_use]
    pub fn new(tracer: Tracer) -> Self {
        Self { tracer, access_log: Arc::default() }
    }

    /// Whether each answer is a line of the log at `info`; at `debug` it always is.
    pub fn set_access_log(&self, is_on: bool) {
        self.access_log.store(is_on, Ordering::Relaxed);
    }

    /// Who follows.
    #[must_use]
    pub fn tracer(&self) -> &Tracer {
        &self.tracer
    }

    fn trace(&self, headers: &HeaderMap) -> Option<Trace> {
        if !self.tracer.is_on() {
            return None;
        }
        // Two of them, or one that is none, start a new trace: the recommendation asks for it.
        let mut given = headers.get_all(TRACEPARENT).iter();
        let caller = match (given.next(), given.next()) {
            (Some(one), None) => one.to_str().ok().and_then(|text| text.parse::<TraceContext>().ok()),
            _ => None,
        };
        self.tracer.start(caller)
    }
}

/// Marks an answer as private and as what it says it is, logs it, and follows it.
pub(crate) async fn observe(
    State(observation): State<Observation>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let trace = observation.trace(request.headers());
    let span = trace.as_ref().map(|trace| trace.request("request"));
    request.extensions_mut().insert(observation.tracer.clone());
    let mut response = within(trace.clone(), next.run(request)).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let context = trace.map(|trace| trace.context().to_string());
    if let Some(context) = context.as_deref().and_then(|context| HeaderValue::try_from(context).ok()) {
        headers.insert(TRACEPARENT, context);
    }
    let route = route.as_ref().map_or("-", MatchedPath::as_str);
    let status = response.status();
    if let Some(mut span) = span {
        span.set("http.request.method", Value::Text(method.to_string()));
        span.set("http.route", Value::Text(route.to_owned()));
        span.set("http.response.status_code", Value::Count(status.as_u16().into()));
        if status >= StatusCode::INTERNAL_SERVER_ERROR {
            span.fail(status.to_string());
        }
    }
    let (status, trace) = (status.as_u16(), context.as_deref());
    match response.extensions_mut().remove::<Cause>() {
        Some(Cause { incident, chain }) => {
            tracing::error!(%method, route, status, incident, cause = chain, trace, "a request failed");
        }
        None => {
            let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
            match observation.access_log.load(Ordering::Relaxed) {
                true => tracing::info!(%method, route, status, micros, trace, "a request was answered"),
                false => tracing::debug!(%method, route, status, micros, trace, "a request was answered"),
            }
        }
    }
    response
}
