//! Erasing a customer: the records go, the sums stay, and the secret that the customer's key is wrapped by is
//! overwritten, so that no old page of the storage's log and no copy of it opens again.
//!
//! The order is what makes it safe: first everything is deleted, the profile and the key last and in one batch with the
//! entry in the list of erasures; then the slot is overwritten. A crash between the two is made good at the next start
//! ([`finish`]), before anything is served. Whoever decided with the old profile meanwhile conflicts on it.

use rebound_domain::coupon::Code;
use rebound_domain::ids::{CustomerId, Digest, OrderId};
use rebound_domain::money::Money;
use rebound_domain::time::{Duration, Instant};
use rebound_storage::{Batch, Bytes, Direction, Entry, Key, KeyRange, SCAN_LIMIT_MAX, Storage};
use serde_json::json;

use crate::Engine;
use crate::customer::open_data_key;
use crate::error::{Damaged, Fault};
use crate::identity::{NOBODY, Owner, Seal, random};
use crate::keys::{
    self, COUPON_PREFIX, CustomerKeys, ERASURE, EXPOSURE_PREFIX, HOLD_PREFIX, ORDER_PREFIX, PLAN_PREFIX,
};
use crate::promise::{CouponIndex, CouponRecord, CouponState, DueRecord, HoldRecord};
use crate::records::{ERASED_EVENT, OrderIndex, OrderRecord, PlanRecord, ReturnRecord, encode, open, seal};
use crate::slots::{KeyRing, slot_of};

/// Most tries of an erasure that others keep overtaking.
const ATTEMPTS_MAX: usize = 32;
/// A batch is landed beyond so many bytes; one record adds at most two values of 64 KiB.
const BATCH_BYTES: usize = 512 * 1024;
/// Records of a batch: each writes at most four keys, and a batch takes 1,024 operations.
const BATCH_RECORDS: usize = 200;

/// What an erasure did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// Records deleted; 0 when nothing was known of the customer.
    pub records: u64,
}

impl Engine {
    /// Erases a customer. Once this returns, nothing that was sealed for them opens any more, here or in a copy of the
    /// storage. An event of the same customer that is new starts a new person from nothing; one that was decided
    /// before is refused as erased. Again, it does nothing.
    ///
    /// Runs to its end even when the caller goes away.
    ///
    /// # Errors
    /// [`Fault`] when the storage or the file of key slots fails; what was deleted stays so, and the same call goes on.
    pub async fn erase_customer(&self, customer: &CustomerId) -> Result<Erased, Fault> {
        let (engine, owner) = (self.clone(), self.shared.host_key.owner(customer));
        let task = tokio::spawn(async move { engine.erase_owner(owner).await });
        task.await.map_err(|_| Fault::Lost("erasing a customer"))?
    }

    async fn erase_owner(&self, owner: Owner) -> Result<Erased, Fault> {
        // A recording that is being written would be left behind, if unreadable.
        self.settled().await;
        let mut erased = Erased::default();
        let mut last = Fault::Busy;
        for _ in 0..ATTEMPTS_MAX {
            match self.try_erase(owner, &mut erased).await {
                Ok(()) => {
                    // Also for an erasure whose last step failed before.
                    let storage = self.shared.storage.as_ref();
                    destroy_slots(storage, &self.shared.key_ring, KeyRange::prefix(owner.to_vec())).await?;
                    tracing::info!(records = erased.records, "a customer was erased");
                    return Ok(erased);
                }
                Err(fault) if fault.is_conflict() => last = fault,
                Err(fault) => return Err(fault),
            }
        }
        Err(last.at_last())
    }

    async fn try_erase(&self, owner: Owner, erased: &mut Erased) -> Result<(), Fault> {
        let storage = &self.shared.storage;
        let keys = CustomerKeys::new(&owner);
        // The guard before everything that it guards: whoever writes from here on makes the last batch conflict.
        let read = storage.get(vec![keys.profile(), keys.data_key()]).await?;
        let [profile, data_key] = &read.value[..] else { return Err(Fault::Lost("a read")) };
        let Some(data_key) = data_key else {
            storage.durable(read.sequence).await?;
            return Ok(());
        };
        let wrapped = data_key.bytes().ok_or(Damaged::Missing { what: "customer key" })?;
        let slot = slot_of(wrapped)?;
        let seal = match open_data_key(&self.shared, &owner, wrapped) {
            Ok(seal) => Some(seal),
            // Put back from a backup: what there is opens to nobody, and goes all the same.
            Err(Damaged::Keyless) => None,
            Err(damaged) => return Err(damaged.into()),
        };
        let mut work = Work { engine: self, seal, batch: Batch::new() };
        let (mut range, mut batched) = (KeyRange::all(), 0_u64);
        loop {
            let page = storage.scan(keys.owner(), range, SCAN_LIMIT_MAX, Direction::Forward).await?.value;
            let Some((last, _)) = page.last() else { break };
            range = KeyRange::all().after(last.clone());
            for (key, entry) in page {
                let key = keys.raw(key.to_vec());
                if key == keys.profile() || key == keys.data_key() {
                    continue;
                }
                work.take(key, &entry)?;
                batched += 1;
                if work.batch.size_bytes() > BATCH_BYTES || batched >= BATCH_RECORDS as u64 {
                    storage.commit(std::mem::take(&mut work.batch)).await?;
                    erased.records += std::mem::take(&mut batched);
                }
            }
        }
        let Work { mut batch, .. } = work;
        for (key, entry) in [(keys.profile(), profile.as_ref()), (keys.data_key(), Some(data_key))] {
            if let Some(revision) = entry.and_then(Entry::revision) {
                batch.expect_revision(key.clone(), revision).delete(key);
                batched += 1;
            }
        }
        batch.put(keys::erasure(&owner, slot), encode(&json!({ "at_ms": self.now() })));
        storage.commit(batch).await?;
        erased.records += batched;
        Ok(())
    }
}

/// One batch of an erasure in the making.
struct Work<'a> {
    engine: &'a Engine,
    /// None when the customer's key is gone already.
    seal: Option<Seal>,
    batch: Batch,
}

impl Work<'_> {
    /// Deletes one record, and lets what outlives the customer stand without them.
    fn take(&mut self, key: Key, entry: &Entry) -> Result<(), Damaged> {
        if let (Some(seal), Some(bytes)) = (self.seal.clone(), entry.bytes()) {
            let place = key.key.clone();
            if place.starts_with(ORDER_PREFIX) {
                self.order(open(&seal, "order", &place, bytes)?);
            } else if place.starts_with(PLAN_PREFIX) {
                self.plan(&open(&seal, "plan", &place, bytes)?);
            } else if place.starts_with(COUPON_PREFIX) {
                self.coupon(&place, open(&seal, "coupon", &place, bytes)?);
            } else if place.starts_with(HOLD_PREFIX) {
                let hold: HoldRecord = open(&seal, "price hold", &place, bytes)?;
                self.batch.delete(keys::due(hold.until, &place));
            } else if place.starts_with(EXPOSURE_PREFIX) {
                let apart = Digest::of(&random::<16>());
                let unlinked = [&place, b"/".as_slice(), apart.to_string().as_bytes()].concat();
                self.batch.put(CustomerKeys::new(&NOBODY).raw(unlinked), bytes.clone());
            }
        }
        if let Some(revision) = entry.revision() {
            self.batch.expect_revision(key.clone(), revision);
        }
        self.batch.delete(key);
        Ok(())
    }

    /// The catalogue keeps what was sold, to the day, without order, buyer or the buyer's other orders. The id stays
    /// taken: an import of old orders must not bring the person back.
    fn order(&mut self, order: OrderRecord) {
        let host = &self.engine.shared.host_key;
        let index = keys::order_index(host, &order.id);
        self.batch.put(index, encode(&OrderIndex { owner: Some(NOBODY) }));
        let day = Duration::days(1).0;
        let sale = OrderRecord {
            id: OrderId::new("erased").expect("a word is an order id"),
            ordered_at: Instant(order.ordered_at.0 / day * day),
            delivered_at: None,
            lines: order.lines,
            discount: Money::ZERO,
            coupon: None,
        };
        let key = keys::unlinked_order(&random());
        let sealed = seal(&self.engine.shared.record_seal, &key.owner, &sale);
        self.batch.put(key, sealed);
    }

    /// Event and return stay known as erased: the same event again is no new one.
    fn plan(&mut self, record: &PlanRecord) {
        let host = &self.engine.shared.host_key;
        let plan = &record.plan;
        self.batch.put(keys::event(host, &plan.source, &plan.event_id), Bytes::from_static(ERASED_EVENT));
        self.batch.put(keys::return_index(host, &plan.return_id), encode(&ReturnRecord { owner: NOBODY }));
    }

    /// A coupon that was issued is worth what it says to whoever shows its code; one that was only promised can be
    /// earned by nobody any more. Either way its budget gets the charge back when it ends.
    fn coupon(&mut self, place: &Bytes, record: CouponRecord) {
        let shared = &self.engine.shared;
        let (state, coupon) = (record.state, record.coupon.clone());
        let index = |code: Code| keys::coupon_index(&shared.host_key, code);
        if state != CouponState::Expired {
            let due = DueRecord::coupon(NOBODY, place, &coupon);
            self.batch.put(keys::due(coupon.expires_at, place), encode(&due));
        }
        match (coupon.code, state) {
            (Some(code), CouponState::Issued) => {
                self.batch.put(index(code), encode(&CouponIndex { owner: NOBODY }));
                let key = CustomerKeys::new(&NOBODY).raw(place.to_vec());
                let sealed = seal(&shared.record_seal, &key.key, &record.unlinked());
                self.batch.put(key, sealed);
            }
            (Some(code), _) => {
                self.batch.delete(index(code));
            }
            (None, _) => {}
        }
    }
}

/// Makes good what a crash left undone: overwrites the slot of every customer in the list of erasures, and deletes
/// records of theirs that a backup brought back.
pub(crate) async fn finish(storage: &dyn Storage, ring: &KeyRing) -> Result<(), Fault> {
    for (owner, slot) in destroy_slots(storage, ring, KeyRange::all()).await? {
        let keys = CustomerKeys::new(&owner);
        let read = storage.get(vec![keys.data_key()]).await?;
        let Some(wrapped) = read.value.first().and_then(Option::as_ref).and_then(Entry::bytes) else {
            continue;
        };
        if slot_of(wrapped)? != slot {
            // A new person of the same id.
            continue;
        }
        loop {
            let page = storage.scan(keys.owner(), KeyRange::all(), BATCH_RECORDS, Direction::Forward).await?;
            if page.value.is_empty() {
                break;
            }
            let mut batch = Batch::new();
            for (key, _) in page.value {
                batch.delete(keys.raw(key.to_vec()));
            }
            storage.commit(batch).await?;
        }
        tracing::warn!(
            "records of an erased customer had come back, from a backup perhaps, and were deleted"
        );
    }
    Ok(())
}

/// Overwrites the slots of the erasures in `range`, and says whose they were.
async fn destroy_slots(
    storage: &dyn Storage,
    ring: &KeyRing,
    mut range: KeyRange,
) -> Result<Vec<(Owner, u64)>, Fault> {
    let prefix = range.clone();
    let mut all = Vec::new();
    loop {
        let page = storage.scan(ERASURE, range, SCAN_LIMIT_MAX, Direction::Forward).await?;
        // What is overwritten cannot be taken back, so the list that says so must not be either.
        storage.durable(page.sequence).await?;
        let Some((last, _)) = page.value.last() else { break };
        range = prefix.clone().after(last.clone());
        for (key, _) in &page.value {
            let what = "erasure";
            let (owner, slot) =
                key.split_first_chunk::<{ size_of::<Owner>() }>().ok_or(Damaged::Missing { what })?;
            let slot = slot.try_into().map_err(|_| Damaged::Missing { what })?;
            all.push((*owner, u64::from_be_bytes(slot)));
        }
    }
    let (slots, numbers) = (ring.slots.clone(), all.iter().map(|(_, slot)| *slot).collect::<Vec<_>>());
    // Synchronous writes and a sync: not for a thread that serves others.
    let task = tokio::task::spawn_blocking(move || slots.destroy(&numbers));
    let destroyed = task.await.map_err(|_| Fault::Lost("erasing a customer"))?;
    destroyed.map_err(|source| Damaged::Slots { source })?;
    Ok(all)
}
