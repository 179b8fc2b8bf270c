//! HTTP: routes, extractors, errors to statuses, OpenAPI.
//!
//! Start reading at [`app()`] (the routes as one service) and [`run`] (serving it). What this crate leaves out: rules.
//! A handler extracts, calls one function of the engine and shapes the answer; the engine's errors know no
//! statuses, they get them in one place, as problem documents (RFC 9457) with a stable [`Code`].
//!
//! `docs/http.md` tells the same from the client's side.

mod access;
mod app;
mod auth;
mod body;
mod caller;
mod canonical;
mod cloudevents;
mod code;
mod failure;
mod json;
mod lines;
mod observe;
mod openapi;
mod page;
mod path;
mod problem;
mod routes;
mod schemas;
mod serve;
mod strikes;
mod wire;

pub use app::{AppState, Readiness, Timeouts, app, observed_app};
pub use auth::{AuthPolicy, TokenDigest};
pub use code::Code;
pub use observe::Observation;
pub use serve::{Ended, ServeOptions, run};
pub use strikes::Peer;
