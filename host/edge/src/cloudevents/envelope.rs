//! What CloudEvents says of any event: its attributes, checked, however they came.

use std::collections::BTreeMap;

use rebound_domain::ids::{EventId, Source};
use serde_json::{Map, Value};

use crate::code::Code;
use crate::problem::Problem;
use crate::wire::scalar::Instant;

/// The one version of the standard there is.
pub(crate) const SPEC_VERSION: &str = "1.0";

/// How the attributes of an event came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As headers, `ce-` before their names.
    Binary,
    /// As members of a JSON object.
    Structured,
}

impl Form {
    /// An attribute's name as its sender writes it.
    pub(crate) fn name(self, attribute: &str) -> String {
        match self {
            Self::Binary => format!("ce-{attribute}"),
            Self::Structured => attribute.to_owned(),
        }
    }
}

/// An event's attributes and its data. Extensions other than the trace are read and dropped.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    pub(crate) form: Form,
    pub(crate) source: Source,
    pub(crate) id: EventId,
    /// The attribute `type`.
    pub(crate) kind: String,
    pub(crate) subject: Option<String>,
    pub(crate) time: Option<Instant>,
    pub(crate) trace: Option<TraceParent>,
    pub(crate) data: Map<String, Value>,
}

/// The attributes of one event by name, as text.
pub(crate) struct Attributes {
    form: Form,
    by_name: BTreeMap<String, String>,
}

impl Attributes {
    pub(crate) fn new(form: Form) -> Self {
        Self { form, by_name: BTreeMap::new() }
    }

    /// Adds one.
    ///
    /// # Errors
    /// A problem when its name is none, or when it is there already.
    pub(crate) fn add(&mut self, name: &str, text: String) -> Result<(), Problem> {
        let sent = self.form.name(name);
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
            let detail = format!(
                "`{}` is no attribute of CloudEvents, whose names are lower-case letters and digits; \
                 what the event is about belongs into its data",
                sent.escape_debug()
            );
            return Err(Problem::new(Code::UnknownField, detail).field(sent));
        }
        match self.by_name.insert(name.to_owned(), text) {
            None => Ok(()),
            Some(_) => Err(invalid(&sent, &format!("`{sent}` is there twice; keep one"))),
        }
    }

    /// Whether the data is JSON; it is where nothing says otherwise.
    ///
    /// # Errors
    /// A problem that names another type.
    pub(crate) fn require_json_data(&self) -> Result<(), Problem> {
        let Some(given) = self.by_name.get("datacontenttype") else { return Ok(()) };
        let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if essence == "application/json" || essence.ends_with("+json") {
            return Ok(());
        }
        let detail = format!("`datacontenttype` is {}; send data of application/json", given.escape_debug());
        Err(Problem::new(Code::UnsupportedMediaType, detail).field("datacontenttype"))
    }

    /// The event that these are the attributes of.
    ///
    /// # Errors
    /// A problem that names the attribute that is missing or does not stand.
    pub(crate) fn envelope(mut self, data: Map<String, Value>) -> Result<Envelope, Problem> {
        let version = self.required("specversion")?;
        if version != SPEC_VERSION {
            let detail = format!("is {}; this host reads CloudEvents {SPEC_VERSION}", version.escape_debug());
            return Err(self.refused("specversion", &detail));
        }
        let kind = self.required("type")?;
        let source = self.required("source")?.parse();
        let source = source.map_err(|error| self.refused("source", &format!("does not stand: {error}")))?;
        let id = self.required("id")?.parse();
        let id = id.map_err(|error| self.refused("id", &format!("does not stand: {error}")))?;
        // An empty one says nothing, and the standard has none.
        let subject = self.by_name.remove("subject").filter(|subject| !subject.is_empty());
        let time = match self.by_name.remove("time") {
            None => None,
            Some(text) => Some(serde_json::from_value(text.into()).map_err(|error| {
                self.refused("time", &format!("does not stand: {error}; leave it out or send an instant"))
            })?),
        };
        let trace = self.by_name.remove("traceparent").and_then(|text| TraceParent::parse(&text));
        Ok(Envelope { form: self.form, source, id, kind, subject, time, trace, data })
    }

    fn required(&mut self, name: &str) -> Result<String, Problem> {
        let sent = self.form.name(name);
        self.by_name
            .remove(name)
            .ok_or_else(|| invalid(&sent, &format!("`{sent}` is missing; every CloudEvent has one, add it")))
    }

    fn refused(&self, name: &str, detail: &str) -> Problem {
        let sent = self.form.name(name);
        invalid(&sent, &format!("`{sent}` {detail}"))
    }
}

/// A value of the envelope does not stand.
pub(crate) fn invalid(field: &str, detail: &str) -> Problem {
    Problem::new(Code::InvalidField, detail).field(field)
}

/// The trace that an event belongs to, as W3C Trace Context writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TraceParent(String);

impl TraceParent {
    /// None of a text that is none: the standard has such a one ignored.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let lower_hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let named = |part: &str| lower_hex(part) && part.bytes().any(|byte| byte != b'0');
        let [version, trace, parent, flags] = text.split('-').collect::<Vec<_>>()[..] else { return None };
        let sized = [version.len(), trace.len(), parent.len(), flags.len()] == [2, 32, 16, 2];
        let stands = sized && version == "00" && named(trace) && named(parent) && lower_hex(flags);
        stands.then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}
