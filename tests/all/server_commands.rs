//! The command line against a service: what is printed, in which form, and with which exit code.

use std::fs;
use std::path::PathBuf;

use rebound_tests::client::Method;
use serde_json::{Value, json};

use crate::harness::{components, root};
use crate::server_desk::Desk;
use crate::server_process::rebound;

const PRODUCTS: &str = "sku,title,price\nA,Shirt,9900\nB,Belt,4900\nC,Bag,12900\n";

fn event(id: &str, sku: &str) -> Value {
    json!({"source": "shop", "id": format!("e-{id}"), "return_id": format!("r-{id}"), "customer_id": "c-1",
        "requested_at": "2026-03-01T09:30:00Z", "locale": "en", "currency": "CNY",
        "lines": [{"sku": sku, "quantity": 1, "paid": 9900, "reason": "color"}]})
}

#[test]
fn a_dry_run_shows_a_plan_and_stores_nothing() {
    let desk = Desk::new(&[]);
    desk.run(&["import", "catalog", &desk.file("products.csv", PRODUCTS)]).expect(0, &[]);
    let file = desk.file("event.json", serde_json::to_string_pretty(&event("1", "A")).unwrap());
    let text = desk.run(&["decide", &file, "--dry-run"]).expect(0, &[]).stdout;
    assert!(
        text.starts_with("return r-1 of shop e-1, shown only, stored nowhere\n  refund 99.00 CNY\n"),
        "{text}"
    );
    let stored = |desk: &Desk| desk.client().get("/v1/returns/r-1").unwrap();
    assert_eq!(stored(&desk).status, 404);

    let made = desk.run(&["decide", &file, "--json"]).expect(0, &[]).stdout;
    assert_eq!(made.trim_end().as_bytes(), stored(&desk).body);
    let text = desk.run(&["decide", &file]).expect(0, &[]).stdout;
    assert!(text.starts_with("return r-1 of shop e-1, stored before\n"), "{text}");
    let other = desk.file("other.json", json!({"a": 1}).to_string());
    desk.run(&["decide", &other]).expect(1, &["422"]);
    let refusal = desk.run(&["decide", &other, "--json"]).expect(1, &[]).json();
    assert_eq!(
        (&refusal["error"]["code"], &refusal["error"]["field"]),
        (&json!("unknown_field"), &json!("a"))
    );
}

#[test]
fn many_events_are_decided_and_refusals_told_in_their_place() {
    let desk = Desk::new(&[]);
    desk.run(&["import", "catalog", &desk.file("products.csv", PRODUCTS)]).expect(0, &[]);
    let lines = format!("{}\n{}\noops\n{}\n", event("1", "A"), event("2", "X"), event("3", "B"));
    let answers = desk.service.run_with_input(&["decide", "-", "--json"], &lines).expect(1, &[]).json_lines();
    assert_eq!(answers.len(), 4);
    assert_eq!((&answers[0]["return_id"], &answers[3]["return_id"]), (&json!("r-1"), &json!("r-3")));
    assert_eq!(
        (&answers[1]["error"]["code"], &answers[1]["error"]["number"]),
        (&json!("unknown_sku"), &json!(2))
    );
    assert_eq!(
        (&answers[2]["error"]["code"], &answers[2]["error"]["number"]),
        (&json!("invalid_json"), &json!(3))
    );

    let array = desk.file("events.json", json!([event("1", "A"), event("4", "C")]).to_string());
    let text = desk.run(&["decide", &array]).expect(0, &[]).stdout;
    assert!(text.ends_with("1 plans made, 1 stored before, 0 events refused\n"), "{text}");
}

#[test]
fn a_command_without_a_service_says_where_it_looked() {
    // A port that no system hands out, so nothing listens there.
    let url = "http://127.0.0.1:1";
    rebound(&["route", "show", "--url", url]).expect(3, &[url, "rebound serve", "REBOUND_URL"]);
    let refusal = rebound(&["route", "show", "--url", url, "--json"]).expect(3, &[]);
    assert_eq!(refusal.json()["error"]["code"], "unreachable");
    rebound(&["route", "show", "--url", "localhost"]).expect(2, &["http://host:port"]);
    rebound(&["route", "set", "sharing"]).expect(2, &["PLUGIN@VERSION"]);
    rebound(&["route", "set", "nowhere", "a/b@1.0.0"]).expect(2, &["segmentation, recommendation"]);
}

#[test]
fn a_shipped_strategy_is_built_published_routed_and_decides() {
    let desk = Desk::new(&[]);
    let products = "sku,title,category,price,stock\nA,Red cotton shirt,shirts,10000,5\nB,Blue cotton shirt,shirts,11000,3\nC,Wool coat,coats,50000,3\n";
    desk.run(&["import", "catalog", &desk.file("products.csv", products)]).expect(0, &[]);
    // What the strategies are made of takes minutes to compile once; the command itself then takes seconds.
    components();
    let plugin = root().join("plugins/upgrade");
    let out = desk.path("dist");
    let built = desk.run(&["build", plugin.to_str().unwrap(), "--out", &out, "--json"]).expect(0, &[]).json();
    let component = PathBuf::from(built["path"].as_str().unwrap());
    assert!(component.starts_with(&out), "{built}");
    assert_eq!(fs::metadata(&component).unwrap().len(), built["size_bytes"].as_u64().unwrap());
    let imports = built["imports"].as_array().unwrap();
    assert!(
        imports.iter().all(|import| import.as_str().unwrap().starts_with("rebound:strategy/")),
        "{built}"
    );

    let published = desk.run(&["publish", component.to_str().unwrap(), "--json"]).expect(0, &[]).json();
    let version = published["plugin"].as_str().unwrap().to_owned();
    assert!(version.starts_with("rebound/upgrade@"), "{published}");
    let again = desk.run(&["publish", component.to_str().unwrap()]).expect(0, &[]).stdout;
    assert!(again.contains("published before, the same bytes"), "{again}");
    let broken = desk.file("broken.wasm", "no component");
    desk.run(&["publish", &broken]).expect(1, &["broken.wasm", "plugin_refused"]);

    desk.run(&["route", "set", "coupon", &version]).expect(1, &["wrong_stage"]);
    desk.run(&["route", "set", "recommendation", &version, "--config", "{\"offers_max\": 0}"])
        .expect(1, &["invalid_config"]);
    let set = desk.run(&["route", "set", "recommendation", &format!("{version}:2")]).expect(0, &[]).stdout;
    assert_eq!(set, format!("recommendation:\n  {version}:2 {{}}\n"));
    let shown = desk.run(&["route", "show", "--json"]).expect(0, &[]).json();
    assert_eq!(shown["recommendation"]["entries"][0]["slots"], 2);
    assert_eq!(shown["sharing"]["entries"], json!([]));

    let file = desk.file("event.json", event("1", "A").to_string());
    let plan = desk.run(&["decide", &file, "--json"]).expect(0, &[]).json();
    assert_eq!(plan["trace"]["stages"][0]["outcome"], "value", "{plan}");
    assert_eq!(plan["offers"][0]["sku"], "B", "the shirt that is a tenth dearer");
    let text = desk.run(&["decide", &file]).expect(0, &[]).stdout;
    assert!(text.contains("  offers\n    Blue cotton shirt (B), 110.00 CNY"), "{text}");
    assert!(text.contains(&format!("    recommendation {version}: value, fuel ")), "{text}");
    desk.run(&["route", "set", "recommendation", "--none"]).expect(0, &[]);
    assert_eq!(
        desk.run(&["route", "show", "recommendation"]).expect(0, &[]).stdout,
        "recommendation: no version\n"
    );
}

#[test]
fn an_experiment_is_set_from_a_file_and_shown() {
    let desk = Desk::new(&[]);
    let component =
        |name: &str| components().join(format!("rebound-{name}.wasm")).to_str().unwrap().to_owned();
    let published = desk.run(&["publish", &component("upgrade"), &component("affinity"), "--json"]);
    let versions: Vec<Value> =
        published.expect(0, &[]).json_lines().iter().map(|it| it["plugin"].clone()).collect();
    let arm = |key: &str, version: &Value| json!({"key": key, "weight": 5000, "entries": [{"plugin": version, "slots": 3}]});
    let experiment = json!({"stage": "recommendation", "coverage": 2500,
        "arms": [arm("upgrade", &versions[0]), arm("affinity", &versions[1])]});
    let file = desk.file("experiment.json", experiment.to_string());
    let text = desk.run(&["experiment", "set", "split", "--file", &file]).expect(0, &[]).stdout;
    assert!(
        text.starts_with(
            "split: running on recommendation, phase 1, 25 % covered\n  upgrade 50 %: rebound/upgrade@"
        ),
        "{text}"
    );
    let shown = desk.run(&["experiment", "show", "split", "--json"]).expect(0, &[]).json();
    assert_eq!((&shown["phase"], &shown["coverage"]), (&json!(1), &json!(2500)));
    assert_eq!(desk.run(&["experiment", "show"]).expect(0, &[]).stdout, text);
    desk.run(&["experiment", "show", "none"]).expect(1, &["there is no experiment none"]);
}

#[test]
fn texts_that_are_not_the_shops_own_are_shown_and_approved_before_they_are_routed() {
    let desk = Desk::new(&[]);
    let policy = json!({"currency": "CNY", "own_namespaces": []});
    desk.client().ok(Method::Put, "/v1/policy", &policy).unwrap();
    let component = components().join("rebound-upgrade.wasm").to_str().unwrap().to_owned();
    let published = desk.run(&["publish", &component, "--json"]).expect(0, &[]).json();
    let version = published["plugin"].as_str().unwrap();
    assert_eq!(published["approval"], "pending");
    let approve = format!("rebound approve {version} --owner YOU");
    let told = desk.run(&["publish", &component]).expect(0, &[]).stdout;
    assert!(told.contains(&approve), "{told}");
    desk.run(&["route", "set", "recommendation", version]).expect(1, &["templates_unapproved", &approve]);

    let shown = desk.run(&["approve", version]).expect(0, &[]).stdout;
    assert!(shown.contains("upgrade.stock") && shown.contains("库存仅剩{stock_left}件"), "{shown}");
    desk.run(&["route", "set", "recommendation", version]).expect(1, &["templates_unapproved"]);
    let approved = desk.run(&["approve", version, "--owner", "mei"]).expect(0, &[]).stdout;
    assert_eq!(approved, format!("{version}: its texts are approved by mei\n"));
    desk.run(&["route", "set", "recommendation", version]).expect(0, &[]);
    desk.run(&["approve", "rebound/upgrade@99.0.0", "--owner", "mei"]).expect(1, &["not_found"]);
    desk.run(&["approve", version, "--reason", "read"]).expect(2, &["--owner"]);
}
