use serde_json::json;

use super::*;

fn converter(kind: Kind, map: &str, header: &[&str]) -> Converter {
    Converter::new(kind, Map::parse(map, kind).unwrap(), &StringRecord::from(header.to_vec())).unwrap()
}

fn cells(cells: &[&str]) -> StringRecord {
    StringRecord::from(cells.to_vec())
}

const ORDERS: &str = r#"
import = "orders"
money = "decimal"
time_zone = "Europe/London"
keep = [{ column = "kind", any = ["S"] }, { column = "quantity", min = 1 }]
skip = [{ column = "sku", any = ["POST", "M"] }]
[fields]
id = "invoice"
customer_id = "customer"
ordered_at = "ts"
currency = { constant = "GBP" }
[lines]
sku = "sku"
quantity = "quantity"
paid = { column = "price", times = "quantity" }
"#;
const HEADER: [&str; 7] = ["invoice", "kind", "sku", "quantity", "price", "ts", "customer"];

#[test]
fn a_row_becomes_an_order_and_a_line_of_it() {
    let converted = converter(Kind::Orders, ORDERS, &HEADER)
        .convert(&cells(&["536365", "S", " 85123A ", "6", "2.55", "2011-07-01T08:26", ""]))
        .unwrap();
    let want = json!({"id": "536365", "ordered_at": "2011-07-01T07:26:00Z", "currency": "GBP"});
    assert_eq!(Value::from(converted.record), want, "British summer time; a blank customer is a guest");
    assert_eq!(Value::from(converted.line), json!({"sku": "85123A", "quantity": 6, "paid": 1530}));
    assert_eq!(converted.roundings, []);
}

#[test]
fn rounding_happens_once_after_multiplying_and_is_told() {
    let convert = |price, quantity| {
        let row = cells(&["1", "S", "A", quantity, price, "2011-01-01", ""]);
        let converted = converter(Kind::Orders, ORDERS, &HEADER).convert(&row).unwrap();
        (converted.line["paid"].clone(), converted.roundings)
    };
    assert_eq!(convert("0.125", "2"), (json!(25), vec![]));
    let rounding = Rounding { field: "paid", amount: "0.375".to_owned(), units: 38 };
    assert_eq!(convert("0.125", "3"), (json!(38), vec![rounding]));
}

#[test]
fn a_filter_leaves_rows_out() {
    let converter = converter(Kind::Orders, ORDERS, &HEADER);
    let skips =
        |kind, sku, quantity| converter.skips(&cells(&["1", kind, sku, quantity, "1", "2011-01-01", ""]));
    assert!(!skips("S", "A", "1"));
    assert!(skips("C", "A", "1"), "keep: any");
    assert!(skips("S", "A", "0"), "keep: min");
    assert!(skips("S", "A", "some"), "what is no number is in no range");
    assert!(skips("S", "POST", "1"), "skip: any");
}

#[test]
fn what_is_wrong_with_a_row_is_said_by_field() {
    let converter = converter(Kind::Orders, ORDERS, &HEADER);
    #[track_caller]
    fn check(converter: &Converter, column: usize, text: &str, want: &str) {
        let mut row = ["1", "S", "A", "2", "1.50", "2011-01-01", "c"];
        row[column] = text;
        let problem = converter.convert(&cells(&row)).unwrap_err();
        assert!(problem.contains(want), "{problem}");
    }
    check(&converter, 0, "  ", "id is empty; it must have a value");
    check(&converter, 3, "0", "quantity `0` is no whole number from 1");
    check(&converter, 3, "2.5", "quantity `2.5` is no whole number");
    check(&converter, 4, "1,50", "paid `1,50` is no plain number");
    check(&converter, 4, "9999999999999999", "paid `9999999999999999` is no plain number");
    check(&converter, 5, "01/12/2011", "ordered_at `01/12/2011` is no time");
    check(&converter, 5, "2011-02-30", "ordered_at `2011-02-30` is no time");
    let dear = ["1", "S", "A", "4000000000", "999999999999999", "2011-01-01", "c"];
    assert_eq!(converter.convert(&cells(&dear)).unwrap_err(), "paid is larger than any price");
}

const CATALOG: &str = r#"
import = "catalog"
time_format = "%d/%m/%Y"
[fields]
sku = "code"
title = "name"
category = { column = "name", take = "last-word" }
brand = { column = "name", take = "first-word" }
price = "pence"
stock = "stock"
margin = "margin"
tags = { column = "tags", split = ";" }
[options]
size = "size"
color = "color"
"#;

#[test]
fn a_row_becomes_a_product() {
    let header = ["code", "name", "pence", "tags", "size", "color", "stock", "margin"];
    let convert = |row: [&str; 8]| converter(Kind::Catalog, CATALOG, &header).convert(&cells(&row));
    let product =
        convert(["A", "PINK Retro-Spot BAG. 60", "250", "gift; new;", "M", "", "0", "-5"]).unwrap().record;
    let want = json!({"sku": "A", "title": "PINK Retro-Spot BAG. 60", "category": "bag", "brand": "pink", "price": 250,
        "tags": ["gift", "new"], "options": {"size": "M"}, "stock": 0, "margin": -5});
    assert_eq!(Value::from(product), want);
    let plain = convert(["A", "60", "250", "", "", "", "", ""]).unwrap().record;
    assert_eq!(Value::from(plain), json!({"sku": "A", "title": "60", "price": 250, "options": {}}));
    for price in ["2.50", "2.00"] {
        let problem = convert(["A", "a", price, "", "", "", "", ""]).unwrap_err();
        assert!(problem.contains(&format!("price `{price}` is no whole number of minor units")), "{problem}");
    }
    assert!(
        convert(["A", "a", "1", "", "", "", "-1", ""])
            .unwrap_err()
            .contains("stock `-1` is no whole number from 0")
    );
    assert!(convert(["A", "a", "1", "", "", "", "", "1%"]).unwrap_err().contains("margin `1%`"));
}

#[test]
fn times_are_read_with_an_offset_or_in_the_maps_zone() {
    let zone = |name| Some(jiff::tz::TimeZone::get(name).unwrap());
    let read = |text, zone, format: Option<&str>| {
        instant(text, &TimeForm { zone, format: format.map(str::to_owned) })
    };
    for (text, form_zone, format, want) in [
        ("2026-03-01T17:30:00+08:00", None, None, "2026-03-01T09:30:00Z"),
        ("2026-03-01 17:30", zone("Asia/Shanghai"), None, "2026-03-01T09:30:00Z"),
        ("2026-03-01", zone("Asia/Shanghai"), None, "2026-02-28T16:00:00Z"),
        ("01/03/2026", zone("UTC"), Some("%d/%m/%Y"), "2026-03-01T00:00:00Z"),
        ("01/03/2026 17:30", zone("Asia/Shanghai"), Some("%d/%m/%Y %H:%M"), "2026-03-01T09:30:00Z"),
        ("1772357400", None, Some("%s"), "2026-03-01T09:30:00Z"),
        // The hour that clocks skip is read as if they had not yet, the one they repeat as its first time.
        ("2026-03-29T01:30", zone("Europe/London"), None, "2026-03-29T01:30:00Z"),
        ("2026-10-25T01:30", zone("Europe/London"), None, "2026-10-25T00:30:00Z"),
    ] {
        assert_eq!(read(text, form_zone, format).unwrap(), want, "{text}");
    }
    assert!(
        read("2026-03-01T09:30", None, None)
            .unwrap_err()
            .contains("carries no offset; give the map a time_zone")
    );
    assert!(read("2026-03-01", None, Some("%d/%m/%Y")).unwrap_err().contains("is not of the form %d/%m/%Y"));
}

#[test]
fn a_currency_decides_how_many_digits_its_amounts_have() {
    let map = ORDERS
        .replace("{ constant = \"GBP\" }", "\"kind\"")
        .replace("keep = [{ column = \"kind\", any = [\"S\"] }, ", "keep = [");
    let converter = converter(Kind::Orders, &map, &HEADER);
    let paid = |currency| {
        let converted = converter.convert(&cells(&["1", currency, "A", "1", "1.5", "2011-01-01", ""]));
        converted.map(|converted| converted.line["paid"].clone())
    };
    assert_eq!(paid("GBP"), Ok(json!(150)));
    assert_eq!(paid("JPY"), Ok(json!(2)));
    assert_eq!(paid("BHD"), Ok(json!(1500)));
    assert!(paid("pounds").unwrap_err().contains("`pounds` is no ISO 4217 code"));
}

#[test]
fn a_map_of_columns_that_the_file_lacks_is_refused() {
    let map = Map::parse(CATALOG, Kind::Catalog).unwrap();
    let error = Converter::new(Kind::Catalog, map, &cells(&["code", "name"])).unwrap_err();
    assert!(error.to_string().contains("the file has no column pence; it has code, name"), "{error}");
}
