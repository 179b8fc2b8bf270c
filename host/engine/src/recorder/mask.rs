//! What of a recording tells of a person, and is not shown unless somebody asks for it.
//!
//! An allow-list: a text is shown when its field can hold nothing but the merchant's catalogue, the operator's settings or
//! a word of the host's own. Whatever a customer or a strategy may have written is masked, with everything about the
//! customer's history, numbers too. A field that nobody thought of is masked.

use serde_json::Value;

/// What stands in the place of what is not shown.
pub(crate) const MASK: &str = "masked";

/// Never shown, whatever is in them.
const HIDDEN: &[&str] = &["customer", "orders", "state", "log", "detail", "purchases", "prior"];

/// Shown whole: the merchant's own catalogue.
const OPEN: &[&str] = &["product", "found"];

/// Texts that are shown.
const SHOWN: &[&str] = &[
    "id",
    "at",
    "why",
    "meter",
    "truncated",
    "stage",
    "plugin",
    "digest",
    "margin",
    "config",
    "outcome",
    "sku",
    "currency",
    "locale",
    "requested_resolution",
    "resolution",
    "resolutions",
    "reason",
    "partial_discount",
    "care",
    "benefits",
    "budget",
    "action",
    "template",
    "about",
    "order_by",
];

/// Under these a name that is shown elsewhere is a person's or a strategy's.
const CLOSED: &[&str] = &["request", "event", "situation"];
/// What is shown under those all the same.
const SHOWN_IN_CLOSED: &[&str] = &[
    "sku",
    "currency",
    "locale",
    "requested_resolution",
    "resolutions",
    "reason",
    "partial_discount",
    "care",
    "benefits",
    "budget",
];

/// Masks a whole recording.
pub(crate) fn document(document: &mut Value) {
    mask(document, &mut Vec::new());
}

/// Masks a value that stands at a path of the recording.
pub(crate) fn at(path: &[String], value: &mut Value) {
    let mut path = path.to_vec();
    if path.iter().any(|key| HIDDEN.contains(&key.as_str())) {
        *value = MASK.into();
        return;
    }
    mask(value, &mut path);
}

fn mask(value: &mut Value, path: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                if HIDDEN.contains(&key.as_str()) {
                    if !member.is_null() {
                        *member = MASK.into();
                    }
                    continue;
                }
                if OPEN.contains(&key.as_str()) {
                    continue;
                }
                path.push(key.clone());
                mask(member, path);
                path.pop();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, path)),
        Value::String(text) if !is_shown(path) => MASK.clone_into(text),
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

/// Whether a text may be shown: by its nearest name, and by what it is part of.
fn is_shown(path: &[String]) -> bool {
    let Some(key) = path.last() else { return false };
    let shown = match path.iter().any(|key| CLOSED.contains(&key.as_str())) {
        true => SHOWN_IN_CLOSED,
        false => SHOWN,
    };
    shown.contains(&key.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_can_hold_no_person_is_shown() {
        let mut document = super::document;
        let document = &mut document;
        let mut given = json!({
            "id": "a", "new_field": "secret",
            "inputs": {
                "request": {"id": "secret", "customer_id": "secret", "lines": [{"sku": "LIP-01", "note": "secret"}]},
                "situation": {
                    "now": 5, "locale": "en", "customer": {"traits": ["secret"], "spent": 77},
                    "event": {"id": "secret", "orders": [{"id": "secret"}],
                        "lines": [{"product": {"title": "Velvet lipstick"}, "reason": "color", "reason_code": "secret"}]},
                },
                "segment": {"key": "secret", "traits": ["secret"]},
            },
            "calls": [{
                "plugin": "a/b@1.0.0", "state": [115], "asked": [{"search": {"query": {"any_tag": ["secret"], "brand": "secret"}}}],
                "ended": {"outcome": "value", "detail": "secret", "log": [{"message": "secret"}], "output": {"kind": "secret"}},
            }],
        });
        document(&mut given);
        let text = given.to_string();
        assert!(!text.contains("secret") && !text.contains("77") && !text.contains("115"), "{text}");
        for shown in ["LIP-01", "Velvet lipstick", "color", "a/b@1.0.0", "\"en\"", "\"value\""] {
            assert!(text.contains(shown), "{shown}: {text}");
        }
    }

    #[test]
    fn a_difference_is_masked_as_its_place_in_the_recording_is() {
        let path = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
        for (keys, value, want) in [
            (&["outcome"][..], json!("value"), json!("value")),
            (&["detail"], json!("note"), json!(MASK)),
            (&["log", "message"], json!("note"), json!(MASK)),
            (&["output", "segment", "key"], json!("word"), json!(MASK)),
            (&["fuel"], json!(7), json!(7)),
        ] {
            let mut value = value;
            at(&path(keys), &mut value);
            assert_eq!(value, want, "{keys:?}");
        }
    }
}
