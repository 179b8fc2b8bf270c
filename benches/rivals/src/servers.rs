//! Contestants that listen. Each says where on standard output, as a line of its own.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use clap::Parser as _;
use rebound_sandbox::{Compiler, Outcome};
use recommend::{Question, recommend};
use wasmtime_cli::commands::ServeCommand;

use crate::question::answer;
use crate::shop;

/// The function itself behind axum.
pub(crate) fn native() -> Result<()> {
    serve(
        Router::new()
            .route("/", post(|Json(question): Json<Question>| async move { Json(recommend(&question)) })),
    )
}

/// Rebound's sandbox behind the same axum, reading and writing the same bodies. The strategy is called with the
/// sandbox's own context, 50 purchases and all, and asks the catalogue for its candidates.
pub(crate) fn rebound(component: &Path) -> Result<()> {
    let cache = tempfile::tempdir()?;
    let sandbox = shop::sandbox_in(cache.path(), shop::patient(), Compiler::InProcess);
    let strategy = Arc::new(shop::publish(&sandbox, &std::fs::read(component)?));
    let situation = Arc::new(shop::situation());
    serve(Router::new().route(
        "/",
        post(move |Json(_): Json<Question>| {
            let (strategy, situation) = (Arc::clone(&strategy), Arc::clone(&situation));
            async move {
                let report =
                    strategy.recommend(&shop::context(&situation, "{}"), &shop::catalog(), &shop::unknown());
                match report.outcome {
                    Outcome::Value(recommendations) => Json(answer(&recommendations)).into_response(),
                    _ => {
                        (StatusCode::INTERNAL_SERVER_ERROR, [(header::CONTENT_TYPE, "text/plain")], "failed")
                            .into_response()
                    }
                }
            }
        }),
    ))
}

/// `wasmtime serve`, in this process.
pub(crate) fn wasmtime(arguments: &[String]) -> Result<()> {
    let arguments = std::iter::once("serve").chain(arguments.iter().map(String::as_str));
    let command = ServeCommand::try_parse_from(arguments)?;
    command.execute().map_err(|error| anyhow!("wasmtime serve: {error:?}"))
}

fn serve(app: Router) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let mut output = std::io::stdout();
        writeln!(output, "http://{}", listener.local_addr()?)?;
        output.flush()?;
        axum::serve(listener, app).await.context("axum ended")
    })
}
