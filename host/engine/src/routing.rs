//! What operators set: routes, experiments, policy and budgets.

use jiff::tz::TimeZone;
use rebound_domain::claims::Standing;
use rebound_domain::experiment::{Draft, Experiment, Status};
use rebound_domain::ids::{BudgetId, ExperimentKey};
use rebound_domain::manifest::Stage;
use rebound_domain::policy::{Budget, ClaimsMode, Policy};
use rebound_domain::route::{self, RouteEntry};
use rebound_storage::{Batch, Entry, Key, Revision, VALUE_BYTES_MAX};
use serde::Serialize;

use crate::Engine;
use crate::audit::Change;
use crate::control::{Control, Versioned, named};
use crate::error::{ControlError, Fault};
use crate::keys;
use crate::rack::{Hold, Unready};
use crate::records::encode;

/// Budgets of one deployment: what each has left is read with every decision.
const BUDGETS_MAX: usize = 128;

impl Engine {
    /// Sets which versions serve a stage. An empty list: the stage contributes nothing.
    ///
    /// # Errors
    /// [`ControlError`] naming the entry that does not stand.
    pub async fn set_route(&self, stage: Stage, entries: Vec<RouteEntry>) -> Result<(), ControlError> {
        let _held = self.warm(&entries).await?;
        let _writing = self.shared.control_writer.lock().await;
        let control = self.control();
        check_entries(&control, stage, "entries", &entries)?;
        check_claims(&control, &entries)?;
        let known = control.routes.get(&stage).and_then(|route| route.revision);
        let revision = self.write("entries", keys::route(stage), known, &entries).await?;
        let versions: Vec<String> = entries.iter().map(|entry| entry.plugin.to_string()).collect();
        tracing::info!(%stage, versions = versions.join(", "), "a route is set");
        self.change_control(|control| {
            control.routes.insert(stage, Versioned { value: entries, revision: Some(revision) });
        });
        Ok(())
    }

    /// Loads what entries name, compiled again when it has to be, and keeps it until the answer is dropped: no decision
    /// finds a version that is not loaded. Without the control plane's lock: an operator who must stop an experiment
    /// does not wait for a compiler. What is not published is found out later, under the lock.
    async fn warm(&self, entries: &[RouteEntry]) -> Result<Vec<Hold>, ControlError> {
        let rack = &self.shared.rack;
        let mut held = Vec::new();
        for seat in self.control().seats(entries) {
            held.push(rack.hold(&seat));
            rack.ready(&seat).await.map_err(|unready| match unready {
                Unready::Load(error) => {
                    ControlError::NotLoaded { plugin: seat.plugin().clone(), source: Box::new(error) }
                }
                Unready::Fault(fault) => ControlError::Fault(fault),
            })?;
        }
        Ok(held)
    }

    /// A stage's route; empty when none was set.
    #[must_use]
    pub fn route(&self, stage: Stage) -> Vec<RouteEntry> {
        self.control().routes.get(&stage).map(|route| route.value.clone()).unwrap_or_default()
    }

    /// Creates or changes an experiment; the answer says which phase it is in now.
    ///
    /// # Errors
    /// [`ControlError`] naming what does not stand.
    pub async fn set_experiment(&self, key: ExperimentKey, draft: Draft) -> Result<Experiment, ControlError> {
        let mut _held = Vec::new();
        if draft.status == Status::Running {
            for arm in &draft.arms {
                _held.extend(self.warm(&arm.entries).await?);
            }
        }
        let _writing = self.shared.control_writer.lock().await;
        let control = self.control();
        let current = control.experiments.get(&key);
        let wanted = match current {
            Some(current) => Experiment::revise(&current.value, draft),
            None => Experiment::start(key.clone(), draft),
        };
        let wanted = wanted
            .map_err(|error| ControlError::Invalid { field: error.field(), problem: error.to_string() })?;
        for (index, arm) in wanted.arms.iter().enumerate() {
            check_entries(&control, wanted.stage, &format!("arms[{index}].entries"), &arm.entries)?;
            // One that must stop can be stopped, whatever has become of its versions' texts.
            if wanted.status == Status::Running {
                check_claims(&control, &arm.entries)?;
            }
        }
        match control.running(wanted.stage) {
            Some(running) if wanted.status == Status::Running && running.key != key => {
                return Err(ControlError::StageTaken { stage: wanted.stage, running: running.key.clone() });
            }
            _ => {}
        }
        let known = current.and_then(|current| current.revision);
        let revision = self.write("arms", keys::experiment(&key), known, &wanted).await?;
        let (stage, phase, running) = (wanted.stage, wanted.phase, wanted.status == Status::Running);
        tracing::info!(experiment = %key, %stage, phase, running, "an experiment is set");
        let value = wanted.clone();
        self.change_control(|control| {
            control.experiments.insert(key, Versioned { value, revision: Some(revision) });
        });
        Ok(wanted)
    }

    /// One experiment.
    #[must_use]
    pub fn experiment(&self, key: &ExperimentKey) -> Option<Experiment> {
        self.control().experiments.get(key).map(|experiment| experiment.value.clone())
    }

    /// Every experiment, by key.
    #[must_use]
    pub fn experiments(&self) -> Vec<Experiment> {
        self.control().experiments.values().map(|experiment| experiment.value.clone()).collect()
    }

    /// Sets the merchant's policy.
    ///
    /// # Errors
    /// [`ControlError::CurrencyFixed`] once products, orders or budgets exist in another currency.
    pub async fn set_policy(&self, policy: Policy) -> Result<(), ControlError> {
        let _writing = self.shared.control_writer.lock().await;
        let control = self.control();
        policy
            .check()
            .map_err(|error| ControlError::Invalid { field: error.field(), problem: error.to_string() })?;
        check_timezone(&policy.timezone)?;
        let currency = control.policy.value.currency;
        // Held until the new one is in force: an import lands products in the currency that it found.
        let mut _importing = None;
        if policy.currency != currency {
            _importing = Some(self.shared.catalog_writer.lock().await);
            if !control.budgets.is_empty() || !self.shared.shelf.snapshot().is_empty() {
                return Err(ControlError::CurrencyFixed { currency });
            }
        }
        let revision = self.write("care", keys::policy(), control.policy.revision, &policy).await?;
        tracing::info!("the policy is set");
        self.change_control(|control| control.policy = Versioned { value: policy, revision: Some(revision) });
        Ok(())
    }

    /// The merchant's policy.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.control().policy.value.clone()
    }

    /// Declares a coupon budget, or changes it.
    ///
    /// # Errors
    /// [`ControlError::Invalid`] when its currency is not the deployment's.
    pub async fn set_budget(&self, budget: Budget) -> Result<(), ControlError> {
        let _writing = self.shared.control_writer.lock().await;
        let control = self.control();
        let currency = control.policy.value.currency;
        if budget.currency != currency {
            let problem = format!("is {}, this deployment trades in {currency}", budget.currency);
            return Err(ControlError::Invalid { field: "currency".to_owned(), problem });
        }
        budget
            .check()
            .map_err(|error| ControlError::Invalid { field: error.field(), problem: error.to_string() })?;
        if let Some(current) = control.budgets.get(&budget.id).filter(|it| it.value.counts != budget.counts) {
            let problem = format!(
                "is {}, and this budget has counted {} since it was declared; declare another budget",
                budget.counts.word(),
                current.value.counts.word()
            );
            return Err(ControlError::Invalid { field: "counts".to_owned(), problem });
        }
        let is_new = !control.budgets.contains_key(&budget.id);
        if is_new && control.budgets.len() >= BUDGETS_MAX {
            let problem = format!(
                "would be budget {}, of {BUDGETS_MAX} at most; change one that is there",
                BUDGETS_MAX + 1
            );
            return Err(ControlError::Invalid { field: "id".to_owned(), problem });
        }
        let known = control.budgets.get(&budget.id).and_then(|budget| budget.revision);
        let revision = self.write("budget", keys::budget(&budget.id), known, &budget).await?;
        self.change_control(|control| {
            control.budgets.insert(budget.id.clone(), Versioned { value: budget, revision: Some(revision) });
        });
        Ok(())
    }

    /// One budget.
    #[must_use]
    pub fn budget(&self, id: &BudgetId) -> Option<Budget> {
        self.control().budgets.get(id).map(|budget| budget.value.clone())
    }

    /// Every budget, by id, with what its coupons have charged it: minor units, or uses.
    ///
    /// # Errors
    /// [`Fault`] when the storage cannot answer.
    pub async fn budgets(&self) -> Result<Vec<(Budget, i128)>, Fault> {
        let control = self.control();
        let counters = control.budgets.keys().map(keys::budget_charged).collect();
        let read = self.shared.storage.get(counters).await?;
        self.shared.storage.durable(read.sequence).await?;
        let charged = read.value.iter().map(|entry| entry.as_ref().and_then(Entry::counter).unwrap_or(0));
        Ok(control.budgets.values().map(|budget| budget.value.clone()).zip(charged).collect())
    }

    /// Writes what an operator set, and that they did. Each part may be within its bound and the whole over what can be stored; then
    /// `largest` names the field to shorten.
    pub(crate) async fn write(
        &self,
        largest: &str,
        key: Key,
        known: Option<Revision>,
        value: &impl Serialize,
    ) -> Result<Revision, ControlError> {
        let bytes = encode(value);
        if bytes.len() > VALUE_BYTES_MAX {
            let problem = format!(
                "take {} bytes as stored, over the limit of {VALUE_BYTES_MAX}; shorten them or leave some out",
                bytes.len()
            );
            return Err(ControlError::Invalid { field: largest.to_owned(), problem });
        }
        let before = self.as_stored(&key, known).await?;
        let change = Change::of_control(&key, before, value);
        let mut batch = Batch::new();
        match known {
            Some(revision) => batch.expect_revision(key.clone(), revision),
            None => batch.expect_absent(key.clone()),
        };
        batch.put(key, bytes);
        Ok(self.commit_audited(batch, change).await?.revision)
    }
}

/// The names of time zones change a few times a year and come with their rules, so the domain does not know them.
fn check_timezone(name: &str) -> Result<(), ControlError> {
    match TimeZone::get(name) {
        Ok(zone) if !zone.is_unknown() => Ok(()),
        _ => Err(ControlError::Invalid {
            field: "timezone".to_owned(),
            problem: format!(
                "is `{}`, which the IANA time zone database does not have; use a name such as Asia/Shanghai or UTC",
                name.escape_debug()
            ),
        }),
    }
}

/// Checks that every version may say what it says: its texts are approved where they must be, and break no rule that
/// is enforced.
fn check_claims(control: &Control, entries: &[RouteEntry]) -> Result<(), ControlError> {
    for published in named(entries).filter_map(|plugin| control.plugins.get(plugin)) {
        let plugin = || published.words.plugin().clone();
        let violations = published.words.templates.violations();
        if control.policy.value.claims == ClaimsMode::Enforce && !violations.is_empty() {
            return Err(ControlError::ClaimsViolated { plugin: plugin(), violations: violations.to_vec() });
        }
        if control.standing(published) == Standing::Pending {
            return Err(ControlError::TemplatesUnapproved { plugin: plugin() });
        }
    }
    Ok(())
}

fn check_entries(
    control: &Control,
    stage: Stage,
    field: &str,
    entries: &[RouteEntry],
) -> Result<(), ControlError> {
    route::check_entries(stage, entries).map_err(|error| ControlError::Invalid {
        field: format!("{field}{}", error.field()),
        problem: error.to_string(),
    })?;
    let versions = entries.iter().flat_map(|entry| {
        let fallback = entry.fallback.iter().map(|fallback| (&fallback.plugin, &fallback.config));
        std::iter::once((&entry.plugin, &entry.config)).chain(fallback)
    });
    for (plugin, config) in versions {
        let published = control
            .plugins
            .get(plugin)
            .ok_or_else(|| ControlError::UnknownPlugin { plugin: plugin.clone() })?;
        published.check(stage, config)?;
    }
    Ok(())
}
