//! A partner's quotas, from the operator's file to the command line.

use serde_json::json;

use crate::harness::components;
use crate::server_desk::Desk;

#[test]
fn quotas_of_the_file_hold_and_are_told_with_what_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let limits = folder.path().join("limits.toml");
    let quotas =
        "[namespaces.\"*\"]\nversions = 7\n[namespaces.rebound]\nversions = 1\nfuel_per_second = 1\n";
    std::fs::write(&limits, quotas).unwrap();
    let desk = Desk::new(&["--limits", limits.to_str().unwrap()]);
    let publish = |name: &str| {
        let component = components().join(name);
        desk.run(&["publish", component.to_str().unwrap()])
    };
    publish("rebound-segments.wasm").expect(0, &[]);
    publish("rebound-upgrade.wasm").expect(1, &["quota_exceeded", "`versions` of [namespaces.rebound]"]);
    desk.run(&["import", "catalog", &desk.file("products.csv", "sku,title,price\nA,Shirt,9900\n")])
        .expect(0, &[]);
    desk.run(&["route", "set", "segmentation", "rebound/segments@0.1.0"]).expect(0, &[]);
    desk.run(&["namespace", "figures", "rebound"]).expect(0, &[]);
    for id in ["1", "2"] {
        let event = json!({"source": "shop", "id": id, "return_id": id, "customer_id": "c-1",
            "requested_at": "2026-03-01T09:30:00Z", "locale": "en", "currency": "CNY",
            "lines": [{"sku": "A", "quantity": 1, "paid": 9900, "reason": "color"}]});
        desk.run(&["decide", &desk.file("event.json", event.to_string())]).expect(0, &[]);
    }
    let shown = desk.run(&["namespace", "show", "rebound"]).expect(0, &[]).stdout;
    for part in ["rebound: the operator's own", "versions 1, of 1", "1 a second", "rebound/segments@0.1.0"] {
        assert!(shown.contains(part), "{shown}");
    }
    let figures = desk.run(&["namespace", "figures", "rebound"]).expect(0, &[]).stdout;
    assert!(figures.contains("at segmentation: 1 calls (1 over-quota, 1 value)"), "{figures}");
    let acme = desk.run(&["namespace", "show", "acme", "--json"]).expect(0, &[]).json();
    assert_eq!((&acme["quota"]["versions"], &acme["used"]["versions"]), (&json!(7), &json!(0)));
    desk.run(&["namespace", "show", "Acme"]).expect(2, &["a-z"]);
}
