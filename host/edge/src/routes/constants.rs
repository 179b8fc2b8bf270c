//! `/v1/constants`: what a merchant states because the operator answers for it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use rebound_domain::ids::ConstantKey;

use super::json;
use crate::app::AppState;
use crate::caller::Acting;
use crate::code::Code;
use crate::json::Json;
use crate::path::{NoParams, PathPart};
use crate::problem::Problem;
use crate::wire::claims::{Constant, ConstantList};

/// Declare a constant, or change it.
///
/// Templates name it as `{const.key}`. It is never taken back; give one that holds no more an end that has passed.
#[utoipa::path(
    put,
    path = "/v1/constants/{key}",
    tag = "claims",
    operation_id = "set_constant",
    params(("key" = String, Path, description = "The constant's key")),
    request_body(content = Constant, content_type = "application/json"),
    responses((status = 200, description = "The constant as it stands", body = Constant)),
    extensions(("x-problems" = json!(["busy", "storage_unavailable"]))),
)]
pub(super) async fn put(
    State(state): State<AppState>,
    Acting(engine): Acting,
    PathPart(key): PathPart<ConstantKey>,
    _: NoParams,
    Json(constant): Json<Constant>,
) -> Result<Response, Problem> {
    engine.set_constant(constant.into_domain(key.clone())).await?;
    current(&state, &key)
}

/// Read a constant.
#[utoipa::path(
    get,
    path = "/v1/constants/{key}",
    tag = "claims",
    operation_id = "read_constant",
    params(("key" = String, Path, description = "The constant's key")),
    responses((status = 200, description = "The constant as it stands", body = Constant)),
    extensions(("x-problems" = json!(["not_found"]))),
)]
pub(super) async fn get(
    State(state): State<AppState>,
    PathPart(key): PathPart<ConstantKey>,
    _: NoParams,
) -> Result<Response, Problem> {
    current(&state, &key)
}

/// List every constant.
#[utoipa::path(
    get,
    path = "/v1/constants",
    tag = "claims",
    operation_id = "list_constants",
    responses((status = 200, description = "By key", body = ConstantList)),
    extensions(("x-problems" = json!([]))),
)]
pub(super) async fn list(State(state): State<AppState>, _: NoParams) -> Response {
    let constants = state.engine().constants().into_iter().map(Into::into).collect();
    json(StatusCode::OK, &ConstantList { constants })
}

fn current(state: &AppState, key: &ConstantKey) -> Result<Response, Problem> {
    match state.engine().constant(key) {
        Some(constant) => Ok(json(StatusCode::OK, &Constant::from(constant))),
        None => Err(Problem::new(Code::NotFound, format!("there is no constant {key}; PUT declares it"))),
    }
}
