//! `rebound import` against a service: what is kept, what is told, and that the numbers are right.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::harness::{root, skip};
use crate::server_desk::Desk;

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// What an import came to.
fn figures(report: &Value) -> String {
    let count = |name: &str| report[name].as_u64().unwrap();
    let rows =
        format!("{} rows: {} skipped, {} rejected", count("rows"), count("skipped"), count("rejected"));
    let records = format!(
        "{} created, {} updated, {} unchanged",
        count("created"),
        count("updated"),
        count("unchanged")
    );
    format!("{rows}; {records}")
}

/// A .tsv was split at commas: every line was told to have one cell.
#[test]
fn a_tsv_is_split_at_tabs_and_so_are_its_rejects() {
    let desk = Desk::new(&[]);
    let products = desk.file("products.tsv", "sku\ttitle\tprice\nA\tShirt, blue\t9900\nB\t\t100\n");
    let (tsv, csv) = (desk.path("bad.tsv"), desk.path("bad.csv"));
    for (rejects, want) in [(&tsv, "sku\ttitle\tprice\nB\t\t100\n"), (&csv, "sku,title,price\nB,,100\n")] {
        let report = desk.run(&["import", "catalog", &products, "--rejects", rejects, "--json"]);
        let report = report.expect(1, &["line 3: title is empty"]).json();
        assert_eq!((&report["rows"], &report["rejected"]), (&json!(2), &json!(1)), "{report}");
        assert_eq!(fs::read_to_string(rejects).unwrap(), want);
    }
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
    assert_eq!(figures(&report), "7 rows: 0 skipped, 3 rejected; 4 created, 0 updated, 0 unchanged");
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
    assert_eq!(figures(&report), "6 rows: 0 skipped, 4 rejected; 2 created, 0 updated, 0 unchanged");
    assert_eq!(report["errors"][1]["code"], "unknown_sku");
    assert_eq!((&report["errors"][1]["line"], &report["errors"][1]["last_line"]), (&json!(5), &json!(6)));

    let bad = fs::read_to_string(&rejects).unwrap();
    assert_eq!(bad.lines().count(), 5, "{bad}");
    let mended = desk.file("mended.csv", bad.replace("none", "1").replace(",X,", ",B,"));
    let report = desk.run(&["import", "orders", &mended, "--json"]).expect(0, &[]).json();
    assert_eq!(figures(&report), "4 rows: 0 skipped, 0 rejected; 2 created, 0 updated, 0 unchanged");
    let report = desk.run(&["import", "orders", &mended, "--json"]).expect(0, &[]).json();
    assert_eq!(figures(&report), "4 rows: 0 skipped, 0 rejected; 0 created, 0 updated, 2 unchanged");
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
    assert_eq!(figures(&report), "500 rows: 0 skipped, 250 rejected; 250 created, 0 updated, 0 unchanged");
    let lines: Vec<u64> =
        report["errors"].as_array().unwrap().iter().filter_map(|it| it["line"].as_u64()).collect();
    assert_eq!(lines, (1..=500).filter(|line| line % 2 == 1).collect::<Vec<_>>());
}

#[test]
fn compressed_files_and_standard_input_are_read_alike() {
    let desk = Desk::new(&[]);
    let products = desk.file("products.csv.gz", gzip(PRODUCTS));
    assert_eq!(
        figures(&desk.run(&["import", "catalog", &products, "--json"]).expect(0, &[]).json()),
        "3 rows: 0 skipped, 0 rejected; 3 created, 0 updated, 0 unchanged"
    );
    let nameless = desk.file("products", gzip("{\"sku\":\"A\",\"title\":\"Shirt\",\"price\":1}\n\n{oops\n"));
    let report = desk.run(&["import", "catalog", &nameless, "--json"]).expect(1, &["line 3:"]).json();
    assert_eq!(figures(&report), "2 rows: 0 skipped, 1 rejected; 0 created, 1 updated, 0 unchanged");
    assert_eq!(report["errors"][0]["code"], "invalid_json");
    let customers = "{\"customer_id\":\"c-1\",\"traits\":[\"vip\"]}\n";
    let report =
        desk.service.run_with_input(&["import", "customers", "-", "--json"], customers).expect(0, &[]).json();
    assert_eq!(figures(&report), "1 rows: 0 skipped, 0 rejected; 1 created, 0 updated, 0 unchanged");
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
    assert_eq!(figures(&report), "3 rows: 1 skipped, 0 rejected; 2 created, 0 updated, 0 unchanged");
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
    assert_eq!(figures(&report), "5 rows: 3 skipped, 0 rejected; 2 created, 0 updated, 0 unchanged");
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
    assert_eq!(figures(&report), "3848 rows: 26 skipped, 0 rejected; 3822 created, 0 updated, 0 unchanged");
    // 532,618 of the lines are sales; some have no units, some are of no goods, 13 have no description.
    let report = import("orders", &lines);
    let want = "541909 rows: 13036 skipped, 0 rejected; 20525 created, 0 updated, 0 unchanged";
    assert_eq!(figures(&report), want);

    // An order of a product that is not in the catalogue is refused, so this tells that every returned one is.
    let returns = data.join("online_retail_returns.csv.gz");
    let map = desk.file(
        "returns.toml",
        "import = 'orders'\nmoney = 'decimal'\ntime_zone = 'Europe/London'\n\
         fields = { id = 'return_id', ordered_at = 'ts', currency = { constant = 'GBP' } }\n\
         lines = { sku = 'stock_code', quantity = 'quantity', paid = { column = 'unit_price', times = 'quantity' } }",
    );
    let report = desk.run(&["import", "orders", returns.to_str().unwrap(), "--columns", &map, "--json"]);
    let want = "8539 rows: 0 skipped, 0 rejected; 3383 created, 0 updated, 0 unchanged";
    assert_eq!(figures(&report.expect(0, &[]).json()), want);
}
