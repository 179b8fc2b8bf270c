//! `/v1/tokens`: who may ask, and what.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use rebound_domain::access::TokenId;

use super::json;
use crate::app::AppState;
use crate::caller::Acting;
use crate::json::Json;
use crate::path::{NoParams, PathPart};
use crate::problem::Problem;
use crate::wire::token::{NewToken, Rotation, Token, TokenDraft, TokenList};

/// Make a token. Its secret is in this answer, and in no other.
///
/// Nobody makes a token that may do what they may not.
#[utoipa::path(
    post,
    path = "/v1/tokens",
    tag = "access",
    operation_id = "create_token",
    request_body(content = TokenDraft, content_type = "application/json"),
    responses((status = 201, description = "The token, with its secret", body = NewToken)),
    extensions(("x-problems" = json!(["busy", "storage_unavailable"]))),
)]
pub(super) async fn post(
    Acting(engine): Acting,
    _: NoParams,
    Json(draft): Json<TokenDraft>,
) -> Result<Response, Problem> {
    let (token, text) = engine.create_token(draft.into()).await?;
    Ok(json(StatusCode::CREATED, &NewToken { token: token.into(), secret: text.reveal() }))
}

/// List every token, the oldest first, those that have ended included.
#[utoipa::path(
    get,
    path = "/v1/tokens",
    tag = "access",
    operation_id = "list_tokens",
    responses((status = 200, description = "Without their secrets", body = TokenList)),
    extensions(("x-problems" = json!([]))),
)]
pub(super) async fn list(State(state): State<AppState>, _: NoParams) -> Response {
    let tokens = state.engine().tokens().into_iter().map(Token::from).collect();
    json(StatusCode::OK, &TokenList { tokens })
}

/// Revoke a token, at once and for good. One that was revoked before stays as it is.
#[utoipa::path(
    delete,
    path = "/v1/tokens/{id}",
    tag = "access",
    operation_id = "revoke_token",
    params(("id" = String, Path, description = "The token's id")),
    responses((status = 200, description = "The token as it ended", body = Token)),
    extensions(("x-problems" = json!(["not_found", "busy", "storage_unavailable"]))),
)]
pub(super) async fn delete(
    Acting(engine): Acting,
    PathPart(id): PathPart<TokenId>,
    _: NoParams,
) -> Result<Response, Problem> {
    Ok(json(StatusCode::OK, &Token::from(engine.revoke_token(id).await?)))
}

/// Give a token a new secret. It is in this answer, and in no other.
///
/// The old secret opens for `overlap_ms` longer; with 0 it ends at once. The secret before it ends at once in any case.
#[utoipa::path(
    post,
    path = "/v1/tokens/{id}/rotate",
    tag = "access",
    operation_id = "rotate_token",
    params(("id" = String, Path, description = "The token's id")),
    request_body(content = Rotation, content_type = "application/json"),
    responses((status = 200, description = "The token, with its new secret", body = NewToken)),
    extensions(("x-problems" = json!(["not_found", "token_ended", "busy", "storage_unavailable"]))),
)]
pub(super) async fn rotate(
    Acting(engine): Acting,
    PathPart(id): PathPart<TokenId>,
    _: NoParams,
    Json(rotation): Json<Rotation>,
) -> Result<Response, Problem> {
    let (token, text) = engine.rotate_token(id, rotation.overlap()).await?;
    Ok(json(StatusCode::OK, &NewToken { token: token.into(), secret: text.reveal() }))
}
