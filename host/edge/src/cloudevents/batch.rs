//! Batched mode: an array of events in structured form, cut into them before any is read, so that one that does not
//! stand spoils no other.

use serde::de::IgnoredAny;

use crate::code::Code;
use crate::json;
use crate::problem::Problem;

/// Most events of one batch. Each is decided in its turn, at a durable commit of some milliseconds: a client waits for
/// seconds at most.
pub(crate) const EVENTS_MAX: usize = 100;

/// The texts of a batch's events.
///
/// # Errors
/// A problem when the body is no array of JSON, or holds too many.
pub(crate) fn events(body: &[u8]) -> Result<Vec<&[u8]>, Problem> {
    let mut rest = body;
    if !take(&mut rest, b'[') {
        return match serde_json::from_slice::<IgnoredAny>(body) {
            Ok(_) => {
                let detail = "the body is JSON, but not an array; send a batch in brackets";
                Err(Problem::new(Code::InvalidField, detail))
            }
            Err(error) => Err(json::invalid_json(&error)),
        };
    }
    let mut events = Vec::new();
    if take(&mut rest, b']') {
        return end(body, rest, events);
    }
    loop {
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<IgnoredAny>();
        let Some(Ok(_)) = values.next() else { return Err(broken(body)) };
        let (event, later) = rest.split_at(values.byte_offset());
        if events.len() == EVENTS_MAX {
            let detail = format!("the batch has more than {EVENTS_MAX} events; send fewer at once");
            return Err(Problem::new(Code::BodyTooLarge, detail));
        }
        events.push(event);
        rest = later;
        if take(&mut rest, b']') {
            return end(body, rest, events);
        }
        if !take(&mut rest, b',') {
            return Err(broken(body));
        }
    }
}

fn end<'a>(body: &[u8], rest: &[u8], events: Vec<&'a [u8]>) -> Result<Vec<&'a [u8]>, Problem> {
    if rest.trim_ascii().is_empty() { Ok(events) } else { Err(broken(body)) }
}

/// Takes one byte off the front, past white space; whether it was there.
fn take(rest: &mut &[u8], byte: u8) -> bool {
    let trimmed = rest.trim_ascii_start();
    match trimmed.split_first() {
        Some((first, later)) if *first == byte => {
            *rest = later;
            true
        }
        _ => false,
    }
}

/// What the parser says of the whole.
fn broken(body: &[u8]) -> Problem {
    match serde_json::from_slice::<IgnoredAny>(body) {
        Err(error) => json::invalid_json(&error),
        Ok(_) => Problem::new(Code::InvalidJson, "the body is not valid JSON"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(body: &str) -> Result<Vec<&str>, Code> {
        let events = events(body.as_bytes()).map_err(|problem| problem.code())?;
        Ok(events.into_iter().map(|event| std::str::from_utf8(event).unwrap().trim()).collect())
    }

    #[test]
    fn a_batch_is_cut_into_its_events() {
        for (body, want) in [
            ("[]", vec![]),
            (" [ ] \n", vec![]),
            ("[{}]", vec!["{}"]),
            (r#"[{"a": "],["}, 1,"x", [2] ,null]"#, vec![r#"{"a": "],["}"#, "1", "\"x\"", "[2]", "null"]),
        ] {
            assert_eq!(texts(body), Ok(want), "{body}");
        }
    }

    #[test]
    fn what_is_no_array_of_json_is_no_batch() {
        for (body, code) in [
            ("", Code::InvalidJson),
            ("{}", Code::InvalidField),
            ("7", Code::InvalidField),
            ("[", Code::InvalidJson),
            ("[{}", Code::InvalidJson),
            ("[{} {}]", Code::InvalidJson),
            ("[{},]", Code::InvalidJson),
            ("[,{}]", Code::InvalidJson),
            ("[{}] x", Code::InvalidJson),
            ("[{]", Code::InvalidJson),
        ] {
            assert_eq!(texts(body), Err(code), "{body}");
        }
    }

    #[test]
    fn a_batch_holds_a_hundred_events_and_not_one_more() {
        let batch = |count: usize| format!("[{}]", vec!["{}"; count].join(","));
        assert_eq!(texts(&batch(EVENTS_MAX)).unwrap().len(), EVENTS_MAX);
        assert_eq!(texts(&batch(EVENTS_MAX + 1)), Err(Code::BodyTooLarge));
    }
}
