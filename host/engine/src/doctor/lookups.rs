//! What another record must say. Gathered, and read many at a time.

use std::collections::BTreeMap;

use rebound_domain::ids::BudgetId;
use rebound_storage::{Entry, GET_KEYS_MAX, Key, Storage};

use super::finding::{Finding, FindingKind};
use crate::error::Fault;

/// Lookups that are gathered before they are made.
const GATHERED: usize = 512;
const _: () = assert!(GATHERED <= GET_KEYS_MAX, "one read takes them all");

/// What is summed up over all records.
#[derive(Default)]
pub(super) struct Sums {
    /// Events that became a return.
    pub(super) events: u64,
    /// Those among them that a plan names.
    pub(super) events_named: u64,
    /// What coupons that have not ended were charged.
    pub(super) charged: BTreeMap<BudgetId, i128>,
    /// What the counters say.
    pub(super) counted: BTreeMap<BudgetId, i128>,
}

/// Holds what stands under a key against what should.
type Check = Box<dyn FnOnce(Option<&Entry>, &mut Sums) -> Option<Finding>>;

#[derive(Default)]
pub(super) struct Lookups(Vec<(Key, Check)>);

impl Lookups {
    pub(super) fn add(
        &mut self,
        key: Key,
        check: impl FnOnce(Option<&Entry>, &mut Sums) -> Option<Finding> + 'static,
    ) {
        self.0.push((key, Box::new(check)));
    }

    /// That something stands under a key, as `from` says.
    pub(super) fn expect(&mut self, key: Key, from: Key, what: &'static str) {
        let place = super::finding::place(&key);
        self.add(key, move |entry, _| {
            let missing =
                || Finding::new(FindingKind::Missing, &from, format!("{what} is missing at {place}"));
            entry.is_none().then(missing)
        });
    }

    /// That a value stands under a key and satisfies a check, as `from` says.
    pub(super) fn expect_value(
        &mut self,
        key: Key,
        from: Key,
        what: &'static str,
        agrees: impl FnOnce(&[u8]) -> bool + 'static,
    ) {
        let place = super::finding::place(&key);
        self.add(key, move |entry, _| match entry.and_then(Entry::bytes) {
            None => Some(Finding::new(FindingKind::Missing, &from, format!("{what} is missing at {place}"))),
            Some(bytes) if agrees(bytes) => None,
            Some(_) => {
                let what = format!("{what} at {place} says something else");
                Some(Finding::new(FindingKind::Mismatch, &from, what))
            }
        });
    }

    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= GATHERED
    }

    /// Makes the lookups gathered so far.
    pub(super) async fn make(
        &mut self,
        storage: &dyn Storage,
        sums: &mut Sums,
    ) -> Result<Vec<Finding>, Fault> {
        let mut found = Vec::new();
        let mut gathered = std::mem::take(&mut self.0).into_iter();
        loop {
            let (keys, checks): (Vec<Key>, Vec<Check>) = gathered.by_ref().take(GET_KEYS_MAX).unzip();
            if keys.is_empty() {
                return Ok(found);
            }
            let read = storage.get(keys).await?;
            for (check, entry) in checks.into_iter().zip(read.value) {
                found.extend(check(entry.as_ref(), sums));
            }
        }
    }
}
