//! Orders: a customer's history, and what the catalogue learns from.

mod customer;
mod guest;
mod line;

use std::collections::{BTreeMap, HashMap};

use rebound_catalog::CustomerKey;
use rebound_domain::event::OrderRequest;
use rebound_domain::ids::{CustomerId, OrderId, ProductId};
use rebound_storage::Sequence;
use tokio::task::{JoinError, JoinSet};

use self::line::{Line, groups};
use super::{ATTEMPTS_MAX, Imported, LineResults, check};
use crate::Engine;
use crate::error::{Damaged, Fault, LineError};
use crate::records::OrderRecord;

/// Customers whose orders are landed at the same time; the storage gathers them into one write.
const CUSTOMERS_AT_ONCE: usize = 128;

/// Who bought; none for a guest.
type Buyer = Option<CustomerId>;

/// Lines that may land side by side, buyer by buyer.
type Round = BTreeMap<Buyer, Vec<Line>>;

/// What became of some lines.
#[derive(Default)]
struct Landed {
    results: Vec<(usize, Result<Imported, LineError>)>,
    /// Orders that are new: what the catalogue has yet to learn.
    sales: Vec<(Option<CustomerKey>, OrderRecord)>,
    /// What must be durable before the results are told.
    sequence: Sequence,
    /// Why the lines after these were not landed.
    fault: Option<Fault>,
}

impl Landed {
    fn extend(&mut self, other: Self) {
        self.results.extend(other.results);
        self.sales.extend(other.sales);
        self.sequence = self.sequence.max(other.sequence);
        if other.fault.is_some() {
            self.fault = other.fault;
        }
    }
}

impl Engine {
    /// Takes in orders. The same order again changes nothing; a later delivery, coupon or discount is added to
    /// it. An order id names one order of one buyer: with other lines, or for another buyer, it is refused.
    ///
    /// # Errors
    /// [`Fault`] when the storage fails; lines that landed before it are kept, and learned from.
    pub async fn import_orders(&self, orders: Vec<OrderRequest>) -> Result<LineResults, Fault> {
        let engine = self.clone();
        // A task that nobody aborts: what lands is taught, even when the caller goes away.
        let task = tokio::spawn(async move { engine.import_orders_now(orders).await });
        task.await.map_err(|_| Fault::Lost("importing orders"))?
    }

    async fn import_orders_now(&self, orders: Vec<OrderRequest>) -> Result<LineResults, Fault> {
        let mut results: LineResults = vec![Ok(Imported::Unchanged); orders.len()];
        let mut lines = Vec::with_capacity(orders.len());
        for (index, order) in orders.into_iter().enumerate() {
            match self.order_line(index, &order) {
                Ok(line) => lines.push((order.customer_id, line)),
                Err(error) => results[index] = Err(error),
            }
        }
        let mut sequence = Sequence::default();
        while !lines.is_empty() {
            let (first, later) = first_claims(lines);
            lines = later;
            sequence = sequence.max(self.land_round(first, &mut results).await?);
        }
        self.shared.storage.durable(sequence).await?;
        Ok(results)
    }

    fn order_line(&self, index: usize, order: &OrderRequest) -> Result<Line, LineError> {
        check::order(order, self.control().policy.value.currency, &self.shared.limits)?;
        let catalogue = self.shared.shelf.snapshot();
        let product = |sku| catalogue.by_sku(sku).map(|item| item.product.id).ok_or(sku);
        let products: Result<Vec<ProductId>, _> = order.lines.iter().map(|line| product(&line.sku)).collect();
        let products = products.map_err(|sku| LineError::UnknownSku { sku: sku.clone() })?;
        Line::new(index, order, &products)
    }

    /// Lands the orders of many buyers side by side. After a fault no more are begun, those begun are waited
    /// for, and what landed is taught: a later import finds it known and would never teach it.
    ///
    /// It is taught in one change: each change copies the nodes that it touches, since a snapshot shares them. A change
    /// for each few customers that ended together made teaching 23 % of an import's processor time.
    async fn land_round(&self, round: Round, results: &mut LineResults) -> Result<Sequence, Fault> {
        let mut tasks = JoinSet::new();
        let mut all = Landed::default();
        for (buyer, lines) in round {
            if tasks.len() >= CUSTOMERS_AT_ONCE {
                collect(&mut tasks, &mut all).await;
            }
            if all.fault.is_some() {
                break;
            }
            let engine = self.clone();
            tasks.spawn(async move { engine.land_buyer(buyer.as_ref(), &lines).await });
        }
        while !tasks.is_empty() {
            collect(&mut tasks, &mut all).await;
        }
        if !all.sales.is_empty() {
            self.shared.shelf.change(|catalogue| {
                all.sales.iter().for_each(|(customer, order)| order.teach(*customer, catalogue));
            });
        }
        for (index, result) in all.results {
            results[index] = result;
        }
        all.fault.map_or(Ok(all.sequence), Err)
    }

    /// Lands the orders of one buyer, one batch after the other, up to the first fault.
    async fn land_buyer(&self, buyer: Option<&CustomerId>, lines: &[Line]) -> Landed {
        let mut all = Landed::default();
        for group in groups(lines) {
            match self.land_group(buyer, group).await {
                Ok(landed) => all.extend(landed),
                // One buyer's trouble, and no reason to leave out all others.
                Err(Fault::Damaged(Damaged::Keyless)) => {
                    all.results.extend(group.iter().map(|line| (line.index, Err(LineError::Unopened))));
                }
                Err(fault) => {
                    all.fault = Some(fault);
                    break;
                }
            }
        }
        all
    }

    async fn land_group(&self, buyer: Option<&CustomerId>, lines: &[Line]) -> Result<Landed, Fault> {
        let mut last = Fault::Busy;
        for _ in 0..ATTEMPTS_MAX {
            let landed = match buyer {
                Some(customer) => self.try_land_customer(customer, lines).await,
                None => self.try_land_guests(lines).await,
            };
            match landed {
                Err(fault) if fault.is_conflict() => last = fault,
                landed => return landed,
            }
        }
        Err(last.at_last())
    }
}

/// Waits for one task, and takes those that ended with it.
async fn collect(tasks: &mut JoinSet<Landed>, all: &mut Landed) {
    let take = |ended: Result<Landed, JoinError>, all: &mut Landed| match ended {
        Ok(landed) => all.extend(landed),
        Err(_) => all.fault = Some(Fault::Lost("importing orders")),
    };
    let Some(ended) = tasks.join_next().await else { return };
    take(ended, all);
    while let Some(ended) = tasks.try_join_next() {
        take(ended, all);
    }
}

/// Lines that may land side by side: of each order those of whoever named it first. The others wait until it is
/// known whose it is, so that the earlier line wins and not the faster task.
fn first_claims(lines: Vec<(Buyer, Line)>) -> (Round, Vec<(Buyer, Line)>) {
    let mut claims: HashMap<OrderId, Buyer> = HashMap::with_capacity(lines.len());
    let mut first = Round::new();
    let mut later = Vec::new();
    for (buyer, line) in lines {
        let claim = claims.entry(line.order.id.clone()).or_insert_with(|| buyer.clone());
        match *claim == buyer {
            true => first.entry(buyer).or_default().push(line),
            false => later.push((buyer, line)),
        }
    }
    (first, later)
}
