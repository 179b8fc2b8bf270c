//! `/v1/quarantine`: which versions are left out, and an operator's hold on them.

use axum::extract::{FromRequestParts, RawPathParams, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use rebound_domain::ids::PluginRef;
use rebound_domain::manifest::Stage;

use super::control::StageName;
use super::json;
use crate::app::AppState;
use crate::caller::{Acting, Asker};
use crate::code::Code;
use crate::json::Json;
use crate::path::NoParams;
use crate::problem::Problem;
use crate::wire::quarantine::{QuarantineChange, QuarantineList, Quarantined};

/// The version and the stage that a path names.
pub(super) struct VersionAtStage(PluginRef, Stage);

impl<S: Send + Sync> FromRequestParts<S> for VersionAtStage {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| {
            let detail = "the path is not UTF-8 once decoded; percent-encode the UTF-8 bytes";
            Problem::new(Code::InvalidUrl, detail)
        })?;
        let part = |wanted: &str| {
            let found = params.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value);
            found.ok_or_else(|| Problem::internal(format!("a route without {wanted}")))
        };
        let plugin = format!("{}/{}@{}", part("namespace")?, part("name")?, part("version")?);
        let plugin = plugin
            .parse()
            .map_err(|error| Problem::new(Code::InvalidField, format!("{error}")).field("name"))?;
        let stage = part("stage")?.parse::<StageName>();
        let StageName(stage) =
            stage.map_err(|error| Problem::new(Code::InvalidField, error).field("stage"))?;
        Ok(Self(plugin, stage))
    }
}

/// List the versions that were called since the start, or are or were left out, with their state.
#[utoipa::path(
    get,
    path = "/v1/quarantine",
    tag = "plugins",
    operation_id = "list_quarantine",
    responses((status = 200, description = "By version and stage", body = QuarantineList)),
    extensions(("x-problems" = json!([]))),
)]
pub(super) async fn list(State(state): State<AppState>, asker: Asker, _: NoParams) -> Response {
    let versions = state.engine().quarantine().into_iter().filter(|it| asker.sees(&it.plugin.name));
    let versions = versions.map(Quarantined::from).collect();
    json(StatusCode::OK, &QuarantineList { versions })
}

/// Stop a version at a stage until it is released; its fallbacks serve in its place.
#[utoipa::path(
    post,
    path = "/v1/quarantine/{namespace}/{name}/{version}/{stage}/hold",
    tag = "plugins",
    operation_id = "hold_version",
    params(
        ("namespace" = String, Path, description = "The plugin's namespace"),
        ("name" = String, Path, description = "Its name in there"),
        ("version" = String, Path, description = "Its version"),
        ("stage" = crate::wire::scalar::Stage, Path, description = "The stage"),
    ),
    request_body(content = QuarantineChange, content_type = "application/json"),
    responses((status = 200, description = "The version's state now", body = Quarantined)),
    extensions(("x-problems" = json!(["unknown_plugin", "wrong_stage", "busy", "storage_unavailable"]))),
)]
pub(super) async fn hold(
    Acting(engine): Acting,
    VersionAtStage(plugin, stage): VersionAtStage,
    _: NoParams,
    Json(change): Json<QuarantineChange>,
) -> Result<Response, Problem> {
    let status = engine.hold(&plugin, stage, change.said()?).await?;
    Ok(json(StatusCode::OK, &Quarantined::from(status)))
}

/// Let a version run again at once, whether it was held or failed too often, with a clean slate.
#[utoipa::path(
    post,
    path = "/v1/quarantine/{namespace}/{name}/{version}/{stage}/release",
    tag = "plugins",
    operation_id = "release_version",
    params(
        ("namespace" = String, Path, description = "The plugin's namespace"),
        ("name" = String, Path, description = "Its name in there"),
        ("version" = String, Path, description = "Its version"),
        ("stage" = crate::wire::scalar::Stage, Path, description = "The stage"),
    ),
    request_body(content = QuarantineChange, content_type = "application/json"),
    responses((status = 200, description = "The version's state now", body = Quarantined)),
    extensions(("x-problems" = json!(["unknown_plugin", "wrong_stage", "busy", "storage_unavailable"]))),
)]
pub(super) async fn release(
    Acting(engine): Acting,
    VersionAtStage(plugin, stage): VersionAtStage,
    _: NoParams,
    Json(change): Json<QuarantineChange>,
) -> Result<Response, Problem> {
    let status = engine.release(&plugin, stage, change.said()?).await?;
    Ok(json(StatusCode::OK, &Quarantined::from(status)))
}
