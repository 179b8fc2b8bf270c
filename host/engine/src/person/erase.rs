//! Erasing a customer: the records go, the sums stay, and the secret that the customer's key is wrapped by is
//! overwritten, so that no old page of the storage's log and no copy of it opens again.
//!
//! The order is what makes it safe: first everything is deleted, the profile and the key last and in one batch with the
//! entry in the list of erasures; then the list beside the keys has it ([`crate::erasures`]); then the slot is overwritten. A
//! crash between the two is made good at the next start ([`Eraser::finish`]), before anything is served. Whoever decided with
//! the old profile meanwhile conflicts on it.

use std::collections::HashSet;

use rebound_domain::coupon::Code;
use rebound_domain::ids::{CustomerId, Digest, OrderId, ReturnId};
use rebound_domain::money::Money;
use rebound_domain::time::{Duration, Instant};
use rebound_storage::{Add, Batch, Bytes, Direction, Entry, Key, KeyRange, SCAN_LIMIT_MAX, Storage};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Engine;
use crate::audit::Change;
use crate::erasures::{Erasure, Left};
use crate::error::{Damaged, Fault};
use crate::identity::{HostKey, NOBODY, Owner, Seal, random};
use crate::keys::{
    self, COUPON_PREFIX, CustomerKeys, ERASURE, EXPOSURE_PREFIX, HOLD_PREFIX, ORDER_PREFIX,
    PAST_RETURN_PREFIX, PLAN_PREFIX,
};
use crate::promise::{CouponIndex, CouponRecord, CouponState, DueRecord, HoldRecord};
use crate::records::{
    ERASED_EVENT, OrderIndex, OrderRecord, PastReturn, PlanRecord, ReturnRecord, decode, encode, open, seal,
};
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

/// An entry in the storage's list of erasures.
#[derive(Debug, Serialize, Deserialize)]
struct ErasureRecord {
    at_ms: Instant,
}

impl Engine {
    /// Erases a customer. Once this returns, nothing that was sealed for them opens any more, here or in a copy of the
    /// storage. An event of the same customer that is new starts a new person from nothing; one that was decided
    /// before is refused as erased. Again, it does nothing.
    ///
    /// Runs to its end even when the caller goes away. The last batch holds an entry of the audit log, in the name of
    /// whoever asked; where nothing was known, nothing changes and nothing is noted.
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
        let shared = &self.shared;
        let eraser = Eraser {
            storage: shared.storage.as_ref(),
            ring: &shared.key_ring,
            host_key: &shared.host_key,
            record_seal: &shared.record_seal,
            asked: Some(self),
        };
        let done = eraser.erase(owner, self.now()).await?;
        // Also for an erasure whose last step failed before.
        eraser.seal_off(KeyRange::prefix(owner.to_vec()), Some(&done)).await?;
        tracing::info!(records = done.records, "a customer was erased");
        Ok(Erased { records: done.records })
    }
}

/// What an erasure did, as far as it came.
#[derive(Default)]
struct Done {
    records: u64,
    /// What their key was wrapped by; none when there was nobody.
    slot: Option<u64>,
    left: Vec<Left>,
}

/// Erases customers.
pub(crate) struct Eraser<'a> {
    pub(crate) storage: &'a dyn Storage,
    pub(crate) ring: &'a KeyRing,
    pub(crate) host_key: &'a HostKey,
    pub(crate) record_seal: &'a Seal,
    /// Who was asked to, and notes it in the audit log; none where a start makes good what was noted already.
    pub(crate) asked: Option<&'a Engine>,
}

impl Eraser<'_> {
    /// Deletes everything of a customer, their slot apart.
    async fn erase(&self, owner: Owner, at: Instant) -> Result<Done, Fault> {
        let mut done = Done::default();
        let mut last = Fault::Busy;
        for _ in 0..ATTEMPTS_MAX {
            match self.try_erase(owner, at, &mut done).await {
                Ok(()) => return Ok(done),
                Err(fault) if fault.is_conflict() => last = fault,
                Err(fault) => return Err(fault),
            }
        }
        Err(last.at_last())
    }

    async fn try_erase(&self, owner: Owner, at: Instant, done: &mut Done) -> Result<(), Fault> {
        let storage = self.storage;
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
        let seal = match self.ring.open(&owner, wrapped) {
            Ok(seal) => Some(seal),
            // Put back from a backup: what there is opens to nobody, and goes all the same.
            Err(Damaged::Keyless) => None,
            Err(damaged) => return Err(damaged.into()),
        };
        let mut work = Work { eraser: self, seal, batch: Batch::new(), left: Vec::new() };
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
                    done.records += std::mem::take(&mut batched);
                    done.left.append(&mut work.left);
                }
            }
        }
        let Work { mut batch, mut left, .. } = work;
        for (key, entry) in [(keys.profile(), profile.as_ref()), (keys.data_key(), Some(data_key))] {
            if let Some(revision) = entry.and_then(Entry::revision) {
                batch.expect_revision(key.clone(), revision).delete(key);
                batched += 1;
            }
        }
        batch.put(keys::erasure(&owner, slot), encode(&ErasureRecord { at_ms: at }));
        let records = done.records + batched;
        match self.asked {
            Some(engine) => {
                let records = json!({ "records": records });
                let told = Change::new("customer.erase", engine.person(&owner), Value::Null, records);
                engine.commit_audited(batch, told).await?;
            }
            None => drop(storage.commit(batch).await?),
        }
        done.records = records;
        done.left.append(&mut left);
        done.slot = Some(slot);
        Ok(())
    }

    /// Makes good what a crash left undone, and what a backup that is older than an erasure brought back: every erasure
    /// of either list is in both, its slot is overwritten, and no record of that person is left.
    pub(crate) async fn finish(&self) -> Result<(), Fault> {
        let mut known = HashSet::new();
        for (owner, slot) in self.seal_off(KeyRange::all(), None).await? {
            known.insert((owner, slot));
            self.clear_away(owner, slot).await?;
        }
        let slots = self.ring.slots.clone();
        let listing = tokio::task::spawn_blocking(move || slots.erasures().missing(&known));
        let missing = listing.await.map_err(|_| Fault::Lost("reading the list of erasures"))?;
        let missing = missing.map_err(|source| Damaged::Slots { source })?;
        for place in &missing {
            let (slots, place) = (self.ring.slots.clone(), *place);
            let reading = tokio::task::spawn_blocking(move || slots.erasures().at(place));
            let erasure = reading.await.map_err(|_| Fault::Lost("reading the list of erasures"))?;
            self.carry_over(&erasure.map_err(|source| Damaged::Slots { source })?).await?;
        }
        if !missing.is_empty() {
            self.seal_off(KeyRange::all(), None).await?;
            tracing::warn!(
                erasures = missing.len(),
                "the storage is older than some erasures, a backup perhaps; they were carried over from customer.erasures"
            );
        }
        Ok(())
    }

    /// Records of somebody who is on the storage's own list.
    async fn clear_away(&self, owner: Owner, slot: u64) -> Result<(), Fault> {
        if self.slot_in_storage(&owner).await? != Some(slot) {
            // Nobody, or a new person of the same id.
            return Ok(());
        }
        let keys = CustomerKeys::new(&owner);
        loop {
            let page =
                self.storage.scan(keys.owner(), KeyRange::all(), BATCH_RECORDS, Direction::Forward).await?;
            if page.value.is_empty() {
                break;
            }
            let mut batch = Batch::new();
            for (key, _) in page.value {
                batch.delete(keys.raw(key.to_vec()));
            }
            self.storage.commit(batch).await?;
        }
        tracing::warn!(
            "records of an erased customer had come back, from a backup perhaps, and were deleted"
        );
        Ok(())
    }

    async fn slot_in_storage(&self, owner: &Owner) -> Result<Option<u64>, Fault> {
        let read = self.storage.get(vec![CustomerKeys::new(owner).data_key()]).await?;
        let wrapped = read.value.first().and_then(Option::as_ref).and_then(Entry::bytes);
        Ok(wrapped.map(|wrapped| slot_of(wrapped)).transpose()?)
    }

    /// Carries out an erasure that the storage does not know. The entry in its list comes last: until then a start does
    /// this again.
    async fn carry_over(&self, erasure: &Erasure) -> Result<(), Fault> {
        // What stands last counts, where an erasure came twice upon a key.
        let mut seen = HashSet::new();
        let mut left: Vec<&Left> = erasure.left.iter().rev().filter(|left| seen.insert(left.key())).collect();
        left.reverse();
        for part in left.chunks(BATCH_RECORDS) {
            let batch = self.leave(part, &seen).await?;
            if !batch.is_empty() {
                self.storage.commit(batch).await?;
            }
        }
        let Erasure { owner, slot, at, .. } = erasure;
        if self.slot_in_storage(owner).await? == Some(*slot) {
            self.erase(*owner, *at).await?;
        } else {
            // The backup does not know them, or knows who came after.
            let mut batch = Batch::new();
            batch.put(keys::erasure(owner, *slot), encode(&ErasureRecord { at_ms: *at }));
            self.storage.commit(batch).await?;
        }
        Ok(())
    }

    /// What stands since an erasure. A coupon that this storage has not charged to its budget is charged now, since its
    /// charge will be given back when it ends; one that nobody can use any more and that was never charged is left out.
    async fn leave(&self, part: &[&Left], all: &HashSet<Key>) -> Result<Batch, Fault> {
        let read = self.storage.get(part.iter().map(|left| left.key()).collect()).await?;
        let mut batch = Batch::new();
        for (left, known) in part.iter().zip(read.value) {
            let key = left.key();
            let Some(value) = left.value() else {
                batch.delete(key);
                continue;
            };
            let due: Option<DueRecord> = match keys::is_due(&key.owner) {
                true => Some(decode("due entry", &value)?),
                false => None,
            };
            if let Some((budget, charge)) = due.as_ref().and_then(DueRecord::charge)
                && known.is_none()
            {
                let (owner, place) = due.as_ref().expect("it has a charge").target();
                let coupon = CustomerKeys::new(&owner).raw(place.to_vec());
                if !all.contains(&coupon) {
                    continue;
                }
                batch.expect_absent(key.clone());
                batch.add(keys::budget_charged(budget), Add::by(i128::from(charge)));
            }
            batch.put(key, value);
        }
        Ok(batch)
    }

    /// Sees to it that the erasures in `range` of the storage's list are on the other one too, then overwrites their
    /// slots; says whose they were.
    async fn seal_off(&self, mut range: KeyRange, done: Option<&Done>) -> Result<Vec<(Owner, u64)>, Fault> {
        let prefix = range.clone();
        let mut all = Vec::new();
        loop {
            let page = self.storage.scan(ERASURE, range, SCAN_LIMIT_MAX, Direction::Forward).await?;
            // What is overwritten cannot be taken back, so the list that says so must not be either.
            self.storage.durable(page.sequence).await?;
            let Some((last, _)) = page.value.last() else { break };
            range = prefix.clone().after(last.clone());
            for (key, entry) in &page.value {
                let what = "erasure";
                let (owner, slot) = keys::erased(key).ok_or(Damaged::Missing { what })?;
                let record: ErasureRecord = decode(what, entry.bytes().ok_or(Damaged::Missing { what })?)?;
                let left = done.filter(|done| done.slot == Some(slot)).map(|done| done.left.clone());
                let left = left.unwrap_or_default();
                all.push(Erasure { owner, slot, at: record.at_ms, left });
            }
        }
        let whose: Vec<_> = all.iter().map(|erasure| (erasure.owner, erasure.slot)).collect();
        let (slots, numbers) =
            (self.ring.slots.clone(), whose.iter().map(|(_, slot)| *slot).collect::<Vec<_>>());
        // Synchronous writes and syncs: not for a thread that serves others.
        let task = tokio::task::spawn_blocking(move || {
            // First: once the slot is gone, nothing else tells an older storage of it.
            slots.erasures().add(all)?;
            slots.destroy(&numbers)
        });
        let destroyed = task.await.map_err(|_| Fault::Lost("erasing a customer"))?;
        destroyed.map_err(|source| Damaged::Slots { source })?;
        Ok(whose)
    }
}

/// One batch of an erasure in the making.
struct Work<'a> {
    eraser: &'a Eraser<'a>,
    /// None when the customer's key is gone already.
    seal: Option<Seal>,
    batch: Batch,
    /// What the batch leaves for whoever restores an older storage.
    left: Vec<Left>,
}

impl Work<'_> {
    /// Deletes one record, and lets what outlives the customer stand without them.
    fn take(&mut self, key: Key, entry: &Entry) -> Result<(), Damaged> {
        let place = key.key.clone();
        if let (Some(seal), Some(bytes)) = (self.seal.clone(), entry.bytes()) {
            if place.starts_with(ORDER_PREFIX) {
                self.order(open(&seal, "order", &place, bytes)?);
            } else if place.starts_with(PLAN_PREFIX) {
                self.plan(&open(&seal, "plan", &place, bytes)?);
            } else if place.starts_with(PAST_RETURN_PREFIX) {
                let past: PastReturn = open(&seal, "past return", &place, bytes)?;
                self.forget_return(&past.return_id);
            } else if place.starts_with(COUPON_PREFIX) {
                self.coupon(&place, open(&seal, "coupon", &place, bytes)?);
            } else if place.starts_with(HOLD_PREFIX) {
                let hold: HoldRecord = open(&seal, "price hold", &place, bytes)?;
                self.delete(keys::due(hold.until, &place));
            }
        }
        if let Some(bytes) = entry.bytes().filter(|_| place.starts_with(EXPOSURE_PREFIX)) {
            let apart = Digest::of(&random::<16>());
            let unlinked = [&place, b"/".as_slice(), apart.to_string().as_bytes()].concat();
            self.batch.put(CustomerKeys::new(&NOBODY).raw(unlinked), bytes.clone());
        }
        if let Some(revision) = entry.revision() {
            self.batch.expect_revision(key.clone(), revision);
        }
        self.batch.delete(key);
        Ok(())
    }

    fn put(&mut self, key: Key, value: Vec<u8>) {
        self.left.push(Left::new(&key, Some(&value)));
        self.batch.put(key, value);
    }

    fn delete(&mut self, key: Key) {
        self.left.push(Left::new(&key, None));
        self.batch.delete(key);
    }

    /// The catalogue keeps what was sold, to the day, without order, buyer or the buyer's other orders. The id stays
    /// taken: an import of old orders must not bring the person back.
    fn order(&mut self, order: OrderRecord) {
        let index = keys::order_index(self.eraser.host_key, &order.id);
        self.put(index, encode(&OrderIndex { owner: Some(NOBODY) }));
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
        let sealed = seal(self.eraser.record_seal, &key.owner, &sale);
        self.batch.put(key, sealed);
    }

    /// Event and return stay known as erased: the same event again is no new one.
    fn plan(&mut self, record: &PlanRecord) {
        let host = self.eraser.host_key;
        let plan = &record.plan;
        self.put(keys::event(host, &plan.source, &plan.event_id), ERASED_EVENT.to_vec());
        self.forget_return(&plan.return_id);
    }

    /// The id stays taken, by nobody.
    fn forget_return(&mut self, id: &ReturnId) {
        let index = keys::return_index(self.eraser.host_key, id);
        self.put(index, encode(&ReturnRecord { owner: NOBODY, is_past: false }));
    }

    /// A coupon that was issued is worth what it says to whoever shows its code; one that was only promised can be
    /// earned by nobody any more. Either way its budget gets the charge back when it ends.
    fn coupon(&mut self, place: &Bytes, record: CouponRecord) {
        let Eraser { host_key, record_seal, .. } = *self.eraser;
        let (state, coupon) = (record.state, record.coupon.clone());
        let index = |code: Code| keys::coupon_index(host_key, code);
        if state != CouponState::Expired {
            let due = DueRecord::coupon(NOBODY, place, &coupon);
            self.put(keys::due(coupon.expires_at, place), encode(&due));
        }
        match (coupon.code, state) {
            (Some(code), CouponState::Issued) => {
                self.put(index(code), encode(&CouponIndex { owner: NOBODY }));
                let key = CustomerKeys::new(&NOBODY).raw(place.to_vec());
                let sealed = seal(record_seal, &key.key, &record.unlinked());
                self.put(key, sealed);
            }
            (Some(code), _) => self.delete(index(code)),
            (None, _) => {}
        }
    }
}
