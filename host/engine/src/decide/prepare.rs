//! The ONE batched read of a decision, and what it becomes: the situation that strategies see, and the records
//! that the plan will land with.

use std::collections::BTreeMap;
use std::sync::Arc;

use rebound_domain::answer::StateChange;
use rebound_domain::event::ReturnRequest;
use rebound_domain::ids::{OrderId, PluginRef, ProductId};
use rebound_domain::manifest::Stage;
use rebound_domain::money::Money;
use rebound_domain::plan::{Assignment, Plan};
use rebound_domain::policy;
use rebound_domain::route::RouteEntry;
use rebound_domain::situation::{ReturnEvent, ReturnLine, Situation};
use rebound_domain::time::Instant;
use rebound_storage::{Batch, Entry, Key, Sequence};

use super::hop::{HopInput, StateKey};
use crate::Engine;
use crate::control::Control;
use crate::customer::CustomerFile;
use crate::engine::Clock;
use crate::error::{Damaged, DecideError, Fault};
use crate::identity::Seal;
use crate::keys::{self, CustomerKeys};
use crate::profile::Returned;
use crate::records::{EventRecord, ExposureRecord, encode, open};

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
    pub(super) sequence: Sequence,
    now: Instant,
    control: Arc<Control>,
    orders: Vec<OrderId>,
    routes: Vec<StageRoute>,
    event: Option<Entry>,
    return_index: Option<Entry>,
    states: BTreeMap<StateKey, Vec<u8>>,
    /// Exposures of this decision that no earlier one has recorded.
    new_exposures: Vec<Exposure>,
    lines: Vec<ReturnLine>,
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

        let mut wanted = vec![
            keys::event(host, &request.source, &request.id),
            keys::return_index(host, &request.return_id),
        ];
        wanted.extend(state_keys.iter().map(|(stage, name, version)| customer.state(*stage, name, *version)));
        wanted.extend(exposures.iter().map(|exposure| exposure.key.clone()));
        wanted.extend(CustomerFile::keys(host, &customer, &orders));
        let read = shared.storage.get(wanted).await?;

        let mut entries = read.value.into_iter();
        let event = entries.next().flatten();
        let return_index = entries.next().flatten();
        let state_entries: Vec<_> = entries.by_ref().take(state_keys.len()).collect();
        let exposure_entries: Vec<_> = entries.by_ref().take(exposures.len()).collect();
        let file = CustomerFile::open(shared, owner, &orders, entries.collect())?;
        let mut states = BTreeMap::new();
        for (key, entry) in state_keys.into_iter().zip(state_entries) {
            if let Some(sealed) = entry.as_ref().and_then(Entry::bytes) {
                let (stage, name, version) = &key;
                let place = customer.state(*stage, name, *version).key;
                let what = "plugin state";
                let state =
                    file.seal.open(&place, sealed).map_err(|source| Damaged::Sealed { what, source })?;
                states.insert(key, state);
            }
        }
        let unseen = exposures.into_iter().zip(exposure_entries).filter(|(_, entry)| entry.is_none());
        Ok(Self {
            file,
            sequence: read.sequence,
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
            new_exposures: unseen.map(|(exposure, _)| exposure).collect(),
            lines: Vec::new(),
        })
    }

    pub(super) fn known_event(&self, seal: &Seal, key: &Key) -> Result<Option<EventRecord>, Damaged> {
        let sealed = self.event.as_ref().and_then(Entry::bytes);
        sealed.map(|sealed| open(seal, "event", &key.owner, sealed)).transpose()
    }

    pub(super) fn return_is_decided(&self) -> bool {
        self.return_index.is_some()
    }

    /// Resolves the request into what strategies see.
    pub(super) fn into_input(
        mut self,
        engine: &Engine,
        request: &Arc<ReturnRequest>,
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
        let paid: Money = request.lines.iter().map(|line| line.paid).sum();
        let budgets = self.control.budgets.values().map(|budget| &budget.value);
        let situation = Situation {
            now: self.now,
            seed: engine.shared.host_key.seed(&[request.return_id.as_str().as_bytes()]),
            locale: request.locale.clone(),
            currency: policy.currency,
            policy: policy::allowed_for(policy, budgets, paid, &orders),
            event: ReturnEvent {
                id: request.id.clone(),
                requested_at: request.requested_at,
                requested_resolution: request.requested_resolution.clone(),
                lines: self.lines.clone(),
                orders,
                channel: request.channel.clone().unwrap_or_else(|| "unknown".to_owned()),
            },
            customer: self.file.profile.customer(self.now, &self.orders),
        };
        let input = HopInput {
            request: Arc::clone(request),
            situation,
            control: Arc::clone(&self.control),
            limits: engine.shared.limits,
            snapshot,
            routes: std::mem::take(&mut self.routes),
            states: std::mem::take(&mut self.states),
        };
        Ok((self, input))
    }

    /// What comes back, line by line.
    pub(super) fn products(&self) -> Vec<ProductId> {
        self.lines.iter().map(|line| line.product.id).collect()
    }

    /// Writes the decided return into the customer's history.
    pub(super) fn take_back(&mut self, plan: &Plan) {
        let back: Vec<Returned> = self
            .lines
            .iter()
            .map(|line| Returned { product: line.product.id, quantity: line.quantity, paid: line.paid })
            .collect();
        let known: Vec<OrderId> =
            self.orders.iter().filter(|id| self.file.orders.contains_key(*id)).cloned().collect();
        for line in &self.lines {
            let order = line.order.and_then(|index| known.get(index as usize));
            let Some(order) = order.and_then(|id| self.file.orders.get_mut(id)) else { continue };
            let mut left = line.quantity;
            for (_, quantity, returned, _) in order.lines.iter_mut().filter(|(id, ..)| *id == line.product.id)
            {
                let taken = left.min(quantity.saturating_sub(*returned));
                *returned += taken;
                left -= taken;
            }
        }
        let offers = plan.offers.iter().map(|offer| offer.product).collect();
        self.file.profile.decided(self.now, &back, self.orders.clone(), offers);
    }

    /// Writes what strategies want remembered. The profile in the same batch guards it.
    pub(super) fn write_states(&self, batch: &mut Batch, states: Vec<(StateKey, StateChange)>) {
        for ((stage, name, version), change) in states {
            let key = self.file.keys.state(stage, &name, version);
            match change {
                StateChange::Keep => {}
                StateChange::Clear => {
                    batch.delete(key);
                }
                StateChange::Put(state) => {
                    let sealed = self.file.seal.seal(&key.key, &state);
                    batch.put(key, sealed);
                }
            }
        }
    }

    /// Records, once per unit and phase, that this customer was served by an arm.
    pub(super) fn write_exposures(&self, batch: &mut Batch, plan: &Plan) {
        for Exposure { stage, assignment, key } in &self.new_exposures {
            let calls = plan.trace.stages.iter().filter(|call| call.stage == *stage);
            let digests = calls.map(|call| call.digest).collect();
            let record = ExposureRecord { at: self.now, assignment: assignment.clone(), digests };
            batch.put(key.clone(), encode(&record));
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
