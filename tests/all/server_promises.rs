//! Promises over the real binary: a coupon and a held price are there after the process was killed.

use rebound_tests::client::{Client, Method};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::components;
use crate::server_process::Running;

/// A shop whose dress has a dearer sister, and a budget of one coupon of 20.00.
fn shop(client: &Client) {
    let products = [
        json!({"sku": "DRESS-01", "title": "Linen dress", "category": "dresses", "price": 19_900, "stock": 9}),
        json!({"sku": "DRESS-02", "title": "Linen dress with pockets", "category": "dresses", "price": 22_900, "stock": 9}),
    ];
    let lines: String = products.iter().map(|product| format!("{product}\n")).collect();
    let imported =
        client.send(Method::Post, "/v1/catalog", "application/x-ndjson", lines.as_bytes()).unwrap();
    assert_eq!(imported.json().unwrap()["created"], 2);
    let budget = json!({"currency": "CNY", "limit": 2_000, "max_value": 2_000, "benefits": ["amount-off"]});
    client.ok(Method::Put, "/v1/budgets/returns", &budget).unwrap();
    for (stage, name) in [("recommendation", "upgrade"), ("coupon", "coupons")] {
        let bytes = std::fs::read(components().join(format!("rebound-{name}.wasm"))).unwrap();
        let published =
            client.send(Method::Post, "/v1/plugins", "application/wasm", &bytes).unwrap().json().unwrap();
        let route = json!({"entries": [{"plugin": published["plugin"], "config": {}, "slots": 3}]});
        client.ok(Method::Put, &format!("/v1/routes/{stage}"), &route).unwrap();
    }
}

fn event(number: u32, customer: &str) -> Value {
    json!({"source": "shop", "id": format!("e-{number}"), "return_id": format!("r-{number}"), "customer_id": customer,
        "locale": "zh-CN", "requested_at": "2026-03-01T09:30:00Z", "currency": "CNY",
        "lines": [{"sku": "DRESS-01", "quantity": 1, "paid": 19_900, "reason": "style"}]})
}

#[test]
fn a_coupon_and_a_held_price_outlive_a_killed_process() {
    let data = tempfile::tempdir().unwrap();
    let service = Running::dev(data.path());
    let client = Client::new(&service.url, None);
    shop(&client);
    let plan = client.ok(Method::Post, "/v1/returns", &event(1, "c-1")).unwrap();
    let coupon = &plan["coupons"][0];
    let code = coupon["code"].as_str().expect("the coupon exists");
    assert_eq!((code.len(), &coupon["benefit"]), (16, &json!({"kind": "amount-off", "amount": 2_000})));
    let told = coupon["copy"].to_string();
    assert!(told.contains("¥20.00"), "{told}");
    let offer = &plan["offers"][0];
    assert_eq!((&offer["sku"], &offer["hold"]["price"]), (&json!("DRESS-02"), &json!(22_900)));
    service.signal(Signal::KILL);
    service.wait();

    let service = Running::dev(data.path());
    let client = Client::new(&service.url, None);
    let again = client.ok(Method::Post, "/v1/returns", &event(1, "c-1")).unwrap();
    assert_eq!(again, plan, "the same event, the same promise");
    let budgets = client.get("/v1/budgets").unwrap().json().unwrap();
    assert_eq!(
        (&budgets["budgets"][0]["charged"], &budgets["budgets"][0]["left"]),
        (&json!(2_000), &json!(0))
    );
    let dearer = json!({"sku": "DRESS-02", "title": "Linen dress with pockets", "category": "dresses", "price": 29_900});
    client.send(Method::Post, "/v1/catalog", "application/x-ndjson", dearer.to_string().as_bytes()).unwrap();
    let held = client.get("/v1/holds?customer_id=c-1&sku=DRESS-02").unwrap().json().unwrap();
    let hold = &held["holds"][0];
    assert_eq!((&hold["price"], &hold["until"]), (&json!(22_900), &offer["hold"]["until"]));
    assert_eq!(client.get("/v1/holds?customer_id=c-2").unwrap().json().unwrap(), json!({"holds": []}));

    let late = client.ok(Method::Post, "/v1/returns", &event(2, "c-2")).unwrap();
    assert_eq!(
        (&late["coupons"], &late["refund"]["amount"]),
        (&json!([]), &json!(19_900)),
        "the budget is spent"
    );
}
