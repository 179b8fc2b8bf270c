//! Orders: a customer's history, and what the catalogue learns from.

use std::collections::BTreeMap;

use rebound_catalog::CustomerKey;
use rebound_domain::event::OrderRequest;
use rebound_domain::ids::{CustomerId, ProductId};
use rebound_storage::Batch;
use tokio::task::JoinSet;

use super::{ATTEMPTS_MAX, Imported, LineResults, check};
use crate::Engine;
use crate::customer::CustomerFile;
use crate::error::{Fault, LineError};
use crate::keys;
use crate::records::{OrderRecord, decode, encode};

/// Orders of one customer in one batch; at 16 KiB each they fill what a batch may hold.
const ORDERS_PER_BATCH: usize = 48;
/// Customers whose orders are landed at the same time; the storage gathers them into one write.
const CUSTOMERS_AT_ONCE: usize = 128;

/// An order and the line it came on.
type Numbered = (usize, OrderRecord);
/// What became of some lines, and what was sold by those that are new.
type Landed = (Vec<(usize, Result<Imported, LineError>)>, Vec<(Option<CustomerKey>, OrderRecord)>);

impl Engine {
    /// Takes in orders. The same order again changes nothing; a later delivery or coupon is added to it.
    ///
    /// # Errors
    /// [`Fault`] when the storage fails; lines answered before it are kept.
    pub async fn import_orders(&self, orders: Vec<OrderRequest>) -> Result<LineResults, Fault> {
        let engine = self.clone();
        let task = tokio::spawn(async move { engine.import_orders_now(orders).await });
        task.await.map_err(|_| Fault::Lost("importing orders"))?
    }

    async fn import_orders_now(&self, orders: Vec<OrderRequest>) -> Result<LineResults, Fault> {
        let mut results: LineResults = vec![Ok(Imported::Unchanged); orders.len()];
        let mut by_customer: BTreeMap<Option<CustomerId>, Vec<Numbered>> = BTreeMap::new();
        for (index, order) in orders.into_iter().enumerate() {
            match self.order_record(&order) {
                Ok(record) => by_customer.entry(order.customer_id).or_default().push((index, record)),
                Err(error) => results[index] = Err(error),
            }
        }
        let groups = by_customer.into_iter().flat_map(|(customer, orders)| {
            // Groups of one customer stay together: they land one after the other.
            let groups: Vec<Vec<Numbered>> =
                orders.chunks(ORDERS_PER_BATCH).map(<[Numbered]>::to_vec).collect();
            [(customer, groups)]
        });
        let mut tasks: JoinSet<Result<Landed, Fault>> = JoinSet::new();
        let mut sales = Vec::new();
        let mut take = |landed: Landed, results: &mut LineResults| {
            landed.0.into_iter().for_each(|(index, result)| results[index] = result);
            sales.extend(landed.1);
        };
        for (customer, groups) in groups {
            if tasks.len() >= CUSTOMERS_AT_ONCE
                && let Some(landed) = tasks.join_next().await
            {
                take(landed.map_err(|_| Fault::Lost("importing orders"))??, &mut results);
            }
            let engine = self.clone();
            tasks.spawn(async move {
                let mut all = Landed::default();
                for group in groups {
                    let landed = match &customer {
                        Some(customer) => engine.land_orders(customer, group).await?,
                        None => engine.land_guest_orders(group).await?,
                    };
                    all.0.extend(landed.0);
                    all.1.extend(landed.1);
                }
                Ok(all)
            });
        }
        while let Some(landed) = tasks.join_next().await {
            take(landed.map_err(|_| Fault::Lost("importing orders"))??, &mut results);
        }
        if !sales.is_empty() {
            self.shared.shelf.change(|catalogue| {
                sales.iter().for_each(|(customer, order)| order.teach(*customer, catalogue));
            });
        }
        Ok(results)
    }

    fn order_record(&self, order: &OrderRequest) -> Result<OrderRecord, LineError> {
        check::order(order, self.control().policy.value.currency, &self.shared.limits)?;
        let catalogue = self.shared.shelf.snapshot();
        let product = |sku| catalogue.by_sku(sku).map(|item| item.product.id).ok_or(sku);
        let products: Result<Vec<ProductId>, _> = order.lines.iter().map(|line| product(&line.sku)).collect();
        let products = products.map_err(|sku| LineError::UnknownSku { sku: sku.clone() })?;
        Ok(OrderRecord::new(order, &products))
    }

    async fn land_orders(&self, customer: &CustomerId, orders: Vec<Numbered>) -> Result<Landed, Fault> {
        for _ in 0..ATTEMPTS_MAX {
            match self.try_land_orders(customer, &orders).await {
                Err(fault) if fault.is_conflict() => {}
                landed => return landed,
            }
        }
        Err(Fault::Busy)
    }

    async fn try_land_orders(&self, customer: &CustomerId, orders: &[Numbered]) -> Result<Landed, Fault> {
        let ids: Vec<_> = orders.iter().map(|(_, order)| order.id.clone()).collect();
        let mut file = CustomerFile::read(&self.shared, customer, &ids).await?;
        let mut landed = Landed::default();
        for (index, order) in orders {
            let result = match file.orders.get(&order.id) {
                None => {
                    file.profile.ordered(order, self.shared.limits.purchases as usize);
                    landed.1.push((Some(CustomerKey(file.owner)), order.clone()));
                    file.orders.insert(order.id.clone(), order.clone());
                    Ok(Imported::Created)
                }
                Some(known) if !known.same_sale(order) => {
                    Err(LineError::OrderConflict { id: order.id.to_string() })
                }
                Some(known) => match updated(known, order) {
                    Some(update) => {
                        file.orders.insert(order.id.clone(), update);
                        Ok(Imported::Updated)
                    }
                    None => Ok(Imported::Unchanged),
                },
            };
            landed.0.push((*index, result));
        }
        let mut batch = Batch::new();
        file.write(&self.shared, &mut batch);
        if !batch.is_empty() {
            self.shared.storage.commit(batch).await?;
        }
        Ok(landed)
    }

    async fn land_guest_orders(&self, orders: Vec<Numbered>) -> Result<Landed, Fault> {
        for _ in 0..ATTEMPTS_MAX {
            match self.try_land_guest_orders(&orders).await {
                Err(fault) if fault.is_conflict() => {}
                landed => return landed,
            }
        }
        Err(Fault::Busy)
    }

    async fn try_land_guest_orders(&self, orders: &[Numbered]) -> Result<Landed, Fault> {
        let key = |order: &OrderRecord| keys::guest_order(&self.shared.host_key, &order.id);
        let known =
            self.shared.storage.get(orders.iter().map(|(_, order)| key(order)).collect()).await?.value;
        let mut batch = Batch::new();
        let mut landed = Landed::default();
        let mut first_of = BTreeMap::new();
        for ((index, order), known) in orders.iter().zip(known) {
            let stored = match known.as_ref().and_then(|entry| entry.bytes()) {
                Some(bytes) => Some(decode::<OrderRecord>("order", bytes)?),
                None => first_of.get(&order.id).cloned(),
            };
            let result = match stored {
                None => {
                    batch.expect_absent(key(order)).put(key(order), encode(order));
                    landed.1.push((None, order.clone()));
                    first_of.insert(order.id.clone(), order.clone());
                    Ok(Imported::Created)
                }
                Some(stored) if stored.same_sale(order) => Ok(Imported::Unchanged),
                Some(_) => Err(LineError::OrderConflict { id: order.id.to_string() }),
            };
            landed.0.push((*index, result));
        }
        if !batch.is_empty() {
            self.shared.storage.commit(batch).await?;
        }
        Ok(landed)
    }
}

/// What a later message adds to a known order; none when it adds nothing.
fn updated(known: &OrderRecord, order: &OrderRecord) -> Option<OrderRecord> {
    let delivered_at = order.delivered_at.or(known.delivered_at);
    let coupon = order.coupon.clone().or_else(|| known.coupon.clone());
    let changed =
        (delivered_at, &coupon, order.discount) != (known.delivered_at, &known.coupon, known.discount);
    changed.then(|| OrderRecord { delivered_at, coupon, discount: order.discount, ..known.clone() })
}
