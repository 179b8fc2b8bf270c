//! The published description of the API: OpenAPI 3.1, made of the routes themselves.
//!
//! Handlers name the problems they may answer with (`x-problems`). What follows from a route's shape alone is
//! added here: whoever takes a body may be sent a broken one, whoever asks for a token may be sent none.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use crate::access;
use crate::code::Code;
use crate::problem::{PROBLEM_JSON, ProblemBody};
use crate::routes;

mod events;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Rebound",
        description = "Turns a merchandise return into a kept customer: return events in, recovery plans out.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "returns", description = "A return event becomes a plan"),
        (name = "events", description = "The types of events that come in and go out"),
        (name = "promises", description = "What plans promised and the host keeps"),
        (name = "imports", description = "What the host learns from: orders, products, customers"),
        (name = "customers", description = "A person: what is held, and how it is erased"),
        (name = "plugins", description = "Published strategies"),
        (name = "recordings", description = "Decisions as they were recorded, run again"),
        (name = "control", description = "What operators set"),
        (name = "claims", description = "What may be said: constants, approvals, violations"),
        (name = "access", description = "Tokens, and the log of what was changed"),
        (name = "service", description = "Running the service"),
    ),
    components(schemas(ProblemBody)),
)]
struct Api;

const BEARER: &str = "bearer";
const SCHEME: &str = "A token that `POST /v1/tokens` made, or the admin token, which has every scope and is printed once \
at the first start. Each operation names the scopes of which one is enough; `operate` contains `read`, `admin` contains \
all but `personal-data`.";
const JSON_BODY: &[Code] = &[Code::InvalidJson, Code::InvalidField, Code::UnknownField, Code::BodyTooLarge];
const ANY_BODY: &[Code] = &[Code::UnsupportedMediaType, Code::RequestTimeout, Code::BodyIncomplete];

/// The document, written once.
pub(crate) fn document() -> Bytes {
    serde_json::to_vec(described()).expect("a value is written whatever it holds").into()
}

/// The document as a value: for those who show it, or a part of it.
pub(crate) fn described() -> &'static Value {
    static DESCRIBED: LazyLock<Value> = LazyLock::new(describe);
    &DESCRIBED
}

fn describe() -> Value {
    let mut api = Api::openapi();
    api.merge(routes::guarded().into_openapi());
    let mut open = routes::probes().into_openapi();
    open.merge(routes::public().into_openapi());
    let open_paths: Vec<String> = open.paths.paths.keys().cloned().collect();
    api.merge(open);
    let mut document = serde_json::to_value(api).expect("utoipa writes what it made");
    document["components"]["securitySchemes"] = json!({
        BEARER: { "type": "http", "scheme": "bearer", "description": SCHEME }
    });
    events::describe(&mut document);
    let paths = document["paths"].as_object_mut().expect("a document has paths");
    for (path, item) in paths {
        let is_open = open_paths.contains(path);
        for (method, operation) in item.as_object_mut().expect("a path is an object") {
            complete(operation, is_open);
            if !is_open {
                access::describe(method, path, operation);
            }
        }
    }
    document
}

fn complete(operation: &mut Value, is_open: bool) {
    let mut by_status: BTreeMap<StatusCode, Vec<Code>> = BTreeMap::new();
    for code in codes(operation, is_open) {
        by_status.entry(code.status()).or_default().push(code);
    }
    let responses = operation["responses"].as_object_mut().expect("an operation has responses");
    for (status, codes) in by_status {
        responses.insert(status.as_str().to_owned(), response(&codes));
    }
    if let Some(component) = operation.pointer_mut("/requestBody/content/application~1wasm") {
        // Raw bytes have no schema in OpenAPI 3.1; what is derived from their type is a list of numbers.
        *component = json!({});
    }
    let operation = operation.as_object_mut().expect("an operation is an object");
    operation.remove("x-problems");
    operation.remove("x-event");
}

fn codes(operation: &Value, is_open: bool) -> Vec<Code> {
    let own = operation["x-problems"].as_array().into_iter().flatten();
    let own = own.filter_map(|word| Code::ALL.iter().copied().find(|code| word == code.word()));
    let mut codes: Vec<Code> = own.chain([Code::Internal]).collect();
    if !is_open {
        codes.extend([
            Code::Unauthorized,
            Code::Forbidden,
            Code::RateLimited,
            Code::MisdirectedRequest,
            Code::UnknownField,
        ]);
    }
    if let Some(content) = operation["requestBody"]["content"].as_object() {
        codes.extend(ANY_BODY);
        if content.contains_key("application/json") {
            codes.extend(JSON_BODY);
        }
        if content.contains_key("application/wasm") {
            codes.push(Code::BodyTooLarge);
        }
    }
    if operation["x-event"].is_string() {
        codes.push(Code::UnknownEventType);
    }
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        codes.push(Code::InvalidField);
        if parameter["in"] == "path" {
            codes.push(Code::InvalidUrl);
        }
    }
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn response(codes: &[Code]) -> Value {
    let words: Vec<&str> = codes.iter().map(|code| code.word()).collect();
    let lines: Vec<String> = codes.iter().map(|code| format!("`{code}`: {}", code.title())).collect();
    let mut response = json!({
        "description": lines.join("\n\n"),
        "content": { PROBLEM_JSON: { "schema": {
            "allOf": [
                { "$ref": "#/components/schemas/Problem" },
                { "type": "object", "properties": { "code": { "enum": words } } },
            ],
        } } },
    });
    let mut headers = Map::new();
    let mut header = |name: &str, description: &str| {
        headers
            .insert(name.to_owned(), json!({ "description": description, "schema": { "type": "string" } }));
    };
    if codes.contains(&Code::Unauthorized) {
        header("www-authenticate", "Bearer");
    }
    if codes.contains(&Code::Forbidden) {
        header("www-authenticate", "Bearer, with error insufficient_scope and the scope that is missing");
    }
    if codes.contains(&Code::ReturnAlreadyDecided) {
        header("link", "Where the plan of the return is, for return_already_decided");
    }
    if codes.iter().any(|code| code.retry_after_seconds().is_some() || *code == Code::RateLimited) {
        header("retry-after", "Seconds");
    }
    if !headers.is_empty() {
        response["headers"] = headers.into();
    }
    response
}
