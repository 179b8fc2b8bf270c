//! Parts of the path and parameters of the query.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rebound_domain::ids::PluginRef;
use serde::de::DeserializeOwned;

use crate::code::Code;
use crate::json;
use crate::problem::Problem;

/// What RFC 3986 calls unreserved stands for itself.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A text as one part of a path.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// The one variable part of a route's path.
pub(crate) struct PathPart<T>(pub(crate) T);

impl<S, T> FromRequestParts<S> for PathPart<T>
where
    S: Send + Sync,
    T: FromStr<Err: Display>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| {
            Problem::new(
                Code::InvalidUrl,
                "the path is not UTF-8 once decoded; percent-encode the UTF-8 bytes",
            )
        })?;
        let (name, value) =
            params.iter().next().ok_or_else(|| Problem::internal("a route without a part".to_owned()))?;
        match value.parse() {
            Ok(part) => Ok(Self(part)),
            Err(error) => Err(Problem::new(Code::InvalidField, error.to_string()).field(name)),
        }
    }
}

/// A published version by the three parts of its path: namespace, name, version.
pub(crate) struct PluginPath(pub(crate) PluginRef);

impl<S: Send + Sync> FromRequestParts<S> for PluginPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| {
            Problem::new(
                Code::InvalidUrl,
                "the path is not UTF-8 once decoded; percent-encode the UTF-8 bytes",
            )
        })?;
        let mut values = params.iter().map(|(_, value)| value);
        let mut next = || values.next().unwrap_or_default();
        let (namespace, name, version) = (next(), next(), next());
        match format!("{namespace}/{name}@{version}").parse() {
            Ok(plugin) => Ok(Self(plugin)),
            Err(error) => Err(Problem::new(Code::InvalidField, error.to_string()).field("version")),
        }
    }
}

/// The parameters of the query; one that is not known is refused.
pub(crate) struct Params<T>(pub(crate) T);

impl<S, T> FromRequestParts<S> for Params<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let params = serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs));
        params.map(Self).map_err(|error| json::misfit(&json::place(error.path()), &error.inner().to_string()))
    }
}

/// Stands for a query that a route does not take: `?dry_run=true` on a route that always writes must not pass.
pub(crate) struct NoParams;

impl<S: Send + Sync> FromRequestParts<S> for NoParams {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.uri.query() {
            None | Some("") => Ok(Self),
            Some(query) => {
                let name = query.split(['=', '&']).next().unwrap_or_default();
                let detail =
                    format!("`{}` is not known; this route takes no parameters", name.escape_debug());
                Err(Problem::new(Code::UnknownField, detail).field(name))
            }
        }
    }
}
