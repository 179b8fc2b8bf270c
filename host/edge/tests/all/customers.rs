//! Exporting and erasing a customer over HTTP.

use serde_json::json;

use crate::support::{Service, event};

#[tokio::test]
async fn a_customer_is_exported_then_erased_and_repeats_are_gone() {
    let service = Service::stocked().await;
    let (event, address) = (event("e-1", "r-1"), "/v1/customers/c-1");
    service.get(address).send().await.expect(404);
    service.post("/v1/returns").json(&event).send().await.expect(201);
    let person = service.get(address).send().await.expect(200).json();
    assert_eq!((&person["customer_id"], &person["is_whole"]), (&json!("c-1"), &json!(true)));
    assert_eq!(person["plans"][0]["plan"]["return_id"], "r-1", "{person}");

    let erased = service.call(axum::http::Method::DELETE, address).send().await.expect(200).json();
    assert!(erased["records"].as_u64().unwrap() > 1, "{erased}");
    let (code, _) = service.get(address).send().await.expect(404).problem();
    assert_eq!(code, "not_found");
    let (code, detail) = service.post("/v1/returns").json(&event).send().await.expect(410).problem();
    assert_eq!(code, "erased");
    assert!(!detail.contains("c-1") && detail.contains("new return id"), "{detail}");
    service.get("/v1/returns/r-1").send().await.expect(404);
    let again = service.call(axum::http::Method::DELETE, address).send().await.expect(200).json();
    assert_eq!(again, json!({ "records": 0 }));
    service.call(axum::http::Method::DELETE, "/v1/customers/c-1?really=1").send().await.expect(422);
    service.get("/v1/customers/%00").send().await.expect(422);
    let log = service.get("/v1/audit").send().await.expect(200).json();
    let told = |entry: &serde_json::Value| {
        (entry["entry"]["action"].as_str().unwrap().to_owned(), entry["entry"]["who"]["kind"].clone())
    };
    let entries = log["entries"].as_array().unwrap();
    let of_people = entries.iter().map(told).filter(|(action, _)| action.starts_with("customer."));
    let want =
        [("customer.export".to_owned(), json!("admin")), ("customer.erase".to_owned(), json!("admin"))];
    assert_eq!(of_people.collect::<Vec<_>>(), want);
}
