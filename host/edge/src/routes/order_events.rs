//! Orders as CloudEvents: the import of `/v1/orders` for those who send each order when it is placed.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use rebound_domain::event::OrderRequest;
use rebound_engine::{Engine, LineError};

use super::json;
use crate::app::AppState;
use crate::cloudevents::{self, Event, Incoming, ORDER_PLACED, Part};
use crate::failure::line_code;
use crate::problem::Problem;
use crate::wire::events::{Dealt, OrderBatch, OrderOutcome, OrderTaken};
use crate::wire::order::OrderBody;

/// Takes in one order, or a batch of them. What lands is learned from even when the client goes away.
///
/// # Errors
/// A problem of the request; in a batch those of single orders are in their places.
pub(super) async fn take(state: &AppState, request: Request) -> Result<Response, Problem> {
    match cloudevents::read(request, state, &ORDER_PLACED).await? {
        Incoming::One(event) => {
            let order = order(state.engine(), &event)?;
            let mut taken = land(state.engine(), vec![order]).await?;
            let outcome = taken.pop().ok_or_else(lost)??;
            Ok(json(status(outcome), &OrderTaken { outcome }))
        }
        Incoming::Batch(parts, _permit) => {
            let dealt = batch(state.engine(), parts).await?;
            let answer = OrderBatch::new(&dealt, |outcome| status(outcome).as_u16());
            Ok(json(StatusCode::OK, &answer))
        }
    }
}

/// The orders that stand go to the engine together.
async fn batch(engine: &Engine, parts: Vec<Part>) -> Result<Vec<Dealt<OrderOutcome>>, Problem> {
    let mut orders = Vec::with_capacity(parts.len());
    let mut read = Vec::with_capacity(parts.len());
    for Part { source, id, event } in parts {
        let result = event.and_then(|event| order(engine, &event)).map(|order| orders.push(order));
        read.push((source, id, result));
    }
    let mut landed = land(engine, orders).await?.into_iter();
    let dealt = read.into_iter().map(|(source, id, result)| {
        let result = result.and_then(|()| landed.next().ok_or_else(lost)?);
        Dealt { source, id, result }
    });
    Ok(dealt.collect())
}

fn order(engine: &Engine, event: &Event) -> Result<OrderRequest, Problem> {
    Ok(event.typed::<OrderBody>()?.into_request(engine.policy().currency))
}

async fn land(
    engine: &Engine,
    orders: Vec<OrderRequest>,
) -> Result<Vec<Result<OrderOutcome, Problem>>, Problem> {
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    let landed = engine.import_orders(orders).await?;
    Ok(landed.into_iter().map(|result| result.map(Into::into).map_err(|error| refusal(&error))).collect())
}

fn refusal(error: &LineError) -> Problem {
    Problem::new(line_code(error), rebound_engine::chain(error))
}

fn lost() -> Problem {
    Problem::internal("the engine answered fewer orders than it got".to_owned())
}

fn status(outcome: OrderOutcome) -> StatusCode {
    match outcome {
        OrderOutcome::Created => StatusCode::CREATED,
        OrderOutcome::Updated | OrderOutcome::Unchanged => StatusCode::OK,
    }
}
