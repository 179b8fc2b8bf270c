//! `/v1/recordings`: decisions as they were recorded, and run again.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use rebound_domain::access::Scope;
use rebound_domain::ids::PluginRef;
use rebound_engine::{Personal, RecordingId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::json;
use crate::app::AppState;
use crate::caller::{Acting, Asker};
use crate::path::{NoParams, Params, PathPart};
use crate::problem::Problem;
use crate::wire::recording::{Recording, RecordingList, Replay};

/// How to show a recording.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ShowParams {
    /// Whether what tells of a person is shown, for the scope `personal-data`; that it was is announced.
    #[serde(default)]
    unmasked: bool,
}

/// How to run a recording again.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReplayParams {
    /// Another version, `namespace/name@version`, in the place of every version of the same plugin that ran.
    #[param(value_type = Option<String>)]
    plugin: Option<PluginRef>,
    /// Whether differences show what tells of a person, for the scope `personal-data`; that they did is announced.
    #[serde(default)]
    unmasked: bool,
}

/// Who a customer is, is for those who may know it.
fn personal(unmasked: bool, asker: &Asker) -> Result<Personal, Problem> {
    if !unmasked {
        return Ok(Personal::Masked);
    }
    asker.require(&Scope::PersonalData)?;
    Ok(Personal::Shown)
}

/// List the latest recordings, newest first; at most 100.
#[utoipa::path(
    get,
    path = "/v1/recordings",
    tag = "recordings",
    operation_id = "list_recordings",
    responses((status = 200, description = "Newest first", body = RecordingList)),
    extensions(("x-problems" = json!(["busy", "storage_unavailable"]))),
)]
pub(super) async fn list(State(state): State<AppState>, _: NoParams) -> Result<Response, Problem> {
    let recordings = state.engine().recordings().await?.into_iter().map(Into::into).collect();
    Ok(json(StatusCode::OK, &RecordingList { recordings }))
}

/// Read a recording. What tells of a person is masked unless it is asked for.
#[utoipa::path(
    get,
    path = "/v1/recordings/{id}",
    tag = "recordings",
    operation_id = "read_recording",
    params(("id" = String, Path, description = "The recording's id"), ShowParams),
    responses((status = 200, description = "All that was recorded", body = Recording)),
    extensions(("x-problems" = json!(["not_found", "busy", "storage_unavailable"]))),
)]
pub(super) async fn get(
    asker: Asker,
    Acting(engine): Acting,
    PathPart(id): PathPart<RecordingId>,
    Params(params): Params<ShowParams>,
) -> Result<Response, Problem> {
    let recording = engine.recording(&id, personal(params.unmasked, &asker)?).await?;
    Ok(json(StatusCode::OK, &Recording { recording }))
}

/// Run a recording again and compare, bit for bit. Nothing is stored and nothing counts.
#[utoipa::path(
    post,
    path = "/v1/recordings/{id}/replay",
    tag = "recordings",
    operation_id = "replay_recording",
    params(("id" = String, Path, description = "The recording's id"), ReplayParams),
    responses((status = 200, description = "What came out, and where it differs", body = Replay)),
    extensions(("x-problems" = json!([
        "not_found", "not_replayable", "plugin_not_loaded", "unknown_plugin", "busy", "storage_unavailable"
    ]))),
)]
pub(super) async fn replay(
    asker: Asker,
    Acting(engine): Acting,
    PathPart(id): PathPart<RecordingId>,
    Params(params): Params<ReplayParams>,
) -> Result<Response, Problem> {
    let replay = engine.replay(&id, params.plugin, personal(params.unmasked, &asker)?).await?;
    Ok(json(StatusCode::OK, &Replay::from(replay)))
}
