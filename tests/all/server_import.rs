//! `rebound import` against a service: what is kept, what is told, and that the numbers are right.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::harness::{root, skip};
use crate::server_desk::Desk;
use crate::server_process::piped;

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
    let (sums, speed) = text.split_once('\n').unwrap();
    let want = "products: 0 created, 0 updated, 4 unchanged, from 7 rows: 0 left out by the map, 3 rejected";
    assert_eq!(sums, want);
    assert!(speed.starts_with("7 rows in ") && speed.ends_with(" a second\n"), "{text}");
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
    // Several pieces, each with more bad lines than one answer lists.
    let orders = desk.file("orders.ndjson", (1..=6000).map(order).collect::<String>());
    let rejects = desk.path("bad.ndjson");
    let report =
        desk.run(&["import", "orders", &orders, "--json", "--rejects", &rejects]).expect(1, &[]).json();
    let want = "6000 rows: 0 skipped, 3000 rejected; 3000 created, 0 updated, 0 unchanged";
    assert_eq!(figures(&report), want);
    let odd = (1..=6000).filter(|line| line % 2 == 1);
    let lines: Vec<u64> =
        report["errors"].as_array().unwrap().iter().filter_map(|it| it["line"].as_u64()).collect();
    assert_eq!(lines, odd.clone().take(1000).collect::<Vec<_>>());
    assert_eq!(report["errors_omitted"], 2000);
    assert_eq!(fs::read_to_string(rejects).unwrap(), odd.map(order).collect::<String>());
}

/// Feeds standard input to an import up to a place in its middle, and kills it there.
fn kill_in_the_middle(desk: &Desk, arguments: &[&str], start: &str) {
    let mut import = piped(&[arguments, &["--url", &desk.service.url]].concat());
    // All but what a pipe and the import's own buffers hold has been read when this returns.
    import.stdin.as_mut().unwrap().write_all(start.as_bytes()).unwrap();
    import.kill().unwrap();
    assert_eq!(import.wait().unwrap().code(), None, "it was killed, and did not end by itself");
}

#[test]
fn a_killed_import_goes_on_where_it_was_and_counts_nothing_twice() {
    const ORDERS: usize = 20_000;
    let desk = Desk::new(&[]);
    desk.run(&["import", "catalog", &desk.file("products.csv", PRODUCTS)]).expect(0, &[]);
    // Two rows an order; one order in fifty has a bad row.
    let row = |order: usize, sku: &str| {
        let quantity = if order % 50 == 7 && sku == "B" { "none" } else { "1" };
        format!("o-{order},c-{},2026-01-01T00:00:00Z,{sku},{quantity},4900\n", order % 500)
    };
    let header = "id,customer_id,ordered_at,sku,quantity,paid\n".to_owned();
    let rows: Vec<String> = (0..ORDERS).flat_map(|order| [row(order, "A"), row(order, "B")]).collect();
    let bad: String =
        (0..ORDERS).filter(|order| order % 50 == 7).flat_map(|o| [row(o, "A"), row(o, "B")]).collect();
    let (state, rejects) = (desk.path("state.json"), desk.path("bad.csv"));
    let arguments = ["import", "orders", "-", "--resume", &state, "--rejects", &rejects, "--json"];
    let kept = || -> u64 {
        let state: Value = serde_json::from_slice(&fs::read(&state).unwrap()).unwrap();
        state["rows"].as_u64().unwrap()
    };

    let up_to = |count: usize| header.clone() + &rows[..count].concat();
    kill_in_the_middle(&desk, &arguments, &up_to(ORDERS));
    let first = kept();
    assert!(0 < first && first < ORDERS as u64, "{first}");
    kill_in_the_middle(&desk, &arguments, &up_to(ORDERS * 3 / 2));
    let second = kept();
    assert!(first < second && second < ORDERS as u64 * 3 / 2, "{second}");

    let report = desk.service.run_with_input(&arguments, &up_to(rows.len())).expect(1, &[]).json();
    assert_eq!(report["resumed_rows"], second);
    let count = |name: &str| report[name].as_u64().unwrap();
    assert_eq!((count("rows"), count("rejected")), (40_000, 800));
    // What was sent before a kill and not answered is sent again, and known by then.
    assert_eq!(count("created") + count("unchanged"), 19_600);
    assert_eq!(fs::read_to_string(&rejects).unwrap(), header.clone() + &bad);
    let told = desk.client().get("/v1/customers/c-1").unwrap().json().unwrap();
    assert_eq!((&told["profile"]["orders"], told["orders"].as_array().unwrap().len()), (&json!(40), 40));

    // Once more from the end: nothing is sent, and the sums are the same.
    let again = desk.service.run_with_input(&arguments, &up_to(rows.len())).expect(1, &[]).json();
    assert_eq!((&again["resumed_rows"], &again["created"]), (&json!(40_000), &report["created"]));
    assert_eq!(fs::read_to_string(&rejects).unwrap(), header.clone() + &bad);

    // Another file under the same state is noticed before anything of it is sent.
    let other = up_to(rows.len()).replacen("4900", "4901", 1);
    let refused = desk.service.run_with_input(&arguments, &other).expect(2, &[]).json();
    let says = refused["error"]["detail"].as_str().unwrap();
    assert!(says.starts_with("the first 40000 rows are not those"), "{says}");
}

#[test]
fn of_a_record_that_comes_more_than_once_the_last_line_counts() {
    let desk = Desk::new(&[]);
    // A's price changes in every piece.
    let line = |index: usize| match index % 700 {
        0 => format!("A,Shirt,{index}\n"),
        _ => format!("P-{index},Product,100\n"),
    };
    let products = "sku,title,price\n".to_owned() + &(1..=7000).map(line).collect::<String>();
    let report = desk.run(&["import", "catalog", &desk.file("products.csv", products), "--json"]);
    let want = "7000 rows: 0 skipped, 0 rejected; 6991 created, 9 updated, 0 unchanged";
    assert_eq!(figures(&report.expect(0, &[]).json()), want);
    let last = desk.file("last.csv", "sku,title,price\nA,Shirt,7000\n");
    let report = desk.run(&["import", "catalog", &last, "--json"]).expect(0, &[]).json();
    assert_eq!(figures(&report), "1 rows: 0 skipped, 0 rejected; 0 created, 0 updated, 1 unchanged");
}

/// The files were written by Arrow, as pandas writes them; write.py beside them says how.
#[test]
fn parquet_files_of_other_writers_are_imported_as_an_exact_csv_would_be() {
    let desk = Desk::new(&[]);
    let fixture = |name: &str| root().join("tests/fixtures/parquet").join(name).to_str().unwrap().to_owned();
    let map = desk.file(
        "catalog.toml",
        "import = 'catalog'\nmoney = 'decimal'\nfields = { sku = 'sku', title = 'title', category = 'category', \
         price = 'price', currency = { constant = 'CNY' }, tags = 'tags', stock = 'stock' }",
    );
    let rejects = desk.path("bad.csv");
    let catalog = fixture("catalog.parquet");
    let report =
        desk.run(&["import", "catalog", &catalog, "--columns", &map, "--rejects", &rejects, "--json"]);
    let report = report.expect(1, &["line 3: title is empty"]).json();
    assert_eq!(figures(&report), "3 rows: 0 skipped, 1 rejected; 2 created, 0 updated, 0 unchanged");
    let bad = "sku,title,category,price,tags,stock\nC,,wear,129.00,,0\n";
    assert_eq!(fs::read_to_string(&rejects).unwrap(), bad);
    // The same data in the shop's own words: nothing differs, to the fen.
    let same = "{\"sku\":\"A\",\"title\":\"Shirt, blue\",\"category\":\"wear\",\"price\":9900,\"tags\":[\"new\",\"gift\"],\"stock\":7}\n\
                {\"sku\":\"B\",\"title\":\"Belt\",\"category\":\"wear\",\"price\":4950}\n";
    let report =
        desk.service.run_with_input(&["import", "catalog", "-", "--json"], same).expect(0, &[]).json();
    assert_eq!(figures(&report), "2 rows: 0 skipped, 0 rejected; 0 created, 0 updated, 2 unchanged");
    // What was rejected and mended goes back in as the CSV it is.
    let mended = desk.file("mended.csv", bad.replace("C,,", "C,Bag,"));
    desk.run(&["import", "catalog", &mended, "--columns", &map]).expect(0, &[]);

    let map = desk.file(
        "orders.toml",
        "import = 'orders'\nmoney = 'decimal'\nfields = { id = 'order', customer_id = 'buyer', ordered_at = 'placed', \
         currency = { constant = 'CNY' } }\nlines = { sku = 'sku', quantity = 'units', paid = 'paid' }",
    );
    let report = desk.run(&["import", "orders", &fixture("orders.parquet"), "--columns", &map, "--json"]);
    let report = report.expect(1, &["line 4: sku X is not in the catalogue"]).json();
    assert_eq!(figures(&report), "4 rows: 0 skipped, 1 rejected; 2 created, 0 updated, 0 unchanged");
    let told = desk.client().get("/v1/customers/c-1").unwrap().json().unwrap();
    assert_eq!(told["profile"]["spent"], 19_800, "{told}");

    let report = desk.run(&["import", "orders", &fixture("orders-int96.parquet"), "--json"]).expect(0, &[]);
    assert_eq!(figures(&report.json()), "1 rows: 0 skipped, 0 rejected; 1 created, 0 updated, 0 unchanged");
    // The name is no matter, the first bytes are; and it is read from its end, which a pipe has not.
    let unnamed = desk.file("orders", fs::read(fixture("orders.parquet")).unwrap());
    desk.run(&["import", "orders", &unnamed, "--columns", &map]).expect(1, &["line 4: sku X"]);
    let cut = desk.file("cut.parquet", &fs::read(fixture("orders.parquet")).unwrap()[..600]);
    desk.run(&["import", "orders", &cut, "--columns", &map])
        .expect(2, &["cut.parquet cannot be read", "no Parquet file"]);
    desk.run(&["import", "orders", "-", "--format", "parquet"]).expect(2, &["give the file itself"]);
}

const RETURNS: &str = "return_id,customer_id,requested_at,order_id,sku,quantity,paid\n\
    r-1,c-1,2026-01-05T00:00:00Z,o-1,A,1,9900\n\
    r-1,c-1,2026-01-05T00:00:00Z,o-1,B,1,4900\n\
    r-2,c-1,2026-01-06T00:00:00Z,,X,1,4900\n\
    r-3,c-2,2026-01-06T00:00:00Z,,C,1,12900\n";

#[test]
fn past_returns_are_counted_once_and_get_no_plan() {
    let desk = Desk::new(&[]);
    desk.run(&["import", "catalog", &desk.file("products.csv", PRODUCTS)]).expect(0, &[]);
    let orders = "{\"id\":\"o-1\",\"customer_id\":\"c-1\",\"ordered_at\":\"2026-01-01T00:00:00Z\",\"lines\":[\
        {\"sku\":\"A\",\"quantity\":2,\"paid\":19800},{\"sku\":\"B\",\"quantity\":1,\"paid\":4900}]}";
    desk.service.run_with_input(&["import", "orders", "-"], orders).expect(0, &[]);
    let returns = desk.file("returns.csv", RETURNS);
    let report = desk.run(&["import", "returns", &returns, "--json"]);
    let report = report.expect(1, &["line 4: sku X is not in the catalogue"]).json();
    assert_eq!(figures(&report), "4 rows: 0 skipped, 1 rejected; 2 created, 0 updated, 0 unchanged");
    let told = desk.client().get("/v1/customers/c-1").unwrap().json().unwrap();
    assert_eq!(told["profile"]["returns"], 1, "{told}");
    assert_eq!(told["past_returns"].as_array().unwrap().len(), 1);
    assert_eq!(desk.client().get("/v1/returns/r-1").unwrap().status, 404, "it has no plan");
    let report = desk.run(&["import", "returns", &returns, "--json"]).expect(1, &[]).json();
    assert_eq!(figures(&report), "4 rows: 0 skipped, 1 rejected; 0 created, 0 updated, 2 unchanged");
    let other = desk.file("other.csv", RETURNS.replace("r-3,c-2", "r-3,c-1"));
    desk.run(&["import", "returns", &other]).expect(1, &["return r-3 is already known"]);

    let text = desk.run(&["import", "returns", &returns]).expect(1, &[]).stdout;
    assert!(text.starts_with("returns: 0 created, 0 updated, 2 unchanged, from 4 rows"), "{text}");
}

#[test]
fn compressed_files_and_standard_input_are_read_alike() {
    let desk = Desk::new(&[]);
    for (name, bytes, came) in [
        ("products.csv.gz", gzip(PRODUCTS), "3 created, 0 updated, 0 unchanged"),
        (
            "products.csv.zst",
            zstd::encode_all(PRODUCTS.as_bytes(), 3).unwrap(),
            "0 created, 0 updated, 3 unchanged",
        ),
        (
            "zipped.csv",
            zstd::encode_all(PRODUCTS.as_bytes(), 3).unwrap(),
            "0 created, 0 updated, 3 unchanged",
        ),
    ] {
        let report =
            desk.run(&["import", "catalog", &desk.file(name, bytes), "--json"]).expect(0, &[]).json();
        assert_eq!(figures(&report), format!("3 rows: 0 skipped, 0 rejected; {came}"), "{name}");
    }
    // A file that was cut on its way is not a shorter file.
    let whole = zstd::encode_all(PRODUCTS.as_bytes(), 3).unwrap();
    let cut = desk.file("cut.csv.zst", &whole[..whole.len() - 5]);
    desk.run(&["import", "catalog", &cut]).expect(2, &["cut.csv.zst cannot be read"]);
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
    desk.run(&["import", "catalog", &rows, "--resume", &rows]).expect(2, &["--resume names the file"]);
    desk.run(&["import", "catalog", &rows, "--columns", &map, "--resume", &map])
        .expect(2, &["--resume names the map"]);
    let both = desk.path("both");
    desk.run(&["import", "catalog", &rows, "--rejects", &both, "--resume", &both])
        .expect(2, &["--rejects and --resume name the same file"]);
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

    // A return of a product that is not in the catalogue is refused, so this tells that every returned one is.
    let report = import("returns", &data.join("online_retail_returns.csv.gz"));
    let want = "8539 rows: 0 skipped, 0 rejected; 3383 created, 0 updated, 0 unchanged";
    assert_eq!(figures(&report), want);
}
