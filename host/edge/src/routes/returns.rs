//! `/v1/returns`: a return event becomes a plan.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use rebound_domain::ids::ReturnId;
use rebound_engine::{Decided, Engine, Mode, Origin};
use serde::Deserialize;
use tracing::Instrument as _;
use utoipa::IntoParams;

use super::json;
use crate::app::AppState;
use crate::cloudevents::{self, Event, Incoming, Part, RETURN_REQUESTED};
use crate::code::Code;
use crate::failure::plan_address;
use crate::path::{NoParams, Params, PathPart};
use crate::problem::{Cause, Problem};
use crate::wire::events::{Dealt, DecideAnswer, ReturnBatch};
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
///
/// Sent as it is, or as a CloudEvent of the type `rebound.return.requested`: binary, structured, or a batch, whose answer is
/// 200 with a result for each event.
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
        (status = 200, description = "The plan that the event became before, or that a dry run shows; or what became of \
            each event of a batch", body = DecideAnswer<'static>),
    ),
    extensions(
        ("x-event" = json!("rebound.return.requested")),
        ("x-problems" = json!([
            "event_conflict", "return_already_decided", "erased", "unknown_sku", "currency_mismatch", "busy", "storage_unavailable"
        ])),
    ),
)]
pub(super) async fn post(
    State(state): State<AppState>,
    Params(params): Params<DecideParams>,
    request: Request,
) -> Result<Response, Problem> {
    let mode = if params.dry_run { Mode::DryRun } else { Mode::Commit };
    match cloudevents::read(request, &state, &RETURN_REQUESTED).await? {
        Incoming::One(event) => Ok(answer(&decide(state.engine(), &event, mode).await?)),
        Incoming::Batch(parts, permit) => {
            // A task that nobody aborts: what a client began is finished when it goes away.
            let engine = state.engine().clone();
            let task = tokio::spawn(async move {
                let dealt = decide_batch(&engine, parts, mode).await;
                drop(permit);
                dealt
            });
            let dealt =
                task.await.map_err(|error| Problem::internal(format!("a batch was lost: {error}")))?;
            Ok(json(StatusCode::OK, &ReturnBatch::new(&dealt, |decided| status(decided).as_u16())))
        }
    }
}

/// Decides each event in its turn: of two for one return the earlier one counts.
async fn decide_batch(engine: &Engine, parts: Vec<Part>, mode: Mode) -> Vec<Dealt<Decided>> {
    let mut dealt = Vec::with_capacity(parts.len());
    for Part { source, id, event } in parts {
        let result = match event {
            Ok(event) => decide(engine, &event, mode).await,
            Err(problem) => Err(problem),
        };
        if let Some(Cause { incident, chain }) = result.as_ref().err().and_then(Problem::cause) {
            tracing::error!(incident, cause = chain, "an event of a batch failed");
        }
        dealt.push(Dealt { source, id, result });
    }
    dealt
}

async fn decide(engine: &Engine, event: &Event, mode: Mode) -> Result<Decided, Problem> {
    let typed: ReturnEvent = event.typed()?;
    let decision = engine.decide(typed.into(), event.digest(), mode);
    let Some(trace) = &event.trace else { return Ok(decision.await?) };
    let span = tracing::info_span!("event", traceparent = trace.as_str());
    Ok(decision.instrument(span).await?)
}

fn status(decided: &Decided) -> StatusCode {
    match decided.origin {
        Origin::Made => StatusCode::CREATED,
        Origin::Stored | Origin::DryRun => StatusCode::OK,
    }
}

fn answer(decided: &Decided) -> Response {
    let mut response = json(status(decided), &Plan::from(&decided.plan));
    if decided.origin == Origin::Made {
        let address = HeaderValue::try_from(plan_address(&decided.plan.return_id));
        let address = address.expect("an address is percent-encoded ASCII");
        response.headers_mut().insert(header::LOCATION, address);
    }
    response
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
