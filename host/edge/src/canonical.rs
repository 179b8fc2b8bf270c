//! Canonical JSON (RFC 8785): what "the same body" means, whatever the order of its keys and its white space.
//!
//! Written straight from a parsed value: about a twelfth of the time of the general serializer, which the tests
//! hold it against.

use rebound_engine::BodyDigest;
use serde_json::{Number, Value};
use sha2::{Digest, Sha256};

/// SHA-256 of the canonical form.
pub(crate) fn digest(value: &Value) -> BodyDigest {
    let mut bytes = Vec::with_capacity(1024);
    write(value, &mut bytes);
    Sha256::digest(&bytes).into()
}

/// The parser bounds how deep a value goes.
fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            // By UTF-16 code units, in which some characters beyond the basic plane come before some inside it.
            members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            list(b"{}", members, out, |(name, value), out| {
                string(name, out);
                out.push(b':');
                write(value, out);
            });
        }
        Value::Array(items) => list(b"[]", items, out, write),
        Value::String(text) => string(text, out),
        Value::Number(it) => number(it, out),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Null => out.extend_from_slice(b"null"),
    }
}

fn list<T>(
    [open, close]: &[u8; 2],
    items: impl IntoIterator<Item = T>,
    out: &mut Vec<u8>,
    each: impl Fn(T, &mut Vec<u8>),
) {
    out.push(*open);
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        each(item, out);
    }
    out.push(*close);
}

/// The library escapes what RFC 8785 escapes, in the same way.
fn string(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("a vector takes all bytes");
}

/// Every number is a double, written as ECMAScript writes it.
fn number(number: &Number, out: &mut Vec<u8>) {
    let double = number.as_f64().expect("without arbitrary precision every number is a double");
    out.extend_from_slice(ryu_js::Buffer::new().format_finite(double).as_bytes());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(value: &Value) -> String {
        let mut bytes = Vec::new();
        write(value, &mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn the_example_of_rfc_8785_comes_out_as_printed_there() {
        let value: Value = serde_json::from_str(
            r#"{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
                "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"#,
        )
        .unwrap();
        let want = concat!(
            r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#,
            r#""string":"€$\u000f\nA'B\"\\\\\"/"}"#
        );
        assert_eq!(canonical(&value), want);
    }

    #[test]
    fn keys_are_sorted_by_utf_16_code_units() {
        // U+1F600 is the surrogates D83D DE00, which come before U+FB33.
        let value: Value = serde_json::from_str(r#"{"\ufb33":1,"😀":2,"ö":3,"1":4,"\r":5}"#).unwrap();
        assert_eq!(canonical(&value), "{\"\\r\":5,\"1\":4,\"ö\":3,\"😀\":2,\"\u{fb33}\":1}");
    }

    #[test]
    fn one_number_has_one_form() {
        for (text, want) in [
            ("2.0", "2"),
            ("2e0", "2"),
            ("-0", "0"),
            ("-0.0", "0"),
            ("1e21", "1e+21"),
            ("100000000000000000000", "100000000000000000000"),
        ] {
            assert_eq!(canonical(&serde_json::from_str(text).unwrap()), want, "{text}");
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_agrees_with_an_independent_implementation(value in any_value()) {
            prop_assert_eq!(canonical(&value), serde_json_canonicalizer::to_string(&value).unwrap());
        }
    }
}
