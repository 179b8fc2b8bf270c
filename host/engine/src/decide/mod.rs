//! One event's way through the house: look it up, read what is known, run the strategies, land the plan.
//!
//! ONE batched read, one hop to a compute thread, ONE atomic durable commit. Strategies are pure, so when somebody
//! else wrote first, the whole decision is simply made again.

mod check;
mod hop;
mod oversize;
mod prepare;
mod watch;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant as Stopwatch;

use rebound_catalog::CustomerKey;
use rebound_domain::event::ReturnRequest;
use rebound_domain::ids::{BudgetId, ReturnId};
use rebound_domain::plan::Plan;
use rebound_storage::{Batch, Entry, Sequence};
use rebound_telemetry::{Follow, Place, Value, current};

use self::hop::HopOutput;
use self::prepare::{Prepared, StageRoute};
use self::watch::Watch;
use crate::Engine;
use crate::control::{Control, named};
use crate::customer::open_data_key;
use crate::error::{Damaged, DecideError, Fault};
use crate::identity::{NOBODY, Owner, Seal};
use crate::keys::{self, CustomerKeys};
use crate::recorder::{Capture, Draft, Why};
use crate::records::{BodyDigest, EventRecord, PlanRecord, ReturnRecord, decode, encode, open, seal};

/// Most tries of a decision that others keep overtaking.
const ATTEMPTS_MAX: usize = 32;

/// Whether a decision is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The plan is stored; the answer waits until it is durable.
    Commit,
    /// Nothing is stored and nothing is learned.
    DryRun,
}

/// Where a plan comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It was made now.
    Made,
    /// The same event was decided before.
    Stored,
    /// It was made now and is kept nowhere.
    DryRun,
}

/// A plan, and where it comes from.
#[derive(Debug, Clone)]
pub struct Decided {
    /// The plan.
    pub plan: Plan,
    /// Where it comes from.
    pub origin: Origin,
}

impl Engine {
    /// Decides a return. `body` is what "the same body" is compared by.
    ///
    /// A decision to be kept runs to its end even when the caller goes away.
    ///
    /// # Errors
    /// [`DecideError`]: a body that does not stand, an event or return that was decided otherwise, or a fault.
    pub async fn decide(
        &self,
        request: ReturnRequest,
        body: BodyDigest,
        mode: Mode,
    ) -> Result<Decided, DecideError> {
        let started = Stopwatch::now();
        let mut span = Follow::part_of(current().as_ref(), "decide");
        check::request(&request, &self.shared.limits)?;
        let engine = self.clone();
        let decided = match mode {
            Mode::DryRun => engine.decide_until_landed(request, body, mode, span.place()).await,
            Mode::Commit => {
                // A task of its own is in no trace, so it is handed what it is a part of.
                let place = span.place();
                let task =
                    tokio::spawn(async move { engine.decide_until_landed(request, body, mode, place).await });
                task.await.unwrap_or(Err(DecideError::Fault(Fault::Lost("a decision"))))
            }
        };
        let outcome = match &decided {
            Ok(Decided { origin: Origin::Made, plan }) => {
                self.shared.figures.ran(plan);
                self.shared.violations.shown(plan);
                "made"
            }
            Ok(Decided { origin: Origin::Stored, .. }) => "stored",
            Ok(Decided { origin: Origin::DryRun, .. }) => "dry-run",
            Err(DecideError::Fault(_)) => "fault",
            Err(_) => "refused",
        };
        let took = started.elapsed();
        self.shared.figures.decided(outcome, took);
        span.tell(|span| {
            span.set("rebound.outcome", Value::Word(outcome));
            if outcome == "fault" {
                span.fail(outcome.to_owned());
            }
        });
        tracing::debug!(
            outcome,
            micros = took.as_micros(),
            calls = decided.as_ref().map(calls).ok(),
            "a return was decided"
        );
        decided
    }

    async fn decide_until_landed(
        &self,
        request: ReturnRequest,
        body: BodyDigest,
        mode: Mode,
        follow: Option<Place>,
    ) -> Result<Decided, DecideError> {
        let request = Arc::new(request);
        let mut conflict = Fault::Busy;
        let mut spent = BTreeSet::new();
        for _ in 0..ATTEMPTS_MAX {
            match self.try_decide(&request, body, mode, &spent, follow.as_ref()).await {
                // Others spent the rest of a budget meanwhile: the plan is made again without it.
                Err(DecideError::Fault(fault)) if fault.spent_budget().is_some() => {
                    self.shared.figures.retried();
                    spent.extend(fault.spent_budget());
                    conflict = Fault::Busy;
                }
                Err(DecideError::Fault(fault)) if fault.is_conflict() => {
                    self.shared.figures.retried();
                    conflict = fault;
                }
                decided => return decided,
            }
        }
        Err(match conflict.at_last() {
            Fault::Damaged(Damaged::Keyless) => DecideError::Unopened,
            fault => fault.into(),
        })
    }

    async fn try_decide(
        &self,
        request: &Arc<ReturnRequest>,
        body: BodyDigest,
        mode: Mode,
        spent: &BTreeSet<BudgetId>,
        follow: Option<&Place>,
    ) -> Result<Decided, DecideError> {
        let host = &self.shared.host_key;
        let body = host.mac("body", &[&body]);
        let event_key = keys::event(host, &request.source, &request.id);
        let reading = Follow::part_of(follow, "read");
        let prepared = Prepared::read(self, request).await?;
        drop(reading);
        if mode == Mode::Commit {
            if prepared.is_erased()? {
                self.shared.storage.durable(prepared.file.sequence).await?;
                return Err(DecideError::Erased { return_id: request.return_id.clone() });
            }
            if let Some(event) = prepared.known_event(&event_key)? {
                return self.stored(request, event, body, prepared.file.sequence).await;
            }
            if let Some(known) = prepared.known_return()? {
                // The reply tells of a plan that must not be taken back by a crash.
                self.shared.storage.durable(prepared.file.sequence).await?;
                let return_id = request.return_id.clone();
                return Err(match known.is_past {
                    true => DecideError::ReturnPast { return_id },
                    false => DecideError::ReturnDecided { return_id },
                });
            }
        }
        let (mut prepared, input) = prepared.into_input(self, request, spent, mode)?;
        let mut watch = self.watch(mode, input.control.as_ref(), &input.routes).await;
        watch.follow = follow.cloned();
        let HopOutput { plan, states, capture } =
            self.shared.compute.run(move || hop::run(input, &watch)).await?;
        if mode == Mode::DryRun {
            // No commit follows to wait for: what the plan was built on must not be taken back by a crash.
            self.shared.storage.durable(prepared.file.sequence).await?;
            return Ok(Decided { plan, origin: Origin::DryRun });
        }
        let mut batch = Batch::new();
        let event = EventRecord { body, return_id: request.return_id.clone() };
        let sealed_event = seal(&prepared.file.seal, &event_key.owner, &event);
        batch.expect_absent(event_key.clone()).put(event_key, sealed_event);
        let return_key = keys::return_index(host, &request.return_id);
        let index = ReturnRecord { owner: prepared.file.owner, is_past: false };
        batch.expect_absent(return_key.clone()).put(return_key, encode(&index));
        prepared.take_back(&plan);
        prepared.make_promises(self, &plan, &mut batch);
        prepared.file.write(&self.shared, &mut batch)?;
        prepared.write_states(&mut batch, states);
        prepared.write_exposures(&mut batch, &plan);
        let record = PlanRecord { requested_at: request.requested_at, products: prepared.products(), plan };
        let plan_key = prepared.file.keys.plan(host, &request.return_id);
        let sealed = seal(&prepared.file.seal, &plan_key.key, &record);
        batch.put(plan_key, sealed);
        self.commit(batch, follow).await?;
        self.shared.event_at(record.requested_at);
        let owner = prepared.file.owner;
        self.shared.shelf.change(|catalogue| {
            catalogue.returned(CustomerKey(owner), record.requested_at, &record.products);
        });
        self.record(capture, owner, prepared.file.seal);
        Ok(Decided { plan: record.plan, origin: Origin::Made })
    }

    /// Lands a decision, and counts how long it took to be durable.
    async fn commit(&self, batch: Batch, follow: Option<&Place>) -> Result<(), DecideError> {
        let mut committing = Follow::part_of(follow, "commit");
        let started = Stopwatch::now();
        let landed = self.shared.storage.commit(batch).await;
        self.shared.figures.timings.committed(landed.is_ok(), started.elapsed());
        if landed.is_err() {
            committing.tell(|span| span.fail("refused".to_owned()));
        }
        landed?;
        Ok(())
    }

    async fn watch(&self, mode: Mode, control: &Control, routes: &[StageRoute]) -> Watch {
        let captures = mode == Mode::Commit && self.shared.limits.recordings > 0;
        let plugins = routes.iter().flat_map(|route| named(&route.entries));
        Watch {
            wards: Arc::clone(&self.shared.wards),
            rack: Arc::clone(&self.shared.rack),
            passes: self.shared.namespaces.enter(&control.policy.value, plugins).await,
            mode,
            captures,
            follow: None,
        }
    }

    /// Hands a decision over to be recorded, when a call failed or its return is one of the share.
    fn record(&self, capture: Option<Capture>, owner: Owner, seal: Seal) {
        let Some(capture) = capture else { return };
        let share = u64::from(self.shared.tuning.record_share_bp());
        let drawn = || {
            let return_id = capture.request.return_id.as_str().as_bytes();
            self.shared.host_key.seed(&[b"recording", return_id]) % 10_000
        };
        let why = match capture.has_failed() {
            true => Why::Failed,
            false if drawn() < share => Why::Sampled,
            false => return,
        };
        let bytes_max = self.shared.tuning.recording_bytes() as usize;
        self.shared.clerk.record(Draft { capture, why, owner, seal, bytes_max });
    }

    /// Answers a repeated event with the plan it became.
    async fn stored(
        &self,
        request: &ReturnRequest,
        event: Option<EventRecord>,
        body: [u8; 32],
        sequence: Sequence,
    ) -> Result<Decided, DecideError> {
        self.shared.storage.durable(sequence).await?;
        let Some(event) = event.filter(|event| event.body == body) else {
            let (source_name, id) = (request.source.to_string(), request.id.to_string());
            return Err(DecideError::EventConflict { source_name, id });
        };
        let plan = self.plan(&event.return_id).await?.ok_or(Damaged::Missing { what: "plan" })?;
        Ok(Decided { plan, origin: Origin::Stored })
    }

    /// The plan of a return; none when it was never decided.
    ///
    /// # Errors
    /// [`Fault`] when the storage cannot answer.
    pub async fn plan(&self, id: &ReturnId) -> Result<Option<Plan>, Fault> {
        let host = &self.shared.host_key;
        let read = self.shared.storage.get(vec![keys::return_index(host, id)]).await?;
        let Some(index) = read.value.first().and_then(Option::as_ref).and_then(Entry::bytes) else {
            return Ok(None);
        };
        let ReturnRecord { owner, .. } = decode("return", index)?;
        if owner == NOBODY {
            return Ok(None);
        }
        let keys = CustomerKeys::new(&owner);
        let plan_key = keys.plan(host, id);
        let index_sequence = read.sequence;
        let read = self.shared.storage.get(vec![keys.data_key(), plan_key.clone()]).await?;
        let mut values = read.value.iter().map(|entry| entry.as_ref().and_then(Entry::bytes));
        let mut next = || values.next().flatten();
        // Erased between the two reads.
        let (Some(data_key), Some(sealed)) = (next(), next()) else { return Ok(None) };
        let seal = match open_data_key(&self.shared, &owner, data_key) {
            Err(Damaged::Keyless) => return Ok(None),
            opened => opened?,
        };
        let record: PlanRecord = open(&seal, "plan", &plan_key.key, sealed)?;
        self.shared.storage.durable(read.sequence.max(index_sequence)).await?;
        Ok(Some(record.plan))
    }
}

/// The calls of a decision on a line, for the log: `coupon rebound/coupons@0.1.0 value`.
fn calls(Decided { plan, .. }: &Decided) -> String {
    let call =
        |call: &rebound_domain::plan::StageTrace| format!("{} {} {}", call.stage, call.plugin, call.outcome);
    plan.trace.stages.iter().map(call).collect::<Vec<_>>().join(", ")
}
