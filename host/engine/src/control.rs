//! The control plane: what operators set, kept in memory as one value that a decision reads without waiting.
//!
//! Changes are rare and go one after the other: read, check, commit, then swap the value in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use rebound_domain::claims::{Approval, Book, Standing};
use rebound_domain::compose;
use rebound_domain::experiment::{Experiment, Status};
use rebound_domain::ids::{BudgetId, ConstantKey, Digest, ExperimentKey, PluginName, PluginRef};
use rebound_domain::manifest::Stage;
use rebound_domain::plan::Assignment;
use rebound_domain::policy::{Budget, Policy};
use rebound_domain::route::RouteEntry;
use rebound_domain::time::Instant;
use rebound_storage::Revision;

use crate::rack::Seat;

/// Everything operators set, at one moment.
#[derive(Clone)]
pub(crate) struct Control {
    pub(crate) policy: Versioned<Policy>,
    pub(crate) routes: BTreeMap<Stage, Versioned<Vec<RouteEntry>>>,
    pub(crate) experiments: BTreeMap<ExperimentKey, Versioned<Experiment>>,
    pub(crate) budgets: BTreeMap<BudgetId, Versioned<Budget>>,
    pub(crate) plugins: BTreeMap<PluginRef, Arc<Published>>,
    /// Constants and approvals, as every line is held against them.
    pub(crate) book: Book,
    /// Which write each constant is.
    pub(crate) constants: BTreeMap<ConstantKey, Revision>,
    /// Who approved which texts of a plugin. None is ever taken back.
    pub(crate) approvals: BTreeMap<(PluginName, Digest), Approval>,
}

/// A value and the write it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Versioned<T> {
    /// The value.
    pub(crate) value: T,
    /// Which write; none for a default that was never written.
    pub(crate) revision: Option<Revision>,
}

/// A published version. What all of them keep in memory; the code is loaded when it is needed.
pub(crate) struct Published {
    pub(crate) published_at: Instant,
    pub(crate) seat: Arc<Seat>,
    /// What it says of itself, as its answers are read.
    pub(crate) words: compose::Published,
}

/// What one customer gets of one stage.
pub(crate) struct Selection<'a> {
    pub(crate) assignment: Option<Assignment>,
    pub(crate) entries: &'a [RouteEntry],
}

impl Control {
    pub(crate) fn new(policy: Policy) -> Self {
        Self {
            policy: Versioned { value: policy, revision: None },
            routes: BTreeMap::new(),
            experiments: BTreeMap::new(),
            budgets: BTreeMap::new(),
            plugins: BTreeMap::new(),
            book: Book::default(),
            constants: BTreeMap::new(),
            approvals: BTreeMap::new(),
        }
    }

    /// Whether a version's texts may be said.
    pub(crate) fn standing(&self, published: &Published) -> Standing {
        self.book.standing(&self.policy.value, published.words.plugin(), &published.words.templates)
    }

    /// The versions that a decision may call: what routes and running experiments name, fallbacks included.
    pub(crate) fn served(&self) -> Vec<Arc<Seat>> {
        let running = self.experiments.values().filter(|it| it.value.status == Status::Running);
        let arms = running.flat_map(|it| it.value.arms.iter().map(|arm| &arm.entries));
        let routes = self.routes.values().map(|route| &route.value);
        let mut seats: Vec<Arc<Seat>> = routes.chain(arms).flat_map(|entries| self.seats(entries)).collect();
        seats.sort_unstable_by_key(|seat| seat.component.digest);
        seats.dedup_by_key(|seat| seat.component.digest);
        seats
    }

    /// The published versions that entries and their fallbacks name.
    pub(crate) fn seats(&self, entries: &[RouteEntry]) -> impl Iterator<Item = Arc<Seat>> {
        named(entries).filter_map(|plugin| Some(Arc::clone(&self.plugins.get(plugin)?.seat)))
    }

    /// The experiment that splits a stage, if one runs.
    pub(crate) fn running(&self, stage: Stage) -> Option<&Experiment> {
        let experiments = self.experiments.values().map(|versioned| &versioned.value);
        experiments.into_iter().find(|it| it.stage == stage && it.status == Status::Running)
    }

    /// Which versions serve a customer at a stage: the arm of the running experiment, else the stage's route.
    pub(crate) fn select(&self, stage: Stage, unit: &str) -> Selection<'_> {
        let route = || self.routes.get(&stage).map_or(&[][..], |route| &route.value);
        let Some(experiment) = self.running(stage) else {
            return Selection { assignment: None, entries: route() };
        };
        let assignment = experiment.assign(unit);
        let arm = experiment.arms.iter().find(|arm| Some(&arm.key) == assignment.arm.as_ref());
        let entries = arm.map_or_else(route, |arm| &arm.entries);
        Selection { assignment: Some(assignment), entries }
    }
}

/// The versions that entries and their fallbacks name.
pub(crate) fn named(entries: &[RouteEntry]) -> impl Iterator<Item = &PluginRef> {
    entries.iter().flat_map(|entry| {
        std::iter::once(&entry.plugin).chain(entry.fallback.iter().map(|fallback| &fallback.plugin))
    })
}
