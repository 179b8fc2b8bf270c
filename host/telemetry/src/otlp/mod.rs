//! OTLP as protobuf over HTTP: the bodies of `/v1/traces` and `/v1/metrics`, and what a collector answers.
//!
//! Written by hand, because the official exporter brings a second HTTP client and its own runtime; what is written here is a few
//! message types that never change. The tests read it back with the types that are generated from the protocol's own files.

mod message;
mod metrics;
mod traces;

use self::message::Message;
pub(crate) use self::metrics::metrics;
pub(crate) use self::traces::{rejected, traces};

/// Who speaks.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    pub(crate) service: String,
    pub(crate) version: &'static str,
    pub(crate) instance: String,
}

const SCOPE: &str = "rebound";

impl Resource {
    fn message(&self) -> Message {
        let mut resource = Message::new();
        for (key, value) in [
            ("service.name", self.service.as_str()),
            ("service.version", self.version),
            ("service.instance.id", self.instance.as_str()),
        ] {
            resource.message(1, &attribute(key, &text(value)));
        }
        resource
    }

    fn scope(&self) -> Message {
        let mut scope = Message::new();
        scope.text(1, SCOPE).text(2, self.version);
        scope
    }
}

fn attribute(key: &str, value: &Message) -> Message {
    let mut attribute = Message::new();
    attribute.text(1, key).message(2, value);
    attribute
}

fn text(value: &str) -> Message {
    let mut any = Message::new();
    any.text(1, value);
    any
}
