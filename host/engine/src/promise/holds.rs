//! Price holds, as a checkout asks for them.

use rebound_domain::ids::{CustomerId, ReturnId, Sku};
use rebound_domain::money::{Currency, Money};
use rebound_domain::time::Instant;
use rebound_storage::{Direction, Entry, KeyRange, SCAN_LIMIT_MAX};

use super::HoldRecord;
use crate::Engine;
use crate::customer::open_data_key;
use crate::error::{Damaged, Fault};
use crate::keys::{CustomerKeys, HOLD_PREFIX};
use crate::records::open;

/// Which holds.
#[derive(Debug, Clone)]
pub struct HoldQuery {
    /// Whose.
    pub customer_id: CustomerId,
    /// Of which product, when not of all.
    pub sku: Option<Sku>,
    /// Of which offer, when not of all.
    pub recommendation_id: Option<String>,
}

/// A price that a customer was promised and that holds now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Of which offer.
    pub recommendation_id: String,
    /// Of which return.
    pub return_id: ReturnId,
    /// The product.
    pub sku: Sku,
    /// What a unit costs this customer at most.
    pub price: Money,
    /// Of `price`.
    pub currency: Currency,
    /// For so many units.
    pub quantity: u32,
    /// From then on the catalogue's price counts again.
    pub until: Instant,
}

impl Engine {
    /// The prices that this customer was promised and that hold now, cheapest first. A hold counts from the moment its
    /// plan is durable until its end, whatever became of the strategy that asked for it.
    ///
    /// # Errors
    /// [`Fault`] when the storage cannot answer.
    pub async fn holds(&self, query: &HoldQuery) -> Result<Vec<Hold>, Fault> {
        let now = self.now();
        let owner = self.shared.host_key.owner(&query.customer_id);
        let keys = CustomerKeys::new(&owner);
        let range = KeyRange::prefix(HOLD_PREFIX);
        let storage = &self.shared.storage;
        let held = storage.scan(keys.owner(), range, SCAN_LIMIT_MAX, Direction::Forward).await?;
        let read = storage.get(vec![keys.data_key()]).await?;
        let Some(data_key) = read.value.first().and_then(Option::as_ref).and_then(Entry::bytes) else {
            return Ok(Vec::new());
        };
        let seal = match open_data_key(&self.shared, &owner, data_key) {
            // Erased, or another of the same id since.
            Err(Damaged::Keyless) => return Ok(Vec::new()),
            opened => opened?,
        };
        let currency = self.control().policy.value.currency;
        let mut holds = Vec::new();
        for (key, entry) in &held.value {
            let Some(sealed) = entry.bytes() else { continue };
            let record: HoldRecord = open(&seal, "price hold", key, sealed)?;
            let is_wanted = record.until > now
                && query.sku.as_ref().is_none_or(|sku| *sku == record.sku)
                && query.recommendation_id.as_ref().is_none_or(|id| *id == record.recommendation_id);
            if is_wanted {
                holds.push(Hold {
                    recommendation_id: record.recommendation_id,
                    return_id: record.return_id,
                    sku: record.sku,
                    price: record.price,
                    currency,
                    quantity: record.quantity,
                    until: record.until,
                });
            }
        }
        holds.sort_by(|a, b| {
            (a.price, &a.sku, &a.recommendation_id).cmp(&(b.price, &b.sku, &b.recommendation_id))
        });
        // A hold that a crash could take back must not be told.
        storage.durable(held.sequence.max(read.sequence)).await?;
        Ok(holds)
    }
}
