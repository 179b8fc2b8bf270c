//! What a running host tells others about itself: which way a sampled request took, and the figures.
//!
//! Start reading at [`Tracer`] (which requests are followed, and where their spans wait) and [`Exporter`] (who sends them).
//! Spans are noted by hand at the few places of a decision that matter, and a request that is not followed costs one
//! look-up in its task. What this crate leaves out: HTTP (an exporter is given a [`Transport`]) and logs.
//!
//! No span carries what tells of a person: names are constants, attributes are counts, outcomes and versions.

mod context;
mod exporter;
mod exposition;
mod otlp;
mod span;
mod tracer;

pub use context::TraceContext;
pub use exporter::{Exporter, ExporterOptions, Refused, Transport};
pub use exposition::{Exposition, Family, Kind, Malformed, Sample, joined, plain_text};
pub use span::{Follow, OpenSpan, Place, Span, SpanKind, Trace, Value, current, within};
pub use tracer::Tracer;
