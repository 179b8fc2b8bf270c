use super::*;
use crate::wire::return_event::ReturnEvent;
use crate::wire::route::Route;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only reading it matters")]
struct Order {
    quantity: u32,
    lines: Option<Vec<Line>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only reading it matters")]
struct Line {
    sku: String,
    paid: i64,
}

#[track_caller]
fn check(body: &str, code: Code, detail: &str) {
    let problem = parse::<Order>(body.as_bytes()).unwrap_err();
    assert_eq!((problem.code(), problem.detail()), (code, detail), "{body}");
}

#[test]
fn a_body_that_is_not_json_is_told_from_one_that_does_not_fit() {
    check("", Code::InvalidJson, "the body is not valid JSON: EOF while parsing a value at line 1 column 0");
    check(
        "{",
        Code::InvalidJson,
        "the body is not valid JSON: EOF while parsing an object at line 1 column 1",
    );
    check(
        r#"{"quantity": 1} x"#,
        Code::InvalidJson,
        "the body is not valid JSON: trailing characters at line 1 column 17",
    );
    check("[1]", Code::InvalidField, "the body is JSON, but not an object; send one in braces");
    assert_eq!(parse::<Order>(b"{\"quantity\": \"\xff\"}").unwrap_err().code(), Code::InvalidJson);
}

#[test]
fn an_unknown_name_is_refused_with_the_one_that_was_probably_meant() {
    check(r#"{"quantety": 1}"#, Code::UnknownField, "`quantety` is not known; did you mean `quantity`?");
    check(r#"{"Quantity": 1}"#, Code::UnknownField, "`Quantity` is not known; did you mean `quantity`?");
    check(r#"{"color": 1}"#, Code::UnknownField, "`color` is not known; known here: quantity, lines");
    check(
        r#"{"quantity": 1, "lines": [{"sku": "a", "paid": 1}, {"sku": "a", "price": 1}]}"#,
        Code::UnknownField,
        "`lines[1].price` is not known; known here: sku, paid",
    );
}

#[test]
fn a_value_that_does_not_fit_is_named_by_its_path() {
    check(r#"{}"#, Code::InvalidField, "`quantity` is missing; add it");
    check(
        r#"{"quantity": 1, "lines": [{"sku": "a"}]}"#,
        Code::InvalidField,
        "`lines[0].paid` is missing; add it",
    );
    check(
        r#"{"quantity": 1, "lines": [{"sku": 5, "paid": 1}]}"#,
        Code::InvalidField,
        "`lines[0].sku` does not stand: invalid type: integer `5`, expected a string",
    );
    check(r#"{"quantity": 1, "quantity": 2}"#, Code::InvalidField, "`quantity` is there twice; keep one");
}

#[test]
fn a_name_twice_is_refused_at_any_depth() {
    for body in [r#"{"a": 1, "a": 1}"#, r#"{"a": [{"b": {"c": 1, "d": 2, "c": 3}}]}"#] {
        let error = serde_json::from_str::<Strict>(body).err().unwrap();
        assert!(error.to_string().contains("duplicate field"), "{error}");
    }
    let config = r#"{"entries": [{"plugin": "a/b@1.0.0", "config": {"top": 1, "top": 2}}]}"#;
    let problem = parse::<Route>(config.as_bytes()).err().unwrap();
    assert_eq!(problem.detail(), "`entries[0].config.top` is there twice; keep one");
}

#[test]
fn a_strict_value_is_the_value() {
    let body = r#"{"a": [null, true, -1, 1, 1.5, "x\n", {}], "b": {"c": 18446744073709551615}}"#;
    assert_eq!(serde_json::from_str::<Strict>(body).unwrap().0, serde_json::from_str::<Value>(body).unwrap());
}

#[test]
fn an_id_that_does_not_stand_is_named_by_its_path() {
    let body = r#"{"source": "s", "id": "", "return_id": "r", "customer_id": "c", "requested_at": "2026-01-01T00:00:00Z",
        "locale": "en", "currency": "CNY", "lines": []}"#;
    let problem = parse::<ReturnEvent>(body.as_bytes()).err().unwrap();
    assert_eq!(problem.detail(), "`id` does not stand: event id is empty; give it a value");
}

/// Comparing a name of 256 KiB with each known one took seconds of a thread.
#[test]
fn a_name_that_fills_the_body_gets_no_hint_and_takes_no_time() {
    let name = "quantity".repeat(8);
    check(
        &format!(r#"{{"{name}": 1}}"#),
        Code::UnknownField,
        &format!("`{name}` is not known; did you mean `quantity`?"),
    );
    let name = "quantity".repeat(9);
    check(
        &format!(r#"{{"{name}": 1}}"#),
        Code::UnknownField,
        &format!("`{name}` is not known; known here: quantity, lines"),
    );
    let started = std::time::Instant::now();
    let body = format!(r#"{{"{}": 1}}"#, "quantity".repeat(32 * 1024));
    assert_eq!(parse::<Order>(body.as_bytes()).unwrap_err().code(), Code::UnknownField);
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

/// serde would read the fields of a struct from an array, by their place.
#[test]
fn an_array_is_no_object_at_any_depth() {
    fn refused<T: DeserializeOwned>(body: &str, field: &str) {
        let problem = parse::<T>(body.as_bytes()).err().unwrap();
        let want = format!("`{field}` does not stand: invalid type: sequence, expected an object");
        assert_eq!((problem.code(), problem.detail()), (Code::InvalidField, want.as_str()), "{body}");
    }
    use crate::wire::experiment::ExperimentDraft;
    use crate::wire::order::OrderBody;
    refused::<ReturnEvent>(
        r#"{"source": "s", "id": "e", "return_id": "r", "customer_id": "c", "requested_at": "2026-01-01T00:00:00Z",
        "locale": "en", "currency": "CNY", "lines": [["LIP-01", 1, 100, null, null, null, null]]}"#,
        "lines[0]",
    );
    refused::<OrderBody>(
        r#"{"id": "o", "ordered_at": "2026-01-01T00:00:00Z", "lines": [["LIP-01", 1, 100]]}"#,
        "lines[0]",
    );
    refused::<Route>(r#"{"entries": [["a/b@1.0.0", {}, 1, "withheld", null]]}"#, "entries[0]");
    refused::<Route>(
        r#"{"entries": [{"plugin": "a/b@1.0.0", "fallback": ["a/b@1.0.0", {}]}]}"#,
        "entries[0].fallback",
    );
    refused::<ExperimentDraft>(r#"{"stage": "coupon", "arms": [["a", 5000, []]]}"#, "arms[0]");
    refused::<ExperimentDraft>(
        r#"{"stage": "coupon", "arms": [{"key": "a", "weight": 1, "entries": [["a/b@1.0.0", {}]]}]}"#,
        "arms[0].entries[0]",
    );
}

#[test]
fn what_is_optional_may_be_null() {
    use crate::wire::catalog::CatalogLine;
    use crate::wire::customer::CustomerBody;
    use crate::wire::experiment::ExperimentDraft;
    use crate::wire::policy::Budget;
    fn stands<T: DeserializeOwned>(body: &str) {
        if let Err(problem) = parse::<T>(body.as_bytes()) {
            panic!("{}: {body}", problem.detail());
        }
    }
    stands::<CatalogLine>(
        r#"{"sku": "A", "title": "a", "price": 1, "tags": null, "options": null, "brand": null, "stock": null}"#,
    );
    stands::<CustomerBody>(r#"{"customer_id": "c", "traits": null, "consent": null, "locale": null}"#);
    stands::<Route>(
        r#"{"entries": [{"plugin": "a/b@1.0.0", "config": null, "slots": null, "margin": null, "fallback": null}]}"#,
    );
    stands::<ExperimentDraft>(
        r#"{"stage": "coupon", "status": null, "coverage": null, "keep_seed": null, "arms": []}"#,
    );
    stands::<Budget>(
        r#"{"currency": "CNY", "limit": 1, "max_value": 1, "benefits": [], "stacking": null, "per_customer": null}"#,
    );
}

#[test]
fn an_option_named_twice_is_refused() {
    use crate::wire::catalog::CatalogLine;
    let line = r#"{"sku": "A", "title": "a", "price": 1, "options": {"size": "S", "size": "M"}}"#;
    let problem = parse::<CatalogLine>(line.as_bytes()).err().unwrap();
    assert_eq!(problem.detail(), "`options.size` is there twice; keep one");
}
