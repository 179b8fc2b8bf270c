//! What operators set: routes, experiments, policy, budgets. A `PUT` is the whole new state.

use std::str::FromStr;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use rebound_domain::ids::{BudgetId, ExperimentKey};
use rebound_domain::manifest::Stage;

use super::json;
use crate::app::AppState;
use crate::caller::Acting;
use crate::code::Code;
use crate::json::Json;
use crate::path::{NoParams, PathPart};
use crate::problem::Problem;
use crate::wire::experiment::{Experiment, ExperimentDraft, ExperimentList};
use crate::wire::policy::{Budget, BudgetList, Policy};
use crate::wire::route::{self, Route};
use crate::wire::scalar;

/// A stage by its word.
pub(super) struct StageName(pub(super) Stage);

impl FromStr for StageName {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Stage::from_word(word).map(Self).ok_or_else(|| {
            let words = Stage::ALL.map(Stage::word).join(", ");
            format!("`{}` is no stage; use one of {words}", word.escape_debug())
        })
    }
}

/// Set which plugin versions serve a stage.
#[utoipa::path(
    put,
    path = "/v1/routes/{stage}",
    tag = "control",
    operation_id = "set_route",
    params(("stage" = scalar::Stage, Path, description = "The stage")),
    request_body(content = Route, content_type = "application/json"),
    responses((status = 200, description = "The route as it stands", body = Route)),
    extensions(("x-problems" = json!([
        "unknown_plugin", "wrong_stage", "plugin_not_loaded", "invalid_config", "templates_unapproved", "claims_violated", "busy",
        "storage_unavailable"
    ]))),
)]
pub(super) async fn put_route(
    State(state): State<AppState>,
    Acting(engine): Acting,
    PathPart(StageName(stage)): PathPart<StageName>,
    _: NoParams,
    Json(route): Json<Route>,
) -> Result<Response, Problem> {
    engine.set_route(stage, route::into_domain(route.entries)).await?;
    Ok(current_route(&state, stage))
}

/// Read which plugin versions serve a stage.
#[utoipa::path(
    get,
    path = "/v1/routes/{stage}",
    tag = "control",
    operation_id = "read_route",
    params(("stage" = scalar::Stage, Path, description = "The stage")),
    responses((status = 200, description = "The route as it stands, empty when none was set", body = Route)),
    extensions(("x-problems" = json!([]))),
)]
pub(super) async fn get_route(
    State(state): State<AppState>,
    PathPart(StageName(stage)): PathPart<StageName>,
    _: NoParams,
) -> Response {
    current_route(&state, stage)
}

fn current_route(state: &AppState, stage: Stage) -> Response {
    json(StatusCode::OK, &Route { entries: route::from_domain(state.engine().route(stage)) })
}

/// Create an experiment, or change it.
///
/// Widening the coverage continues the phase; changing weights, arms or versions opens the next one. What is read can
/// be sent back: its key, phase and seed must then be those that stand.
#[utoipa::path(
    put,
    path = "/v1/experiments/{key}",
    tag = "control",
    operation_id = "set_experiment",
    params(("key" = String, Path, description = "The experiment's key")),
    request_body(content = ExperimentDraft, content_type = "application/json"),
    responses((status = 200, description = "The experiment as it stands, with its phase", body = Experiment)),
    extensions(("x-problems" = json!([
        "stage_taken", "unknown_plugin", "wrong_stage", "plugin_not_loaded", "invalid_config", "templates_unapproved", "claims_violated",
        "busy", "storage_unavailable"
    ]))),
)]
pub(super) async fn put_experiment(
    State(state): State<AppState>,
    Acting(engine): Acting,
    PathPart(key): PathPart<ExperimentKey>,
    _: NoParams,
    Json(draft): Json<ExperimentDraft>,
) -> Result<Response, Problem> {
    draft.check(&key, state.engine().experiment(&key).as_ref())?;
    let experiment = engine.set_experiment(key, draft.into()).await?;
    Ok(json(StatusCode::OK, &Experiment::from(experiment)))
}

/// Read an experiment.
#[utoipa::path(
    get,
    path = "/v1/experiments/{key}",
    tag = "control",
    operation_id = "read_experiment",
    params(("key" = String, Path, description = "The experiment's key")),
    responses((status = 200, description = "The experiment as it stands", body = Experiment)),
    extensions(("x-problems" = json!(["not_found"]))),
)]
pub(super) async fn get_experiment(
    State(state): State<AppState>,
    PathPart(key): PathPart<ExperimentKey>,
    _: NoParams,
) -> Result<Response, Problem> {
    match state.engine().experiment(&key) {
        Some(experiment) => Ok(json(StatusCode::OK, &Experiment::from(experiment))),
        None => Err(Problem::new(Code::NotFound, format!("there is no experiment {key}; PUT creates it"))),
    }
}

/// List every experiment.
#[utoipa::path(
    get,
    path = "/v1/experiments",
    tag = "control",
    operation_id = "list_experiments",
    responses((status = 200, description = "By key", body = ExperimentList)),
    extensions(("x-problems" = json!([]))),
)]
pub(super) async fn list_experiments(State(state): State<AppState>, _: NoParams) -> Response {
    let experiments = state.engine().experiments().into_iter().map(Into::into).collect();
    json(StatusCode::OK, &ExperimentList { experiments })
}

/// Set the merchant's policy.
#[utoipa::path(
    put,
    path = "/v1/policy",
    tag = "control",
    operation_id = "set_policy",
    request_body(content = Policy, content_type = "application/json"),
    responses((status = 200, description = "The policy as it stands", body = Policy)),
    extensions(("x-problems" = json!(["currency_fixed", "busy", "storage_unavailable"]))),
)]
pub(super) async fn put_policy(
    State(state): State<AppState>,
    Acting(engine): Acting,
    _: NoParams,
    Json(policy): Json<Policy>,
) -> Result<Response, Problem> {
    engine.set_policy(policy.into()).await?;
    Ok(current_policy(&state))
}

/// Read the merchant's policy.
#[utoipa::path(
    get,
    path = "/v1/policy",
    tag = "control",
    operation_id = "read_policy",
    responses((status = 200, description = "The policy as it stands", body = Policy)),
    extensions(("x-problems" = json!([]))),
)]
pub(super) async fn get_policy(State(state): State<AppState>, _: NoParams) -> Response {
    current_policy(&state)
}

fn current_policy(state: &AppState) -> Response {
    json(StatusCode::OK, &Policy::from(state.engine().policy()))
}

/// Declare a coupon budget, or change it.
#[utoipa::path(
    put,
    path = "/v1/budgets/{id}",
    tag = "control",
    operation_id = "set_budget",
    params(("id" = String, Path, description = "The budget's id")),
    request_body(content = Budget, content_type = "application/json"),
    responses((status = 200, description = "The budget as it stands", body = Budget)),
    extensions(("x-problems" = json!(["busy", "storage_unavailable"]))),
)]
pub(super) async fn put_budget(
    State(state): State<AppState>,
    Acting(engine): Acting,
    PathPart(id): PathPart<BudgetId>,
    _: NoParams,
    Json(budget): Json<Budget>,
) -> Result<Response, Problem> {
    engine.set_budget(budget.into_domain(id.clone())).await?;
    current_budget(&state, &id)
}

/// Read a coupon budget.
#[utoipa::path(
    get,
    path = "/v1/budgets/{id}",
    tag = "control",
    operation_id = "read_budget",
    params(("id" = String, Path, description = "The budget's id")),
    responses((status = 200, description = "The budget as it stands", body = Budget)),
    extensions(("x-problems" = json!(["not_found"]))),
)]
pub(super) async fn get_budget(
    State(state): State<AppState>,
    PathPart(id): PathPart<BudgetId>,
    _: NoParams,
) -> Result<Response, Problem> {
    current_budget(&state, &id)
}

/// List every coupon budget, with what it was charged and what is left.
#[utoipa::path(
    get,
    path = "/v1/budgets",
    tag = "control",
    operation_id = "list_budgets",
    responses((status = 200, description = "By id", body = BudgetList)),
    extensions(("x-problems" = json!(["busy", "storage_unavailable"]))),
)]
pub(super) async fn list_budgets(State(state): State<AppState>, _: NoParams) -> Result<Response, Problem> {
    let budgets = state.engine().budgets().await?.into_iter().map(Into::into).collect();
    Ok(json(StatusCode::OK, &BudgetList { budgets }))
}

fn current_budget(state: &AppState, id: &BudgetId) -> Result<Response, Problem> {
    match state.engine().budget(id) {
        Some(budget) => Ok(json(StatusCode::OK, &Budget::from(budget))),
        None => Err(Problem::new(Code::NotFound, format!("there is no budget {id}; PUT creates it"))),
    }
}
