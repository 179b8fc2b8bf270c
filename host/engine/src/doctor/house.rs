//! What operators set: the catalogue's numbers, the control plane and what it names, the audit log, the tokens.

use std::collections::HashSet;

use rebound_domain::ids::{Digest, ProductId};
use rebound_domain::money::Currency;
use rebound_domain::policy::Policy;
use rebound_storage::{Direction, Entry, Key, KeyRange, SCAN_LIMIT_MAX, Storage};

use super::finding::{Finding, FindingKind};
use super::rounds::Rounds;
use crate::audit::verify_stored_audit;
use crate::control::{Control, named};
use crate::engine::StartError;
use crate::error::{Damaged, Fault, chain};
use crate::keys;
use crate::plugins::component;
use crate::records::{ProductRecord, decode};
use crate::tokens::Tokens;
use crate::{restore, wards};

/// Which products there are.
#[derive(Default)]
pub(super) struct Products(HashSet<u32>);

impl Products {
    pub(super) fn has(&self, product: ProductId) -> bool {
        self.0.contains(&product.0)
    }
}

/// Whether an owner's records are read here rather than one by one.
pub(super) fn is_checked(owner: &[u8]) -> bool {
    let owners = [keys::CONTROL, keys::CATALOG, keys::QUARANTINE, keys::AUDIT, keys::TOKEN, keys::RECORDING];
    owners.iter().any(|known| known == owner) || owner.starts_with(b"component")
}

/// Reads the catalogue's numbers: each is one product's, and the next one is free.
pub(super) async fn products(storage: &dyn Storage) -> Result<(Products, Vec<Finding>), Fault> {
    let (mut products, mut found) = (Products::default(), Vec::new());
    let mut range = KeyRange::prefix("sku/");
    loop {
        let page = storage.scan(keys::CATALOG, range, SCAN_LIMIT_MAX, Direction::Forward).await?.value;
        let Some((last, _)) = page.last() else { break };
        range = KeyRange::prefix("sku/").after(last.clone());
        for (key, entry) in &page {
            let key = Key::new(keys::CATALOG, key.clone());
            let bytes = entry.bytes().map(AsRef::as_ref).unwrap_or_default();
            match decode::<ProductRecord>("product", bytes) {
                Err(damaged) => {
                    found.push(Finding::new(FindingKind::Unreadable, &key, chain(&damaged)));
                }
                Ok(record) => {
                    if keys::product(&record.product.sku) != key {
                        let what = "the product stands in another one's place";
                        found.push(Finding::new(FindingKind::Mismatch, &key, what));
                    }
                    if !products.0.insert(record.id.0) {
                        let what = format!("its number {} is another product's too", record.id.0);
                        found.push(Finding::new(FindingKind::Mismatch, &key, what));
                    }
                }
            }
        }
    }
    let next = storage.get(vec![keys::next_product()]).await?.value.into_iter().next().flatten();
    let next = next.as_ref().and_then(Entry::bytes).map(|bytes| decode::<u32>("next product id", bytes));
    let greatest = products.0.iter().max().copied();
    match next {
        Some(Ok(next)) if greatest.is_none_or(|greatest| greatest < next) => {}
        None if greatest.is_none() => {}
        next => {
            let next = next.and_then(Result::ok);
            let what = format!("the next product's number is {next:?}, and {greatest:?} is given out");
            found.push(Finding::new(FindingKind::Mismatch, &keys::next_product(), what));
        }
    }
    Ok((products, found))
}

/// Reads the rest as a start does, and what a start would only find out later.
pub(super) async fn control(rounds: &mut Rounds<'_>) -> Result<(), Fault> {
    let storage = rounds.storage.clone();
    let currency = Currency::new("CNY").expect("a known code");
    let at = |owner: &rebound_storage::Bytes| Key::new(owner.clone(), "");
    match restore::control(&storage, Policy::standard(currency)).await {
        Ok(control) => {
            references(&control, rounds);
            components(&control, rounds).await?;
        }
        Err(error) => unread(error, &at(&keys::CONTROL), rounds)?,
    }
    if let Err(error) = wards::restore(storage.as_ref()).await {
        unread(error, &at(&keys::QUARANTINE), rounds)?;
    }
    if let Err(error) = Tokens::restore(storage.as_ref()).await {
        unread(error, &at(&keys::TOKEN), rounds)?;
    }
    if let Err(broken) = verify_stored_audit(storage.as_ref()).await? {
        let key = keys::audit_entry(broken.sequence);
        rounds.found(Finding::new(FindingKind::AuditBroken, &key, broken.to_string()));
    }
    Ok(())
}

/// A start would end with this; whether a record or the storage is at fault makes the difference here.
fn unread(error: StartError, key: &Key, rounds: &mut Rounds<'_>) -> Result<(), Fault> {
    match error {
        StartError::Fault(Fault::Damaged(damaged)) => rounds.unreadable(key, &damaged),
        StartError::Fault(fault) => return Err(fault),
        other => rounds.found(Finding::new(FindingKind::Unreadable, key, chain(&other))),
    }
    Ok(())
}

/// What routes, experiments and texts name.
fn references(control: &Control, rounds: &mut Rounds<'_>) {
    let routes = control.routes.iter().map(|(stage, route)| (keys::route(*stage), &route.value));
    let arms = control.experiments.iter().flat_map(|(key, experiment)| {
        experiment.value.arms.iter().map(|arm| (keys::experiment(key), &arm.entries))
    });
    for (key, entries) in routes.chain(arms) {
        for plugin in named(entries).filter(|plugin| !control.plugins.contains_key(*plugin)) {
            let what = format!("{plugin} is not published");
            rounds.found(Finding::new(FindingKind::Missing, &key, what));
        }
    }
    for (plugin, published) in &control.plugins {
        let constants = published.words.templates.constants();
        for constant in constants.into_iter().filter(|key| control.book.constant(key).is_none()) {
            let what = format!("its texts say the constant {constant}, which is not declared");
            rounds.found(Finding::new(FindingKind::Missing, &keys::plugin(plugin), what));
        }
    }
}

async fn components(control: &Control, rounds: &mut Rounds<'_>) -> Result<(), Fault> {
    let storage = rounds.storage.clone();
    for (plugin, published) in &control.plugins {
        let facts = &published.seat.component;
        let problem = match component(storage.as_ref(), facts).await {
            Ok(bytes) if Digest::of(&bytes) == facts.digest => continue,
            Ok(_) => "its component's bytes are not those that were published",
            Err(Fault::Damaged(Damaged::Missing { .. })) => "a part of its component is missing",
            Err(fault) => return Err(fault),
        };
        rounds.found(Finding::new(FindingKind::ComponentDamaged, &keys::plugin(plugin), problem));
    }
    Ok(())
}
