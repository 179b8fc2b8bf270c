//! How routes of events are described: the plain body, and CloudEvents in each mode.

use serde_json::{Value, json};

use crate::body;
use crate::cloudevents::{EVENTS_MAX, EventType, RECEIVED};

/// Adds to each route of events the ways in which they may come.
pub(super) fn describe(document: &mut Value) {
    for kind in RECEIVED {
        let (data, envelope) = (format!("{}Data", kind.component), format!("{}Envelope", kind.component));
        let schemas = &mut document["components"]["schemas"];
        schemas[&data] = data_schema(kind, &schemas[kind.component]);
        schemas[&envelope] = envelope_schema(kind, &data);
        let (method, path) = kind.route.split_once(' ').expect("a route is a method and a path");
        let operation = &mut document["paths"][path][method.to_lowercase()];
        modes(operation, kind, &data, &envelope);
    }
}

/// The data of an event: the plain body, less what the envelope says.
fn data_schema(kind: &EventType, component: &Value) -> Value {
    let mut schema = component.clone();
    if let Some(required) = schema["required"].as_array_mut() {
        required.retain(|field| kind.stands_for.iter().all(|(_, it)| field != it));
    }
    let fields: Vec<_> = kind
        .stands_for
        .iter()
        .map(|(attribute, field)| format!("`{field}` for `{}`", attribute.word()))
        .collect();
    let summary = schema["description"].as_str().unwrap_or_default();
    let description = format!(
        "{summary} As the data of a CloudEvent it may leave out what the envelope says: {}.",
        fields.join(", ")
    );
    schema["description"] = description.into();
    schema
}

fn envelope_schema(kind: &EventType, data: &str) -> Value {
    let text = |description: &str| json!({ "type": ["string", "null"], "description": description });
    let name = |description: &str| json!({ "type": "string", "minLength": 1, "maxLength": 256, "description": description });
    json!({
        "type": "object",
        "description": format!("A CloudEvent 1.0 of the type {}. {}.", kind.word, kind.summary),
        "required": ["specversion", "id", "source", "type"],
        "properties": {
            "specversion": { "const": "1.0" },
            "id": name("Names the event at its source."),
            "source": name("Where the event comes from."),
            "type": { "const": kind.word },
            "subject": text("What the event is about."),
            "time": {
                "type": ["string", "null"], "format": "date-time", "description": "When it happened.",
            },
            "datacontenttype": text("application/json, or left out."),
            "dataschema": text("Read and not followed: the type says what the data is."),
            "traceparent": text("The trace that the event belongs to (W3C Trace Context)."),
            "data": { "$ref": format!("#/components/schemas/{data}") },
            "data_base64": {
                "type": "string", "contentEncoding": "base64", "contentMediaType": "application/json",
                "description": "The data, in place of `data`.",
            },
        },
        "oneOf": [{ "required": ["data"] }, { "required": ["data_base64"] }],
        // Extensions: read and dropped.
        "propertyNames": { "pattern": "^([a-z0-9]+|data_base64)$" },
        "additionalProperties": { "type": ["string", "number", "boolean", "null"] },
    })
}

fn modes(operation: &mut Value, kind: &EventType, data: &str, envelope: &str) {
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let content =
        operation["requestBody"]["content"].as_object_mut().expect("a route of events takes a body");
    let binary = json!({
        "schema": match content.remove("application/json") {
            Some(plain) => json!({ "anyOf": [plain["schema"], reference(data)] }),
            None => reference(data),
        },
    });
    content.insert("application/json".to_owned(), binary);
    content.insert(body::STRUCTURED.to_owned(), json!({ "schema": reference(envelope) }));
    let batch = json!({ "schema": { "type": "array", "maxItems": EVENTS_MAX, "items": { "anyOf": [
        reference(envelope),
        { "description": "Anything else is answered with a problem in its place." },
    ] } } });
    content.insert(body::BATCH.to_owned(), batch);

    if !operation["parameters"].is_array() {
        operation["parameters"] = json!([]);
    }
    let parameters = operation["parameters"].as_array_mut().expect("it is an array");
    for (name, description, schema) in headers(kind) {
        parameters.push(json!({
            "name": name, "in": "header", "required": false, "schema": schema,
            "description": format!("{description} Binary mode only: with one such header those of specversion, id, \
                source and type are required. Percent-encoded."),
        }));
    }
}

fn headers(kind: &EventType) -> [(&'static str, &'static str, Value); 6] {
    let name = || json!({ "type": "string", "minLength": 1, "maxLength": 256 });
    [
        ("ce-specversion", "CloudEvents.", json!({ "const": "1.0", "type": "string" })),
        ("ce-id", "Names the event at its source.", name()),
        ("ce-source", "Where the event comes from.", name()),
        ("ce-type", "What it tells.", json!({ "const": kind.word, "type": "string" })),
        ("ce-subject", "What it is about.", json!({ "type": "string" })),
        ("ce-time", "When it happened.", json!({ "type": "string", "format": "date-time" })),
    ]
}
