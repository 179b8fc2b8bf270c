//! One event is one event, however it comes.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::envelope::{Envelope, TraceParent};
use super::{RETURN_REQUESTED, binary, structured};
use crate::canonical;
use crate::code::Code;
use crate::problem::Problem;

/// What "the same body" is compared by.
fn identity(envelope: Result<Envelope, Problem>) -> [u8; 32] {
    let data = envelope.and_then(|mut envelope| RETURN_REQUESTED.complete(&mut envelope)).unwrap();
    canonical::digest(&data.into())
}

fn structured_of(event: Value) -> Result<Envelope, Problem> {
    let Value::Object(members) = event else { panic!("{event}") };
    structured::envelope(members)
}

fn binary_of(attributes: &[(&str, &str)], data: &Value) -> Result<Envelope, Problem> {
    let mut headers = HeaderMap::new();
    for (name, text) in attributes {
        let encoded = utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let name: HeaderName = format!("ce-{name}").parse().unwrap();
        headers.append(name, HeaderValue::from_str(&encoded).unwrap());
    }
    binary::envelope(&headers, data.to_string().as_bytes())
}

/// The plain body of a return.
fn plain(source: &str, id: &str, return_id: &str, note: &str) -> Value {
    json!({
        "source": source, "id": id, "return_id": return_id, "customer_id": "c-1", "locale": "en", "currency": "CNY",
        "requested_at": "2026-03-01T09:30:00Z", "lines": [{"sku": "A", "quantity": 1, "paid": 100, "note": note}],
    })
}

fn without(mut body: Value, fields: &[&str]) -> Value {
    fields.iter().for_each(|field| {
        body.as_object_mut().unwrap().remove(*field);
    });
    body
}

fn envelope(data: &Value) -> Value {
    json!({
        "specversion": "1.0", "id": "e-1", "source": "shop", "type": "rebound.return.requested", "data": data,
    })
}

fn changed(name: &str, value: Value) -> Value {
    let mut event = envelope(&plain("shop", "e-1", "r-1", ""));
    event[name] = value;
    event
}

proptest! {
    #[test]
    fn an_event_has_one_identity_however_it_comes(
        source in "[!-~é退😀][ -~é退😀]{0,19}",
        id in "[!-~é退😀][ -~é退😀]{0,19}",
        return_id in "[!-~é退😀]{1,20}",
        note in any::<String>(),
        offset in prop::sample::select(vec!["2026-03-01T09:30:00Z", "2026-03-01T17:30:00+08:00", "2026-03-01T09:30:00.000+00:00"]),
        left_out in prop::sample::subsequence(vec!["source", "id", "return_id", "requested_at"], 0..=4),
    ) {
        let body = plain(&source, &id, &return_id, &note);
        let want = canonical::digest(&body);
        let data = without(body, &left_out);
        let attributes = json!({
            "specversion": "1.0", "type": "rebound.return.requested", "id": id, "source": source,
            "subject": return_id, "time": offset, "datacontenttype": "application/json", "shopregion": "east",
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "retries": 3, "test": true,
        });
        let with = |name: &str, value: Value| {
            let mut event: Map<String, Value> = attributes.as_object().unwrap().clone();
            event.insert(name.to_owned(), value);
            Value::Object(event)
        };
        prop_assert_eq!(identity(structured_of(with("data", data.clone()))), want);
        let encoded = BASE64_STANDARD.encode(data.to_string());
        prop_assert_eq!(identity(structured_of(with("data_base64", encoded.into()))), want);
        let headers = [
            ("specversion", "1.0"), ("type", "rebound.return.requested"), ("id", &id), ("source", &source),
            ("subject", &return_id), ("time", offset), ("shopregion", "east"),
        ];
        prop_assert_eq!(identity(binary_of(&headers, &data)), want);
    }
}

#[test]
fn time_that_is_not_the_requests_changes_nothing() {
    let body = plain("shop", "e-1", "r-1", "");
    let want = canonical::digest(&body);
    let mut event = envelope(&body);
    event["time"] = json!("2026-04-01T00:00:00Z");
    assert_eq!(identity(structured_of(event)), want);
}

#[test]
fn attribute_and_data_that_name_two_things_are_refused_by_both_names() {
    for (attribute, value, field, other) in [
        ("source", "shop", "source", "another-shop"),
        ("id", "e-1", "id", "e-2"),
        ("subject", "r-1", "return_id", "r-2"),
    ] {
        let mut data = plain("shop", "e-1", "r-1", "");
        data[field] = other.into();
        let mut event = envelope(&data);
        event[attribute] = value.into();
        let problem = structured_of(event)
            .and_then(|mut envelope| RETURN_REQUESTED.complete(&mut envelope))
            .unwrap_err();
        assert_eq!(problem.code(), Code::InvalidField);
        for part in [attribute, field, value, other] {
            assert!(problem.detail().contains(part), "{part}: {}", problem.detail());
        }
    }
}

#[test]
fn an_envelope_that_does_not_stand_is_refused_by_name() {
    let data = plain("shop", "e-1", "r-1", "");
    let mut both = envelope(&data);
    both["data_base64"] = "e30=".into();
    for (event, code, part) in [
        (without(envelope(&data), &["specversion"]), Code::InvalidField, "`specversion` is missing"),
        (without(envelope(&data), &["id"]), Code::InvalidField, "`id` is missing"),
        (without(envelope(&data), &["source"]), Code::InvalidField, "`source` is missing"),
        (without(envelope(&data), &["type"]), Code::InvalidField, "`type` is missing"),
        (without(envelope(&data), &["data"]), Code::InvalidField, "`data` is missing"),
        (changed("id", Value::Null), Code::InvalidField, "`id` is missing"),
        (changed("data", Value::Null), Code::InvalidField, "`data` is missing"),
        (changed("specversion", json!("0.3")), Code::InvalidField, "0.3; this host reads CloudEvents 1.0"),
        (changed("specversion", json!(1.0)), Code::InvalidField, "`specversion` is no text"),
        (changed("id", json!("")), Code::InvalidField, "event id is empty"),
        (changed("source", json!("x".repeat(257))), Code::InvalidField, "limit of 256"),
        (changed("time", json!("yesterday")), Code::InvalidField, "RFC 3339"),
        (changed("datacontenttype", json!("text/xml")), Code::UnsupportedMediaType, "text/xml"),
        (changed("data", json!([1])), Code::InvalidField, "not an object"),
        (changed("data", json!("{}")), Code::InvalidField, "not an object"),
        (changed("return_id", json!("r-1")), Code::UnknownField, "`return_id`"),
        (changed("Source", json!("shop")), Code::UnknownField, "`Source`"),
        (changed("extension", json!({"a": 1})), Code::InvalidField, "`extension`"),
        (both, Code::InvalidField, "`data_base64` are both there"),
    ] {
        let problem = structured_of(event.clone()).unwrap_err();
        assert_eq!(problem.code(), code, "{event}");
        assert!(problem.detail().contains(part), "{} does not say {part}", problem.detail());
    }
}

#[test]
fn data_in_base64_that_cannot_be_read_says_what_is_wrong_with_it() {
    for (text, code, part) in [
        (json!("***"), Code::InvalidField, "is not base64"),
        (json!(7), Code::InvalidField, "is no text"),
        (json!(BASE64_STANDARD.encode("{")), Code::InvalidJson, "EOF"),
        (json!(BASE64_STANDARD.encode("[]")), Code::InvalidField, "not an object"),
    ] {
        let mut event = without(envelope(&json!({})), &["data"]);
        event["data_base64"] = text;
        let problem = structured_of(event).unwrap_err();
        assert_eq!(problem.code(), code);
        assert!(problem.detail().contains(part), "{}", problem.detail());
    }
}

#[test]
fn a_header_is_named_as_it_was_sent() {
    let data = plain("shop", "e-1", "r-1", "");
    let good =
        [("specversion", "1.0"), ("type", "rebound.return.requested"), ("id", "e-1"), ("source", "shop")];
    for (index, (name, _)) in good.iter().enumerate() {
        let mut headers = good.to_vec();
        headers.remove(index);
        let problem = binary_of(&headers, &data).unwrap_err();
        assert!(problem.detail().contains(&format!("`ce-{name}` is missing")), "{}", problem.detail());
    }
    for (extra, part) in [
        (("id", "e-2"), "`ce-id` is there twice"),
        (("datacontenttype", "application/json"), "content-type says it"),
        (("return_id", "r-1"), "`ce-return_id` is no attribute"),
        (("time", "now"), "`ce-time` does not stand"),
    ] {
        let headers = [good.to_vec(), vec![extra]].concat();
        let problem = binary_of(&headers, &data).unwrap_err();
        assert!(problem.detail().contains(part), "{}", problem.detail());
    }
}

#[test]
fn an_event_of_another_type_is_told_which_one_the_route_takes() {
    let mut envelope = structured_of(changed("type", json!("com.shop.refund"))).unwrap();
    let problem = RETURN_REQUESTED.complete(&mut envelope).unwrap_err();
    assert_eq!(problem.code(), Code::UnknownEventType);
    for part in ["com.shop.refund", "rebound.return.requested", "POST /v1/returns"] {
        assert!(problem.detail().contains(part), "{}", problem.detail());
    }
}

#[test]
fn the_trace_is_kept_when_it_is_one() {
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let event = structured_of(changed("traceparent", trace.into())).unwrap();
    assert_eq!(event.trace.as_ref().map(TraceParent::as_str), Some(trace));
    for bad in [
        "",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
    ] {
        let event = structured_of(changed("traceparent", bad.into())).unwrap();
        assert_eq!(event.trace, None, "{bad}");
    }
}
