//! Past returns: what customers gave back before this host decided anything.
//!
//! They get no plan, coupon or message. They count in the customer's history, their units are marked in the orders they
//! come from, and the catalogue learns from them what is bought instead, exactly as from returns that were decided here.
//! A return id names one return: one that was imported is not decided later, and one that was decided is not counted
//! again.

use std::collections::{BTreeMap, HashMap, VecDeque};

use rebound_catalog::CustomerKey;
use rebound_domain::event::PastReturnRequest;
use rebound_domain::ids::{CustomerId, OrderId, ProductId, ReturnId};
use rebound_domain::time::Instant;
use rebound_storage::{BATCH_BYTES_MAX, Batch, Entry, Key, Sequence, VALUE_BYTES_MAX};
use tokio::task::{JoinError, JoinSet};

use super::{ATTEMPTS_MAX, Imported, LineResults, check};
use crate::Engine;
use crate::customer::CustomerFile;
use crate::error::{Damaged, Fault, LineError};
use crate::identity::SEAL_BYTES;
use crate::keys::{self, CustomerKeys};
use crate::profile::Returned;
use crate::records::{PastReturn, ReturnRecord, decode, encode, open, seal};

/// Customers whose returns are landed at the same time; the storage gathers them into one write.
const CUSTOMERS_AT_ONCE: usize = 128;
/// Most returns of one customer in one batch.
const GROUP_COUNT: usize = 48;
/// Most orders that the returns of one batch come from, unless one return alone comes from more: each is read, and
/// written again. A batch that is over 1 MiB all the same is halved.
const GROUP_ORDERS: usize = 48;

/// A return that passed its checks, and the line it came on.
#[derive(Debug)]
struct Line {
    index: usize,
    past: PastReturn,
}

/// Lines that may land side by side, customer by customer.
type Round = BTreeMap<CustomerId, Vec<Line>>;

/// What became of some lines.
#[derive(Default)]
struct Landed {
    results: Vec<(usize, Result<Imported, LineError>)>,
    /// Returns that are new: what the catalogue has yet to learn.
    back: Vec<(CustomerKey, Instant, Vec<ProductId>)>,
    /// What must be durable before the results are told.
    sequence: Sequence,
    /// Why the lines after these were not landed.
    fault: Option<Fault>,
}

impl Landed {
    fn extend(&mut self, other: Self) {
        self.results.extend(other.results);
        self.back.extend(other.back);
        self.sequence = self.sequence.max(other.sequence);
        self.fault = other.fault.or(self.fault.take());
    }
}

impl Engine {
    /// Takes in returns of the past. The same return again changes nothing; one that is known otherwise is refused.
    ///
    /// # Errors
    /// [`Fault`] when the storage fails; lines that landed before it are kept, and learned from.
    pub async fn import_past_returns(&self, returns: Vec<PastReturnRequest>) -> Result<LineResults, Fault> {
        let engine = self.clone();
        // A task that nobody aborts: what lands is taught, even when the caller goes away.
        let task = tokio::spawn(async move { engine.import_past_returns_now(returns).await });
        task.await.map_err(|_| Fault::Lost("importing returns"))?
    }

    async fn import_past_returns_now(&self, returns: Vec<PastReturnRequest>) -> Result<LineResults, Fault> {
        let mut results: LineResults = vec![Ok(Imported::Unchanged); returns.len()];
        let mut lines = Vec::with_capacity(returns.len());
        for (index, request) in returns.into_iter().enumerate() {
            match self.past_return(&request) {
                Ok(past) => lines.push((request.customer_id, Line { index, past })),
                Err(error) => results[index] = Err(error),
            }
        }
        let mut sequence = Sequence::default();
        while !lines.is_empty() {
            let (first, later) = first_claims(lines);
            lines = later;
            sequence = sequence.max(self.land_past(first, &mut results).await?);
        }
        self.shared.storage.durable(sequence).await?;
        Ok(results)
    }

    fn past_return(&self, request: &PastReturnRequest) -> Result<PastReturn, LineError> {
        check::past_return(request, self.control().policy.value.currency, &self.shared.limits)?;
        let catalogue = self.shared.shelf.snapshot();
        let line = |line: &rebound_domain::event::PastReturnLine| {
            let item =
                catalogue.by_sku(&line.sku).ok_or_else(|| LineError::UnknownSku { sku: line.sku.clone() })?;
            Ok((item.product.id, line.quantity, line.paid, line.order_id.clone()))
        };
        let past = PastReturn {
            return_id: request.return_id.clone(),
            requested_at: request.requested_at,
            lines: request.lines.iter().map(line).collect::<Result<_, _>>()?,
        };
        let (bytes, bytes_max) = (encode(&past).len(), VALUE_BYTES_MAX - SEAL_BYTES);
        match bytes > bytes_max {
            true => Err(LineError::Invalid {
                field: "lines".to_owned(),
                problem: format!(
                    "take {bytes} bytes as stored, over the limit of {bytes_max}; send the return in parts"
                ),
            }),
            false => Ok(past),
        }
    }

    /// Lands the returns of many customers side by side. After a fault no more are begun, those begun are waited for,
    /// and what landed is taught: a later import finds it known and would never teach it.
    async fn land_past(&self, round: Round, results: &mut LineResults) -> Result<Sequence, Fault> {
        let mut tasks = JoinSet::new();
        let mut all = Landed::default();
        for (customer, lines) in round {
            if tasks.len() >= CUSTOMERS_AT_ONCE {
                collect(&mut tasks, &mut all).await;
            }
            if all.fault.is_some() {
                break;
            }
            let engine = self.clone();
            tasks.spawn(async move { engine.land_past_of(&customer, &lines).await });
        }
        while !tasks.is_empty() {
            collect(&mut tasks, &mut all).await;
        }
        if !all.back.is_empty() {
            self.shared.shelf.change(|catalogue| {
                all.back
                    .iter()
                    .for_each(|(customer, at, products)| catalogue.returned(*customer, *at, products));
            });
        }
        for (index, result) in all.results {
            results[index] = result;
        }
        all.fault.map_or(Ok(all.sequence), Err)
    }

    /// Lands the returns of one customer, one batch after the other, up to the first fault.
    async fn land_past_of(&self, customer: &CustomerId, lines: &[Line]) -> Landed {
        let mut all = Landed::default();
        let mut groups: VecDeque<&[Line]> = groups(lines).into();
        while let Some(group) = groups.pop_front() {
            match self.land_past_group(customer, group).await {
                Ok(Some(landed)) => all.extend(landed),
                Ok(None) if group.len() > 1 => {
                    let (first, second) = group.split_at(group.len() / 2);
                    groups.push_front(second);
                    groups.push_front(first);
                }
                Ok(None) => all.results.extend(group.iter().map(|line| (line.index, Err(too_large())))),
                Err(fault) => {
                    all.fault = Some(fault);
                    break;
                }
            }
        }
        all
    }

    /// None when the orders that they come from are too large for one batch.
    async fn land_past_group(&self, customer: &CustomerId, lines: &[Line]) -> Result<Option<Landed>, Fault> {
        let mut last = Fault::Busy;
        for _ in 0..ATTEMPTS_MAX {
            match self.try_land_past(customer, lines).await {
                Err(fault) if fault.is_conflict() => last = fault,
                landed => return landed,
            }
        }
        Err(last.at_last())
    }

    async fn try_land_past(&self, customer: &CustomerId, lines: &[Line]) -> Result<Option<Landed>, Fault> {
        let host = &self.shared.host_key;
        let owner = host.owner(customer);
        let keys = CustomerKeys::new(&owner);
        let orders = orders_of(lines);
        let indices: Vec<Key> =
            lines.iter().map(|line| keys::return_index(host, &line.past.return_id)).collect();
        let places: Vec<Key> =
            lines.iter().map(|line| keys.past_return(host, &line.past.return_id)).collect();
        let mut wanted = indices.clone();
        wanted.extend(CustomerFile::keys(host, &keys, &orders, places.iter().cloned()));
        let read = self.shared.storage.get(wanted).await?;
        let mut entries = read.value.into_iter();
        let claims: Vec<Option<Entry>> = entries.by_ref().take(indices.len()).collect();
        let (mut file, known) =
            CustomerFile::open(&self.shared, owner, &orders, entries.collect(), read.sequence)?;

        let mut landed = Landed { sequence: read.sequence, ..Landed::default() };
        let mut batch = Batch::new();
        let mut fresh: HashMap<ReturnId, &PastReturn> = HashMap::new();
        let places = indices.into_iter().zip(places);
        for (((line, (index, place)), claim), known) in lines.iter().zip(places).zip(claims).zip(known) {
            let past = &line.past;
            let earlier = match (&known, fresh.get(&past.return_id)) {
                (Some((_, sealed)), _) => Some(open(&file.seal, "past return", &place.key, sealed)?),
                (None, fresh) => fresh.map(|past| (*past).clone()),
            };
            let result = match (earlier, claim) {
                (Some(earlier), _) if earlier == *past => Ok(Imported::Unchanged),
                (Some(_), _) => Err(conflict(past)),
                (None, Some(claim)) => {
                    let bytes = claim.bytes().ok_or(Damaged::Missing { what: "return" })?;
                    let record: ReturnRecord = decode("return", bytes)?;
                    // One of this customer's that was decided here is counted already.
                    if record.owner == owner { Ok(Imported::Unchanged) } else { Err(conflict(past)) }
                }
                (None, None) => {
                    let record = ReturnRecord { owner, is_past: true };
                    batch.expect_absent(index.clone()).put(index, encode(&record));
                    batch.expect_absent(place.clone());
                    let sealed = seal(&file.seal, &place.key, past);
                    batch.put(place, sealed);
                    take_back(&mut file, past);
                    fresh.insert(past.return_id.clone(), past);
                    let products = past.lines.iter().map(|(product, ..)| *product).collect();
                    landed.back.push((CustomerKey(owner), past.requested_at, products));
                    Ok(Imported::Created)
                }
            };
            landed.results.push((line.index, result));
        }
        // A new customer none of whose returns was taken stays unknown: an erased one must not come back empty.
        if !(file.is_new() && fresh.is_empty()) {
            file.write(&self.shared, &mut batch)?;
        }
        if batch.size_bytes() > BATCH_BYTES_MAX {
            return Ok(None);
        }
        if !batch.is_empty() {
            self.shared.storage.commit(batch).await?;
        }
        Ok(Some(landed))
    }
}

/// Waits for one task, and takes those that ended with it.
async fn collect(tasks: &mut JoinSet<Landed>, all: &mut Landed) {
    let take = |ended: Result<Landed, JoinError>, all: &mut Landed| match ended {
        Ok(landed) => all.extend(landed),
        Err(_) => all.fault = Some(Fault::Lost("importing returns")),
    };
    let Some(ended) = tasks.join_next().await else { return };
    take(ended, all);
    while let Some(ended) = tasks.try_join_next() {
        take(ended, all);
    }
}

/// Writes a return into the customer's history and orders.
fn take_back(file: &mut CustomerFile, past: &PastReturn) {
    let mut back = Vec::with_capacity(past.lines.len());
    for (product, quantity, paid, order) in &past.lines {
        let (product, quantity, paid) = (*product, *quantity, *paid);
        let order = order.as_ref().and_then(|id| file.orders.get_mut(id));
        let bought_at = order.as_ref().map(|order| order.ordered_at);
        if let Some(order) = order {
            order.take_back(product, quantity);
        }
        back.push(Returned { product, quantity, paid, bought_at });
    }
    file.profile.gave_back(&back);
}

fn conflict(past: &PastReturn) -> LineError {
    LineError::ReturnConflict { id: past.return_id.to_string() }
}

fn too_large() -> LineError {
    LineError::Invalid {
        field: "lines".to_owned(),
        problem: "come from orders that are too large to be changed together; send the return in parts"
            .to_owned(),
    }
}

/// The orders that some returns come from, each once.
fn orders_of(lines: &[Line]) -> Vec<OrderId> {
    let all = lines.iter().flat_map(|line| line.past.lines.iter());
    let mut orders: Vec<OrderId> = all.filter_map(|(.., order)| order.clone()).collect();
    orders.sort_unstable();
    orders.dedup();
    orders
}

/// Lines that fit into one batch each.
fn groups(mut lines: &[Line]) -> Vec<&[Line]> {
    let mut groups = Vec::new();
    while !lines.is_empty() {
        let mut orders = 0;
        let fits = |line: &&Line| {
            orders += orders_of(std::slice::from_ref(*line)).len();
            orders <= GROUP_ORDERS
        };
        let count = lines.iter().take(GROUP_COUNT).take_while(fits).count().max(1);
        let (group, rest) = lines.split_at(count);
        groups.push(group);
        lines = rest;
    }
    groups
}

/// Lines that may land side by side: of each return those of whoever named it first. The others wait until it is
/// known whose it is, so that the earlier line wins and not the faster task.
fn first_claims(lines: Vec<(CustomerId, Line)>) -> (Round, Vec<(CustomerId, Line)>) {
    let mut claims: HashMap<ReturnId, CustomerId> = HashMap::with_capacity(lines.len());
    let mut first = Round::new();
    let mut later = Vec::new();
    for (customer, line) in lines {
        let claim = claims.entry(line.past.return_id.clone()).or_insert_with(|| customer.clone());
        match *claim == customer {
            true => first.entry(customer).or_default().push(line),
            false => later.push((customer, line)),
        }
    }
    (first, later)
}
