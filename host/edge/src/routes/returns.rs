//! `/v1/returns`: a return event becomes a plan.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use rebound_domain::ids::ReturnId;
use rebound_engine::{Decided, Mode, Origin};
use serde::Deserialize;
use utoipa::IntoParams;

use super::json;
use crate::app::AppState;
use crate::code::Code;
use crate::failure::plan_address;
use crate::json::DigestedJson;
use crate::path::{NoParams, Params, PathPart};
use crate::problem::Problem;
use crate::wire::plan::Plan;
use crate::wire::return_event::ReturnEvent;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DecideParams {
    /// Whether the plan is only shown: nothing is stored and nothing is learned.
    #[serde(default)]
    dry_run: bool,
}

/// Decide a return.
///
/// The same event again, whatever the order of its keys and its white space, answers with the stored plan, byte by
/// byte. The answer waits until the plan is durable; a decision runs to its end even when the client goes away.
#[utoipa::path(
    post,
    path = "/v1/returns",
    tag = "returns",
    operation_id = "decide",
    params(DecideParams),
    request_body(content = ReturnEvent, content_type = "application/json"),
    responses(
        (status = 201, description = "The plan, made now and stored", body = Plan<'static>,
            headers(("location" = String, description = "Where the plan is read"))),
        (status = 200, description = "The plan that the event became before, or that a dry run shows", body = Plan<'static>),
    ),
    extensions(("x-problems" = json!([
        "event_conflict", "return_already_decided", "erased", "unknown_sku", "currency_mismatch", "busy", "storage_unavailable"
    ]))),
)]
pub(super) async fn post(
    State(state): State<AppState>,
    Params(params): Params<DecideParams>,
    DigestedJson(event, digest): DigestedJson<ReturnEvent>,
) -> Result<Response, Problem> {
    let mode = if params.dry_run { Mode::DryRun } else { Mode::Commit };
    let Decided { plan, origin } = state.engine().decide(event.into(), digest, mode).await?;
    let status = match origin {
        Origin::Made => StatusCode::CREATED,
        Origin::Stored | Origin::DryRun => StatusCode::OK,
    };
    let mut response = json(status, &Plan::from(&plan));
    if origin == Origin::Made {
        let address = HeaderValue::try_from(plan_address(&plan.return_id));
        let address = address.expect("an address is percent-encoded ASCII");
        response.headers_mut().insert(header::LOCATION, address);
    }
    Ok(response)
}

/// Read the plan of a return.
///
/// The plan as it stands. `progress` is told anew on each read, so once a return's custody is reported it may grow;
/// every other section is what the event was answered with.
#[utoipa::path(
    get,
    path = "/v1/returns/{return_id}",
    tag = "returns",
    operation_id = "read_plan",
    params(("return_id" = String, Path, description = "The merchant's name for the return")),
    responses((status = 200, description = "The plan as it stands", body = Plan<'static>)),
    extensions(("x-problems" = json!(["not_found", "busy", "storage_unavailable"]))),
)]
pub(super) async fn get(
    State(state): State<AppState>,
    PathPart(return_id): PathPart<ReturnId>,
    _: NoParams,
) -> Result<Response, Problem> {
    match state.engine().plan(&return_id).await? {
        Some(plan) => Ok(json(StatusCode::OK, &Plan::from(&plan))),
        None => {
            Err(Problem::new(Code::NotFound, format!("return {return_id} has no plan; send its event first")))
        }
    }
}
