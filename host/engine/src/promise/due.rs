//! What must happen at a time: holds and coupons end, and what they kept is given back.
//!
//! Entries are claimed by commit: whoever deletes one first, as it was read, did the work, and everybody else finds
//! nothing to do. They are spread over [`keys::DUE_BUCKETS`] owners, so that no one of them is hot.

use rebound_domain::coupon::Coupon;
use rebound_domain::ids::BudgetId;
use rebound_domain::time::Instant;
use rebound_storage::{Add, Batch, CommitError, Direction, Entry, Key, KeyRange};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{CouponRecord, CouponState, HoldRecord};
use crate::Engine;
use crate::customer::open_data_key;
use crate::error::{Damaged, Fault};
use crate::identity::{NOBODY, Owner};
use crate::keys::{self, CustomerKeys};
use crate::outbox::{self, OutboxEvent};
use crate::records::{decode, open, seal};

/// Entries of one bucket that are done before the next bucket is looked at.
const PAGE: usize = 128;

/// What is to be done. It names no person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DueRecord {
    /// Whose file the promise stands in.
    owner: [u8; 16],
    /// Its key there.
    place: Vec<u8>,
    what: Due,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Due {
    /// A price hold ends.
    Hold {},
    /// A coupon ends, used or not. What it was charged is told here too, so that a budget gets it back even when the
    /// customer's file can no longer be read.
    Coupon { budget: BudgetId, charge: i64 },
}

impl DueRecord {
    pub(crate) fn hold(owner: [u8; 16], place: &[u8]) -> Self {
        Self { owner, place: place.to_vec(), what: Due::Hold {} }
    }

    pub(crate) fn coupon(owner: [u8; 16], place: &[u8], coupon: &Coupon) -> Self {
        let what = Due::Coupon { budget: coupon.budget.clone(), charge: coupon.charge };
        Self { owner, place: place.to_vec(), what }
    }

    /// Whose file the promise stands in, and its key there.
    pub(crate) fn target(&self) -> (Owner, &[u8]) {
        (self.owner, &self.place)
    }

    /// What a budget gets back at the end of a coupon that nobody used.
    pub(crate) fn charge(&self) -> Option<(&BudgetId, i64)> {
        match &self.what {
            Due::Coupon { budget, charge } => Some((budget, *charge)),
            Due::Hold {} => None,
        }
    }
}

impl Engine {
    /// Does everything that was due by `now`, and says how much that was. What somebody else did meanwhile, or
    /// changed, is left to the next time.
    ///
    /// # Errors
    /// [`Fault`] when the storage fails; what was done before stays done.
    pub async fn run_due(&self, now: Instant) -> Result<usize, Fault> {
        let mut count = 0;
        for bucket in 0..keys::DUE_BUCKETS {
            loop {
                let range = KeyRange::all().before(keys::due_bound(now));
                let storage = &self.shared.storage;
                let read = storage.scan(keys::due_owner(bucket), range, PAGE, Direction::Forward).await?;
                let mut done = 0;
                for (key, entry) in &read.value {
                    let key = Key::new(keys::due_owner(bucket), key.clone());
                    match self.end(key, entry, now).await {
                        Ok(ended) => done += usize::from(ended),
                        // One record that cannot be read must not keep all others from ending.
                        Err(Fault::Damaged(error)) => tracing::error!(%error, "a promise cannot be ended"),
                        Err(fault) => return Err(fault),
                    }
                }
                count += done;
                if read.value.len() < PAGE || done == 0 {
                    break;
                }
            }
        }
        Ok(count)
    }

    /// What time it is for promises: the wall's, or in a replay the latest event's.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.shared.clock_reading(self.wall_clock())
    }

    async fn end(&self, key: Key, entry: &Entry, now: Instant) -> Result<bool, Fault> {
        let (Some(revision), Some(bytes)) = (entry.revision(), entry.bytes()) else { return Ok(false) };
        let record: DueRecord = decode("due entry", bytes)?;
        let mut batch = Batch::new();
        batch.expect_revision(key.clone(), revision).delete(key);
        match &record.what {
            Due::Hold {} => self.end_hold(&record, now, &mut batch).await?,
            Due::Coupon { budget, charge } => {
                if !self.end_coupon(&record, now, &mut batch).await? {
                    // It was used: its budget keeps the charge.
                    return self.claim(batch).await;
                }
                batch.add(keys::budget_charged(budget), Add::by(-i128::from(*charge)).at_least(0));
            }
        }
        self.claim(batch).await
    }

    /// Ends a hold, and says so, unless it went with its customer.
    async fn end_hold(&self, due: &DueRecord, now: Instant, batch: &mut Batch) -> Result<(), Fault> {
        let keys = CustomerKeys::new(&due.owner);
        let key = keys.raw(due.place.clone());
        let read = self.shared.storage.get(vec![key.clone(), keys.data_key()]).await?;
        let [Some(hold), Some(data_key)] = &read.value[..] else { return Ok(()) };
        let (Some(revision), Some(sealed), Some(data_key)) =
            (hold.revision(), hold.bytes(), data_key.bytes())
        else {
            return Ok(());
        };
        let customer_seal = match open_data_key(&self.shared, &due.owner, data_key) {
            Err(Damaged::Keyless) => return Ok(()),
            opened => opened?,
        };
        let HoldRecord { recommendation_id, sku, return_id, .. } =
            open(&customer_seal, "price hold", &key.key, sealed)?;
        let data = json!({ "recommendation_id": recommendation_id, "sku": sku, "return_id": return_id });
        let ended = OutboxEvent::new(outbox::HOLD_EXPIRED, recommendation_id, now, data);
        ended.write_of(&due.owner, &customer_seal, batch);
        batch.expect_revision(key.clone(), revision).delete(key);
        Ok(())
    }

    /// Ends a coupon that nobody used, and says so; whether its charge is to be given back.
    async fn end_coupon(&self, due: &DueRecord, now: Instant, batch: &mut Batch) -> Result<bool, Fault> {
        let keys = CustomerKeys::new(&due.owner);
        let key = keys.raw(due.place.clone());
        if due.owner == NOBODY {
            // Its customer was erased, and nobody is told: record and index go, and its charge is given back.
            batch.delete(keys::coupon_index_of(&due.place)).delete(key);
            return Ok(true);
        }
        let read = self.shared.storage.get(vec![key.clone(), keys.data_key()]).await?;
        let [Some(coupon), Some(data_key)] = &read.value[..] else { return Ok(true) };
        let (Some(revision), Some(sealed), Some(data_key)) =
            (coupon.revision(), coupon.bytes(), data_key.bytes())
        else {
            return Ok(true);
        };
        let customer_seal = match open_data_key(&self.shared, &due.owner, data_key) {
            Err(Damaged::Keyless) => return Ok(true),
            opened => opened?,
        };
        let mut record: CouponRecord = open(&customer_seal, "coupon", &key.key, sealed)?;
        if record.state == CouponState::Expired {
            return Ok(false);
        }
        if record.state == CouponState::Issued
            && let Some(code) = record.coupon.code
        {
            let data = json!({ "code": code, "return_id": record.return_id });
            let ended = OutboxEvent::new(outbox::COUPON_EXPIRED, code.to_string(), now, data);
            ended.write_of(&due.owner, &customer_seal, batch);
        }
        record.state = CouponState::Expired;
        let sealed = seal(&customer_seal, &key.key, &record);
        batch.expect_revision(key.clone(), revision).put(key, sealed);
        Ok(true)
    }

    async fn claim(&self, batch: Batch) -> Result<bool, Fault> {
        match self.shared.storage.commit(batch).await {
            Ok(_) => Ok(true),
            Err(CommitError::Conflict { .. } | CommitError::BoundExceeded { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
