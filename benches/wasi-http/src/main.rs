//! The recommendation as a wasi-http component: JSON in, JSON out.

use wstd::http::{Body, Error, Request, Response, StatusCode};

#[wstd::http_server]
async fn main(request: Request<Body>) -> Result<Response<Body>, Error> {
    let question = request.into_body().contents().await?.to_vec();
    let (status, answer) = match recommend::recommend_json(&question) {
        Ok(answer) => (StatusCode::OK, answer),
        Err(problem) => (StatusCode::BAD_REQUEST, problem.to_string().into_bytes()),
    };
    Ok(Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .header("content-length", answer.len())
        .body(answer.into())?)
}
