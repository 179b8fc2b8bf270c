//! What a checkout asks. That holds are made and honoured is shown in the engine's tests and over the real binary.

use serde_json::json;

use crate::support::{Service, event};

#[tokio::test]
async fn a_customer_who_was_promised_nothing_has_no_holds() {
    let service = Service::stocked().await;
    let none = json!({"holds": []});
    assert_eq!(service.get("/v1/holds?customer_id=c-1").send().await.expect(200).json(), none);
    service.post("/v1/returns").json(&event("e-1", "r-1")).send().await.expect(201);
    for path in [
        "/v1/holds?customer_id=c-1",
        "/v1/holds?customer_id=c-1&sku=LIP-01",
        "/v1/holds?customer_id=c-1&recommendation_id=r-00",
    ] {
        assert_eq!(service.get(path).send().await.expect(200).json(), none);
    }
}

#[tokio::test]
async fn whose_holds_must_be_said() {
    let service = Service::start().await;
    for (path, code, part) in [
        ("/v1/holds", "invalid_field", "customer_id"),
        ("/v1/holds?customer_id=", "invalid_field", "customer_id"),
        ("/v1/holds?customer_id=c-1&sku=", "invalid_field", "sku"),
        ("/v1/holds?customer_id=c-1&product=1", "unknown_field", "product"),
    ] {
        let (got, detail) = service.get(path).send().await.expect(422).problem();
        assert_eq!(got, code, "{path}");
        assert!(detail.contains(part), "{path}: {detail}");
    }
}
