//! Programs of others, as they are published: CloudEvents clients from PyPI and npm send events to the real binary, and
//! schemathesis holds it against its own description.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rebound_tests::client::{Client, Method};
use rebound_toolchain::{BuildError, foreign};
use serde_json::{Value, json};

use crate::harness::{root, skip};
use crate::server_process::Running;

/// The release of cloudevents (PyPI) that is used.
const CLOUDEVENTS_PYPI: &str = "2.2.0";
/// The release of cloudevents (npm) that is used.
const CLOUDEVENTS_NPM: &str = "10.0.0";
/// The release of schemathesis (PyPI) that is used.
const SCHEMATHESIS: &str = "4.32.5";

/// Where tools are installed: once, for every later run too.
fn tools(registry: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(registry)
}

fn script(name: &str) -> PathBuf {
    root().join("tests/clients").join(name)
}

/// A service that has the product which the clients' events are about.
fn shop(data: &Path) -> Running {
    let service = Running::dev(data);
    let product = json!({"sku": "LIP-01", "title": "Lip balm", "price": 19_900}).to_string();
    let client = Client::new(&service.url, None);
    let answer = client.send(Method::Post, "/v1/catalog", "application/x-ndjson", product.as_bytes());
    assert_eq!(answer.unwrap().json().unwrap()["created"], 1);
    service
}

/// Runs a program to its end; its standard output.
#[track_caller]
fn output(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} ended with {}:\n{stdout}\n{stderr}", output.status);
    stdout
}

/// What was installed; none where its language is missing, and that is told.
fn installed(result: Result<PathBuf, BuildError>) -> Option<PathBuf> {
    match result {
        Ok(path) => Some(path),
        Err(error @ BuildError::Missing { .. }) => {
            skip(&error.to_string());
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn events_of_the_client_from_pypi_are_taken_in_every_mode() {
    let found = foreign::pypi("cloudevents", CLOUDEVENTS_PYPI, &tools("pypi"));
    let Some(programs) = installed(found) else { return };
    let data = tempfile::tempdir().unwrap();
    let service = shop(data.path());
    let mut client = Command::new(programs.join("python"));
    client.arg(script("cloudevents_client.py")).arg(&service.url);
    check(&service, &output(&mut client));
}

#[test]
fn events_of_the_client_from_npm_are_taken_in_every_mode() {
    let found = foreign::npm("cloudevents", CLOUDEVENTS_NPM, &tools("npm"));
    let Some(modules) = installed(found) else { return };
    let data = tempfile::tempdir().unwrap();
    let service = shop(data.path());
    let mut client = Command::new("node");
    client.arg(script("cloudevents_client.mjs")).arg(modules).arg(&service.url);
    check(&service, &output(&mut client));
}

/// Both clients send the same events.
#[track_caller]
fn check(service: &Running, printed: &str) {
    let answers: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [structured, binary, unicode, batch, placed, again] = &answers[..] else { panic!("{printed}") };
    assert_eq!(structured["status"], 201, "{structured}");
    let plan = &structured["body"];
    assert_eq!((&plan["source"], &plan["event_id"]), (&json!("/shops/munich"), &json!("e-1")));
    assert_eq!((&plan["return_id"], &plan["refund"]["amount"]), (&json!("r-1"), &json!(19_900)));
    // The same event in another mode is the same event.
    assert_eq!((&binary["status"], &binary["body"]), (&json!(200), plan));
    assert_eq!((&unicode["status"], &unicode["body"]["return_id"]), (&json!(201), &json!("r-退货")));
    let results = batch["body"]["results"].as_array().unwrap();
    let statuses: Vec<_> = results.iter().map(|result| result["status"].as_u64().unwrap()).collect();
    assert_eq!((&batch["status"], statuses), (&json!(200), vec![200, 422, 201]), "{batch}");
    assert_eq!((&results[0]["plan"], &results[1]["problem"]["code"]), (plan, &json!("unknown_sku")));
    assert_eq!(placed, &json!({"status": 201, "body": {"outcome": "created"}}));
    assert_eq!(again, &json!({"status": 200, "body": {"outcome": "unchanged"}}));
    // And it is the event that a sender of the plain body means.
    let plain = json!({"source": "/shops/munich", "id": "e-1", "return_id": "r-1", "customer_id": "c-1",
        "requested_at": "2026-03-01T09:30:00Z", "locale": "en", "currency": "CNY",
        "lines": [{"sku": "LIP-01", "quantity": 1, "paid": 19_900, "reason": "color", "note": "zu rot"}]});
    let client = Client::new(&service.url, None);
    let body = plain.to_string();
    let answer = client.send(Method::Post, "/v1/returns", "application/json", body.as_bytes()).unwrap();
    assert_eq!((answer.status, &answer.json().unwrap()), (200, plan));
}

/// Requests made up from the document, good ones and bad ones: none may end in a 5xx, and every answer has a status, a
/// media type and a body that the document has. What is made up is the same in each run.
#[test]
fn every_answer_to_made_up_requests_is_a_documented_one() {
    let found = foreign::pypi("schemathesis", SCHEMATHESIS, &tools("pypi"));
    let Some(programs) = installed(found) else { return };
    let data = tempfile::tempdir().unwrap();
    let service = shop(&data.path().join("data"));
    let mut command = Command::new(programs.join("schemathesis"));
    command.current_dir(data.path()).env("SCHEMATHESIS_HOOKS", "schemathesis_hooks");
    command.env("PYTHONPATH", root().join("tests/clients")).env("PYTHONDONTWRITEBYTECODE", "1");
    command.arg("run").arg(format!("{}/openapi.json", service.url));
    let checks =
        "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
    command.args(["--checks", checks, "--phases", "examples,coverage,fuzzing"]);
    // One worker: several make up requests in an order of their own.
    command.args(["--max-examples", "15", "--generation-deterministic", "--workers", "1", "--no-shrink"]);
    command.args(["--no-color", "--warnings", "off"]);
    let printed = output(&mut command);
    // It did test something: an empty document would pass too.
    let tested = printed.lines().find_map(|line| line.trim().strip_prefix("Tested: "));
    let tested: usize = tested.and_then(|count| count.trim().parse().ok()).unwrap_or_default();
    assert!(tested >= 30, "{printed}");
}
