//! `/v1/violations`: what was claimed against the rules.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use rebound_domain::ids::PluginRef;

use super::json;
use crate::app::AppState;
use crate::caller::Asker;
use crate::path::Params;
use crate::problem::Problem;
use crate::wire::claims::{ViolationList, ViolationParams};

/// List violations, those seen last first.
///
/// One entry for each version, template, rule and excerpt, with how often it was seen: `refused` at attempts to publish
/// (as long as the process runs), `shown` in lines of plans (as long as the plans are kept).
#[utoipa::path(
    get,
    path = "/v1/violations",
    tag = "claims",
    operation_id = "list_violations",
    params(ViolationParams),
    responses((status = 200, description = "A page", body = ViolationList)),
    extensions(("x-problems" = json!([]))),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    asker: Asker,
    Params(params): Params<ViolationParams>,
) -> Result<Response, Problem> {
    let (limit, after) = params.page()?;
    // One more tells whether there is a next page.
    let wanted = |plugin: &PluginRef| params.wants(plugin) && asker.sees(&plugin.name);
    let page = state.engine().violations(wanted, after, limit + 1);
    Ok(json(StatusCode::OK, &ViolationList::new(page, limit)))
}
