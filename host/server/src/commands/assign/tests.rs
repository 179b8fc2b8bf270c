use super::*;

#[track_caller]
fn check(line: &str, want: Result<(&str, f64, i64, &str), (&str, &str)>) {
    let got = read(line.as_bytes()).and_then(answer);
    match (got, want) {
        (Ok(got), Ok((unit, bucket, arm, reason))) => {
            assert_eq!(got, Answer { unit: unit.to_owned(), bucket, arm, reason: word(reason) }, "{line}");
        }
        (Err(got), Err((code, part))) => {
            assert_eq!(got.code, code, "{line}: {got:?}");
            assert!(got.detail.contains(part), "{line}: {got:?}");
        }
        (got, want) => panic!("{line}: {got:?}, not {want:?}"),
    }
}

fn word(reason: &str) -> &'static str {
    ["running", "not-covered", "excluded"].into_iter().find(|word| *word == reason).unwrap()
}

#[test]
fn a_unit_is_running_not_covered_or_excluded() {
    let line = |coverage: &str, namespace: &str| {
        format!(
            r#"{{"unit": "c-1", "seed": "exp", "coverage": {coverage}, "weights": [0.5, 0.5], "namespace": {namespace}}}"#
        )
    };
    check(&line("1.0", "null"), Ok(("c-1", 0.2223, 0, "running")));
    check(&line("null", "null"), Ok(("c-1", 0.2223, 0, "running")));
    check(&line("0.4", "null"), Ok(("c-1", 0.2223, -1, "not-covered")));
    let first = r#"{"id": "namespace1", "range": [0.0, 0.4]}"#;
    let second = r#"{"id": "namespace1", "range": [0.4, 1]}"#;
    let of_one = |namespace: &str| line("1", namespace).replace("c-1", "1");
    let Answer { bucket, .. } = answer(read(of_one("null").as_bytes()).unwrap()).unwrap();
    check(&of_one(first), Ok(("1", bucket, -1, "excluded")));
    let got = answer(read(of_one(second).as_bytes()).unwrap()).unwrap();
    assert_eq!((got.reason, got.bucket), ("running", bucket));
}

/// The bucket of this unit is 0.2223, and the second arm starts at the first weight: it holds its start, and not what is
/// one bit before it.
#[test]
fn an_edge_is_exact() {
    let line = |first: &str, second: &str| {
        format!(r#"{{"unit": "c-1", "seed": "exp", "coverage": 1, "weights": [{first}, {second}]}}"#)
    };
    check(&line("0.2223", "0.7777"), Ok(("c-1", 0.2223, 1, "running")));
    check(&line("2.223e-1", "0.7777"), Ok(("c-1", 0.2223, 1, "running")));
    check(&line("0.22230000000000003", "0.7777"), Ok(("c-1", 0.2223, 0, "running")));
    check(&line("0.22229999999999997", "0.7777"), Ok(("c-1", 0.2223, 1, "running")));
}

#[test]
fn a_line_that_does_not_stand_says_why() {
    let with = |weights: &str| format!(r#"{{"unit": "c", "seed": "s", "weights": {weights}}}"#);
    for (line, code, part) in [
        ("not json".to_owned(), "invalid_json", "no JSON"),
        ("{".to_owned(), "invalid_json", "no JSON"),
        (r#"["c", "s", 1.0, [1.0], null]"#.to_owned(), "invalid_field", "not an object"),
        (r#"{"unit": "", "seed": "s", "weights": [1]}"#.to_owned(), "invalid_field", "the unit is empty"),
        (r#"{"seed": "s", "weights": [1]}"#.to_owned(), "invalid_field", "missing field `unit`"),
        (r#"{"unit": 1, "seed": "s", "weights": [1]}"#.to_owned(), "invalid_field", "expected a string"),
        (r#"{"unit": "c", "seed": "s", "weihgts": [1]}"#.to_owned(), "unknown_field", "weihgts"),
        (with("[]"), "invalid_field", "weights sum to"),
        (with("[0.5, 0.49998]"), "invalid_field", "weights sum to 0.99998"),
        (with("[1.5, -0.5]"), "invalid_field", "weights[1] is -0.5"),
        (with("[\"1\"]"), "invalid_field", "\"1\" is no number"),
        (with("[1e999]"), "invalid_field", "1e999 is no number"),
        (with("[1], \"coverage\": 1.1"), "invalid_field", "coverage is 1.1"),
        (with("[1], \"namespace\": [\"n\", [0.5, 0.4]]"), "invalid_field", "is no object"),
        (
            with("[1], \"namespace\": {\"id\": \"n\", \"range\": [0.5, 0.4]}"),
            "invalid_field",
            "namespace.range",
        ),
    ] {
        check(&line, Err((code, part)));
    }
    // The tolerance on either side.
    for weights in ["[0.5, 0.5000005]", "[0.5, 0.4999995]"] {
        assert!(read(with(weights).as_bytes()).and_then(answer).is_ok(), "{weights}");
    }
}

#[test]
fn a_line_that_is_too_long_is_answered_in_its_place() {
    let good = r#"{"unit": "c-1", "seed": "exp", "weights": [1]}"#;
    let long = "x".repeat(usize::try_from(LINE_BYTES_MAX).unwrap() + 5);
    let text = format!("{good}\n\n{long}\n{good}");
    let mut output = Vec::new();
    let exit = assign(BufReader::new(text.as_bytes()), &mut output, Path::new("-")).unwrap();
    assert_eq!(exit, Exit::No);
    let lines: Vec<serde_json::Value> =
        output.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!((&lines[0], &lines[1]["error"]["code"]), (&lines[2], &json!("line_too_long")));
}
