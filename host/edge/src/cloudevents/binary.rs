//! Binary mode: attributes as headers, the data as the body.

use axum::http::{HeaderMap, HeaderValue};
use percent_encoding::percent_decode;

use super::envelope::{Attributes, Envelope, Form, invalid};
use crate::json;
use crate::problem::Problem;

const PREFIX: &str = "ce-";

/// Whether any header is an attribute.
pub(crate) fn is_binary(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| name.as_str().starts_with(PREFIX))
}

/// Reads an event whose attributes are headers.
///
/// # Errors
/// A problem that names the header or the place in the data.
pub(crate) fn envelope(headers: &HeaderMap, body: &[u8]) -> Result<Envelope, Problem> {
    let mut attributes = Attributes::new(Form::Binary);
    for (name, value) in headers {
        let Some(attribute) = name.as_str().strip_prefix(PREFIX) else { continue };
        if attribute == "datacontenttype" {
            let detail =
                "`ce-datacontenttype` is no header of binary mode; content-type says it, drop the other";
            return Err(invalid("ce-datacontenttype", detail));
        }
        let text = text(value).ok_or_else(|| {
            let detail = format!("`{name}` is not UTF-8 once decoded; percent-encode the UTF-8 bytes");
            invalid(name.as_str(), &detail)
        })?;
        attributes.add(attribute, text)?;
    }
    // Attributes first: without them it is unknown what the data should be.
    let mut envelope = attributes.envelope(serde_json::Map::new())?;
    envelope.data = json::read_object(body)?;
    Ok(envelope)
}

/// The text of a header: the quotes of RFC 7230 taken off, then percent-decoded once (section 3.1.3.2 of the binding).
/// A `%` without two hex digits stands for itself.
fn text(value: &HeaderValue) -> Option<String> {
    let bytes = value.as_bytes().trim_ascii();
    let bytes = match bytes {
        [b'"', inner @ .., b'"'] => unescaped(inner),
        bytes => bytes.to_vec(),
    };
    percent_decode(&bytes).decode_utf8().ok().map(Into::into)
}

/// The inside of a quoted string: a backslash stands for what comes after it.
fn unescaped(inner: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'\\' => bytes.push(*rest.next().unwrap_or(byte)),
            byte => bytes.push(*byte),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_unquoted_then_percent_decoded_once() {
        for (sent, want) in [
            ("shop", Some("shop")),
            (" shop ", Some("shop")),
            ("%E9%80%80%E8%B4%A7", Some("退货")),
            ("Euro%20%E2%82%AC%20%F0%9F%98%80", Some("Euro € 😀")),
            ("%e2%82%ac", Some("€")),
            ("\"a b\"", Some("a b")),
            (r#""a \"b\" \\ c""#, Some(r#"a "b" \ c"#)),
            ("%22quoted%22", Some("\"quoted\"")),
            ("100%2525", Some("100%25")),
            ("100%", Some("100%")),
            ("%zz", Some("%zz")),
            ("\"", Some("\"")),
            ("%ff", None),
        ] {
            let value = HeaderValue::from_bytes(sent.as_bytes()).unwrap();
            assert_eq!(text(&value).as_deref(), want, "{sent}");
        }
        // Not the standard's way, but what some senders do: the bytes as they are.
        assert_eq!(text(&HeaderValue::from_bytes("退".as_bytes()).unwrap()).as_deref(), Some("退"));
    }
}
