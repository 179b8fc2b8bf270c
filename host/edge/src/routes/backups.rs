//! `/v1/backups`: the storage as one file, while it is written to.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Frame;
use rebound_engine::chain;
use rebound_storage::backup::BackupError;
use tokio::sync::mpsc::{Receiver, channel};

use crate::app::AppState;
use crate::code::Code;

use crate::path::NoParams;
use crate::problem::Problem;

/// Pieces that wait for the network, of a MiB at most.
const PIECES: usize = 4;

/// Make a backup: the answer is the file.
///
/// It holds the storage as it stood after the last commit made meanwhile, and ends with a checksum: an answer without its end
/// is no backup. No key is in it (docs/backup.md). One is made at a time.
#[utoipa::path(
    post,
    path = "/v1/backups",
    tag = "service",
    operation_id = "create_backup",
    responses((status = 200, description = "The file", body = String, content_type = "application/octet-stream")),
    extensions(("x-problems" = json!(["busy", "storage_unavailable"]))),
)]
pub(super) async fn post(State(state): State<AppState>, _: NoParams) -> Result<Response, Problem> {
    let Some(permit) = state.backup_permit() else {
        return Err(Problem::new(Code::Busy, "a backup is being made; wait for its end"));
    };
    let engine = state.engine().clone();
    let (to, mut pieces) = channel(PIECES);
    // It ends by itself when the answer is dropped: then nobody takes its pieces.
    tokio::spawn(async move {
        match engine.back_up(&to).await {
            Ok(totals) => tracing::info!(?totals, "a backup was made"),
            Err(error) => {
                tracing::warn!(error = chain(&error), "a backup was not made");
                // An error means that whoever took the file has gone.
                to.send(Err(error)).await.ok();
            }
        }
        drop(permit);
    });
    // Its first piece comes at once, or never.
    let first = match pieces.recv().await {
        Some(Ok(first)) => first,
        Some(Err(error)) => return Err(refusal(&error)),
        None => return Err(Problem::internal("a backup ended without a piece".to_owned())),
    };
    let content_type = HeaderValue::from_static("application/octet-stream");
    let body = Body::new(Pieces { first: Some(first), rest: pieces });
    Ok(([(header::CONTENT_TYPE, content_type)], body).into_response())
}

fn refusal(error: &BackupError) -> Problem {
    let detail = "the storage cannot be copied now; its log tells why";
    Problem::failure(Code::StorageUnavailable, detail, chain(error))
}

/// The file as it comes. An error cuts the connection, so that nobody takes half of it for all.
struct Pieces {
    first: Option<Bytes>,
    rest: Receiver<Result<Bytes, BackupError>>,
}

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = BackupError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BackupError>>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(Ok(Frame::data(first)))),
            None => self.rest.poll_recv(context).map_ok(Frame::data),
        }
    }
}
