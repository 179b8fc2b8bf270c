//! What tells of a customer is sealed: the raw records hold neither who it is nor what was said.

use rebound_domain::event::CustomerRequest;
use rebound_domain::manifest::Stage;

use crate::counter::counter;
use crate::house::{House, entry, order, request};

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn no_raw_record_tells_who_a_customer_is_or_what_was_said() {
    let house = House::with_products(&["sku-in-the-open"]).await;
    let plugin = house.publish(counter("tests/counter", "1.0.0", 1)).await;
    house.engine.set_route(Stage::Segmentation, vec![entry(&plugin, "{}")]).await.unwrap();
    let mut event = request("event-ab12", "return-cd34", "customer-ef56", &["sku-in-the-open"]);
    event.lines[0].note = Some("note-gh78".to_owned());
    event.lines[0].reason_code = Some("code-ij90".to_owned());
    let customer = CustomerRequest {
        customer_id: event.customer_id.clone(),
        traits: vec!["trait-kl12".to_owned()],
        consent: vec!["channel-mn34".to_owned()],
        locale: None,
    };
    let orders = vec![order("order-op56", Some("customer-ef56"), 1, &["sku-in-the-open"])];
    house.engine.import_orders(orders).await.unwrap()[0].as_ref().unwrap();
    house.engine.import_customers(vec![customer]).await.unwrap()[0].as_ref().unwrap();
    let plan = house.decide(&event).await.unwrap().plan;
    assert_eq!(plan.segment.key, "s", "a state is kept, too");

    let records = house.records().await;
    let found = |text: &str| {
        let within = |entry: &rebound_storage::Entry| entry.bytes().is_some_and(|bytes| holds(bytes, text));
        records.iter().any(|(key, entry)| holds(&key.owner, text) || holds(&key.key, text) || within(entry))
    };
    assert!(found("sku-in-the-open"), "products are no secret, and the search finds what is there");
    for secret in
        ["customer-ef56", "note-gh78", "code-ij90", "trait-kl12", "channel-mn34", "order-op56", "event-ab12"]
    {
        assert!(!found(secret), "{secret} is readable");
    }
}
