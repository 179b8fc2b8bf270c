//! `/v1/audit`: who changed what operators set.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::json;
use crate::app::AppState;
use crate::path::Params;
use crate::problem::Problem;
use crate::wire::audit::{AuditList, AuditParams};

/// List what was changed, oldest first.
///
/// Each entry names the hash of the one before it: SHA-256 of its canonical JSON (RFC 8785). `head` is the latest entry of
/// all; a chain that was followed from entry 1 to it is whole.
#[utoipa::path(
    get,
    path = "/v1/audit",
    tag = "access",
    operation_id = "list_audit",
    params(AuditParams),
    responses((status = 200, description = "A page", body = AuditList)),
    extensions(("x-problems" = json!(["busy", "storage_unavailable"]))),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    Params(params): Params<AuditParams>,
) -> Result<Response, Problem> {
    let (after, limit) = params.page()?;
    let page = state.engine().audit(after, limit).await?;
    Ok(json(StatusCode::OK, &AuditList::from(page)))
}
