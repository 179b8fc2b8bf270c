//! The contract holds for other languages: a strategy in Python and one in JavaScript, built from `wit/` unchanged,
//! serve a return under the real host.

use std::path::Path;

use rebound_tests::client::{Client, Method};
use rebound_tests::service::Service;
use rebound_toolchain::foreign::{self, Source};
use rebound_toolchain::{BuildError, Built};
use serde_json::{Value, json};

use crate::harness::{binary, root, skip};

#[test]
fn a_python_strategy_serves_a_return() {
    serves("bundle.py", "python", "large", foreign::python);
}

#[test]
fn a_javascript_strategy_serves_a_return() {
    serves("variant.js", "javascript", "standard", foreign::javascript);
}

type Build = fn(&Source<'_>, &Path) -> Result<Built, BuildError>;

fn serves(file: &str, language: &str, class: &str, build: Build) {
    let file = root().join("examples/plugins").join(language).join(file);
    let source = Source { file: &file, wit: &root().join("wit/0.1.0"), world: "recommender" };
    let folder = tempfile::tempdir().unwrap();
    let built = match build(&source, folder.path()) {
        Ok(built) => built,
        Err(error @ BuildError::Missing { .. }) => return skip(&error.to_string()),
        Err(error) => panic!("{error}"),
    };
    let contract = |import: &String| import.starts_with("rebound:strategy/");
    assert!(built.imports.iter().all(contract), "{:?}", built.imports);

    let data = tempfile::tempdir().unwrap();
    let service = Service::start(&binary(), data.path(), &[]).unwrap();
    let client = Client::new(&service.url, None);
    shop(&client);
    let path = format!("/v1/plugins?class={class}");
    let answer = client.send(Method::Post, &path, "application/wasm", &built.bytes).unwrap();
    let published = answer.json().unwrap();
    assert_eq!(answer.status, 201, "{published}");
    let (name, version) = published["plugin"].as_str().unwrap().split_once('@').unwrap();
    let approval = json!({"owner": "Tests", "reason": "its texts were read"});
    client.ok(Method::Post, &format!("/v1/plugins/{name}/{version}/approval"), &approval).unwrap();
    let route = json!({"entries": [{"plugin": published["plugin"], "config": {}, "slots": 2}]});
    client.ok(Method::Put, "/v1/routes/recommendation", &route).unwrap();

    let event = json!({"source": "test", "id": "e-1", "return_id": "r-1", "customer_id": "c-1",
        "requested_at": "2026-03-01T00:00:00Z", "locale": "zh-CN", "currency": "CNY",
        "lines": [{"sku": "shirt-m", "quantity": 1, "paid": 9900, "reason": "size-too-small"}]});
    let plan = client.ok(Method::Post, "/v1/returns", &event).unwrap();
    let call = &plan["trace"]["stages"][0];
    assert_eq!(call["outcome"], "value", "{call}");
    let offers = plan["offers"].as_array().unwrap();
    assert!(!offers.is_empty(), "{plan}");
    assert!(
        offers.iter().all(|offer| offer["copy"][0].as_array().is_some_and(|line| line.len() > 1)),
        "{plan}"
    );
}

/// A shirt in two sizes, and a belt that its buyers bought too.
fn shop(client: &Client) {
    let products = [
        json!({"sku": "shirt-m", "title": "Shirt M", "category": "shirts", "price": 9900, "style": "shirt",
            "options": {"size": "M"}, "stock": 3}),
        json!({"sku": "shirt-l", "title": "Shirt L", "category": "shirts", "price": 9900, "style": "shirt",
            "options": {"size": "L"}, "stock": 3}),
        json!({"sku": "belt", "title": "Belt", "category": "belts", "price": 4900, "stock": 5}),
    ];
    let order = |index: u32| {
        json!({"id": format!("o-{index}"), "customer_id": format!("buyer-{index}"),
            "ordered_at": "2026-01-01T00:00:00Z", "lines": [{"sku": "shirt-m", "quantity": 1, "paid": 9900},
            {"sku": "belt", "quantity": 1, "paid": 4900}]})
    };
    import(client, "/v1/catalog", &products);
    import(client, "/v1/orders", &(0..5).map(order).collect::<Vec<_>>());
}

fn import(client: &Client, path: &str, lines: &[Value]) {
    let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let answer = client.send(Method::Post, path, "application/x-ndjson", body.as_bytes()).unwrap();
    assert_eq!(answer.json().unwrap()["created"], lines.len(), "{}", String::from_utf8_lossy(&answer.body));
}
