//! `/v1/holds`: what a checkout asks before it charges a price.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use rebound_domain::ids::{CustomerId, Sku};
use rebound_engine::HoldQuery;
use serde::Deserialize;
use utoipa::IntoParams;

use super::json;
use crate::app::AppState;
use crate::path::Params;
use crate::problem::Problem;
use crate::wire::hold::HoldList;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HoldParams {
    /// Whose holds.
    #[param(value_type = String)]
    customer_id: CustomerId,
    /// Of this product only.
    #[param(value_type = Option<String>)]
    sku: Option<Sku>,
    /// Of this offer only.
    recommendation_id: Option<String>,
}

/// Read which prices hold for a customer.
///
/// A plan that says a price is held makes the hold in its own commit. It counts until its end, whatever became of the
/// strategy or experiment that asked for it: a checkout charges the lower of this price and the catalogue's.
#[utoipa::path(
    get,
    path = "/v1/holds",
    tag = "promises",
    operation_id = "read_holds",
    params(HoldParams),
    responses((status = 200, description = "The prices that hold now, cheapest first", body = HoldList)),
    extensions(("x-problems" = json!(["busy", "storage_unavailable"]))),
)]
pub(super) async fn get(
    State(state): State<AppState>,
    Params(params): Params<HoldParams>,
) -> Result<Response, Problem> {
    let HoldParams { customer_id, sku, recommendation_id } = params;
    let query = HoldQuery { customer_id, sku, recommendation_id };
    let holds = state.engine().holds(&query).await?;
    Ok(json(StatusCode::OK, &HoldList::from(holds)))
}
