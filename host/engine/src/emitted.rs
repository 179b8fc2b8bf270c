//! The kinds of events in the outbox, each with the JSON Schema (2020-12) of its data: `emitted.json`.
//!
//! The tests that make events hold them against it.

use std::sync::LazyLock;

use serde_json::{Map, Value};

/// A kind of events that the host tells of.
#[derive(Debug, Clone)]
pub struct Emitted {
    /// As CloudEvents name a type: `rebound.hold.expired`.
    pub kind: String,
    /// What it tells, as one sentence.
    pub summary: String,
    /// The schema of its data.
    pub schema: Map<String, Value>,
}

/// All kinds, by name.
#[must_use]
pub fn emitted() -> &'static [Emitted] {
    static EMITTED: LazyLock<Vec<Emitted>> = LazyLock::new(read);
    &EMITTED
}

fn read() -> Vec<Emitted> {
    let kinds: Map<String, Value> =
        serde_json::from_str(include_str!("emitted.json")).expect("the file is JSON, as a test shows");
    let kind = |(kind, schema)| match schema {
        Value::Object(schema) => {
            let summary = schema.get("description").and_then(Value::as_str).unwrap_or_default();
            Some(Emitted { kind, summary: summary.trim_end_matches('.').to_owned(), schema })
        }
        _ => None,
    };
    kinds.into_iter().filter_map(kind).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox;

    #[test]
    fn every_kind_is_described() {
        let kinds: Vec<&str> = emitted().iter().map(|kind| kind.kind.as_str()).collect();
        let mut want = [
            outbox::DECIDED,
            outbox::COUPON_ISSUED,
            outbox::COUPON_EXPIRED,
            outbox::HOLD_EXPIRED,
            outbox::QUARANTINED,
            outbox::RELEASED,
            outbox::UNMASKED,
        ];
        want.sort_unstable();
        assert_eq!(kinds, want);
        for kind in emitted() {
            assert!(!kind.summary.is_empty(), "{}", kind.kind);
            jsonschema::draft202012::new(&Value::Object(kind.schema.clone())).unwrap();
        }
    }
}
