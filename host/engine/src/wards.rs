//! Which versions are left out: one quarantine per version and stage, in memory, consulted around every call.
//!
//! The rules are [`rebound_domain::quarantine`]'s. Here they are shared between threads, survive a restart, and are told
//! to operators. A decision never waits for any of that: what changes is written afterwards, by [`crate::clerk`].

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use rebound_domain::ids::PluginRef;
use rebound_domain::manifest::Stage;
use rebound_domain::quarantine::{Admission, Change, Hold, Quarantine, Rules, Ticket, Verdict};
use rebound_domain::time::Instant;
use rebound_sandbox::Outcome;
use rebound_storage::{Batch, Direction, Entry, KeyRange, SCAN_LIMIT_MAX, Storage};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::mpsc::UnboundedSender;

use crate::Engine;
use crate::audit::{self, to_value};
use crate::clerk::Note;
use crate::decide::Mode;
use crate::engine::StartError;
use crate::error::{ControlError, Damaged};
use crate::identity::Seal;
use crate::keys;
use crate::outbox::{OutboxEvent, QUARANTINED, RELEASED};
use crate::records::{decode, encode};

/// One version at one stage, as operators see it.
#[derive(Debug, Clone)]
pub struct QuarantineStatus {
    /// Which version.
    pub plugin: PluginRef,
    /// At which stage.
    pub stage: Stage,
    /// Its state, hold, trips and latest failure.
    pub quarantine: Quarantine,
    /// Calls that count now.
    pub calls: u32,
    /// Failures among them.
    pub failures: u32,
}

/// An operator's word.
#[derive(Debug, Clone)]
pub struct Said {
    /// Who says so.
    pub who: String,
    /// Why.
    pub reason: String,
}

/// A quarantine as it is stored, and a change of it as it is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct WardRecord {
    pub(crate) plugin: PluginRef,
    pub(crate) stage: Stage,
    pub(crate) quarantine: Quarantine,
}

impl WardRecord {
    /// Adds the state as it is now, and the event that tells of its change.
    pub(crate) fn write(
        &self,
        record_seal: &Seal,
        batch: &mut Batch,
        change: Change,
        at: Instant,
        said: Option<&Said>,
    ) {
        batch.put(keys::quarantine(self.stage, &self.plugin), encode(self));
        let kind = match change {
            Change::Tripped | Change::Held => QUARANTINED,
            Change::Closed | Change::Released => RELEASED,
        };
        let data = json!({
            "plugin": self.plugin,
            "stage": self.stage,
            "change": change.word(),
            "quarantine": self.quarantine,
            "who": said.map(|said| &said.who),
            "reason": said.map(|said| &said.reason),
        });
        OutboxEvent::new(kind, &self.plugin, at, data).write(record_seal, batch);
    }
}

/// One version at one stage.
#[derive(Default)]
struct Ward {
    /// Whether the quarantine is not clear. Written under its lock, read without: a call that is admitted a moment too
    /// late does no harm.
    is_barred: AtomicBool,
    quarantine: Mutex<Quarantine>,
}

impl Ward {
    fn lock(&self) -> MutexGuard<'_, Quarantine> {
        // Nothing under this lock panics halfway through a change.
        self.quarantine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the quarantine, and what the hot path reads of it.
    fn change<T>(&self, change: impl FnOnce(&mut Quarantine) -> T) -> (T, Quarantine) {
        let mut quarantine = self.lock();
        let answer = change(&mut quarantine);
        self.is_barred.store(!quarantine.is_clear(), Ordering::Release);
        (answer, quarantine.clone())
    }
}

type Stages = [Ward; Stage::ALL.len()];

/// All quarantines.
pub(crate) struct Wards {
    rules: ArcSwap<Rules>,
    wards: ArcSwap<BTreeMap<PluginRef, Arc<Stages>>>,
    notes: UnboundedSender<Note>,
    /// Held while an operator changes one: memory and storage change together.
    pub(crate) writer: tokio::sync::Mutex<()>,
}

impl Wards {
    pub(crate) fn new(rules: Rules, known: Vec<WardRecord>, notes: UnboundedSender<Note>) -> Self {
        let wards = Self {
            rules: ArcSwap::from_pointee(rules),
            wards: ArcSwap::default(),
            notes,
            writer: tokio::sync::Mutex::default(),
        };
        for WardRecord { plugin, stage, quarantine } in known {
            wards.of(&plugin)[stage as usize].change(|it| *it = quarantine);
        }
        wards
    }

    /// From now on these count.
    pub(crate) fn set_rules(&self, rules: Rules) {
        self.rules.store(Arc::new(rules));
    }

    fn of(&self, plugin: &PluginRef) -> Arc<Stages> {
        if let Some(stages) = self.wards.load().get(plugin) {
            return Arc::clone(stages);
        }
        let fresh = Arc::new(Stages::default());
        self.wards.rcu(|wards| {
            let mut wards = BTreeMap::clone(wards);
            wards.entry(plugin.clone()).or_insert_with(|| Arc::clone(&fresh));
            wards
        });
        // Somebody else may have been quicker.
        Arc::clone(self.wards.load().get(plugin).expect("it was there or is now, and none is taken out"))
    }

    /// Whether a version may be called now.
    pub(crate) fn admit(&self, plugin: &PluginRef, stage: Stage, now: Instant, mode: Mode) -> Admission {
        let ward = &self.of(plugin)[stage as usize];
        if !ward.is_barred.load(Ordering::Acquire) {
            return Admission::Admitted(Ticket::Run);
        }
        match mode {
            Mode::Commit => ward.change(|quarantine| quarantine.admit(now)).0,
            // Nothing is learned from a dry run, so it must not take the one probe.
            Mode::DryRun => ward.lock().peek(now),
        }
    }

    /// Takes in what became of an admitted call.
    pub(crate) fn settle(
        &self,
        plugin: &PluginRef,
        stage: Stage,
        now: Instant,
        ticket: Ticket,
        verdict: Verdict,
        outcome: &str,
    ) {
        let ward = &self.of(plugin)[stage as usize];
        let mut quarantine = ward.lock();
        let Some(change) = quarantine.settle(&self.rules.load(), now, ticket, verdict, outcome) else {
            return;
        };
        ward.is_barred.store(!quarantine.is_clear(), Ordering::Release);
        let (state, plugin) = (quarantine.clone(), plugin.clone());
        tracing::warn!(%plugin, %stage, change = change.word(), outcome, trips = state.trips, "a version's quarantine changed");
        let record = Box::new(WardRecord { plugin, stage, quarantine: state });
        // Sent under the lock, so that changes are written in their order. There is no receiver only once the service
        // has ended.
        self.notes.send(Note::Quarantine { record, change, at: now }).ok();
    }

    /// Every version and stage that was called or changed, by version.
    pub(crate) fn all(&self, now: Instant) -> Vec<QuarantineStatus> {
        let wards = self.wards.load();
        let status = |(plugin, stages): (&PluginRef, &Arc<Stages>)| {
            Stage::ALL.map(|stage| {
                let quarantine = stages[stage as usize].lock().clone();
                let (calls, failures) = quarantine.recent(&self.rules.load(), now);
                QuarantineStatus { plugin: plugin.clone(), stage, quarantine, calls, failures }
            })
        };
        let told = |it: &QuarantineStatus| {
            it.calls > 0
                || !it.quarantine.is_clear()
                || it.quarantine.trips > 0
                || it.quarantine.last.is_some()
        };
        wards.iter().flat_map(status).filter(told).collect()
    }
}

/// What an outcome says about the version that ran.
///
/// A config that does not work is the route's fault: counting it would let an operator's slip quarantine a good version.
/// A component that cannot be instantiated could be when it was published, so what changed is the host.
pub(crate) fn verdict<T>(outcome: &Outcome<T>) -> Verdict {
    match outcome {
        Outcome::Value(_) | Outcome::Declined(_) => Verdict::Passed,
        Outcome::InvalidConfig(_) | Outcome::Link(_) => Verdict::Spared,
        Outcome::Trap(trap) if trap.is_overload() => Verdict::Spared,
        Outcome::Internal(_) | Outcome::InvalidOutput(_) | Outcome::Trap(_) => Verdict::Failed,
    }
}

/// Reads the quarantines back.
pub(crate) async fn restore(storage: &dyn Storage) -> Result<Vec<WardRecord>, StartError> {
    let (mut records, mut range) = (Vec::new(), KeyRange::all());
    loop {
        let page = storage.scan(keys::QUARANTINE, range, SCAN_LIMIT_MAX, Direction::Forward).await?.value;
        let Some((last, _)) = page.last() else { return Ok(records) };
        range = KeyRange::all().after(last.clone());
        for (_, entry) in &page {
            let bytes = Entry::bytes(entry).ok_or(Damaged::Missing { what: "quarantine" })?;
            records.push(decode("quarantine", bytes)?);
        }
    }
}

impl Engine {
    /// Every version and stage that was called since the start, or is or was quarantined.
    #[must_use]
    pub fn quarantine(&self) -> Vec<QuarantineStatus> {
        self.shared.wards.all(self.now())
    }

    /// Stops a version at a stage until it is released. Its fallbacks serve in its place.
    ///
    /// # Errors
    /// [`ControlError`] when there is no such version, or it does not serve the stage.
    pub async fn hold(
        &self,
        plugin: &PluginRef,
        stage: Stage,
        said: Said,
    ) -> Result<QuarantineStatus, ControlError> {
        let hold = Hold { who: said.who.clone(), reason: said.reason.clone(), at: self.now() };
        self.change_ward(plugin, stage, said, |quarantine| quarantine.hold(hold.clone())).await
    }

    /// Lets a version run again at once, whether it is held or failed too often, with a clean slate.
    ///
    /// # Errors
    /// [`ControlError`] when there is no such version, or it does not serve the stage.
    pub async fn release(
        &self,
        plugin: &PluginRef,
        stage: Stage,
        said: Said,
    ) -> Result<QuarantineStatus, ControlError> {
        self.change_ward(plugin, stage, said, Quarantine::release).await
    }

    async fn change_ward(
        &self,
        plugin: &PluginRef,
        stage: Stage,
        said: Said,
        change: impl Fn(&mut Quarantine) -> Change,
    ) -> Result<QuarantineStatus, ControlError> {
        let control = self.control();
        let published = control
            .plugins
            .get(plugin)
            .ok_or_else(|| ControlError::UnknownPlugin { plugin: plugin.clone() })?;
        let serves = &published.words.manifest.stages;
        if !serves.contains(&stage) {
            let serves = serves.iter().map(|stage| stage.word()).collect::<Vec<_>>().join(", ");
            return Err(ControlError::WrongStage { plugin: plugin.clone(), stage, serves });
        }
        let _writing = self.shared.wards.writer.lock().await;
        // What calls changed before is written before: the record written here is the newest.
        self.shared.clerk.settled().await;
        let stages = self.shared.wards.of(plugin);
        let ward = &stages[stage as usize];
        let before = ward.lock().clone();
        let mut wanted = before.clone();
        let told = change(&mut wanted);
        let subject = format!("{plugin}/{stage}");
        let action = match told {
            Change::Held | Change::Tripped => "quarantine.hold",
            Change::Released | Change::Closed => "quarantine.release",
        };
        let audited = audit::Change::new(action, subject, to_value(&before), to_value(&wanted));
        let record = WardRecord { plugin: plugin.clone(), stage, quarantine: wanted };
        let (mut batch, now) = (Batch::new(), self.now());
        record.write(&self.shared.record_seal, &mut batch, told, now, Some(&said));
        tracing::info!(%plugin, %stage, change = told.word(), who = %said.who.escape_debug(), reason = %said.reason.escape_debug(), "an operator changes a version's quarantine");
        self.commit_audited(batch, audited).await?;
        // A call may have tripped it meanwhile: what the operator said is done to what is true now.
        let (_, quarantine) = ward.change(|it| change(it));
        let (calls, failures) = quarantine.recent(&self.shared.wards.rules.load(), now);
        Ok(QuarantineStatus { plugin: plugin.clone(), stage, quarantine, calls, failures })
    }
}
