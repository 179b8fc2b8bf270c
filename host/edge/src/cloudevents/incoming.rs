//! What a route of events was sent: one event or a batch, in whichever mode.

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::HeaderMap;
use rebound_engine::BodyDigest;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;

pub(crate) use super::binary::is_binary;
use super::envelope::{Envelope, TraceParent};
use super::kind::EventType;
use super::{batch, binary, structured};
use crate::app::AppState;
use crate::code::Code;
use crate::problem::Problem;
use crate::{body, canonical, json};

/// A batch is at most this many times as large as one event may be.
const BATCH_BODIES: u64 = 4;

/// What was sent.
pub(crate) enum Incoming {
    /// One event.
    One(Event),
    /// Several, each of which stands or not by itself, and the right to deal with so many at once.
    Batch(Vec<Part>, OwnedSemaphorePermit),
}

/// An event: its data, whole, however it came.
pub(crate) struct Event {
    /// An object.
    data: Value,
    /// The trace it belongs to.
    pub(crate) trace: Option<TraceParent>,
}

impl Event {
    /// The data as what it should be.
    ///
    /// # Errors
    /// A problem that names the field.
    pub(crate) fn typed<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        json::typed(&self.data)
    }

    /// What "the same body" is compared by: the same for every way of sending the event.
    pub(crate) fn digest(&self) -> BodyDigest {
        canonical::digest(&self.data)
    }

    fn of(kind: &EventType, mut envelope: Envelope) -> Result<Self, Problem> {
        let data = kind.complete(&mut envelope)?.into();
        Ok(Self { data, trace: envelope.trace })
    }
}

/// One place of a batch.
pub(crate) struct Part {
    /// The attribute, as far as it can be read.
    pub(crate) source: Option<String>,
    /// The attribute, as far as it can be read.
    pub(crate) id: Option<String>,
    pub(crate) event: Result<Event, Problem>,
}

/// Reads what was sent to a route that takes events of one type.
///
/// # Errors
/// A problem of the body as a whole; those of a batch's events are in their places.
pub(crate) async fn read(request: Request, state: &AppState, kind: &EventType) -> Result<Incoming, Problem> {
    body::require_type(request.headers(), body::EVENTS)?;
    let (parts, sent) = request.into_parts();
    let media_type = body::essence(&parts.headers);
    let size_max = state.engine().limits().request_bytes;
    let time_max = state.timeouts().body;
    if media_type == body::BATCH {
        // Asked for before the body is read: what waits is held in memory.
        let permit = state.import_permit().ok_or_else(|| {
            Problem::new(
                Code::Busy,
                "as many batches and imports as the host takes at once go on; try again soon",
            )
        })?;
        let bytes = body::read(sent, size_max.saturating_mul(BATCH_BODIES), time_max).await?;
        return Ok(Incoming::Batch(batch_of(&bytes, size_max, kind)?, permit));
    }
    let bytes = body::read(sent, size_max, time_max).await?;
    one_of(&parts.headers, &media_type, &bytes, kind).map(Incoming::One)
}

fn one_of(headers: &HeaderMap, media_type: &str, bytes: &Bytes, kind: &EventType) -> Result<Event, Problem> {
    if media_type == body::STRUCTURED {
        return Event::of(kind, structured::envelope(json::read_object(bytes)?)?);
    }
    if is_binary(headers) {
        return Event::of(kind, binary::envelope(headers, bytes)?);
    }
    Ok(Event { data: json::read_object(bytes)?.into(), trace: None })
}

/// The events of a batch, each of at most `size_max` bytes.
fn batch_of(bytes: &[u8], size_max: u64, kind: &EventType) -> Result<Vec<Part>, Problem> {
    let read = |text: &[u8]| match u64::try_from(text.len()) {
        Ok(size) if size <= size_max => json::read_object(text),
        _ => {
            let detail = format!("the event is over the limit of {size_max} bytes; send less in one");
            Err(Problem::new(Code::BodyTooLarge, detail))
        }
    };
    let part = |text: &[u8]| match read(text) {
        Err(problem) => Part { source: None, id: None, event: Err(problem) },
        Ok(members) => {
            let name = |name| members.get(name).and_then(Value::as_str).map(str::to_owned);
            let (source, id) = (name("source"), name("id"));
            let event = structured::envelope(members).and_then(|envelope| Event::of(kind, envelope));
            Part { source, id, event }
        }
    };
    Ok(batch::events(bytes)?.into_iter().map(part).collect())
}
