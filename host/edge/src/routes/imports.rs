//! `/v1/orders`, `/v1/catalog`, `/v1/customers`, `/v1/past-returns`: imports of any length, one JSON object a line.
//!
//! Lines go to the engine in chunks: what is held is one chunk, whatever the length of the body, and a sender that
//! is faster than the storage is slowed down by not being read. How many go on at once is bounded too.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use rebound_engine::{Engine, Fault, LineResults};
use serde::de::DeserializeOwned;
use tokio::task::JoinHandle;

use super::{json, order_events};
use crate::app::AppState;
use crate::code::Code;
use crate::failure::line_code;
use crate::json::parse;
use crate::lines::Lines;
use crate::path::NoParams;
use crate::problem::Problem;
use crate::wire::catalog::CatalogLine;
use crate::wire::customer::CustomerBody;
use crate::wire::events::{OrderTaken, OrdersAnswer};
use crate::wire::import::ImportReport;
use crate::wire::order::OrderBody;
use crate::wire::past_return::PastReturnBody;
use crate::{body, cloudevents};

/// Lines that go to the engine together, and that the catalogue learns from in one change.
const CHUNK_LINES: usize = 1000;
/// Their bytes; one line may go past it.
const CHUNK_BYTES: usize = 1024 * 1024;

/// Import orders.
///
/// One order a line (NDJSON). The same order again changes nothing; a later delivery or coupon is added to it. Good
/// lines are kept, whatever becomes of the others. The order of one customer's lines is kept.
///
/// Or an order as a CloudEvent of the type `rebound.order.placed`, or a batch of them: 201 when it is new, 200 when it is
/// known or is a batch, whose results tell of each.
#[utoipa::path(
    post,
    path = "/v1/orders",
    tag = "imports",
    operation_id = "import_orders",
    request_body(content = OrderBody, content_type = "application/x-ndjson", description = "One a line"),
    responses(
        (status = 200, description = "What became of the lines, or of the events", body = OrdersAnswer<'static>),
        (status = 201, description = "The order of the one event is new", body = OrderTaken),
    ),
    extensions(
        ("x-event" = json!("rebound.order.placed")),
        ("x-problems" = json!([
            "order_conflict", "erased", "unknown_sku", "currency_mismatch", "busy", "storage_unavailable"
        ])),
    ),
)]
pub(super) async fn post_orders(
    State(state): State<AppState>,
    _: NoParams,
    request: Request,
) -> Result<Response, Problem> {
    if are_events(request.headers()) {
        return order_events::take(&state, request).await;
    }
    let currency = state.engine().policy().currency;
    let convert = |order: OrderBody| order.into_request(currency);
    import(&state, request, convert, |engine, orders| async move { engine.import_orders(orders).await }).await
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
    import(&state, request, convert, |engine, products| async move { engine.import_products(products).await })
        .await
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
    import(&state, request, CustomerBody::into, |engine, customers| async move {
        engine.import_customers(customers).await
    })
    .await
}

/// Import returns that were dealt with before this host.
///
/// One return a line (NDJSON). It gets no plan: it counts in the customer's history, its units are marked in the orders
/// it names, and the catalogue learns what was bought instead. The same return again changes nothing, and neither does
/// one that was decided here. Good lines are kept, whatever becomes of the others. Import the orders first.
#[utoipa::path(
    post,
    path = "/v1/past-returns",
    tag = "imports",
    operation_id = "import_past_returns",
    request_body(content = PastReturnBody, content_type = "application/x-ndjson", description = "One a line"),
    responses((status = 200, description = "What became of the lines", body = ImportReport)),
    extensions(("x-problems" = json!(["busy", "storage_unavailable"]))),
)]
pub(super) async fn post_past_returns(
    State(state): State<AppState>,
    _: NoParams,
    request: Request,
) -> Result<Response, Problem> {
    let currency = state.engine().policy().currency;
    let convert = |past: PastReturnBody| past.into_request(currency);
    import(
        &state,
        request,
        convert,
        |engine, returns| async move { engine.import_past_returns(returns).await },
    )
    .await
}

/// Whether orders come as CloudEvents, not as lines.
fn are_events(headers: &HeaderMap) -> bool {
    match body::essence(headers).as_str() {
        body::STRUCTURED | body::BATCH => true,
        media_type => media_type == body::EVENTS[0] && cloudevents::is_binary(headers),
    }
}

/// Takes in a body, chunk by chunk. `land` runs to its end even when the client goes away, and the import keeps its
/// permit until then.
async fn import<L, R, F>(
    state: &AppState,
    request: Request,
    convert: impl Fn(L) -> R,
    land: impl Fn(Engine, Vec<R>) -> F,
) -> Result<Response, Problem>
where
    L: DeserializeOwned,
    F: Future<Output = Result<LineResults, Fault>> + Send + 'static,
{
    body::require_type(request.headers(), body::NDJSON)?;
    let permit = state.import_permit().map(Arc::new).ok_or_else(|| {
        Problem::new(Code::Busy, "as many imports as the host takes at once go on; try again soon")
    })?;
    let size_max = state.engine().limits().request_bytes;
    let mut lines = Lines::new(request.into_body(), size_max, state.timeouts().idle);
    let mut report = ImportReport::default();
    loop {
        let mut chunk = Chunk::default();
        let end = chunk.fill(&mut lines, size_max, &convert).await;
        let landing = |good| {
            let (landing, permit) = (land(state.engine().clone(), good), Arc::clone(&permit));
            tokio::spawn(async move {
                let landed = landing.await;
                drop(permit);
                landed
            })
        };
        // Whole lines that came before a broken end are kept, those of the last chunk too.
        chunk.land(landing, &mut report).await?;
        if let BodyEnd::Reached = end? {
            return Ok(json(StatusCode::OK, &report));
        }
    }
}

fn line_too_long(size_max: u64) -> Problem {
    Problem::new(Code::LineTooLong, format!("the line is over the limit of {size_max} bytes; split it"))
}

/// Whether a body has more lines.
enum BodyEnd {
    Reached,
    Ahead,
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

    /// Reads lines until it is full, or the body is at its end. What came before a problem of the body's is in the
    /// chunk all the same.
    async fn fill<L: DeserializeOwned>(
        &mut self,
        lines: &mut Lines,
        size_max: u64,
        convert: &impl Fn(L) -> R,
    ) -> Result<BodyEnd, Problem> {
        while !self.is_full() {
            let Some(line) = lines.next().await? else { return Ok(BodyEnd::Reached) };
            let read = line.bytes.ok_or_else(|| line_too_long(size_max)).and_then(|bytes| {
                self.size += bytes.len();
                parse(&bytes).map(convert)
            });
            self.lines.push((line.number, read));
        }
        Ok(BodyEnd::Ahead)
    }

    async fn land(
        self,
        land: impl Fn(Vec<R>) -> JoinHandle<Result<LineResults, Fault>>,
        report: &mut ImportReport,
    ) -> Result<(), Problem> {
        let mut good = Vec::with_capacity(self.lines.len());
        let mut reads = Vec::with_capacity(self.lines.len());
        for (number, read) in self.lines {
            reads.push((number, read.map(|request| good.push(request))));
        }
        let landed = match good.is_empty() {
            true => LineResults::new(),
            false => land(good)
                .await
                .map_err(|error| Problem::internal(format!("an import was lost: {error}")))??,
        };
        let mut landed = landed.into_iter();
        for (number, read) in reads {
            match read.map(|()| landed.next()) {
                Ok(Some(Ok(imported))) => report.taken(imported),
                Ok(Some(Err(error))) => {
                    report.refused(number, line_code(&error), rebound_engine::chain(&error))
                }
                Ok(None) => {
                    return Err(Problem::internal("the engine answered fewer lines than it got".to_owned()));
                }
                Err(problem) => report.refused_for(number, &problem),
            }
        }
        Ok(())
    }
}
