use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::*;

fn rows(name: &str) -> Vec<Value> {
    let (_, text) = files().into_iter().find(|(file, _)| *file == name).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} is no text in {value}"))
}

fn lines(row: &Value) -> &Vec<Value> {
    row["lines"].as_array().unwrap()
}

#[test]
fn the_files_in_examples_are_what_the_generator_writes() {
    let examples = crate::workspace::root().join("examples");
    for (name, want) in files() {
        let path = examples.join(name);
        let have = std::fs::read_to_string(&path).unwrap();
        assert!(have == want, "{} is not what `cargo xtask samples` writes; run it", path.display());
    }
}

#[test]
fn the_files_stay_small_enough_to_read() {
    let size: usize = files().iter().map(|(_, text)| text.len()).sum();
    assert!(size < 600 * 1024, "{size} bytes");
}

#[test]
fn every_return_is_covered_by_its_order() {
    let orders: BTreeMap<String, Value> =
        rows("orders.ndjson").into_iter().map(|order| (text(&order, "id").to_owned(), order)).collect();
    let mut left: BTreeMap<(String, String), (i64, i64)> = BTreeMap::new();
    for order in orders.values() {
        for line in lines(order) {
            let key = (text(order, "id").to_owned(), text(line, "sku").to_owned());
            let known =
                left.insert(key, (line["quantity"].as_i64().unwrap(), line["paid"].as_i64().unwrap()));
            assert!(known.is_none(), "a product stands twice in {order}");
        }
    }
    for event in rows("returns.ndjson") {
        for line in lines(&event) {
            let order = &orders[text(line, "order_id")];
            assert_eq!(order["customer_id"], event["customer_id"]);
            assert!(text(order, "delivered_at") < text(&event, "requested_at"));
            let key = (text(order, "id").to_owned(), text(line, "sku").to_owned());
            let (quantity, paid) = left.get_mut(&key).unwrap();
            *quantity -= line["quantity"].as_i64().unwrap();
            *paid -= line["paid"].as_i64().unwrap();
            assert!(*quantity >= 0 && *paid >= 0, "more comes back than was bought: {event}");
        }
    }
}

#[test]
fn orders_name_products_and_customers_that_exist() {
    let skus: BTreeSet<_> =
        rows("catalogue.ndjson").iter().map(|product| text(product, "sku").to_owned()).collect();
    let customers: BTreeSet<_> =
        rows("customers.ndjson").iter().map(|customer| text(customer, "customer_id").to_owned()).collect();
    for order in rows("orders.ndjson") {
        assert!(customers.contains(text(&order, "customer_id")));
        assert!(lines(&order).iter().all(|line| skus.contains(text(line, "sku"))), "{order}");
    }
}

#[test]
fn every_brand_and_id_says_that_it_is_a_sample() {
    assert!(rows("catalogue.ndjson").iter().all(|product| text(product, "brand").ends_with("(sample)")));
    assert!(rows("returns.ndjson").iter().all(|event| text(event, "source") == "sample-shop"));
    assert!(rows("orders.ndjson").iter().all(|order| text(order, "id").starts_with("SO-")));
}

#[test]
fn files_run_in_the_order_of_time() {
    for (name, key) in [("orders.ndjson", "ordered_at"), ("returns.ndjson", "requested_at")] {
        let rows = rows(name);
        assert!(rows.is_sorted_by_key(|row| text(row, key)), "{name}");
    }
}

#[test]
fn the_samples_are_as_many_and_as_varied_as_the_readme_says() {
    let returns = rows("returns.ndjson");
    assert!((400..460).contains(&returns.len()), "{} returns", returns.len());
    assert!((200..220).contains(&rows("catalogue.ndjson").len()));
    let count = |locale| returns.iter().filter(|event| text(event, "locale") == locale).count();
    assert!(count("zh-CN") > 150 && count("en") > 100);
    let reasons: BTreeSet<_> =
        returns.iter().flat_map(|event| lines(event).iter().map(|line| line["reason"].to_string())).collect();
    assert!(reasons.len() >= 12, "{reasons:?}");
    let mut of_customer = BTreeMap::new();
    returns
        .iter()
        .for_each(|event| *of_customer.entry(text(event, "customer_id").to_owned()).or_insert(0) += 1);
    assert!(of_customer.values().any(|count| *count >= 4), "nobody returns often");
}

#[test]
fn three_products_came_back_often_enough_to_say_what_was_taken_instead() {
    let returns = rows("returns.ndjson");
    let orders = rows("orders.ndjson");
    let millis = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
    let last = returns.iter().map(|event| millis(text(event, "requested_at"))).max().unwrap();
    for (returned, other) in [
        ("LIP-VELVET-ROSEWOOD", "LIP-SATIN-ROSEWOOD"),
        ("FND-AIR-IVORY", "FND-SERUM-IVORY"),
        ("JEA-STRAIGHT-M", "JEA-RELAXED-M"),
    ] {
        let old: Vec<_> = returns
            .iter()
            .filter(|event| lines(event).iter().any(|line| text(line, "sku") == returned))
            .filter(|event| millis(text(event, "requested_at")) < last - 40 * 86_400)
            .collect();
        let switched = old.iter().filter(|event| {
            let at = millis(text(event, "requested_at"));
            orders.iter().any(|order| {
                order["customer_id"] == event["customer_id"]
                    && (0..30 * 86_400).contains(&(millis(text(order, "ordered_at")) - at))
                    && lines(order).iter().any(|line| text(line, "sku") == other)
            })
        });
        let switched = switched.count();
        assert!(old.len() >= 30, "{returned}: {} returns", old.len());
        assert!(switched * 100 / old.len() >= 20, "{returned}: {switched} of {} switched", old.len());
    }
}

#[test]
fn every_strategy_has_something_to_speak_of() {
    let products = rows("catalogue.ndjson");
    let carry = |tag: &str| {
        let tagged =
            |product: &&Value| product["tags"].as_array().is_some_and(|tags| tags.contains(&tag.into()));
        products.iter().filter(tagged).count()
    };
    for tag in ["organic-cotton", "no-fluorescent-agent", "celebrity-style", "gift"] {
        assert!(carry(tag) >= 3, "{tag}: {}", carry(tag));
    }
    let with =
        |option: &str| products.iter().filter(|product| product["options"][option].is_string()).count();
    assert!(["size", "color", "shade"].map(with).iter().all(|count| *count >= 10));
    assert!(products.iter().any(|product| product["stock"].as_u64().is_some_and(|stock| stock <= 10)));
    assert!(products.iter().any(|product| product["margin"].is_u64()));
}

/// A route that names what is not built, or a category that is not on the shelves, would show nothing.
#[test]
fn routes_name_strategies_and_categories_that_exist() {
    let root = crate::workspace::root();
    let samples = crate::demo::Samples::read(&root.join("examples")).unwrap();
    let products = rows("catalogue.ndjson");
    let experiments = samples.experiments.iter().flat_map(|setting| setting.body["arms"].as_array().unwrap());
    let routes = samples.routes.iter().map(|setting| &setting.body);
    let mut named = BTreeSet::new();
    for entry in routes.chain(experiments).flat_map(|route| route["entries"].as_array().unwrap()) {
        let plugin = text(entry, "plugin").strip_prefix("rebound/").unwrap();
        let (plugin, _) = plugin.split_once('@').unwrap();
        assert!(root.join("plugins").join(plugin).join("Cargo.toml").is_file(), "{plugin} is no strategy");
        named.insert(plugin.to_owned());
        for (category, complements) in entry["config"]["complements"].as_object().into_iter().flatten() {
            let complements =
                complements.as_array().unwrap().iter().map(|category| category.as_str().unwrap());
            for category in complements.chain([category.as_str()]) {
                assert!(products.iter().any(|product| product["category"] == category), "{category}");
            }
        }
    }
    let all = ["affinity", "bundle", "coupons", "progress", "segments", "share", "upgrade", "variant"];
    assert_eq!(named.into_iter().collect::<Vec<_>>(), all);
}
