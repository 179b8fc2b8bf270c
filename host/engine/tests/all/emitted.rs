//! What is told of is as it is described.

use rebound_engine::{OutboxEvent, emitted};
use serde_json::Value;

/// Holds events against the schemas of their kinds.
#[track_caller]
pub(crate) fn check(events: &[OutboxEvent]) {
    for event in events {
        let kind = emitted().iter().find(|kind| kind.kind == event.kind);
        let kind = kind.unwrap_or_else(|| panic!("{} is not described; add it to emitted.json", event.kind));
        let schema = Value::Object(kind.schema.clone());
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors: Vec<String> = validator.iter_errors(&event.data).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?} in {event:?}");
    }
}
