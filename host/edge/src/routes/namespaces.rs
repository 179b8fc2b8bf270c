//! `/v1/namespaces/{namespace}`: what a partner sees of its own, and of nobody else.
//!
//! A name that nothing is published under is answered as if something could be: whether a namespace exists is nobody
//! else's to know.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use rebound_domain::ids::{Namespace as NamespaceName, PluginRef};

use super::json;
use crate::app::AppState;
use crate::path::{NoParams, Params, PathPart};
use crate::problem::Problem;
use crate::wire::claims::{ViolationList, ViolationParams};
use crate::wire::namespace::{Namespace, NamespaceFigures};

/// What a namespace may use and uses, and its published versions.
#[utoipa::path(
    get,
    path = "/v1/namespaces/{namespace}",
    tag = "plugins",
    operation_id = "get_namespace",
    params(("namespace" = String, Path, description = "What stands before the slash of a plugin's name")),
    responses((status = 200, description = "The namespace", body = Namespace)),
    extensions(("x-problems" = json!([]))),
)]
pub(super) async fn get(
    State(state): State<AppState>,
    PathPart(namespace): PathPart<NamespaceName>,
    _: NoParams,
) -> Response {
    json(StatusCode::OK, &Namespace::from(state.engine().namespace(&namespace)))
}

/// What a namespace's versions did since the start: calls, outcomes, fuel, time, log lines by level.
#[utoipa::path(
    get,
    path = "/v1/namespaces/{namespace}/figures",
    tag = "plugins",
    operation_id = "get_namespace_figures",
    params(("namespace" = String, Path, description = "What stands before the slash of a plugin's name")),
    responses((status = 200, description = "By version and stage", body = NamespaceFigures)),
    extensions(("x-problems" = json!([]))),
)]
pub(super) async fn figures(
    State(state): State<AppState>,
    PathPart(namespace): PathPart<NamespaceName>,
    _: NoParams,
) -> Response {
    let figures = state.engine().namespace_figures(&namespace);
    json(StatusCode::OK, &NamespaceFigures::new(namespace.into(), figures))
}

/// List the violations of a namespace's versions, those seen last first.
#[utoipa::path(
    get,
    path = "/v1/namespaces/{namespace}/violations",
    tag = "claims",
    operation_id = "list_namespace_violations",
    params(
        ("namespace" = String, Path, description = "What stands before the slash of a plugin's name"),
        ViolationParams
    ),
    responses((status = 200, description = "A page", body = ViolationList)),
    extensions(("x-problems" = json!([]))),
)]
pub(super) async fn violations(
    State(state): State<AppState>,
    PathPart(namespace): PathPart<NamespaceName>,
    Params(params): Params<ViolationParams>,
) -> Result<Response, Problem> {
    let (limit, after) = params.page()?;
    let wanted = |plugin: &PluginRef| plugin.name.namespace() == namespace && params.wants(plugin);
    // One more tells whether there is a next page.
    let page = state.engine().violations(wanted, after, limit + 1);
    Ok(json(StatusCode::OK, &ViolationList::new(page, limit)))
}
