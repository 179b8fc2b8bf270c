//! One customer: every record of theirs opens, and they agree with each other.

use std::collections::{BTreeMap, BTreeSet};

use rebound_domain::ids::{BudgetId, OrderId, ProductId, ReturnId};
use rebound_domain::money::Money;
use rebound_storage::{Bytes, Entry, Key};

use super::finding::{Finding, FindingKind};
use super::rounds::Rounds;
use crate::error::{Damaged, Fault, chain};
use crate::identity::{NOBODY, Owner, Seal};
use crate::keys::{self, CustomerKeys};
use crate::profile::Profile;
use crate::promise::{CouponIndex, CouponRecord, CouponState, DueRecord, HoldRecord};
use crate::records::{
    EventRecord, ExposureRecord, OrderIndex, OrderRecord, PastReturn, PlanRecord, ReturnRecord, decode, open,
};
use crate::slots::slot_of;

/// A customer's records, as they come.
pub(super) struct Chart {
    pub(super) owner: Owner,
    records: Vec<(Bytes, Entry)>,
}

/// What a customer's records say together.
#[derive(Default)]
struct History {
    profile: Option<Profile>,
    orders: BTreeMap<OrderId, OrderRecord>,
    plans: BTreeMap<ReturnId, PlanRecord>,
    past: BTreeMap<ReturnId, PastReturn>,
    coupons: BTreeMap<Bytes, CouponRecord>,
    /// Whether all of them could be read: counts of some of them say nothing.
    is_whole: bool,
}

impl Chart {
    pub(super) fn new(owner: Owner) -> Self {
        Self { owner, records: Vec::new() }
    }

    pub(super) fn add(&mut self, key: Bytes, entry: Entry) {
        self.records.push((key, entry));
    }

    pub(super) fn read(self, rounds: &mut Rounds<'_>) -> Result<(), Fault> {
        if self.owner == NOBODY {
            self.read_unlinked(rounds);
            return Ok(());
        }
        let keys = CustomerKeys::new(&self.owner);
        let Some(seal) = self.seal(&keys, rounds)? else { return Ok(()) };
        let mut history = History { is_whole: true, ..History::default() };
        for (place, entry) in &self.records {
            let key = keys.raw(place.to_vec());
            let read = match entry.bytes() {
                Some(bytes) => self.record(&key, &seal, bytes, &mut history, rounds),
                None => Err(Damaged::Missing { what: "record" }),
            };
            if let Err(damaged) = read {
                history.is_whole = false;
                rounds.unreadable(&key, &damaged);
            }
        }
        self.compare(&keys, &history, rounds);
        Ok(())
    }

    /// What opens the records; none when that cannot be done, and it was told why.
    fn seal(&self, keys: &CustomerKeys, rounds: &mut Rounds<'_>) -> Result<Option<Seal>, Fault> {
        let key = keys.data_key();
        let wrapped = self.records.iter().find(|(place, _)| *place == key.key);
        let Some(wrapped) = wrapped.and_then(|(_, entry)| entry.bytes()) else {
            // A recording that was on its way when its customer was erased is of no harm, and nobody can read it.
            let is_sealed = |(place, _): &&(Bytes, Entry)| !matches!(kind(place), "recording" | "exposure");
            let count = self.records.iter().filter(is_sealed).count();
            if count > 0 {
                let what = format!("{count} records are sealed with a customer's key that is not there");
                rounds.found(Finding::new(FindingKind::KeyMissing, &key, what));
            }
            return Ok(None);
        };
        let opened = slot_of(wrapped).and_then(|slot| {
            let seal = rounds.ring.open(&self.owner, wrapped);
            if seal.is_ok() && !rounds.slots.is_first(slot) {
                let what = format!("slot {slot} of customer.keys is another customer's too");
                rounds.found(Finding::new(FindingKind::SlotShared, &key, what));
            }
            seal
        });
        match opened {
            Ok(seal) => return Ok(Some(seal)),
            Err(Damaged::Keyless) => {
                let what = format!(
                    "{} records are of a customer whose slot in customer.keys is overwritten, or was never made",
                    self.records.len()
                );
                rounds.found(Finding::new(FindingKind::ErasedCameBack, &key, what));
            }
            Err(damaged @ Damaged::Slots { .. }) => return Err(damaged.into()),
            Err(damaged) => rounds.unreadable(&key, &damaged),
        }
        Ok(None)
    }

    fn record(
        &self,
        key: &Key,
        seal: &Seal,
        bytes: &Bytes,
        history: &mut History,
        rounds: &mut Rounds<'_>,
    ) -> Result<(), Damaged> {
        let place = &key.key;
        match kind(place) {
            "key" => {}
            "profile" => history.profile = Some(open(seal, "profile", place, bytes)?),
            "order" => {
                let order: OrderRecord = open(seal, "order", place, bytes)?;
                self.order(key, &order, rounds);
                history.orders.insert(order.id.clone(), order);
            }
            "plan" => {
                let record: PlanRecord = open(seal, "plan", place, bytes)?;
                self.plan(key, &record, seal, rounds);
                history.plans.insert(record.plan.return_id.clone(), record);
            }
            "past_return" => {
                let past: PastReturn = open(seal, "past return", place, bytes)?;
                self.past_return(key, &past, rounds);
                history.past.insert(past.return_id.clone(), past);
            }
            "coupon" => {
                let record: CouponRecord = open(seal, "coupon", place, bytes)?;
                self.coupon(key, &record, rounds);
                history.coupons.insert(place.clone(), record);
            }
            "hold" => {
                let hold: HoldRecord = open(seal, "price hold", place, bytes)?;
                rounds.product(key, hold.product);
                let due = DueRecord::hold(self.owner, place);
                self.ends(key, keys::due(hold.until, place), due, rounds);
            }
            "state" => {
                seal.open(place, bytes)
                    .map_err(|source| Damaged::Sealed { what: "strategy's state", source })?;
            }
            "exposure" => drop(decode::<ExposureRecord>("exposure", bytes)?),
            "recording" => {
                let id = place.strip_prefix(b"recording/").unwrap_or_default();
                let id = id.split(|byte| *byte == b'/').next().unwrap_or_default();
                let index = Key::new(keys::RECORDING, id.to_vec());
                rounds.lookups.expect(index, key.clone(), "its entry in the list of recordings");
            }
            other => rounds.unchecked(format!("customer's {other}")),
        }
        Ok(())
    }

    fn order(&self, key: &Key, order: &OrderRecord, rounds: &mut Rounds<'_>) {
        let keys = CustomerKeys::new(&self.owner);
        if keys.order(&rounds.host_key, &order.id) != *key {
            rounds.found(Finding::new(FindingKind::Mismatch, key, "the order stands in another one's place"));
        }
        rounds.order_lines(key, order);
        let (index, owner) = (keys::order_index(&rounds.host_key, &order.id), self.owner);
        rounds.lookups.expect_value(index, key.clone(), "its index", move |bytes| {
            decode::<OrderIndex>("order's index", bytes).is_ok_and(|index| index.owner == Some(owner))
        });
    }

    fn past_return(&self, key: &Key, past: &PastReturn, rounds: &mut Rounds<'_>) {
        let owner = self.owner;
        if CustomerKeys::new(&owner).past_return(&rounds.host_key, &past.return_id) != *key {
            rounds.found(Finding::new(
                FindingKind::Mismatch,
                key,
                "the return stands in another one's place",
            ));
        }
        past.lines.iter().for_each(|(product, ..)| rounds.product(key, *product));
        let index = keys::return_index(&rounds.host_key, &past.return_id);
        rounds.lookups.expect_value(index, key.clone(), "its index", move |bytes| {
            decode::<ReturnRecord>("return", bytes).is_ok_and(|index| index.owner == owner && index.is_past)
        });
    }

    fn plan(&self, key: &Key, record: &PlanRecord, seal: &Seal, rounds: &mut Rounds<'_>) {
        let (plan, owner) = (&record.plan, self.owner);
        if CustomerKeys::new(&owner).plan(&rounds.host_key, &plan.return_id) != *key {
            rounds.found(Finding::new(FindingKind::Mismatch, key, "the plan stands in another one's place"));
        }
        let offered = plan.offers.iter().map(|offer| offer.product);
        record.products.iter().copied().chain(offered).for_each(|product| rounds.product(key, product));
        let index = keys::return_index(&rounds.host_key, &plan.return_id);
        rounds.lookups.expect_value(index, key.clone(), "its index", move |bytes| {
            decode::<ReturnRecord>("return", bytes).is_ok_and(|index| index.owner == owner)
        });
        let event = keys::event(&rounds.host_key, &plan.source, &plan.event_id);
        let (seal, return_id, from) = (seal.clone(), plan.return_id.clone(), key.clone());
        rounds.lookups.add(event.clone(), move |entry, sums| {
            let place = super::finding::place(&event);
            let Some(bytes) = entry.and_then(Entry::bytes) else {
                let what = format!("its event is missing at {place}");
                return Some(Finding::new(FindingKind::Missing, &from, what));
            };
            sums.events_named += 1;
            match open::<EventRecord>(&seal, "event", &event.owner, bytes) {
                Ok(record) if record.return_id == return_id => None,
                Ok(_) => {
                    let what = format!("its event at {place} became another return");
                    Some(Finding::new(FindingKind::Mismatch, &from, what))
                }
                Err(damaged) => Some(Finding::new(FindingKind::Unreadable, &event, chain(&damaged))),
            }
        });
    }

    fn coupon(&self, key: &Key, record: &CouponRecord, rounds: &mut Rounds<'_>) {
        let owner = self.owner;
        match record.coupon.code {
            Some(code) if CustomerKeys::new(&owner).coupon(&rounds.host_key, code) == *key => {
                let index = keys::coupon_index(&rounds.host_key, code);
                rounds.lookups.expect_value(index, key.clone(), "its index", move |bytes| {
                    decode::<CouponIndex>("coupon's index", bytes).is_ok_and(|index| index.owner == owner)
                });
            }
            _ => {
                let what = "the coupon stands in another one's place";
                rounds.found(Finding::new(FindingKind::Mismatch, key, what));
            }
        }
        if record.state != CouponState::Expired {
            let due = DueRecord::coupon(owner, &key.key, &record.coupon);
            self.ends(key, keys::due(record.coupon.expires_at, &key.key), due, rounds);
        }
    }

    /// That something is written down to end a promise.
    fn ends(&self, key: &Key, due: Key, should: DueRecord, rounds: &mut Rounds<'_>) {
        let from = key.clone();
        rounds.lookups.add(due.clone(), move |entry, _| {
            let place = super::finding::place(&due);
            let found: Option<DueRecord> =
                entry.and_then(Entry::bytes).and_then(|bytes| decode("due entry", bytes).ok());
            match found {
                Some(found) if found == should => None,
                Some(_) => {
                    let what = format!("what ends it at {place} says something else");
                    Some(Finding::new(FindingKind::Mismatch, &from, what))
                }
                None => {
                    let what = format!("nothing ends it: {place} is missing");
                    Some(Finding::new(FindingKind::NeverEnds, &from, what))
                }
            }
        });
    }

    /// What outlived erased customers.
    fn read_unlinked(&self, rounds: &mut Rounds<'_>) {
        let keys = CustomerKeys::new(&NOBODY);
        for (place, entry) in &self.records {
            let key = keys.raw(place.to_vec());
            let bytes = entry.bytes().map(AsRef::as_ref).unwrap_or_default();
            let read = match kind(place) {
                "coupon" => open::<CouponRecord>(&rounds.record_seal, "coupon", place, bytes)
                    .map(|record| self.coupon(&key, &record, rounds)),
                "exposure" => decode::<ExposureRecord>("exposure", bytes).map(drop),
                other => {
                    rounds.unchecked(format!("nobody's {other}"));
                    Ok(())
                }
            };
            if let Err(damaged) = read {
                rounds.unreadable(&key, &damaged);
            }
        }
    }

    /// Plans and coupons name each other, and the profile counts what there is.
    fn compare(&self, keys: &CustomerKeys, history: &History, rounds: &mut Rounds<'_>) {
        let mut given = BTreeSet::new();
        for record in history.plans.values() {
            let plan = &record.plan;
            let issued = plan.coupons.iter().map(|it| &it.coupon);
            let codes = issued.chain(plan.sharing.rewards().map(|it| &it.coupon)).filter_map(|it| it.code);
            for code in codes {
                let place = keys.coupon(&rounds.host_key, code).key;
                if history.is_whole && !history.coupons.contains_key(&place) {
                    let key = keys.plan(&rounds.host_key, &plan.return_id);
                    let what = format!(
                        "its coupon is missing at {}",
                        super::finding::place(&keys.raw(place.to_vec()))
                    );
                    rounds.found(Finding::new(FindingKind::Missing, &key, what));
                }
                given.insert(place);
            }
        }
        if !history.is_whole {
            return;
        }
        for place in history.coupons.keys().filter(|place| !given.contains(*place)) {
            let what = "no plan of its customer gives this coupon";
            rounds.found(Finding::new(FindingKind::Missing, &keys.raw(place.to_vec()), what));
        }
        let key = keys.profile();
        let Some(profile) = &history.profile else {
            rounds.found(Finding::new(FindingKind::Missing, &key, "the customer has records and no profile"));
            return;
        };
        for (what, is, should) in history.counts(profile).into_iter().filter(|(_, is, should)| is != should) {
            let what = format!("{what} is {is}, and the customer's records come to {should}");
            rounds.found(Finding::new(FindingKind::CountDiffers, &key, what));
        }
        for (order, product, returned, told) in history.returned_too_often() {
            let key = keys.order(&rounds.host_key, order);
            let what =
                format!("{returned} units of product {} came back, and returns tell of {told}", product.0);
            rounds.found(Finding::new(FindingKind::CountDiffers, &key, what));
        }
    }
}

impl History {
    /// What the profile says, and what the records come to.
    fn counts(&self, profile: &Profile) -> Vec<(String, i128, i128)> {
        let count = |count: usize| i128::try_from(count).unwrap_or(i128::MAX);
        let money = |sum: Money| i128::from(sum.0);
        let time = |at: Option<rebound_domain::time::Instant>| at.map_or(-1, |at| i128::from(at.0));
        let spent: Money =
            self.orders.values().flat_map(|order| order.lines.iter().map(|(.., paid)| *paid)).sum();
        let refunded = self.plans.values().map(|record| record.plan.refund.amount);
        let before = self.past.values().flat_map(|past| past.lines.iter().map(|(_, _, paid, _)| *paid));
        let refunded: Money = refunded.chain(before).sum();
        let ordered = || self.orders.values().map(|order| order.ordered_at);
        let mut all = vec![
            ("orders".to_owned(), i128::from(profile.orders), count(self.orders.len())),
            ("spent".to_owned(), money(profile.spent), money(spent)),
            ("first_order_at".to_owned(), time(profile.first_order_at), time(ordered().min())),
            ("last_order_at".to_owned(), time(profile.last_order_at), time(ordered().max())),
            ("returns".to_owned(), i128::from(profile.returns), count(self.plans.len() + self.past.len())),
            ("refunded".to_owned(), money(profile.refunded), money(refunded)),
        ];
        let budgets: BTreeSet<&BudgetId> =
            profile.budgets().chain(self.coupons.values().map(|record| &record.coupon.budget)).collect();
        for budget in budgets {
            let coupons = self.coupons.values().filter(|record| record.coupon.budget == *budget).count();
            all.push((
                format!("coupons had of {budget}"),
                i128::from(profile.had_of(budget)),
                count(coupons),
            ));
        }
        all
    }

    /// Products of orders of which more came back than returns tell of.
    fn returned_too_often(&self) -> Vec<(&OrderId, ProductId, u32, u32)> {
        let mut told: BTreeMap<(&OrderId, ProductId), u32> = BTreeMap::new();
        for record in self.plans.values() {
            for (line, product) in record.plan.refund.lines.iter().zip(&record.products) {
                if let Some(order) = &line.order_id {
                    let units = told.entry((order, *product)).or_default();
                    *units = units.saturating_add(line.quantity);
                }
            }
        }
        for (product, quantity, _, order) in self.past.values().flat_map(|past| &past.lines) {
            if let Some(order) = order {
                let units = told.entry((order, *product)).or_default();
                *units = units.saturating_add(*quantity);
            }
        }
        let mut all: BTreeMap<(&OrderId, ProductId), u32> = BTreeMap::new();
        for (id, order) in &self.orders {
            for &(product, _, returned, _) in &order.lines {
                *all.entry((id, product)).or_default() += returned;
            }
        }
        let too_often = all.into_iter().filter_map(|((order, product), returned)| {
            let told = told.get(&(order, product)).copied().unwrap_or(0);
            (returned > told).then_some((order, product, returned, told))
        });
        too_often.collect()
    }
}

/// What kind of record a customer's key is of.
fn kind(place: &[u8]) -> &str {
    let end = place.iter().position(|byte| *byte == b'/').unwrap_or(place.len());
    std::str::from_utf8(&place[..end]).unwrap_or("record")
}
