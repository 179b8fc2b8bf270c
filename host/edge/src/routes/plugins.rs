//! `/v1/plugins`: published versions.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use rebound_domain::access::{Caller, Grants, Reach, Scope};
use rebound_domain::ids::Namespace;
use rebound_engine::{Engine, Novelty};
use rebound_sandbox::Class;

use super::json;
use crate::app::AppState;
use crate::body;
use crate::caller::{Acting, Asker};
use crate::code::Code;
use crate::path::{NoParams, Params};
use crate::problem::Problem;
use crate::wire::plugin::{Plugin, PluginList, PublishParams};

/// Publish a component under the name and version of its own manifest.
///
/// Published versions never change. Under `claims = "enforce"` texts that say what only facts may say are refused,
/// every violation listed. Compiling runs to its end even when the client goes away.
#[utoipa::path(
    post,
    path = "/v1/plugins",
    tag = "plugins",
    operation_id = "publish",
    params(PublishParams),
    request_body(content = Vec<u8>, content_type = "application/wasm", description = "The component"),
    responses(
        (status = 201, description = "Published now", body = Plugin),
        (status = 200, description = "The same bytes were published before", body = Plugin),
    ),
    extensions(("x-problems" = json!([
        "plugin_refused", "claims_violated", "unknown_constant", "version_taken", "quota_exceeded", "busy", "storage_unavailable"
    ]))),
)]
pub(super) async fn post(
    State(state): State<AppState>,
    Acting(engine): Acting,
    asker: Asker,
    Params(params): Params<PublishParams>,
    request: Request,
) -> Result<Response, Problem> {
    let engine = match params.namespace {
        Some(namespace) => within(&engine, &asker, namespace)?,
        None => engine,
    };
    let class = Class::from(params.class);
    body::require_type(request.headers(), body::WASM)?;
    let permit = state.upload_permit().ok_or_else(|| {
        Problem::new(
            Code::Busy,
            "as many components as the host takes at once are being published; try again soon",
        )
    })?;
    let size_max = class.component_bytes_max(state.engine().limits());
    let bytes = body::read(request.into_body(), size_max, state.timeouts().body).await?;
    // Publishing runs on when the client goes away, and holds the component until its turn: so does the permit.
    let publishing = tokio::spawn(async move {
        let published = engine.publish(class, bytes).await;
        drop(permit);
        published
    });
    let (publication, novelty) =
        publishing.await.map_err(|error| Problem::internal(format!("publishing was lost: {error}")))??;
    let status = match novelty {
        Novelty::New => StatusCode::CREATED,
        Novelty::Known => StatusCode::OK,
    };
    Ok(json(status, &Plugin::from(publication)))
}

/// The engine in the same name, which publishes in this namespace alone; refused to whoever may not publish there.
fn within(engine: &Engine, asker: &Asker, namespace: Namespace) -> Result<Engine, Problem> {
    let scope = Scope::Publish(Reach::Within(namespace));
    asker.require(&scope)?;
    let who = asker.0.who.clone();
    Ok(engine.acting(Arc::new(Caller { who, grants: Grants::new(vec![scope]) })))
}

/// List every published version that the token may see.
#[utoipa::path(
    get,
    path = "/v1/plugins",
    tag = "plugins",
    operation_id = "list_plugins",
    responses((status = 200, description = "By name and version", body = PluginList)),
    extensions(("x-problems" = json!([]))),
)]
pub(super) async fn list(State(state): State<AppState>, asker: Asker, _: NoParams) -> Response {
    let plugins = state.engine().plugins().into_iter().filter(|it| asker.sees(&it.plugin.name));
    let plugins = plugins.map(Into::into).collect();
    json(StatusCode::OK, &PluginList { plugins })
}
