use super::*;

const ORDERS: &str = r#"
import = "orders"
money = "decimal"
time_zone = "Europe/London"
keep = [{ column = "kind", any = ["S"] }]
[fields]
id = "invoice"
ordered_at = "ts"
currency = { constant = "GBP" }
[lines]
sku = "stock_code"
quantity = "quantity"
paid = { column = "unit_price", times = "quantity" }
"#;

#[track_caller]
fn refused(change: impl Fn(&str) -> String, want: &str) {
    let text = change(ORDERS);
    assert_ne!(text, ORDERS, "the change changes nothing");
    let error = Map::parse(&text, Kind::Orders).unwrap_err().to_string();
    assert!(error.contains(want), "{error}");
}

#[test]
fn a_map_names_every_column_it_reads() {
    let map = Map::parse(ORDERS, Kind::Orders).unwrap();
    let mut columns: Vec<_> = map.columns().collect();
    columns.sort_unstable();
    columns.dedup();
    assert_eq!(columns, ["invoice", "kind", "quantity", "stock_code", "ts", "unit_price"]);
}

#[test]
fn a_map_that_cannot_be_meant_is_refused_with_the_key_named() {
    refused(|map| map.replace("id = \"invoice\"", ""), "fields.id is missing");
    refused(
        |map| map.replace("sku = ", "sku_code = "),
        "lines.sku_code is no field of orders; it has sku, quantity, paid",
    );
    refused(|map| map.replace("keep = ", "keeps = "), "unknown field `keeps`");
    refused(
        |map| map.replace("Europe/London", "Europe/Londinium"),
        "time_zone `Europe/Londinium` is no time zone",
    );
    refused(
        |map| map.replace("currency = { constant = \"GBP\" }", ""),
        "money is decimal, which needs fields.currency",
    );
    refused(
        |map| map.replace("{ constant = \"GBP\" }", "{ constant = \"GBP\", column = \"c\" }"),
        "fields.currency takes either",
    );
    refused(|map| map.replace("{ constant = \"GBP\" }", "{}"), "fields.currency takes either");
    refused(|map| map.replace("\"ts\"", "7"), "the name of a column, or a table");
    refused(
        |map| map.replace("\"ts\"", "{ column = \"ts\", times = \"quantity\" }"),
        "fields.ordered_at is no amount",
    );
    refused(
        |map| map.replace("\"ts\"", "{ column = \"ts\", take = \"last-word\" }"),
        "fields.ordered_at is no text",
    );
    refused(
        |map| map.replace("\"ts\"", "{ column = \"ts\", split = \",\" }"),
        "fields.ordered_at is no list",
    );
    refused(|map| map.replace("any = [\"S\"]", ""), "asks nothing");
    refused(|map| map.replace("any = [\"S\"]", "min = 0.5"), "a whole number, or a decimal one in quotes");
    refused(
        |map| map.replace("import = \"orders\"", "import = \"orders\"\ndelimiter = \"é\""),
        "delimiter is not one ASCII",
    );
    refused(|map| format!("{map}[options]\nsize = \"size\"\n"), "options belongs to catalog maps only");
    refused(
        |map| map.replace("import = \"orders\"", "import = \"catalog\""),
        "the map is for catalog, the command imports orders",
    );
}

#[test]
fn a_header_of_field_names_needs_no_map() {
    let header = csv::StringRecord::from(vec!["sku", "title", "price", "tags", "option.size"]);
    let map = Map::of_header(Kind::Catalog, &header).unwrap();
    assert_eq!(map.fields.len(), 4);
    assert_eq!(map.options[0].0, "size");
}

#[test]
fn a_header_that_is_not_of_the_fields_is_refused() {
    let of = |header: &[&str]| {
        Map::of_header(Kind::Orders, &csv::StringRecord::from(header.to_vec())).unwrap_err().to_string()
    };
    assert!(of(&["invoice"]).starts_with("column invoice is no field of orders, which has id, customer_id"));
    assert!(of(&["id", "ordered_at", "sku", "quantity"]).contains("header.paid is missing"));
    assert!(of(&["id", "ordered_at", "sku", "quantity", "paid", "option.size"]).contains("option.size"));
}
