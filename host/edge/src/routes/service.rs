//! What those who run the service ask: is it alive, does it want traffic, how is it doing, what does it offer.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use rebound_storage::{Health, Unavailable};
use rebound_telemetry::{Tracer, joined, plain_text};

use super::content;
use crate::app::AppState;
use crate::code::Code;
use crate::path::NoParams;
use crate::problem::Problem;

const TEXT: &str = "text/plain; charset=utf-8";
/// The older format of Prometheus, for what does not know the newer.
const PLAIN_METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Whether the process is alive.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "service",
    operation_id = "healthz",
    security(()),
    responses((status = 200, description = "It is", body = String, content_type = "text/plain")),
    extensions(("x-problems" = json!([]))),
)]
pub(super) async fn healthz() -> Response {
    content(StatusCode::OK, TEXT, "alive\n".into())
}

/// Whether the service wants traffic: not while its storage refuses, and not once it is ending.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "service",
    operation_id = "readyz",
    security(()),
    responses((status = 200, description = "It does", body = String, content_type = "text/plain")),
    extensions(("x-problems" = json!(["shutting_down", "storage_unavailable"]))),
)]
pub(super) async fn readyz(State(state): State<AppState>) -> Result<Response, Problem> {
    match state.engine().health() {
        Health::Refusing(why @ (Unavailable::Full { .. } | Unavailable::ReadOnly)) => {
            Err(Problem::new(Code::StorageUnavailable, why.to_string()))
        }
        Health::Refusing(_) => {
            Err(Problem::new(Code::StorageUnavailable, "the storage refuses writes; its log tells why"))
        }
        Health::Serving if !state.readiness().is_ready() => {
            Err(Problem::new(Code::ShuttingDown, "the service is ending; ask another one"))
        }
        Health::Serving => Ok(content(StatusCode::OK, TEXT, "ready\n".into())),
    }
}

/// The host's figures in the OpenMetrics text format, or, when only `text/plain` is accepted, in Prometheus' older one.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "service",
    operation_id = "metrics",
    responses((status = 200, description = "The figures", content(
        (String = "application/openmetrics-text"),
        (String = "text/plain"),
    ))),
    extensions(("x-problems" = json!([]))),
)]
pub(super) async fn metrics(
    State(state): State<AppState>,
    tracer: Option<Extension<Tracer>>,
    headers: HeaderMap,
    _: NoParams,
) -> Response {
    let own = tracer.map(|Extension(tracer)| tracer.figures()).unwrap_or_default();
    let figures = joined(&state.engine().figures(), &own);
    match accepts_plain_text_only(&headers) {
        true => content(StatusCode::OK, PLAIN_METRICS, plain_text(&figures).into()),
        false => content(StatusCode::OK, OPENMETRICS, figures.into()),
    }
}

fn accepts_plain_text_only(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let accepted: Vec<&str> = accepted.flat_map(|value| value.split(',')).map(str::trim).collect();
    let takes = |media_type: &str| accepted.iter().any(|it| it.starts_with(media_type));
    takes("text/plain") && !takes("application/openmetrics-text") && !takes("*/*")
}

/// This document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "service",
    operation_id = "openapi",
    responses((status = 200, description = "OpenAPI 3.1", body = Object, content_type = "application/json")),
    security(()),
    extensions(("x-problems" = json!(["unknown_field"]))),
)]
pub(super) async fn document(State(state): State<AppState>, _: NoParams) -> Response {
    content(StatusCode::OK, "application/json", state.document())
}
