//! The published document, and that every answer of every test is one that it describes.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use rebound_edge::Code;
use serde_json::{Value, json};

use crate::support::{Answer, Service, document};

/// Holds an answer against the document: its status, its media type, its body's schema, and so its problem's code.
#[track_caller]
pub(crate) fn check(method: &Method, path: &str, answer: &Answer) {
    let path = path.split('?').next().unwrap();
    let Some((template, item)) =
        document()["paths"].as_object().unwrap().iter().find(|(it, _)| matches(it, path))
    else {
        let unknown = [StatusCode::NOT_FOUND, StatusCode::UNAUTHORIZED];
        assert!(unknown.contains(&answer.status), "{path} is not described: {answer:?}");
        return;
    };
    let Some(operation) = item.get(method.as_str().to_lowercase()) else {
        let refused = [StatusCode::METHOD_NOT_ALLOWED, StatusCode::UNAUTHORIZED];
        assert!(
            method == Method::HEAD || refused.contains(&answer.status),
            "{method} {template}: {answer:?}"
        );
        return;
    };
    let described = &operation["responses"][answer.status.as_str()];
    assert!(described.is_object(), "{method} {template} describes no {}: {answer:?}", answer.status);
    let media_type = answer.header("content-type").split(';').next().unwrap();
    let schema = &described["content"][media_type]["schema"];
    assert!(schema.is_object(), "{method} {template} describes no {media_type}: {described}");
    for name in ["location", "link", "retry-after", "www-authenticate"] {
        let described = described["headers"].get(name).is_some();
        assert!(
            described || answer.header(name).is_empty(),
            "{method} {template} describes no {name} header"
        );
    }
    if media_type.ends_with("json") {
        assert_valid(schema, &answer.json());
    }
}

#[track_caller]
fn assert_valid(schema: &Value, body: &Value) {
    let schema = json!({ "components": document()["components"], "allOf": [schema] });
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(body).map(|error| format!("{} {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:?} in {body}");
}

fn matches(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len() && template.iter().zip(path).all(|(a, b)| a.starts_with('{') || *a == b)
}

/// Each operation with the codes of each of its statuses.
fn promises() -> BTreeMap<String, Value> {
    let mut promises = BTreeMap::new();
    for (path, item) in document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let mut by_status = serde_json::Map::new();
            for (status, response) in operation["responses"].as_object().unwrap() {
                let problem = &response["content"]["application/problem+json"]["schema"];
                let codes = &problem["allOf"][1]["properties"]["code"]["enum"];
                let content = response["content"].as_object().unwrap().keys().next().unwrap();
                by_status
                    .insert(status.clone(), if codes.is_array() { codes.clone() } else { json!(content) });
            }
            promises.insert(format!("{} {path}", method.to_uppercase()), by_status.into());
        }
    }
    promises
}

#[test]
fn what_each_route_promises() {
    insta::assert_json_snapshot!(promises());
}

#[test]
fn the_document_as_published() {
    insta::assert_json_snapshot!(document());
}

#[test]
fn every_route_but_those_that_tell_nothing_of_the_deployment_asks_for_the_token() {
    let open_paths = ["/healthz", "/readyz", "/openapi.json", "/docs", "/v1/schemas", "/v1/schemas/{type}"];
    for (path, item) in document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let open = open_paths.contains(&path.as_str());
            let security = operation["security"].as_array().unwrap();
            let asks = security.iter().all(|one| one["bearer"].is_array());
            assert!(!security.is_empty() && asks != open, "{method} {path}");
        }
    }
    assert_eq!(document()["openapi"], "3.1.0");
    assert_eq!(document()["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
}

#[test]
fn every_reference_and_every_operation_id_resolves_to_one_thing() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    references(document(), &mut found);
    assert!(found.len() > 50);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document().pointer(pointer).is_some(), "{reference}");
    }
    let mut ids = std::collections::BTreeSet::new();
    for item in document()["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            assert!(ids.insert(operation["operationId"].as_str().unwrap()));
        }
    }
}

#[test]
fn the_guide_explains_every_code_and_every_route() {
    let guide = include_str!("../../../../docs/http.md");
    for code in Code::ALL {
        let row = format!("| `{code}` | {} |", code.status().as_u16());
        assert!(guide.contains(&row), "docs/http.md has no row {row}");
    }
    for promise in promises().keys() {
        assert!(guide.contains(&format!("`{promise}`")), "docs/http.md does not tell of {promise}");
    }
}

#[tokio::test]
async fn the_document_is_served_as_json() {
    let service = Service::start().await;
    let answer = service.get("/openapi.json").send().await.expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(&answer.json(), document());
}
