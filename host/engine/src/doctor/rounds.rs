//! Record by record, in the order of the storage: what belongs to no customer is checked here, customers as a whole.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use rebound_domain::ids::{OrderId, ProductId};
use rebound_storage::{Bytes, Entry, Key, SCAN_LIMIT_MAX, Storage};

use super::chart::Chart;
use super::finding::{Finding, FindingKind};
use super::house::{self, Products};
use super::lookups::{Lookups, Sums};
use super::{Diagnosis, Examined};
use crate::erasures::Erasure;
use crate::error::{Damaged, Fault, chain};
use crate::identity::{HostKey, NOBODY, Owner, Seal};
use crate::keys::{self, COUPON_PREFIX, CustomerKeys, ORDER_PREFIX, PAST_RETURN_PREFIX, PLAN_PREFIX};
use crate::outbox::OutboxEvent;
use crate::promise::{CouponIndex, DueRecord};
use crate::records::{ERASED_EVENT, OrderIndex, OrderRecord, ReturnRecord, decode, open};
use crate::slots::KeyRing;

/// An examination under way.
pub(super) struct Rounds<'a> {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) host_key: HostKey,
    pub(super) ring: KeyRing,
    pub(super) record_seal: Seal,
    pub(super) products: Products,
    pub(super) lookups: Lookups,
    pub(super) sums: Sums,
    pub(super) slots: SlotsSeen,
    /// Who is on the storage's list of erasures.
    erased: HashSet<(Owner, u64)>,
    pub(super) diagnosis: Diagnosis,
    tell: &'a mut dyn FnMut(Examined),
}

/// Which slots customers have: a bit each.
#[derive(Default)]
pub(super) struct SlotsSeen(Vec<u64>);

impl SlotsSeen {
    /// Whether it is the first customer with this slot, which is below the file's bound.
    pub(super) fn is_first(&mut self, slot: u64) -> bool {
        let (word, bit) = (usize::try_from(slot / 64).unwrap_or(usize::MAX), 1 << (slot % 64));
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        let is_first = self.0[word] & bit == 0;
        self.0[word] |= bit;
        is_first
    }
}

impl<'a> Rounds<'a> {
    pub(super) fn new(
        storage: Arc<dyn Storage>,
        host_key: HostKey,
        ring: KeyRing,
        record_seal: Seal,
        tell: &'a mut dyn FnMut(Examined),
    ) -> Self {
        Self {
            storage,
            host_key,
            ring,
            record_seal,
            products: Products::default(),
            lookups: Lookups::default(),
            sums: Sums::default(),
            slots: SlotsSeen::default(),
            erased: HashSet::new(),
            diagnosis: Diagnosis::default(),
            tell,
        }
    }

    pub(super) async fn make(mut self) -> Result<Diagnosis, Fault> {
        let storage = Arc::clone(&self.storage);
        let (products, found) = house::products(storage.as_ref()).await?;
        self.products = products;
        found.into_iter().for_each(|finding| self.found(finding));
        let mut chart: Option<Chart> = None;
        let mut after: Option<Key> = None;
        loop {
            let page = storage.scan_all(after.take(), SCAN_LIMIT_MAX).await?.value;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            self.diagnosis.records += page.len() as u64;
            for (key, entry) in page {
                let owner = keys::customer_of(&key.owner);
                // An owner's records come together, so the next owner's first one ends a customer.
                if let Some(done) = chart.take_if(|chart| Some(chart.owner) != owner) {
                    self.read(done).await?;
                }
                match owner {
                    Some(owner) => chart.get_or_insert_with(|| Chart::new(owner)).add(key.key, entry),
                    None => self.loose(key, &entry).await?,
                }
                if self.lookups.is_full() {
                    self.look_up().await?;
                }
            }
            (self.tell)(Examined::Records(self.diagnosis.records));
        }
        if let Some(done) = chart {
            self.read(done).await?;
        }
        self.look_up().await?;
        self.carried_over()?;
        house::control(&mut self).await?;
        self.compare();
        Ok(self.diagnosis)
    }

    pub(super) fn found(&mut self, finding: Finding) {
        *self.diagnosis.found.entry(finding.kind).or_default() += 1;
        (self.tell)(Examined::Found(finding));
    }

    pub(super) fn unreadable(&mut self, key: &Key, error: &Damaged) {
        self.found(Finding::new(FindingKind::Unreadable, key, chain(error)));
    }

    pub(super) fn unchecked(&mut self, what: impl Into<String>) {
        *self.diagnosis.unchecked.entry(what.into()).or_default() += 1;
    }

    async fn read(&mut self, chart: Chart) -> Result<(), Fault> {
        self.diagnosis.customers += u64::from(chart.owner != NOBODY);
        chart.read(self)?;
        self.look_up().await
    }

    async fn look_up(&mut self) -> Result<(), Fault> {
        let storage = Arc::clone(&self.storage);
        let found = self.lookups.make(storage.as_ref(), &mut self.sums).await?;
        found.into_iter().for_each(|finding| self.found(finding));
        Ok(())
    }

    /// A record of no customer.
    async fn loose(&mut self, key: Key, entry: &Entry) -> Result<(), Fault> {
        if let Some(budget) = keys::budget_of(&key) {
            match entry.counter() {
                Some(charged) => drop(self.sums.counted.insert(budget, charged)),
                None => self.unreadable(&key, &Damaged::Missing { what: "counter" }),
            }
            return Ok(());
        }
        let Some(bytes) = entry.bytes().cloned() else {
            self.unchecked(name(&key.owner));
            return Ok(());
        };
        let checked = match keys::tag_of(&key.owner) {
            Some((b'e', _)) => {
                self.sums.events += u64::from(bytes.as_ref() != ERASED_EVENT);
                Ok(())
            }
            Some((b'r', id)) => self.return_index(&key, id, &bytes),
            Some((b'i', id)) => self.order_index(&key, id, &bytes),
            Some((b'o', _)) => self.guest_order(&key, &bytes),
            Some((b'k', id)) => self.coupon_index(&key, id, &bytes),
            _ if keys::is_due(&key.owner) => self.due(&key, &bytes),
            _ if key.owner.starts_with(b"outbox/") => self.outbox(&key, &bytes),
            _ if key.owner == keys::ERASURE => self.erasure(&key)?,
            _ if house::is_checked(&key.owner) => Ok(()),
            _ => {
                self.unchecked(name(&key.owner));
                Ok(())
            }
        };
        if let Err(damaged) = checked {
            self.unreadable(&key, &damaged);
        }
        Ok(())
    }

    fn return_index(&mut self, key: &Key, id: &[u8], bytes: &Bytes) -> Result<(), Damaged> {
        let ReturnRecord { owner, is_past } = decode("return", bytes)?;
        if owner != NOBODY {
            let (prefix, what) =
                if is_past { (PAST_RETURN_PREFIX, "its record") } else { (PLAN_PREFIX, "its plan") };
            let record = CustomerKeys::new(&owner).raw([prefix, id].concat());
            self.lookups.expect(record, key.clone(), what);
        }
        Ok(())
    }

    fn order_index(&mut self, key: &Key, id: &[u8], bytes: &Bytes) -> Result<(), Damaged> {
        let OrderIndex { owner } = decode("order's index", bytes)?;
        let order = match owner {
            Some(NOBODY) => return Ok(()),
            Some(owner) => CustomerKeys::new(&owner).raw([ORDER_PREFIX, id].concat()),
            None => keys::guest_order_at(id),
        };
        self.lookups.expect(order, key.clone(), "its order");
        Ok(())
    }

    fn guest_order(&mut self, key: &Key, bytes: &Bytes) -> Result<(), Damaged> {
        let order: OrderRecord = open(&self.record_seal, "order", &key.owner, bytes)?;
        self.order_lines(key, &order);
        // A sale that an erasure left has no id any more.
        if order.id == OrderId::new("erased").expect("a word is an order id")
            && keys::guest_order(&self.host_key, &order.id) != *key
        {
            return Ok(());
        }
        if keys::guest_order(&self.host_key, &order.id) != *key {
            self.found(Finding::new(FindingKind::Mismatch, key, "the order stands in another one's place"));
            return Ok(());
        }
        let index = keys::order_index(&self.host_key, &order.id);
        let agrees = |bytes: &[u8]| {
            decode::<OrderIndex>("order's index", bytes).is_ok_and(|index| index.owner.is_none())
        };
        self.lookups.expect_value(index, key.clone(), "its index", agrees);
        Ok(())
    }

    /// What every order must be.
    pub(super) fn order_lines(&mut self, key: &Key, order: &OrderRecord) {
        for &(product, quantity, returned, _) in &order.lines {
            self.product(key, product);
            if returned > quantity {
                let what = format!("{returned} units of product {} came back, of {quantity}", product.0);
                self.found(Finding::new(FindingKind::CountDiffers, key, what));
            }
        }
    }

    /// What a record names must be in the catalogue.
    pub(super) fn product(&mut self, key: &Key, product: ProductId) {
        if !self.products.has(product) {
            let what = format!("product {} is not in the catalogue", product.0);
            self.found(Finding::new(FindingKind::Missing, key, what));
        }
    }

    fn coupon_index(&mut self, key: &Key, id: &[u8], bytes: &Bytes) -> Result<(), Damaged> {
        let CouponIndex { owner } = decode("coupon's index", bytes)?;
        let coupon = CustomerKeys::new(&owner).raw([COUPON_PREFIX, id].concat());
        self.lookups.expect(coupon, key.clone(), "its coupon");
        Ok(())
    }

    fn due(&mut self, key: &Key, bytes: &Bytes) -> Result<(), Damaged> {
        let record: DueRecord = decode("due entry", bytes)?;
        let (owner, place) = record.target();
        if let Some((budget, charge)) = record.charge() {
            *self.sums.charged.entry(budget.clone()).or_default() += i128::from(charge);
        }
        // Of an erased customer's coupon that was only promised nothing is left but its charge.
        if owner != NOBODY {
            let promise = CustomerKeys::new(&owner).raw(place.to_vec());
            self.lookups.expect(promise, key.clone(), "the promise that ends then");
        }
        Ok(())
    }

    fn outbox(&mut self, key: &Key, bytes: &Bytes) -> Result<(), Damaged> {
        let what = "event";
        let (owner, sealed) =
            bytes.split_first_chunk::<{ size_of::<Owner>() }>().ok_or(Damaged::Missing { what })?;
        if *owner == NOBODY {
            return open::<OutboxEvent>(&self.record_seal, what, &key.key, sealed).map(drop);
        }
        let (owner, sealed, ring, from) = (*owner, sealed.to_vec(), self.ring.clone(), key.clone());
        self.lookups.add(CustomerKeys::new(&owner).data_key(), move |entry, _| {
            // Without a key, or with another one, its customer was erased since.
            let seal = ring.open(&owner, entry?.bytes()?).ok()?;
            match open::<OutboxEvent>(&seal, what, &from.key, &sealed) {
                Ok(_) | Err(Damaged::Sealed { .. }) => None,
                Err(damaged) => Some(Finding::new(FindingKind::Unreadable, &from, chain(&damaged))),
            }
        });
        Ok(())
    }

    fn erasure(&mut self, key: &Key) -> Result<Result<(), Damaged>, Fault> {
        let Some((owner, slot)) = keys::erased(&key.key) else {
            return Ok(Err(Damaged::Missing { what: "erasure" }));
        };
        self.erased.insert((owner, slot));
        if self.ring.slots.is_readable(slot)? {
            let what = format!("slot {slot} of customer.keys is not overwritten");
            self.found(Finding::new(FindingKind::ErasureUnfinished, key, what));
        }
        Ok(Ok(()))
    }

    /// Erasures that the storage is older than.
    fn carried_over(&mut self) -> Result<(), Fault> {
        let slots = self.ring.slots.clone();
        let unread = |source| Damaged::Slots { source };
        for place in slots.erasures().missing(&self.erased).map_err(unread)? {
            let Erasure { owner, slot, .. } = slots.erasures().at(place).map_err(unread)?;
            let what = "customer.erasures lists this erasure, and the storage is older than it";
            self.found(Finding::new(FindingKind::ErasureUnfinished, &keys::erasure(&owner, slot), what));
        }
        Ok(())
    }

    /// What only the whole tells.
    fn compare(&mut self) {
        let Sums { events, events_named, charged, counted } = std::mem::take(&mut self.sums);
        // Findings of single records tell already of plans and events that do not open.
        if events > events_named && self.diagnosis.found.is_empty() {
            let what = format!("{} events name returns that have no plan", events - events_named);
            self.found(Finding::new(FindingKind::Missing, &Key::new("e", ""), what));
        }
        let budgets: BTreeSet<_> = charged.keys().chain(counted.keys()).cloned().collect();
        for budget in budgets {
            let [is, should] = [&counted, &charged].map(|sums| sums.get(&budget).copied().unwrap_or(0));
            if is != should {
                let what = format!("{is} is charged, and its coupons that have not ended come to {should}");
                let key = keys::budget_charged(&budget);
                self.found(Finding::new(FindingKind::BudgetDiffers, &key, what));
            }
        }
    }
}

/// An owner's name: what stands before its first slash, or what it begins with when that is no text.
fn name(owner: &[u8]) -> String {
    let end = owner.iter().position(|byte| *byte == b'/' || !byte.is_ascii_graphic()).unwrap_or(owner.len());
    owner[..end].iter().map(|byte| char::from(*byte)).collect()
}
