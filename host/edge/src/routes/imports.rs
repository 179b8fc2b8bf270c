//! `/v1/orders`, `/v1/catalog`, `/v1/customers`: imports of any length, one JSON object a line.
//!
//! Lines go to the engine in chunks: what is held is one chunk, whatever the length of the body, and a sender that
//! is faster than the storage is slowed down by not being read.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use rebound_engine::{Fault, LineResults};
use serde::de::DeserializeOwned;

use super::json;
use crate::app::AppState;
use crate::code::Code;
use crate::failure::line_code;
use crate::json::parse;
use crate::lines::Lines;
use crate::path::NoParams;
use crate::problem::Problem;
use crate::wire::catalog::CatalogLine;
use crate::wire::customer::CustomerBody;
use crate::wire::import::ImportReport;
use crate::wire::order::OrderBody;
use crate::{body, failure};

/// Lines that go to the engine together.
const CHUNK_LINES: usize = 500;
/// Their bytes; one line may go past it.
const CHUNK_BYTES: usize = 1024 * 1024;

/// Import orders.
///
/// One order a line (NDJSON). The same order again changes nothing; a later delivery or coupon is added to it. Good
/// lines are kept, whatever becomes of the others. The order of one customer's lines is kept.
#[utoipa::path(
    post,
    path = "/v1/orders",
    tag = "imports",
    operation_id = "import_orders",
    request_body(content = OrderBody, content_type = "application/x-ndjson", description = "One a line"),
    responses((status = 200, description = "What became of the lines", body = ImportReport)),
    extensions(("x-problems" = json!(["busy", "storage_unavailable"]))),
)]
pub(super) async fn post_orders(
    State(state): State<AppState>,
    _: NoParams,
    request: Request,
) -> Result<Response, Problem> {
    let currency = state.engine().policy().currency;
    let convert = |order: OrderBody| order.into_request(currency);
    import(&state, request, convert, |orders| state.engine().import_orders(orders)).await
}

/// Import products.
///
/// One product a line (NDJSON); a known sku is updated and keeps the host's number for it. Good lines are kept,
/// whatever becomes of the others.
#[utoipa::path(
    post,
    path = "/v1/catalog",
    tag = "imports",
    operation_id = "import_catalog",
    request_body(content = CatalogLine, content_type = "application/x-ndjson", description = "One a line"),
    responses((status = 200, description = "What became of the lines", body = ImportReport)),
    extensions(("x-problems" = json!(["busy", "storage_unavailable"]))),
)]
pub(super) async fn post_catalog(
    State(state): State<AppState>,
    _: NoParams,
    request: Request,
) -> Result<Response, Problem> {
    let currency = state.engine().policy().currency;
    let convert = |product: CatalogLine| product.into_request(currency);
    import(&state, request, convert, |products| state.engine().import_products(products)).await
}

/// Import what is known of customers: traits, consent, locale.
///
/// One customer a line (NDJSON); a line replaces what was said of the customer before. Good lines are kept,
/// whatever becomes of the others.
#[utoipa::path(
    post,
    path = "/v1/customers",
    tag = "imports",
    operation_id = "import_customers",
    request_body(content = CustomerBody, content_type = "application/x-ndjson", description = "One a line"),
    responses((status = 200, description = "What became of the lines", body = ImportReport)),
    extensions(("x-problems" = json!(["busy", "storage_unavailable"]))),
)]
pub(super) async fn post_customers(
    State(state): State<AppState>,
    _: NoParams,
    request: Request,
) -> Result<Response, Problem> {
    import(&state, request, CustomerBody::into, |customers| state.engine().import_customers(customers)).await
}

async fn import<L, R, F>(
    state: &AppState,
    request: Request,
    convert: impl Fn(L) -> R,
    land: impl Fn(Vec<R>) -> F,
) -> Result<Response, Problem>
where
    L: DeserializeOwned,
    F: Future<Output = Result<LineResults, Fault>>,
{
    body::require_type(request.headers(), body::NDJSON)?;
    let size_max = state.engine().limits().request_bytes;
    let mut lines = Lines::new(request.into_body(), size_max, state.timeouts().idle);
    let mut report = ImportReport::default();
    loop {
        let mut chunk = Chunk::default();
        while !chunk.is_full()
            && let Some(line) = lines.next().await?
        {
            let read = line.bytes.ok_or_else(|| line_too_long(size_max)).and_then(|bytes| {
                chunk.size += bytes.len();
                parse(&bytes).map(&convert)
            });
            chunk.lines.push((line.number, read));
        }
        if chunk.lines.is_empty() {
            return Ok(json(StatusCode::OK, &report));
        }
        chunk.land(&land, &mut report).await?;
    }
}

fn line_too_long(size_max: u64) -> Problem {
    Problem::new(Code::LineTooLong, format!("the line is over the limit of {size_max} bytes; split it"))
}

/// Lines that go to the engine together, and those between them that do not stand.
struct Chunk<R> {
    lines: Vec<(u64, Result<R, Problem>)>,
    size: usize,
}

impl<R> Default for Chunk<R> {
    fn default() -> Self {
        Self { lines: Vec::new(), size: 0 }
    }
}

impl<R> Chunk<R> {
    fn is_full(&self) -> bool {
        self.lines.len() >= CHUNK_LINES || self.size >= CHUNK_BYTES
    }

    async fn land<F>(self, land: impl Fn(Vec<R>) -> F, report: &mut ImportReport) -> Result<(), Problem>
    where
        F: Future<Output = Result<LineResults, Fault>>,
    {
        let mut good = Vec::with_capacity(self.lines.len());
        let mut reads = Vec::with_capacity(self.lines.len());
        for (number, read) in self.lines {
            reads.push((number, read.map(|request| good.push(request))));
        }
        let landed = if good.is_empty() { LineResults::new() } else { land(good).await? };
        let mut landed = landed.into_iter();
        for (number, read) in reads {
            match read.map(|()| landed.next()) {
                Ok(Some(Ok(imported))) => report.taken(imported),
                Ok(Some(Err(error))) => report.refused(number, line_code(&error), failure::chain(&error)),
                Ok(None) => {
                    return Err(Problem::internal("the engine answered fewer lines than it got".to_owned()));
                }
                Err(problem) => report.refused_for(number, &problem),
            }
        }
        Ok(())
    }
}
