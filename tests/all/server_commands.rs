//! The command line against a service: what is printed, in which form, and with which exit code.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use rebound_tests::client::Client;
use serde_json::{Value, json};

use crate::harness::{components, root, skip};
use crate::server_process::{Finished, Running, rebound};

/// A service, and a folder for files to give it.
struct Desk {
    service: Running,
    folder: tempfile::TempDir,
}

impl Desk {
    fn new(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let service = Running::start(&folder.path().join("data"), &[&["--dev"], arguments].concat());
        Self { service, folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        self.service.run(arguments)
    }

    fn client(&self) -> Client {
        Client::new(&self.service.url, None)
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// The figures of an import that must come out so.
#[track_caller]
fn figures(report: &Value, want: [(&str, u64); 6]) {
    for (name, count) in want {
        assert_eq!(report[name], count, "{name} in {report}");
    }
}

fn counts(
    rows: u64,
    skipped: u64,
    rejected: u64,
    created: u64,
    updated: u64,
    unchanged: u64,
) -> [(&'static str, u64); 6] {
    [
        ("rows", rows),
        ("skipped", skipped),
        ("rejected", rejected),
        ("created", created),
        ("updated", updated),
        ("unchanged", unchanged),
    ]
}

const PRODUCTS: &str =
    "sku,title,price,tags,option.size\nA,Shirt,9900,new|gift,M\nB,Belt,4900,,\nC,Bag,12900,,\n";

#[test]
fn good_lines_are_kept_and_bad_ones_told_by_number() {
    let desk = Desk::new(&[]);
    let products = desk.file(
        "products.csv",
        PRODUCTS.to_owned() + "D,,100,,\nE,Cap,1.50,,\nF,\"Two\nlines\",100\nG,Hat,700,,\n",
    );
    let report =
        desk.run(&["import", "catalog", &products, "--json"]).expect(1, &["line 5: title is empty"]).json();
    figures(&report, counts(7, 0, 3, 4, 0, 0));
    let errors: Vec<_> =
        report["errors"].as_array().unwrap().iter().map(|error| error["line"].clone()).collect();
    assert_eq!(errors, [5, 6, 7], "{report}");
    assert!(
        report["errors"][1]["detail"]
            .as_str()
            .unwrap()
            .contains("price `1.50` is no whole number of minor units")
    );
    assert!(report["errors"][2]["detail"].as_str().unwrap().contains("has 3 cells, the header has 5"));

    let text = desk.run(&["import", "catalog", &products]).expect(1, &["line 6: price"]).stdout;
    assert_eq!(
        text,
        "products: 0 created, 0 updated, 4 unchanged, from 7 rows: 0 left out by the map, 3 rejected\n"
    );
}

#[test]
fn an_order_with_a_bad_row_is_left_out_and_can_be_mended_from_the_rejects() {
    let desk = Desk::new(&[]);
    let products = desk.file("products.csv", PRODUCTS);
    desk.run(&["import", "catalog", &products]).expect(0, &[]);
    let orders = desk.file(
        "orders.csv",
        "id,customer_id,ordered_at,sku,quantity,paid\n\
         1,c-1,2026-01-01T00:00:00Z,A,1,9900\n\
         1,c-1,2026-01-01T00:00:00Z,B,none,4900\n\
         2,c-1,2026-01-02T00:00:00Z,A,2,19800\n\
         3,,2026-01-03T00:00:00Z,X,1,100\n\
         3,,2026-01-03T00:00:00Z,A,1,9900\n\
         4,,2026-01-03T00:00:00Z,C,1,12900\n",
    );
    let rejects = desk.path("rejects.csv");
    let finished = desk.run(&["import", "orders", &orders, "--rejects", &rejects, "--json"]);
    let report = finished
        .expect(1, &["line 3: quantity `none`", "lines 5 to 6: sku X is not in the catalogue"])
        .json();
    figures(&report, counts(6, 0, 4, 2, 0, 0));
    assert_eq!(report["errors"][1]["code"], "unknown_sku");
    assert_eq!((&report["errors"][1]["line"], &report["errors"][1]["last_line"]), (&json!(5), &json!(6)));

    let bad = fs::read_to_string(&rejects).unwrap();
    assert_eq!(bad.lines().count(), 5, "{bad}");
    let mended = desk.file("mended.csv", bad.replace("none", "1").replace(",X,", ",B,"));
    let report = desk.run(&["import", "orders", &mended, "--json"]).expect(0, &[]).json();
    figures(&report, counts(4, 0, 0, 2, 0, 0));
    let report = desk.run(&["import", "orders", &mended, "--json"]).expect(0, &[]).json();
    figures(&report, counts(4, 0, 0, 0, 0, 2));
}

#[test]
fn every_line_that_the_service_refuses_is_told_however_many() {
    let desk = Desk::new(&[]);
    let order = |index: u64| {
        let sku = if index.is_multiple_of(2) { "A" } else { "X" };
        format!(
            "{}\n",
            json!({"id": format!("o-{index}"), "ordered_at": "2026-01-01T00:00:00Z",
            "lines": [{"sku": sku, "quantity": 1, "paid": 9900}]})
        )
    };
    let products = desk.file("products.csv", PRODUCTS);
    desk.run(&["import", "catalog", &products]).expect(0, &[]);
    let orders = desk.file("orders.ndjson", (1..=500).map(order).collect::<String>());
    let report = desk.run(&["import", "orders", &orders, "--json"]).expect(1, &[]).json();
    figures(&report, counts(500, 0, 250, 250, 0, 0));
    let lines: Vec<u64> =
        report["errors"].as_array().unwrap().iter().filter_map(|it| it["line"].as_u64()).collect();
    assert_eq!(lines, (1..=500).filter(|line| line % 2 == 1).collect::<Vec<_>>());
}

#[test]
fn compressed_files_and_standard_input_are_read_alike() {
    let desk = Desk::new(&[]);
    let products = desk.file("products.csv.gz", gzip(PRODUCTS));
    figures(
        &desk.run(&["import", "catalog", &products, "--json"]).expect(0, &[]).json(),
        counts(3, 0, 0, 3, 0, 0),
    );
    let nameless = desk.file("products", gzip("{\"sku\":\"A\",\"title\":\"Shirt\",\"price\":1}\n\n{oops\n"));
    let report = desk.run(&["import", "catalog", &nameless, "--json"]).expect(1, &["line 3:"]).json();
    figures(&report, counts(2, 0, 1, 0, 1, 0));
    assert_eq!(report["errors"][0]["code"], "invalid_json");
    let customers = "{\"customer_id\":\"c-1\",\"traits\":[\"vip\"]}\n";
    let report =
        desk.service.run_with_input(&["import", "customers", "-", "--json"], customers).expect(0, &[]).json();
    figures(&report, counts(1, 0, 0, 1, 0, 0));
}

#[test]
fn a_map_that_does_not_fit_is_refused_before_anything_is_sent() {
    let desk = Desk::new(&[]);
    let rows = desk.file("products.csv", "code,name\nA,Shirt\n");
    desk.run(&["import", "catalog", &rows]).expect(2, &["column code is no field of catalog", "--columns"]);
    let map = desk.file(
        "map.toml",
        "import = \"catalog\"\n[fields]\nsku = \"code\"\ntitle = \"name\"\nprice = \"pence\"\n",
    );
    desk.run(&["import", "catalog", &rows, "--columns", &map])
        .expect(2, &["no column pence; it has code, name"]);
    desk.run(&["import", "orders", &rows, "--columns", &map]).expect(2, &["the map is for catalog"]);
    desk.run(&["import", "catalog", &rows, "--rejects", &rows]).expect(2, &["--rejects names the file"]);
    assert_eq!(fs::read_to_string(&rows).unwrap(), "code,name\nA,Shirt\n");
    desk.run(&["import", "catalog", &desk.path("none.csv")]).expect(2, &["none.csv cannot be read"]);
}

#[test]
fn the_maps_of_online_retail_read_its_columns() {
    let desk = Desk::new(&["--currency", "GBP"]);
    let map = |name: &str| root().join("examples/online-retail").join(name).to_str().unwrap().to_owned();
    let products = desk.file(
        "online_retail_products.csv.gz",
        gzip(
            "stock_code,description,lines,median_price,is_product\n85123A,WHITE HANGING HEART T-LIGHT HOLDER,2,2.5549999999999997,1\n\
             POST,POSTAGE,3,18.0,0\n16235,RECYCLED PENCIL WITH RABBIT ERASER,2,0.315,1\n",
        ),
    );
    let report = desk.run(&["import", "catalog", &products, "--columns", &map("catalog.toml"), "--json"]);
    let report = report.expect(0, &[]).json();
    figures(&report, counts(3, 1, 0, 2, 0, 0));
    assert_eq!(report["rounded"], 2);
    assert_eq!(report["roundings"][1], json!({"line": 4, "field": "price", "amount": "0.315", "became": 32}));

    let orders = desk.file(
        "online_retail_lines.csv",
        "invoice,kind,stock_code,quantity,unit_price,ts,customer_id,country\n\
         536365,S,85123A,6,2.55,2010-12-01T08:26,17850,United Kingdom\n\
         536365,S,POST,1,18.00,2010-12-01T08:26,17850,United Kingdom\n\
         C536379,C,85123A,-1,2.55,2010-12-01T09:41,14527,United Kingdom\n\
         536589,S,85123A,-10,0,2010-12-01T16:50,,United Kingdom\n\
         536600,S,16235,3,0.315,2011-07-01T08:32,,United Kingdom\n",
    );
    let report = desk.run(&["import", "orders", &orders, "--columns", &map("orders.toml"), "--json"]);
    let report = report.expect(0, &[]).json();
    figures(&report, counts(5, 3, 0, 2, 0, 0));
    assert_eq!(report["roundings"][0], json!({"line": 6, "field": "paid", "amount": "0.945", "became": 94}));
}

#[test]
fn the_maps_of_online_retail_import_all_of_it() {
    let data = root().join("../shared/data");
    let (lines, products) =
        (data.join("online_retail_lines.csv.gz"), data.join("online_retail_products.csv.gz"));
    if !lines.exists() {
        return skip("Online Retail is not at ../shared/data beside the checkout");
    }
    let desk = Desk::new(&["--currency", "GBP"]);
    let import = |kind: &str, file: &Path| {
        let map = root().join("examples/online-retail").join(format!("{kind}.toml"));
        desk.run(&["import", kind, file.to_str().unwrap(), "--columns", map.to_str().unwrap(), "--json"])
            .expect(0, &[])
            .json()
    };
    let report = import("catalog", &products);
    figures(&report, counts(3848, 26, 0, 3822, 0, 0));
    // 541,909 lines, of which 532,618 are sales; some have no units, some are of no goods, 13 have no description.
    let report = import("orders", &lines);
    assert_eq!((&report["rows"], &report["rejected"]), (&json!(541_909), &json!(0)), "{report}");
    assert_eq!(report["skipped"], 541_909 - ONLINE_RETAIL_GOODS_LINES, "{report}");
    assert_eq!(report["created"], ONLINE_RETAIL_ORDERS, "{report}");
}

/// Sale lines of goods with units.
const ONLINE_RETAIL_GOODS_LINES: u64 = 528_873;
/// Invoices that have one.
const ONLINE_RETAIL_ORDERS: u64 = 20_525;

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
    let refused = desk.run(&["decide", &other, "--json"]).expect(1, &[]).json();
    assert!(refused["error"]["code"].as_str().is_some_and(|code| !code.is_empty()), "{refused}");
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
