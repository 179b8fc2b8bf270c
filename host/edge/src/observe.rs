//! What every answer has in common, and what the log says of it.
//!
//! The log names the route, never what stands in its variable parts: those may be a merchant's own numbers.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::problem::Cause;

/// Marks an answer as private and as what it says it is, and logs it.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let route = route.as_ref().map_or("-", MatchedPath::as_str);
    let status = response.status().as_u16();
    match response.extensions_mut().remove::<Cause>() {
        Some(Cause { incident, chain }) => {
            tracing::error!(%method, route, status, incident, cause = chain, "a request failed");
        }
        None => {
            let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
            tracing::debug!(%method, route, status, micros, "a request was answered");
        }
    }
    response
}
