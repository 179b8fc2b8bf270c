//! The types of events that this host takes and tells of, each with the JSON Schema (2020-12) of its data.
//!
//! What is taken is described by the structs that read it, through the published document; what is told, by the
//! engine, whose tests hold its events against it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use axum::body::Bytes;
use rebound_engine::emitted;
use serde_json::{Map, Value, json};

use crate::cloudevents::RECEIVED;
use crate::openapi;
use crate::path;
use crate::wire::schema::{Direction, EventSchema};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
const COMPONENTS: &str = "#/components/schemas/";

/// A type of events, described.
pub(crate) struct Described {
    pub(crate) listed: EventSchema,
    /// The schema of its data, as JSON.
    pub(crate) schema: Bytes,
}

/// All, those that are taken first.
pub(crate) fn all() -> &'static [Described] {
    static ALL: LazyLock<Vec<Described>> = LazyLock::new(|| received().chain(told()).collect());
    &ALL
}

fn received() -> impl Iterator<Item = Described> {
    RECEIVED.iter().map(|kind| {
        let schema = standalone(openapi::described(), &format!("{}Data", kind.component));
        described(kind.word, Direction::Received, kind.summary, Some(kind.route), schema)
    })
}

fn told() -> impl Iterator<Item = Described> {
    emitted()
        .iter()
        .map(|kind| described(&kind.kind, Direction::Emitted, &kind.summary, None, kind.schema.clone()))
}

fn described(
    word: &str,
    direction: Direction,
    summary: &str,
    route: Option<&'static str>,
    mut schema: Map<String, Value>,
) -> Described {
    schema.insert("$schema".to_owned(), DIALECT.into());
    schema.insert("$id".to_owned(), format!("urn:rebound:schema:{word}").into());
    schema.insert("title".to_owned(), word.into());
    let listed = EventSchema {
        kind: word.to_owned(),
        direction,
        summary: summary.to_owned(),
        route,
        schema: format!("/v1/schemas/{}", path::encode(word)),
    };
    let bytes = serde_json::to_vec(&schema).expect("a value is written whatever it holds");
    Described { listed, schema: bytes.into() }
}

/// A schema of the document that stands alone: what it refers to is in it, under `$defs`.
fn standalone(document: &Value, name: &str) -> Map<String, Value> {
    let component = |name: &str, wanted: &mut Vec<String>| {
        let mut schema = document["components"]["schemas"][name].clone();
        detach(&mut schema, wanted);
        schema
    };
    let mut wanted = Vec::new();
    let Value::Object(mut root) = component(name, &mut wanted) else { return Map::new() };
    let mut seen = BTreeSet::new();
    let mut definitions = Map::new();
    while let Some(name) = wanted.pop() {
        if seen.insert(name.clone()) {
            definitions.insert(name.clone(), component(&name, &mut wanted));
        }
    }
    root.insert("$defs".to_owned(), definitions.into());
    root
}

/// Lets references point into `$defs`, and notes what they name.
fn detach(schema: &mut Value, wanted: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref")
                && let Some(name) = reference.strip_prefix(COMPONENTS).map(str::to_owned)
            {
                *reference = format!("#/$defs/{name}");
                wanted.push(name);
            }
            // OpenAPI's own word; JSON Schema has the plural.
            if let Some(example) = members.remove("example") {
                members.insert("examples".to_owned(), json!([example]));
            }
            members.values_mut().for_each(|value| detach(value, wanted));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| detach(value, wanted)),
        _ => {}
    }
}
