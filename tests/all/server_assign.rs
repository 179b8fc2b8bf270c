//! `rebound assign` as a program calls it.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};

use serde_json::{Value, json};

use crate::harness::root;
use crate::server_process::{piped, rebound, rebound_with_input};

#[test]
fn units_are_assigned_as_the_published_cases_say() {
    let cases = fs::read(root().join("host/domain/src/bucket/cases.json")).unwrap();
    let cases: Value = serde_json::from_slice(&cases).unwrap();
    let cases = cases["buckets"]["cases"].as_array().unwrap();
    // Among them Chinese, combining and astral characters: the hash takes UTF-16 code units.
    assert!(cases.iter().any(|case| case["unit"].as_str().unwrap().contains('😀')));
    let lines: String = cases
        .iter()
        .map(|case| json!({"unit": case["unit"], "seed": case["seed"], "coverage": 1.0, "weights": [0.25, 0.75], "namespace": null}))
        .map(|line| format!("{line}\n"))
        .collect();
    let answers = rebound_with_input(&["assign"], &lines).expect(0, &[]).json_lines();
    assert_eq!(answers.len(), cases.len());
    for (case, answer) in cases.iter().zip(answers) {
        let bucket = case["bucket"].as_f64().unwrap() / 10_000.0;
        let arm = i32::from(bucket >= 0.25);
        assert_eq!(answer, json!({"unit": case["unit"], "bucket": bucket, "arm": arm, "reason": "running"}));
    }
}

#[test]
fn namespaces_exclude_as_the_published_cases_say() {
    let cases = fs::read(root().join("host/domain/src/bucket/cases.json")).unwrap();
    let cases: Value = serde_json::from_slice(&cases).unwrap();
    for case in cases["namespaces"]["cases"].as_array().unwrap() {
        let line = json!({"unit": case["unit"], "seed": "s", "coverage": 1.0, "weights": [1.0],
            "namespace": {"id": case["id"], "range": case["range"]}});
        let answer = rebound_with_input(&["assign", "-"], &line.to_string()).expect(0, &[]).json();
        let want = if case["holds"] == true { ("running", 0) } else { ("excluded", -1) };
        assert_eq!((&answer["reason"], &answer["arm"]), (&json!(want.0), &json!(want.1)), "{case}");
    }
}

#[test]
fn a_bad_line_is_answered_in_its_place_and_the_others_stand() {
    let good = r#"{"unit": "客户-1", "seed": "exp", "weights": [1]}"#;
    let lines = format!("{good}\n{{\"unit\": \"\", \"seed\": \"exp\", \"weights\": [1]}}\noops\n{good}\n");
    // --json changes nothing: there is no other form.
    for arguments in [&["assign"][..], &["assign", "--json"]] {
        let answers = rebound_with_input(arguments, &lines).expect(1, &[]).json_lines();
        let codes: Vec<_> = answers.iter().map(|answer| answer["error"]["code"].clone()).collect();
        assert_eq!(codes, [json!(null), json!("invalid_field"), json!("invalid_json"), json!(null)]);
        assert_eq!(answers[0], json!({"unit": "客户-1", "bucket": 0.792, "arm": 0, "reason": "running"}));
        assert_eq!(answers[0], answers[3]);
    }
    rebound(&["assign", "no-such-file"]).expect(2, &["no-such-file cannot be read"]);
}

#[test]
fn an_answer_does_not_wait_for_the_next_line() {
    let mut child = piped(&["assign"]);
    let (mut input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut output = BufReader::new(output);
    for unit in ["a", "b"] {
        writeln!(input, "{}", json!({"unit": unit, "seed": "seed", "weights": [1]})).unwrap();
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["unit"], unit);
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}
