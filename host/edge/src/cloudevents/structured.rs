//! Structured mode: one JSON object holds attributes and data.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

use super::envelope::{Attributes, Envelope, Form, invalid};
use crate::json;
use crate::problem::Problem;

/// Reads an event from one object, in which no name is there twice.
///
/// # Errors
/// A problem that names the place.
pub(crate) fn envelope(mut members: Map<String, Value>) -> Result<Envelope, Problem> {
    let data = members.remove("data");
    let encoded = members.remove("data_base64");
    let mut attributes = Attributes::new(Form::Structured);
    for (name, value) in members {
        let text = match value {
            Value::String(text) => text,
            Value::Bool(flag) if !is_defined(&name) => flag.to_string(),
            Value::Number(number) if !is_defined(&name) => number.to_string(),
            // An attribute that is null is one that is not there (section 2.2 of the JSON format).
            Value::Null => continue,
            _ if is_defined(&name) => {
                return Err(invalid(&name, &format!("`{name}` is no text; send one in quotes")));
            }
            _ => {
                let detail = format!(
                    "`{}` is no attribute of CloudEvents, which are texts, numbers and booleans; what the event is \
                     about belongs into `data`",
                    name.escape_debug()
                );
                return Err(invalid(&name, &detail));
            }
        };
        attributes.add(&name, text)?;
    }
    attributes.require_json_data()?;
    let envelope = attributes.envelope(Map::new())?;
    let data = match (data, encoded) {
        (Some(Value::Null) | None, Some(Value::Null) | None) => {
            return Err(invalid("data", "`data` is missing; this event is told by its data, add it"));
        }
        (Some(data), Some(Value::Null) | None) => object(data)?,
        (Some(Value::Null) | None, Some(encoded)) => decoded(&encoded)?,
        (Some(_), Some(_)) => {
            return Err(invalid("data_base64", "`data` and `data_base64` are both there; keep one"));
        }
    };
    Ok(Envelope { data, ..envelope })
}

/// Whether the standard itself defines an attribute: all of those are texts.
fn is_defined(name: &str) -> bool {
    matches!(
        name,
        "specversion" | "id" | "source" | "type" | "subject" | "time" | "datacontenttype" | "dataschema"
    )
}

fn object(data: Value) -> Result<Map<String, Value>, Problem> {
    match data {
        Value::Object(members) => Ok(members),
        _ => Err(invalid("data", "`data` is JSON, but not an object; send one in braces")),
    }
}

fn decoded(encoded: &Value) -> Result<Map<String, Value>, Problem> {
    let wrong = |why: &str| invalid("data_base64", &format!("`data_base64` {why}"));
    let text = encoded.as_str().ok_or_else(|| wrong("is no text; send base64 (RFC 4648) in quotes"))?;
    let bytes = BASE64_STANDARD
        .decode(text)
        .map_err(|error| wrong(&format!("is not base64 (RFC 4648): {error}; encode the data again")))?;
    json::read_object(&bytes).map_err(|problem| {
        let detail = format!("`data_base64`, decoded: {}", problem.detail());
        Problem::new(problem.code(), detail).field("data_base64")
    })
}
