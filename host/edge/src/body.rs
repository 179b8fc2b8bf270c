//! Reading bodies: of the right type, of a bounded size, in a bounded time.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body as _;
use tokio::time::timeout;

use crate::code::Code;
use crate::problem::Problem;

/// What a JSON route takes.
pub(crate) const JSON: &[&str] = &["application/json"];
/// What an import takes. None of these is one that a foreign web page may send without asking first.
pub(crate) const NDJSON: &[&str] =
    &["application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"];
/// What a route of events takes: the plain body or the data of an event in binary mode, an event in structured mode,
/// and a batch of them.
pub(crate) const EVENTS: &[&str] = &["application/json", STRUCTURED, BATCH];
/// A CloudEvent in structured mode.
pub(crate) const STRUCTURED: &str = "application/cloudevents+json";
/// CloudEvents in batched mode.
pub(crate) const BATCH: &str = "application/cloudevents-batch+json";
/// What publishing takes.
pub(crate) const WASM: &[&str] = &["application/wasm"];

/// Checks that a body says to be of one of the types, and is not compressed.
///
/// # Errors
/// A problem that names the right type.
pub(crate) fn require_type(headers: &HeaderMap, types: &[&str]) -> Result<(), Problem> {
    let text = |name| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    if let Some(encoding) = text(header::CONTENT_ENCODING).filter(|it| !it.eq_ignore_ascii_case("identity")) {
        let detail = format!("the body is encoded as {}; send it as it is", encoding.escape_debug());
        return Err(Problem::new(Code::UnsupportedMediaType, detail));
    }
    let given = essence(headers);
    match types.iter().any(|it| *it == given) {
        true => Ok(()),
        false => {
            let given = match given.as_str() {
                "" => "no content type".to_owned(),
                essence => format!("content type {}", essence.escape_debug()),
            };
            let right = match types {
                // Names of one type.
                NDJSON => NDJSON[0].to_owned(),
                types => types.join(" or "),
            };
            let detail = format!("the body has {given}; send content-type: {right}");
            Err(Problem::new(Code::UnsupportedMediaType, detail))
        }
    }
}

/// The media type of a body without its parameters, in lower case; empty when there is none.
pub(crate) fn essence(headers: &HeaderMap) -> String {
    let given = headers.get(header::CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let given = given.unwrap_or_default();
    given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Reads a whole body. One that announces too much is refused before any of it is read.
///
/// # Errors
/// A problem when it is too large, too slow or cut short.
pub(crate) async fn read(body: Body, size_max: u64, time_max: Duration) -> Result<Bytes, Problem> {
    if body.size_hint().lower() > size_max {
        return Err(too_large(size_max));
    }
    let limit = usize::try_from(size_max).unwrap_or(usize::MAX);
    let collected =
        timeout(time_max, Limited::new(body, limit).collect()).await.map_err(|_| too_slow(time_max))?;
    match collected {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large(size_max)),
        Err(_) => Err(incomplete()),
    }
}

/// The body is larger than the limit.
fn too_large(size_max: u64) -> Problem {
    Problem::new(
        Code::BodyTooLarge,
        format!("the body is over the limit of {size_max} bytes; send less at once"),
    )
}

/// The body came too slowly.
pub(crate) fn too_slow(time_max: Duration) -> Problem {
    let detail = format!("the body did not arrive within {} s; send it faster", time_max.as_secs());
    Problem::new(Code::RequestTimeout, detail)
}

/// The body ended before its end.
pub(crate) fn incomplete() -> Problem {
    Problem::new(Code::BodyIncomplete, "the body ended early; send it again, nothing is done twice")
}
