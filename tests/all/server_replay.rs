//! Recordings and quarantines from the command line.

use serde_json::{Value, json};

use crate::harness::components;
use crate::server_desk::Desk;

fn event(id: &str) -> String {
    let event = json!({"source": "shop", "id": format!("e-{id}"), "return_id": format!("r-{id}"), "customer_id": "c-1",
        "requested_at": "2026-03-01T09:30:00Z", "locale": "en", "currency": "CNY",
        "lines": [{"sku": "A", "quantity": 1, "paid": 9900, "reason": "color"}]});
    event.to_string()
}

/// A service that records every decision, with the shipped segmentation in its route.
fn desk() -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let limits = folder.path().join("limits.toml");
    std::fs::write(&limits, "record_share_bp = 10_000\n").unwrap();
    let desk = Desk::new(&["--limits", limits.to_str().unwrap()]);
    desk.run(&["import", "catalog", &desk.file("products.csv", "sku,title,price\nA,Shirt,9900\n")])
        .expect(0, &[]);
    let component = components().join("rebound-segments.wasm");
    desk.run(&["publish", component.to_str().unwrap()]).expect(0, &[]);
    desk.run(&["route", "set", "segmentation", "rebound/segments@0.1.0"]).expect(0, &[]);
    desk
}

/// The latest recordings, once there are `count`: they are written after the answer.
fn recordings(desk: &Desk, count: usize) -> Vec<Value> {
    for _ in 0..1_000 {
        let list = desk.run(&["replay", "--json"]).expect(0, &[]).json();
        let recordings = list["recordings"].as_array().unwrap().clone();
        if recordings.len() >= count {
            return recordings;
        }
    }
    panic!("it was never recorded");
}

#[test]
fn a_recorded_decision_runs_again_bit_for_bit_in_another_process_too() {
    let desk = desk();
    desk.run(&["replay"]).expect(0, &[]);
    desk.run(&["decide", &desk.file("event.json", event("1"))]).expect(0, &[]);
    let id = recordings(&desk, 1)[0]["id"].as_str().unwrap().to_owned();
    let told = desk.run(&["replay", &id]).expect(0, &[]).stdout;
    assert_eq!(told, "segmentation: rebound/segments@0.1.0 (value): the same\n");
    let told = desk.run(&["replay", &id, "--plugin", "rebound/segments@0.1.0", "--unmasked"]).expect(0, &[]);
    assert_eq!(told.stdout, "segmentation: rebound/segments@0.1.0 (value): the same\n");
    desk.run(&["replay", &id, "--plugin", "rebound/none@0.1.0"]).expect(1, &["unknown_plugin"]);
    desk.run(&["replay", &"0".repeat(32)]).expect(1, &["not_found"]);
    desk.run(&["replay", "../policy"]).expect(2, &["hex digits"]);
}

#[test]
fn a_version_is_held_and_released_from_the_command_line() {
    let desk = desk();
    let held = [
        "quarantine",
        "hold",
        "rebound/segments@0.1.0",
        "segmentation",
        "--who",
        "ann",
        "--reason",
        "wrong words",
    ];
    let told = desk.run(&held).expect(0, &[]).stdout;
    assert!(told.starts_with("rebound/segments@0.1.0 at segmentation: held by ann: wrong words"), "{told}");
    assert_eq!(desk.run(&["quarantine", "list"]).expect(0, &[]).stdout, told);
    let plan = desk.run(&["decide", &desk.file("event.json", event("1")), "--json"]).expect(0, &[]).json();
    assert_eq!(plan["trace"]["stages"][0]["outcome"], "quarantined");
    let released = [
        "quarantine",
        "release",
        "rebound/segments@0.1.0",
        "segmentation",
        "--who",
        "ann",
        "--reason",
        "mended",
    ];
    let told = desk.run(&released).expect(0, &[]).stdout;
    assert!(told.starts_with("rebound/segments@0.1.0 at segmentation: closed"), "{told}");
    let plan = desk.run(&["decide", &desk.file("event.json", event("2")), "--json"]).expect(0, &[]).json();
    assert_eq!(plan["trace"]["stages"][0]["outcome"], "value");
    desk.run(&["quarantine", "hold", "rebound/none@0.1.0", "coupon", "--who", "ann", "--reason", "x"])
        .expect(1, &["unknown_plugin"]);
}
