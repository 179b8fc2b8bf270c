//! The routes. A handler extracts, calls one function of the engine, and shapes the answer.
//!
//! The codes that a handler's problems may have stand beside it (`x-problems`); what follows from its shape alone
//! (a body, a token) is added by [`crate::openapi`].

mod approvals;
mod audit;
mod backups;
mod constants;
mod control;
mod customers;
mod describe;
mod holds;
mod imports;
mod namespaces;
mod order_events;
mod plugins;
mod quarantine;
mod recordings;
mod returns;
mod service;
mod tokens;
mod violations;

use axum::body::Bytes;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;

/// Routes that ask for the token.
pub(crate) fn guarded() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(returns::post))
        .routes(routes!(returns::get))
        .routes(routes!(holds::get))
        .routes(routes!(imports::post_orders))
        .routes(routes!(imports::post_catalog))
        .routes(routes!(imports::post_customers))
        .routes(routes!(imports::post_past_returns))
        .routes(routes!(customers::get, customers::delete))
        .routes(routes!(plugins::post, plugins::list))
        .routes(routes!(approvals::post, approvals::get))
        .routes(routes!(namespaces::get))
        .routes(routes!(namespaces::figures))
        .routes(routes!(namespaces::violations))
        .routes(routes!(quarantine::list))
        .routes(routes!(quarantine::hold))
        .routes(routes!(quarantine::release))
        .routes(routes!(recordings::list))
        .routes(routes!(recordings::get))
        .routes(routes!(recordings::replay))
        .routes(routes!(control::put_route, control::get_route))
        .routes(routes!(control::put_experiment, control::get_experiment))
        .routes(routes!(control::list_experiments))
        .routes(routes!(control::put_policy, control::get_policy))
        .routes(routes!(control::put_budget, control::get_budget))
        .routes(routes!(control::list_budgets))
        .routes(routes!(constants::put, constants::get))
        .routes(routes!(constants::list))
        .routes(routes!(violations::list))
        .routes(routes!(audit::list))
        .routes(routes!(backups::post))
        .routes(routes!(tokens::post, tokens::list))
        .routes(routes!(tokens::delete))
        .routes(routes!(tokens::rotate))
        .routes(routes!(service::metrics))
}

/// Routes that whoever watches over the process may ask.
pub(crate) fn probes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(service::healthz)).routes(routes!(service::readyz))
}

/// Routes that tell what the service offers and nothing of the deployment: a browser asks them without a token, and so
/// does whoever follows an event's `dataschema`.
pub(crate) fn public() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(service::document))
        .routes(routes!(describe::page))
        .routes(routes!(describe::list_schemas))
        .routes(routes!(describe::get_schema))
}

/// An answer as JSON.
fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let bytes = serde_json::to_vec(body).expect("an answer has string keys and finite numbers only");
    content(status, "application/json", bytes.into())
}

fn content(status: StatusCode, media_type: &'static str, bytes: Bytes) -> Response {
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static(media_type))], bytes).into_response()
}
