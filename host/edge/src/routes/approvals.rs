//! `/v1/plugins/…/approval`: an operator has read what a version may say.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use rebound_domain::ids::PluginRef;
use rebound_engine::Novelty;

use super::json;
use crate::app::AppState;
use crate::caller::Acting;
use crate::code::Code;
use crate::json::Json;
use crate::path::{NoParams, PluginPath};
use crate::problem::Problem;
use crate::wire::claims::{Approval, ApprovalDraft};

/// Approve every text of a published version.
///
/// The approval holds for every version of the plugin with the same texts. The first one stands.
#[utoipa::path(
    post,
    path = "/v1/plugins/{namespace}/{name}/{version}/approval",
    tag = "claims",
    operation_id = "approve",
    params(
        ("namespace" = String, Path, description = "Before the slash of the plugin's name"),
        ("name" = String, Path, description = "Behind it"),
        ("version" = String, Path, description = "Behind the @"),
    ),
    request_body(content = ApprovalDraft, content_type = "application/json"),
    responses(
        (status = 201, description = "Approved now", body = Approval),
        (status = 200, description = "These texts were approved before", body = Approval),
    ),
    extensions(("x-problems" = json!(["not_found", "busy", "storage_unavailable"]))),
)]
pub(super) async fn post(
    Acting(engine): Acting,
    PluginPath(plugin): PluginPath,
    _: NoParams,
    Json(draft): Json<ApprovalDraft>,
) -> Result<Response, Problem> {
    if engine.plugin(&plugin).is_none() {
        return Err(unknown(&plugin));
    }
    let (approval, novelty) = engine.approve(&plugin, draft.owner, draft.reason).await?;
    let status = match novelty {
        Novelty::New => StatusCode::CREATED,
        Novelty::Known => StatusCode::OK,
    };
    Ok(json(status, &Approval::from(approval)))
}

/// Read every text of a published version, and whether it may be said.
#[utoipa::path(
    get,
    path = "/v1/plugins/{namespace}/{name}/{version}/approval",
    tag = "claims",
    operation_id = "read_approval",
    params(
        ("namespace" = String, Path, description = "Before the slash of the plugin's name"),
        ("name" = String, Path, description = "Behind it"),
        ("version" = String, Path, description = "Behind the @"),
    ),
    responses((status = 200, description = "The texts, and the approval they have", body = Approval)),
    extensions(("x-problems" = json!(["not_found"]))),
)]
pub(super) async fn get(
    State(state): State<AppState>,
    PluginPath(plugin): PluginPath,
    _: NoParams,
) -> Result<Response, Problem> {
    let approval = state.engine().approval(&plugin).ok_or_else(|| unknown(&plugin))?;
    Ok(json(StatusCode::OK, &Approval::from(approval)))
}

fn unknown(plugin: &PluginRef) -> Problem {
    Problem::new(Code::NotFound, format!("{plugin} is not published; publish it first"))
}
