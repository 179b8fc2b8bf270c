//! JSON bodies: read strictly, and when they do not stand, said where and why.

use std::fmt;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use serde::de::{DeserializeOwned, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use serde_json::{Map, Number, Value};

use crate::app::AppState;
use crate::body;
use crate::code::Code;
use crate::problem::Problem;

/// Names closer than this are what was probably meant.
const SIMILAR: f64 = 0.8;
/// A name longer than this is no typo of ours. Comparing takes the square of its length, and a client may send one
/// that fills a body.
const HINTED_BYTES_MAX: usize = 64;

const NO_OBJECT: &str = "the body is JSON, but not an object; send one in braces";

/// A JSON body of at most `limits.request_bytes`.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<AppState> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        parse(&json_bytes(request, state).await?).map(Self)
    }
}

async fn json_bytes(request: Request, state: &AppState) -> Result<Bytes, Problem> {
    body::require_type(request.headers(), body::JSON)?;
    body::read(request.into_body(), state.engine().limits().request_bytes, state.timeouts().body).await
}

/// Reads an object.
///
/// # Errors
/// A problem that names the place and what would be right.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = object(bytes)?;
    serde_json::from_str(text).map_err(|error| explain::<T>(text, &error))
}

/// Reads an object in which no object has a name twice.
///
/// # Errors
/// A problem that names the place.
pub(crate) fn read_object(bytes: &[u8]) -> Result<Map<String, Value>, Problem> {
    let text = object(bytes)?;
    match serde_json::from_str(text).map_err(|error| explain::<Strict>(text, &error))? {
        Strict(Value::Object(members)) => Ok(members),
        Strict(_) => Err(Problem::new(Code::InvalidField, NO_OBJECT)),
    }
}

/// Reads a typed value from a parsed one, in a fifth of the time of reading the text again.
///
/// # Errors
/// A problem that names the place and what would be right.
pub(crate) fn typed<T: DeserializeOwned>(value: &Value) -> Result<T, Problem> {
    // Paths are followed only when one is needed.
    T::deserialize(value).or_else(|_| {
        serde_path_to_error::deserialize(value)
            .map_err(|error| misfit(&place(error.path()), &bare(error.inner())))
    })
}

/// The text of what looks like an object: serde reads a struct from an array too, the wire does not, here as at any
/// depth (see [`crate::wire`]).
fn object(bytes: &[u8]) -> Result<&str, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let detail = format!("the body is not valid JSON: byte {} is not UTF-8", error.valid_up_to() + 1);
        Problem::new(Code::InvalidJson, detail)
    })?;
    match text.trim_ascii_start().starts_with('{') {
        true => Ok(text),
        false => match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) => Err(Problem::new(Code::InvalidField, NO_OBJECT)),
            Err(error) => Err(invalid_json(&error)),
        },
    }
}

/// The body is not JSON.
pub(crate) fn invalid_json(error: &serde_json::Error) -> Problem {
    Problem::new(Code::InvalidJson, format!("the body is not valid JSON: {error}"))
}

/// Reads the text again, slowly, to say where it does not stand.
fn explain<T: DeserializeOwned>(text: &str, error: &serde_json::Error) -> Problem {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Err(located) if located.inner().classify() == Category::Data => {
            misfit(&place(located.path()), &bare(located.inner()))
        }
        // serde_json calls a number or a boolean where a word belongs a syntax error too.
        Err(located) if serde_json::from_str::<Value>(text).is_ok() => {
            misfit(&place(located.path()), &bare(located.inner()))
        }
        Err(located) => invalid_json(located.inner()),
        Ok(_) => invalid_json(error),
    }
}

/// A path as problems name it; empty for the whole.
pub(crate) fn place(path: &serde_path_to_error::Path) -> String {
    path.iter().next().map_or_else(String::new, |_| path.to_string())
}

/// An error's message without the line and column, which a path says better.
fn bare(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.rfind(" at line ") {
        Some(end) => message[..end].to_owned(),
        None => message,
    }
}

/// The problem behind one of serde's messages about a value at `path`, empty for the whole.
pub(crate) fn misfit(path: &str, message: &str) -> Problem {
    if let Some((name, known)) = unknown_field(message) {
        // The path of an unknown name ends with that name.
        let parent = path.strip_suffix(name).unwrap_or(path).trim_end_matches('.');
        let field = join(parent, name);
        let nearest = known.iter().max_by(|a, b| closeness(name, a).total_cmp(&closeness(name, b)));
        let hint = match nearest {
            Some(nearest) if closeness(name, nearest) >= SIMILAR => format!("did you mean `{nearest}`?"),
            Some(_) => format!("known here: {}", known.join(", ")),
            None => "nothing is known here".to_owned(),
        };
        return Problem::new(Code::UnknownField, format!("`{field}` is not known; {hint}")).field(field);
    }
    let quoted = |start: &str| message.strip_prefix(start)?.strip_suffix('`').map(|name| join(path, name));
    if let Some(field) = quoted("missing field `") {
        return Problem::new(Code::InvalidField, format!("`{field}` is missing; add it")).field(field);
    }
    if let Some(field) = quoted("duplicate field `") {
        return Problem::new(Code::InvalidField, format!("`{field}` is there twice; keep one")).field(field);
    }
    match path {
        "" => Problem::new(Code::InvalidField, message),
        path => Problem::new(Code::InvalidField, format!("`{path}` does not stand: {message}")).field(path),
    }
}

/// The name and the known ones in serde's message "unknown field `a`, expected one of `b`, `c`".
fn unknown_field(message: &str) -> Option<(&str, Vec<&str>)> {
    let rest = message.strip_prefix("unknown field `")?;
    let (name, known) = match rest.rfind("`, expected ") {
        Some(end) => (&rest[..end], &rest[end + 1..]),
        None => (rest.strip_suffix("`, there are no fields")?, ""),
    };
    Some((name, known.split('`').skip(1).step_by(2).collect()))
}

fn closeness(name: &str, known: &str) -> f64 {
    if name.len() > HINTED_BYTES_MAX {
        return 0.0;
    }
    strsim::jaro_winkler(&name.to_lowercase(), known)
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// A value in which no object has a name twice. JSON leaves the meaning of such an object open, and so would two
/// readers of one body.
struct Strict(Value);

/// Reads a value in which no object has a name twice.
///
/// # Errors
/// The deserializer's, naming the name.
pub(crate) fn strict_value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    Strict::deserialize(deserializer).map(|Strict(value)| value)
}

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Strict;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Strict, E> {
        Ok(Strict(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Strict, E> {
        Ok(Strict(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Strict, E> {
        Ok(Strict(number.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Strict, E> {
        let number = Number::from_f64(number).ok_or_else(|| E::custom("the number is not finite"))?;
        Ok(Strict(number.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Strict, E> {
        Ok(Strict(text.into()))
    }

    fn visit_string<E>(self, text: String) -> Result<Strict, E> {
        Ok(Strict(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Strict, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Strict(list.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Strict, A::Error> {
        let mut map = Map::new();
        while let Some((name, Strict(value))) = members.next_entry::<String, _>()? {
            if let Some(_twice) = map.insert(name.clone(), value) {
                return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
            }
        }
        Ok(Strict(map.into()))
    }
}

#[cfg(test)]
mod tests;
