//! What a start reads back into memory: the control plane, the products, and what orders and returns teach.

use std::sync::Arc;

use rebound_catalog::{Catalogue, CustomerKey};
use rebound_domain::claims::{Approval, Constant};
use rebound_domain::experiment::Experiment;
use rebound_domain::manifest::Stage;
use rebound_domain::policy::{Budget, Policy};
use rebound_storage::{Direction, Entry, Key, KeyRange, SCAN_LIMIT_MAX, Storage};
use serde::de::DeserializeOwned;

use crate::claims::Violations;
use crate::control::{Control, Published, Versioned};
use crate::engine::StartError;
use crate::error::Damaged;
use crate::identity::Seal;
use crate::import::item;
use crate::keys::{self, CATALOG, CONTROL, ORDER_PREFIX, PAST_RETURN_PREFIX, PLAN_PREFIX};
use crate::records::{OrderRecord, PastReturn, PlanRecord, PluginRecord, ProductRecord, decode, open};
use crate::slots::KeyRing;

/// Reads the control plane. No published version is loaded.
pub(crate) async fn control(storage: &Arc<dyn Storage>, policy: Policy) -> Result<Control, StartError> {
    let mut control = Control::new(policy);
    let mut range = KeyRange::all();
    // Versions come sorted by name, so the one before is mostly of the same plugin.
    let mut latest: Option<Arc<Published>> = None;
    loop {
        let page = storage.scan(CONTROL, range.clone(), SCAN_LIMIT_MAX, Direction::Forward).await?.value;
        let Some((last, _)) = page.last() else { return Ok(control) };
        range = KeyRange::all().after(last.clone());
        for (key, entry) in page {
            match key.split(|byte| *byte == b'/').next() {
                Some(b"policy") => control.policy = versioned("policy", &entry)?,
                Some(b"route") => {
                    let stage = key.strip_prefix(b"route/").and_then(|word| std::str::from_utf8(word).ok());
                    let stage = stage.and_then(Stage::from_word).ok_or(Damaged::Missing { what: "stage" })?;
                    control.routes.insert(stage, versioned("route", &entry)?);
                }
                Some(b"experiment") => {
                    let experiment: Versioned<Experiment> = versioned("experiment", &entry)?;
                    control.experiments.insert(experiment.value.key.clone(), experiment);
                }
                Some(b"budget") => {
                    let budget: Versioned<Budget> = versioned("budget", &entry)?;
                    control.budgets.insert(budget.value.id.clone(), budget);
                }
                Some(b"constant") => {
                    let constant: Versioned<Constant> = versioned("constant", &entry)?;
                    let revision = constant.revision.ok_or(Damaged::Missing { what: "constant" })?;
                    control.constants.insert(constant.value.key.clone(), revision);
                    control.book.declare(constant.value);
                }
                Some(b"approval") => {
                    let approval: Approval = versioned("approval", &entry)?.value;
                    control.book.approve(&approval.plugin.name, approval.texts);
                    control.approvals.insert((approval.plugin.name.clone(), approval.texts), approval);
                }
                Some(b"plugin") => {
                    let record: Versioned<PluginRecord> = versioned("plugin", &entry)?;
                    let published = Arc::new(published(record.value, latest.as_deref())?);
                    latest = Some(Arc::clone(&published));
                    control.plugins.insert(published.words.plugin().clone(), published);
                }
                _ => tracing::warn!(key = %key.escape_ascii(), "an unknown control record is left alone"),
            }
        }
    }
}

fn versioned<T: DeserializeOwned>(what: &'static str, entry: &Entry) -> Result<Versioned<T>, Damaged> {
    let bytes = entry.bytes().ok_or(Damaged::Missing { what })?;
    Ok(Versioned { value: decode(what, bytes)?, revision: entry.revision() })
}

fn published(record: PluginRecord, like: Option<&Published>) -> Result<Published, StartError> {
    let plugin = record.manifest.plugin.clone();
    Published::new(record, like).map_err(|error| StartError::Plugin { plugin, source: error.into() })
}

/// Reads the products, then all orders and returns: what the catalogue knows is what they say, in any order.
pub(crate) async fn catalogue(
    storage: &dyn Storage,
    key_ring: &KeyRing,
    record_seal: &Seal,
    violations: &Violations,
) -> Result<Catalogue, StartError> {
    let mut catalogue = Catalogue::new();
    let mut range = KeyRange::prefix("sku/");
    loop {
        let page = storage.scan(CATALOG, range.clone(), SCAN_LIMIT_MAX, Direction::Forward).await?.value;
        let Some((last, _)) = page.last() else { break };
        range = KeyRange::prefix("sku/").after(last.clone());
        for (_, entry) in &page {
            let record: ProductRecord = versioned("product", entry)?.value;
            catalogue.upsert(item(record));
        }
    }
    let mut reader = HistoryReader { key_ring, record_seal, violations, owner: None };
    let mut after: Option<Key> = None;
    loop {
        let page = storage.scan_all(after.take(), SCAN_LIMIT_MAX).await?.value;
        let Some((last, _)) = page.last() else { return Ok(catalogue) };
        after = Some(last.clone());
        for (key, entry) in &page {
            reader.read(key, entry, &mut catalogue)?;
        }
    }
}

/// Reads orders and returns owner by owner. A customer's key sorts before what it opens.
struct HistoryReader<'a> {
    key_ring: &'a KeyRing,
    record_seal: &'a Seal,
    /// Plans tell which violations they show.
    violations: &'a Violations,
    /// The customer being read, and the seal of what is theirs; none for one who was erased.
    owner: Option<([u8; 16], Option<Seal>)>,
}

impl HistoryReader<'_> {
    fn read(&mut self, key: &Key, entry: &Entry, catalogue: &mut Catalogue) -> Result<(), Damaged> {
        let Some(bytes) = entry.bytes() else { return Ok(()) };
        if keys::is_guest_order(&key.owner) {
            let order: OrderRecord = open(self.record_seal, "order", &key.owner, bytes)?;
            order.teach(None, catalogue);
            return Ok(());
        }
        let Some(owner) = keys::customer_of(&key.owner) else { return Ok(()) };
        if key.key.as_ref() == b"key" {
            let seal = match self.key_ring.open(&owner, bytes) {
                Ok(seal) => Some(seal),
                // Erased, and put back from a backup: what there is opens to nobody.
                Err(Damaged::Keyless) => None,
                Err(damaged) => return Err(damaged),
            };
            self.owner = Some((owner, seal));
            return Ok(());
        }
        let is_order = key.key.starts_with(ORDER_PREFIX);
        let is_past = key.key.starts_with(PAST_RETURN_PREFIX);
        if !is_order && !is_past && !key.key.starts_with(PLAN_PREFIX) {
            return Ok(());
        }
        let seal = match &self.owner {
            Some((known, Some(seal))) if *known == owner => seal,
            Some((known, None)) if *known == owner => return Ok(()),
            _ => return Err(Damaged::Missing { what: "customer key" }),
        };
        if is_order {
            let order: OrderRecord = open(seal, "order", &key.key, bytes)?;
            order.teach(Some(CustomerKey(owner)), catalogue);
        } else if is_past {
            let past: PastReturn = open(seal, "past return", &key.key, bytes)?;
            let products: Vec<_> = past.lines.iter().map(|(product, ..)| *product).collect();
            catalogue.returned(CustomerKey(owner), past.requested_at, &products);
        } else {
            let record: PlanRecord = open(seal, "plan", &key.key, bytes)?;
            catalogue.returned(CustomerKey(owner), record.requested_at, &record.products);
            self.violations.shown(&record.plan);
        }
        Ok(())
    }
}
