//! What became of events that came as CloudEvents: of one order, and of each event of a batch.

use rebound_engine::{Decided, Imported};
use serde::Serialize;
use utoipa::ToSchema;

use super::import::ImportReport;
use super::plan::Plan;
use crate::problem::{Problem, ProblemBody};

/// What is answered with 200: the plan of one event, or a batch's results.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema matters: a handler writes one or the other")]
pub(crate) enum DecideAnswer<'a> {
    /// One event.
    Plan(Box<Plan<'a>>),
    /// A batch.
    Batch(ReturnBatch<'a>),
}

/// What is answered with 200: an import's report, an order's outcome, or a batch's results.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema matters: a handler writes one of them")]
pub(crate) enum OrdersAnswer<'a> {
    /// Lines.
    Report(ImportReport),
    /// One event.
    Order(OrderTaken),
    /// A batch.
    Batch(OrderBatch<'a>),
}

/// What became of a batch of returns, in the order of its events.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReturnBatch<'a> {
    /// How many there were.
    received: usize,
    /// One for each.
    #[schema(max_items = 100)]
    results: Vec<ReturnResult<'a>>,
}

/// What became of one return of a batch.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReturnResult<'a> {
    /// What the event would have been answered with alone: 201, 200, or the problem's.
    status: u16,
    /// The event's `source`, as far as it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    /// The event's `id`, as far as it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    /// Its plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<Plan<'a>>,
    /// Why it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'a ProblemBody>,
}

/// What became of a batch of orders, in the order of its events.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrderBatch<'a> {
    /// How many there were.
    received: usize,
    /// One for each.
    #[schema(max_items = 100)]
    results: Vec<OrderResult<'a>>,
}

/// What became of one order of a batch.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrderResult<'a> {
    /// What the event would have been answered with alone: 201, 200, or the problem's.
    status: u16,
    /// The event's `source`, as far as it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    /// The event's `id`, as far as it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    /// What it changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<OrderOutcome>,
    /// Why it was not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'a ProblemBody>,
}

/// What became of one order.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrderTaken {
    /// What it changed.
    pub(crate) outcome: OrderOutcome,
}

/// What an order changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OrderOutcome {
    /// It was new.
    Created,
    /// It adds to what was known: a delivery, a coupon.
    Updated,
    /// It was known.
    Unchanged,
}

impl From<Imported> for OrderOutcome {
    fn from(imported: Imported) -> Self {
        match imported {
            Imported::Created => Self::Created,
            Imported::Updated => Self::Updated,
            Imported::Unchanged => Self::Unchanged,
        }
    }
}

/// One event of a batch once it was dealt with.
pub(crate) struct Dealt<T> {
    pub(crate) source: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) result: Result<T, Problem>,
}

impl<'a> ReturnBatch<'a> {
    pub(crate) fn new(dealt: &'a [Dealt<Decided>], status: impl Fn(&Decided) -> u16) -> Self {
        let result = |it: &'a Dealt<Decided>| {
            let (source, id) = (it.source.as_deref(), it.id.as_deref());
            match &it.result {
                Ok(decided) => {
                    let plan = Some(Plan::from(&decided.plan));
                    ReturnResult { status: status(decided), source, id, plan, problem: None }
                }
                Err(problem) => {
                    let status = problem.code().status().as_u16();
                    ReturnResult { status, source, id, plan: None, problem: Some(problem.body()) }
                }
            }
        };
        Self { received: dealt.len(), results: dealt.iter().map(result).collect() }
    }
}

impl<'a> OrderBatch<'a> {
    pub(crate) fn new(dealt: &'a [Dealt<OrderOutcome>], status: impl Fn(OrderOutcome) -> u16) -> Self {
        let result = |it: &'a Dealt<OrderOutcome>| {
            let (source, id) = (it.source.as_deref(), it.id.as_deref());
            match &it.result {
                Ok(outcome) => OrderResult {
                    status: status(*outcome),
                    source,
                    id,
                    outcome: Some(*outcome),
                    problem: None,
                },
                Err(problem) => {
                    let status = problem.code().status().as_u16();
                    OrderResult { status, source, id, outcome: None, problem: Some(problem.body()) }
                }
            }
        };
        Self { received: dealt.len(), results: dealt.iter().map(result).collect() }
    }
}
