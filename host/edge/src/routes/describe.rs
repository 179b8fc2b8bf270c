//! What the service offers, for people and for programs: the page, and the schemas of events.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::{content, json};
use crate::code::Code;
use crate::page;
use crate::path::{NoParams, PathPart};
use crate::problem::Problem;
use crate::schemas;
use crate::wire::schema::EventSchemas;

/// This description as a page for people.
///
/// One page without scripts: it asks for nothing else, from here or from elsewhere.
#[utoipa::path(
    get,
    path = "/docs",
    tag = "service",
    operation_id = "docs",
    security(()),
    responses((status = 200, description = "The page", body = String, content_type = "text/html",
        headers(("content-security-policy" = String, description = "Nothing but the page's own style")))),
    extensions(("x-problems" = json!(["unknown_field"]))),
)]
pub(super) async fn page(_: NoParams) -> Response {
    let mut response = content(StatusCode::OK, "text/html; charset=utf-8", page::html());
    let policy = HeaderValue::from_static(page::policy());
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// Every type of events that the host takes or tells of.
#[utoipa::path(
    get,
    path = "/v1/schemas",
    tag = "events",
    operation_id = "list_schemas",
    security(()),
    responses((status = 200, description = "All of them", body = EventSchemas)),
    extensions(("x-problems" = json!(["unknown_field"]))),
)]
pub(super) async fn list_schemas(_: NoParams) -> Response {
    let schemas = schemas::all().iter().map(|described| &described.listed).collect();
    json(StatusCode::OK, &EventSchemas { schemas })
}

/// The JSON Schema (2020-12) of the data of one type of events.
#[utoipa::path(
    get,
    path = "/v1/schemas/{type}",
    tag = "events",
    operation_id = "read_schema",
    security(()),
    params(("type" = String, Path, description = "The attribute `type`: rebound.return.requested")),
    responses((status = 200, description = "The schema", body = Object, content_type = "application/schema+json")),
    extensions(("x-problems" = json!(["not_found", "unknown_field"]))),
)]
pub(super) async fn get_schema(PathPart(kind): PathPart<String>, _: NoParams) -> Result<Response, Problem> {
    match schemas::all().iter().find(|described| described.listed.kind == kind) {
        Some(described) => Ok(content(StatusCode::OK, "application/schema+json", described.schema.clone())),
        None => {
            let detail =
                format!("{} is no type of events here; /v1/schemas lists them all", kind.escape_debug());
            Err(Problem::new(Code::NotFound, detail))
        }
    }
}
