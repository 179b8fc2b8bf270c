//! Lines for the terminal, with bodies made from the schemas.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

/// How deep a body is filled in; no body of the interface goes deeper.
const DEPTH_MAX: usize = 8;

/// A line that calls an operation.
pub(super) fn curl(
    document: &Value,
    verb: &str,
    path: &str,
    operation: &Value,
    body: Option<(&String, &Value)>,
) -> String {
    let mut line = String::from("curl");
    if verb != "get" {
        let _ = write!(line, " -X {}", verb.to_uppercase());
    }
    let is_open = operation["security"] == json!([{}]);
    if !is_open {
        line.push_str(" -H \"authorization: Bearer $REBOUND_TOKEN\"");
    }
    let _ = write!(line, " \"$REBOUND_URL{path}\"");
    let Some((media_type, content)) = body else { return line };
    let _ = write!(line, " \\\n  -H 'content-type: {media_type}'");
    match media_type.as_str() {
        "application/wasm" => line.push_str(" --data-binary @strategy.wasm"),
        _ => {
            let body = example(document, &content["schema"], DEPTH_MAX).to_string();
            let _ = write!(line, " \\\n  -d '{}'", body.replace('\'', "'\\''"));
        }
    }
    line
}

/// A value that a schema takes: its own example where it has one, else the least there is.
fn example(document: &Value, schema: &Value, depth: usize) -> Value {
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    if let Some(constant) = schema.get("const") {
        return constant.clone();
    }
    if depth == 0 {
        return Value::Null;
    }
    if let Some(pointer) = schema["$ref"].as_str().and_then(|it| it.strip_prefix('#')) {
        return document.pointer(pointer).map_or(Value::Null, |schema| example(document, schema, depth - 1));
    }
    for choice in ["enum", "oneOf", "anyOf", "allOf"] {
        if let Some(first) = schema[choice].as_array().and_then(|choices| choices.first()) {
            return if choice == "enum" { first.clone() } else { example(document, first, depth - 1) };
        }
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.first().and_then(Value::as_str),
        kind => kind.as_str(),
    };
    match kind {
        Some("object") => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let member =
                |name: &str| (name.to_owned(), example(document, &schema["properties"][name], depth - 1));
            required.map(member).collect::<Map<_, _>>().into()
        }
        Some("array") if schema["minItems"].as_u64().unwrap_or(0) > 0 => {
            json!([example(document, &schema["items"], depth - 1)])
        }
        Some("array") => json!([]),
        Some("integer" | "number") => {
            schema.get("minimum").filter(|it| *it != 0).cloned().unwrap_or(json!(1))
        }
        Some("boolean") => json!(false),
        Some("string") => json!("text"),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi;

    #[test]
    fn the_body_of_a_return_is_one_that_the_host_reads() {
        let document = openapi::described();
        let schema = &document["components"]["schemas"]["ReturnEvent"];
        let body = example(document, schema, DEPTH_MAX);
        let event: Result<crate::wire::return_event::ReturnEvent, _> = crate::json::typed(&body);
        assert!(event.is_ok(), "{body} {:?}", event.err());
        assert_eq!(body["lines"][0]["sku"], "LIP-01");
    }

    #[test]
    fn a_quote_in_a_body_stays_in_the_shells_string() {
        let document = json!({});
        let body = ("application/json".to_owned(), json!({"schema": {"const": "it's"}}));
        let line = curl(&document, "post", "/x", &json!({}), Some((&body.0, &body.1)));
        assert!(line.ends_with(r#"-d '"it'\''s"'"#), "{line}");
    }
}
