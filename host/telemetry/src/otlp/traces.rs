//! `ExportTraceServiceRequest`.

use super::message::{Field, Message, fields};
use super::{Resource, attribute, text};
use crate::span::{Span, SpanKind, Value};

const STATUS_ERROR: u64 = 2;

/// The body of a request that hands over these spans.
pub(crate) fn traces(resource: &Resource, spans: &[Span]) -> Vec<u8> {
    let mut scoped = Message::new();
    scoped.message(1, &resource.scope());
    for it in spans {
        scoped.message(2, &span(it));
    }
    let mut of_resource = Message::new();
    of_resource.message(1, &resource.message()).message(2, &scoped);
    let mut request = Message::new();
    request.message(1, &of_resource);
    request.into_bytes()
}

fn span(span: &Span) -> Message {
    let mut message = Message::new();
    message.sized(1, &span.trace.to_be_bytes()).sized(2, &span.id.to_be_bytes());
    if let Some(parent) = span.parent {
        message.sized(4, &parent.to_be_bytes());
    }
    let kind = match span.kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
    };
    message.text(5, span.name).number(6, kind).fixed(7, span.start).fixed(8, span.end);
    for (key, value) in &span.attributes {
        message.message(9, &attribute(key, &any(value)));
    }
    if let Some(error) = &span.error {
        let mut status = Message::new();
        status.text(2, error).number(3, STATUS_ERROR);
        message.message(15, &status);
    }
    message
}

fn any(value: &Value) -> Message {
    let mut any = Message::new();
    match value {
        Value::Word(word) => return text(word),
        Value::Text(word) => return text(word),
        Value::Flag(flag) => any.number(2, u64::from(*flag)),
        Value::Count(count) => any.number(3, *count),
    };
    any
}

/// How many spans a collector did not take though it answered well: `ExportTraceServiceResponse.partial_success`.
pub(crate) fn rejected(answer: &[u8]) -> u64 {
    let partial = fields(answer).into_iter().find_map(|field| match field {
        (1, Field::Bytes(bytes)) => Some(bytes),
        _ => None,
    });
    let count = |bytes| {
        fields(bytes).into_iter().find_map(|field| match field {
            (1, Field::Number(count)) => Some(count),
            _ => None,
        })
    };
    partial.and_then(count).unwrap_or(0)
}
