//! The ONE batched read of a decision, and what it becomes: the situation that strategies see, and the records
//! that the plan will land with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rebound_domain::answer::StateChange;
use rebound_domain::event::ReturnRequest;
use rebound_domain::ids::{BudgetId, OrderId, PluginRef, ProductId};
use rebound_domain::manifest::Stage;
use rebound_domain::money::Money;
use rebound_domain::plan::{Assignment, Plan};
use rebound_domain::policy::{self, BudgetLeft};
use rebound_domain::route::RouteEntry;
use rebound_domain::situation::{ReturnEvent, ReturnLine, Situation};
use rebound_domain::time::Instant;
use rebound_storage::{Batch, Entry, Key, Revision};

use super::Mode;
use super::hop::{HopInput, StateKey};
use crate::Engine;
use crate::control::Control;
use crate::customer::CustomerFile;
use crate::engine::Clock;
use crate::error::{Damaged, DecideError, Fault};
use crate::identity::NOBODY;
use crate::keys::{self, CustomerKeys};
use crate::profile::Returned;
use crate::promise;
use crate::records::{ERASED_EVENT, EventRecord, ExposureRecord, ReturnRecord, decode, encode, open};

/// What one stage will run for this customer, and why.
#[derive(Clone)]
pub(super) struct StageRoute {
    pub(super) stage: Stage,
    pub(super) assignment: Option<Assignment>,
    pub(super) entries: Vec<RouteEntry>,
}

/// Everything that was read for one decision.
pub(super) struct Prepared {
    pub(super) file: CustomerFile,
    now: Instant,
    control: Arc<Control>,
    orders: Vec<OrderId>,
    routes: Vec<StageRoute>,
    event: Option<Entry>,
    return_index: Option<Entry>,
    states: BTreeMap<StateKey, Vec<u8>>,
    /// Which write each of the states is.
    state_revisions: BTreeMap<StateKey, Revision>,
    /// Exposures of this decision that no earlier one has recorded.
    new_exposures: Vec<Exposure>,
    lines: Vec<ReturnLine>,
    /// What each budget was charged so far.
    charged: BTreeMap<BudgetId, i128>,
}

impl Prepared {
    pub(super) async fn read(engine: &Engine, request: &ReturnRequest) -> Result<Self, Fault> {
        let shared = &engine.shared;
        let host = &shared.host_key;
        let control = engine.control();
        let routes = routes(&control, request);
        let mut orders: Vec<OrderId> =
            request.lines.iter().filter_map(|line| line.order_id.clone()).collect();
        orders.sort_unstable();
        orders.dedup();

        let owner = host.owner(&request.customer_id);
        let customer = CustomerKeys::new(&owner);
        let state_keys = state_keys(&control, &routes);
        let exposures: Vec<Exposure> =
            routes.iter().filter_map(|route| Exposure::of(&customer, route)).collect();

        let place = |(stage, name, version): &StateKey| customer.state(*stage, name, *version);
        let sealed = CustomerFile::keys(host, &customer, &orders, state_keys.iter().map(place));
        let sealed_count = sealed.len();
        // One commit writes both of these. The event comes second: a return that is found decided then has its
        // event too, and the same event racing itself is told from another one.
        let mut wanted = vec![
            keys::return_index(host, &request.return_id),
            keys::event(host, &request.source, &request.id),
        ];
        wanted.extend(sealed);
        wanted.extend(exposures.iter().map(|exposure| exposure.key.clone()));
        wanted.extend(control.budgets.keys().map(keys::budget_charged));
        let read = shared.storage.get(wanted).await?;

        let mut entries = read.value.into_iter();
        let return_index = entries.next().flatten();
        let event = entries.next().flatten();
        let sealed = entries.by_ref().take(sealed_count).collect();
        let (file, state_values) = CustomerFile::open(shared, owner, &orders, sealed, read.sequence)?;
        let (mut states, mut state_revisions) = (BTreeMap::new(), BTreeMap::new());
        for (key, value) in state_keys.into_iter().zip(state_values) {
            if let Some((revision, sealed)) = value {
                let what = "plugin state";
                let state = file.seal.open(&place(&key).key, &sealed);
                let state = state.map_err(|source| Damaged::Sealed { what, source })?;
                state_revisions.insert(key.clone(), revision);
                states.insert(key, state);
            }
        }
        let unseen = exposures.into_iter().zip(entries.by_ref()).filter(|(_, entry)| entry.is_none());
        let new_exposures = unseen.map(|(exposure, _)| exposure).collect();
        let charged = control.budgets.keys().cloned().zip(entries).map(|(id, entry)| {
            let charged = entry.as_ref().and_then(Entry::counter).unwrap_or(0);
            (id, charged)
        });
        let charged = charged.collect();
        Ok(Self {
            file,
            now: match shared.clock {
                Clock::System => engine.wall_clock(),
                Clock::Event => request.requested_at,
            },
            control,
            orders,
            routes,
            event,
            return_index,
            states,
            state_revisions,
            new_exposures,
            lines: Vec::new(),
            charged,
        })
    }

    /// What an earlier event of this id became, when there was one; none within when it was another customer's, whose
    /// key this request does not have.
    pub(super) fn known_event(&self, key: &Key) -> Result<Option<Option<EventRecord>>, Damaged> {
        let Some(sealed) = self.event.as_ref().and_then(Entry::bytes) else { return Ok(None) };
        match open(&self.file.seal, "event", &key.owner, sealed) {
            Ok(event) => Ok(Some(Some(event))),
            Err(Damaged::Sealed { .. }) => Ok(Some(None)),
            Err(damaged) => Err(damaged),
        }
    }

    /// Whether the event, or the return, went with a customer who was erased. Where a return is this customer's and there
    /// is no key of theirs, a backup brought the return back and not its erasure.
    pub(super) fn is_erased(&self) -> Result<bool, Damaged> {
        if self.event.as_ref().and_then(Entry::bytes).is_some_and(|event| event.as_ref() == ERASED_EVENT) {
            return Ok(true);
        }
        Ok(self.known_return()?.is_some_and(|index| {
            index.owner == NOBODY || (index.owner == self.file.owner && self.file.has_no_key())
        }))
    }

    /// What the return was told of before; none when it is new.
    pub(super) fn known_return(&self) -> Result<Option<ReturnRecord>, Damaged> {
        let index = self.return_index.as_ref().and_then(Entry::bytes);
        index.map(|index| decode("return", index)).transpose()
    }

    /// Resolves the request into what strategies see. Budgets that were found `spent` are left out.
    pub(super) fn into_input(
        mut self,
        engine: &Engine,
        request: &Arc<ReturnRequest>,
        spent: &BTreeSet<BudgetId>,
        mode: Mode,
    ) -> Result<(Self, HopInput), DecideError> {
        let policy = &self.control.policy.value;
        if request.currency != policy.currency {
            return Err(DecideError::Currency { given: request.currency, currency: policy.currency });
        }
        let snapshot = engine.shared.shelf.snapshot();
        let known: Vec<_> = self.orders.iter().filter_map(|id| self.file.orders.get(id)).collect();
        for line in &request.lines {
            let item = snapshot
                .by_sku(&line.sku)
                .ok_or_else(|| DecideError::UnknownSku { sku: line.sku.clone() })?;
            let order = line.order_id.as_ref().and_then(|id| known.iter().position(|order| order.id == *id));
            self.lines.push(ReturnLine {
                product: Arc::clone(&item.product),
                quantity: line.quantity,
                paid: line.paid,
                reason: line.reason.clone(),
                reason_code: line.reason_code.clone(),
                note: line.note.clone(),
                order: order.and_then(|index| u32::try_from(index).ok()),
            });
        }
        let orders: Vec<_> = known.iter().map(|order| order.to_order()).collect();
        let named = self.orders.iter().map(|id| orders.iter().find(|order| order.id == *id));
        let paid: Money = request.lines.iter().map(|line| line.paid).sum();
        let customer = self.file.profile.customer(self.now, &self.orders);
        let budgets = self.control.budgets.values().map(|budget| &budget.value);
        let budgets = budgets.filter(|budget| !spent.contains(&budget.id)).map(|budget| BudgetLeft {
            budget,
            charged: self.charged.get(&budget.id).copied().unwrap_or(0),
            had: self.file.profile.had_of(&budget.id),
        });
        let situation = Situation {
            now: self.now,
            seed: engine.shared.host_key.seed(&[request.return_id.as_str().as_bytes()]),
            locale: request.locale.clone(),
            currency: policy.currency,
            policy: policy::allowed_for(policy, budgets, &customer.prior, paid, named),
            event: ReturnEvent {
                id: request.id.clone(),
                requested_at: request.requested_at,
                requested_resolution: request.requested_resolution.clone(),
                lines: self.lines.clone(),
                orders,
                channel: request.channel.clone().unwrap_or_else(|| "unknown".to_owned()),
            },
            customer,
        };
        let input = HopInput {
            request: Arc::clone(request),
            situation,
            control: Arc::clone(&self.control),
            limits: engine.shared.limits,
            snapshot,
            routes: std::mem::take(&mut self.routes),
            states: std::mem::take(&mut self.states),
            unused_benefits: self.file.profile.unused_benefits(self.now),
            host_key: (mode == Mode::Commit).then(|| engine.shared.host_key.clone()),
        };
        Ok((self, input))
    }

    /// What comes back, line by line.
    pub(super) fn products(&self) -> Vec<ProductId> {
        self.lines.iter().map(|line| line.product.id).collect()
    }

    /// Writes the decided return into the customer's history.
    pub(super) fn take_back(&mut self, plan: &Plan) {
        let known: Vec<OrderId> =
            self.orders.iter().filter(|id| self.file.orders.contains_key(*id)).cloned().collect();
        let mut back = Vec::with_capacity(self.lines.len());
        for line in &self.lines {
            let order = line.order.and_then(|index| known.get(index as usize));
            let order = order.and_then(|id| self.file.orders.get_mut(id));
            back.push(Returned {
                product: line.product.id,
                quantity: line.quantity,
                paid: line.paid,
                bought_at: order.as_ref().map(|order| order.ordered_at),
            });
            if let Some(order) = order {
                order.take_back(line.product.id, line.quantity);
            }
        }
        let offers = plan.offers.iter().map(|offer| offer.product).collect();
        self.file.profile.decided(self.now, &back, &self.orders, offers);
        self.file.profile.forget_ended_coupons(self.now);
    }

    /// Makes what the plan promises: coupons and price holds.
    pub(super) fn make_promises(&mut self, engine: &Engine, plan: &Plan, batch: &mut Batch) {
        let control = &self.control;
        let budget = |id: &BudgetId| control.budgets.get(id).map(|budget| &budget.value);
        promise::make(&engine.shared, &mut self.file, plan, budget, batch);
    }

    /// Writes what strategies want remembered, each state expected as it was read.
    pub(super) fn write_states(&self, batch: &mut Batch, states: Vec<(StateKey, StateChange)>) {
        for (of, change) in states {
            let (stage, name, version) = &of;
            let key = self.file.keys.state(*stage, name, *version);
            let put = match change {
                StateChange::Keep => continue,
                StateChange::Clear => None,
                StateChange::Put(state) => Some(self.file.seal.seal(&key.key, &state)),
            };
            match (self.state_revisions.get(&of), &put) {
                (Some(revision), _) => batch.expect_revision(key.clone(), *revision),
                (None, Some(_)) => batch.expect_absent(key.clone()),
                // Nothing to forget.
                (None, None) => continue,
            };
            match put {
                Some(sealed) => batch.put(key, sealed),
                None => batch.delete(key),
            };
        }
    }

    /// Records, once per unit and phase, that this customer was served by an arm.
    pub(super) fn write_exposures(&self, batch: &mut Batch, plan: &Plan) {
        for Exposure { stage, assignment, key } in &self.new_exposures {
            let calls = plan.trace.stages.iter().filter(|call| call.stage == *stage);
            let digests = calls.map(|call| call.digest).collect();
            let record = ExposureRecord { at: self.now, assignment: assignment.clone(), digests };
            batch.expect_absent(key.clone()).put(key.clone(), encode(&record));
        }
    }
}

fn routes(control: &Control, request: &ReturnRequest) -> Vec<StageRoute> {
    let route = |stage| {
        let selection = control.select(stage, request.customer_id.as_str());
        StageRoute { stage, assignment: selection.assignment, entries: selection.entries.to_vec() }
    };
    Stage::ALL.into_iter().map(route).collect()
}

/// Every state that a call of this decision may read: routed versions and their fallbacks.
fn state_keys(control: &Control, routes: &[StageRoute]) -> Vec<StateKey> {
    let version = |stage: Stage, plugin: &PluginRef| {
        let published = control.plugins.get(plugin)?;
        Some((stage, plugin.name.clone(), published.words.manifest.state_version))
    };
    let mut keys: Vec<StateKey> = routes
        .iter()
        .flat_map(|route| route.entries.iter().map(move |entry| (route.stage, entry)))
        .flat_map(|(stage, entry)| {
            let fallback = entry.fallback.iter().map(|fallback| &fallback.plugin);
            std::iter::once(&entry.plugin).chain(fallback).filter_map(move |plugin| version(stage, plugin))
        })
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// That this decision serves a customer an arm.
struct Exposure {
    stage: Stage,
    assignment: Assignment,
    key: Key,
}

impl Exposure {
    fn of(customer: &CustomerKeys, route: &StageRoute) -> Option<Self> {
        let assignment = route.assignment.clone().filter(|assignment| assignment.arm.is_some())?;
        let key = customer.exposure(&assignment.experiment, assignment.phase);
        Some(Self { stage: route.stage, assignment, key })
    }
}
