//! The compute hop: all five stages on one thread, pure. What comes out depends on nothing but what goes in.
//!
//! Each stage's answer is checked before the next stage sees it. A strategy that fails costs its own stage its
//! answer, never the customer the plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use rebound_catalog::Snapshot;
use rebound_domain::answer::{
    Classification, Compensation, Recommendations, Segment, ShareKit, StateChange, Step,
};
use rebound_domain::catalog::Catalog;
use rebound_domain::compose::{self, Answered, Answers, Decision};
use rebound_domain::coupon::Secrets;
use rebound_domain::event::ReturnRequest;
use rebound_domain::ids::{PluginName, PluginRef};
use rebound_domain::limits::Limits;
use rebound_domain::manifest::Stage;
use rebound_domain::money::Money;
use rebound_domain::plan::{Plan, StageAssignment, StageTrace};
use rebound_domain::quarantine::{Admission, Ticket, Verdict};
use rebound_domain::route::{Access, RouteEntry};
use rebound_domain::situation::{Context, Situation};
use rebound_sandbox::{Outcome, Plugin, Report};
use rebound_telemetry::Follow;
use serde::Serialize;
use serde_json::Value;

use super::oversize;
use super::prepare::StageRoute;
use super::watch::{Watch, tell};
use crate::LogCounts;
use crate::control::{Control, Published};
use crate::identity::HostKey;
use crate::promise::PlanSecrets;
use crate::recorder::{Capture, CapturedCall, Ended, Given, Overheard, written};
use crate::wards::verdict;
use crate::zone::MerchantZone;

/// The outcome of a version that was not called because it is quarantined.
const QUARANTINED: &str = "quarantined";
/// The outcome of a version that was not called because it could not be loaded without a compiler.
const NOT_LOADED: &str = "not-loaded";
/// The outcome of a version that was not called because its namespace has used what it may.
const OVER_QUOTA: &str = "over-quota";

/// Whose state: versions with the same state version share it.
pub(super) type StateKey = (Stage, PluginName, u32);

/// Everything a decision depends on.
pub(super) struct HopInput {
    pub(super) request: Arc<ReturnRequest>,
    pub(super) situation: Situation,
    pub(super) control: Arc<Control>,
    pub(super) limits: Limits,
    pub(super) snapshot: Snapshot,
    /// One per stage, in the order they run.
    pub(super) routes: Vec<StageRoute>,
    pub(super) states: BTreeMap<StateKey, Vec<u8>>,
    /// What the customer may still use of earlier coupons.
    pub(super) unused_benefits: Money,
    /// What draws and codes come from; none in a dry run.
    pub(super) host_key: Option<HostKey>,
}

/// The plan, what strategies want remembered, and what may be recorded.
pub(super) struct HopOutput {
    pub(super) plan: Plan,
    pub(super) states: Vec<(StateKey, StateChange)>,
    pub(super) capture: Option<Capture>,
}

/// Makes the plan.
pub(super) fn run(input: HopInput, watch: &Watch) -> HopOutput {
    let catalog: Arc<dyn Catalog> = Arc::new(input.snapshot.at(input.situation.now, Access::Withheld));
    let mut hop = Hop {
        input: &input,
        watch,
        catalog: &catalog,
        traces: Vec::new(),
        states: Vec::new(),
        attended: Vec::new(),
        heard: Vec::new(),
        captured: Vec::new(),
    };
    let (mut answers, given) = hop.all_stages();
    let Hop { mut traces, mut states, attended, heard, captured, .. } = hop;
    let zone = MerchantZone::named(&input.control.policy.value.timezone);
    let return_id = &input.request.return_id;
    let secrets = input.host_key.as_ref().map(|host_key| PlanSecrets { host_key, return_id });
    let plan = loop {
        let decision = Decision {
            request: &input.request,
            situation: &input.situation,
            policy: &input.control.policy.value,
            book: &input.control.book,
            catalog: catalog.as_ref(),
            timeline: &[],
            answers: &answers,
            unused_benefits: input.unused_benefits,
            zone: &zone,
            secrets: secrets.as_ref().map(|secrets| secrets as &dyn Secrets),
        };
        let plan = compose::plan(&decision, assignments(&input.routes), traces.clone());
        match oversize::culprit(&plan, input.limits.plan_bytes as usize) {
            None => break plan,
            Some((stage, problem)) => {
                oversize::withdraw(stage, &problem, &mut answers, &mut traces);
                states.retain(|((of, ..), _)| *of != stage);
            }
        }
    };
    watch.count(&traces, &heard);
    watch.settle(input.situation.now, &attended, &traces);
    let HopInput { request, situation, snapshot, .. } = input;
    let capture = watch.captures.then_some(Capture { request, situation, snapshot, given, calls: captured });
    HopOutput { plan, states, capture }
}

/// Where an experiment chose the route.
fn assignments(routes: &[StageRoute]) -> Vec<StageAssignment> {
    let assigned = |StageRoute { stage, assignment, .. }: &StageRoute| {
        assignment.clone().map(|assignment| StageAssignment { stage: *stage, assignment })
    };
    routes.iter().filter_map(assigned).collect()
}

struct Hop<'a> {
    input: &'a HopInput,
    watch: &'a Watch,
    /// The catalogue without margins.
    catalog: &'a Arc<dyn Catalog>,
    traces: Vec<StageTrace>,
    states: Vec<(StateKey, StateChange)>,
    /// How each trace was admitted and what it says of its version; none for a version that was not called.
    attended: Vec<Option<(Ticket, Verdict)>>,
    /// What each trace's call logged.
    heard: Vec<LogCounts>,
    captured: Vec<CapturedCall>,
}

impl Hop<'_> {
    /// What all stages answered, and what earlier ones gave later ones.
    fn all_stages(&mut self) -> (Answers, Given) {
        let segmentation = self
            .stage(Stage::Segmentation, |plugin, context, catalog| plugin.classify(context, catalog))
            .pop();
        let segment = segmentation
            .as_ref()
            .map_or_else(Segment::unknown, |it: &Answered<Classification>| it.answer.segment.clone());
        let recommendation = self.stage(Stage::Recommendation, |plugin, context, catalog| {
            plugin.recommend(context, catalog, &segment)
        });
        let offers = compose::merge_offers(&recommendation).items;
        let coupon = self.stage(Stage::Coupon, |plugin, context, catalog| {
            plugin.compensate(context, catalog, &segment, &offers)
        });
        let proposals = compose::merge_proposals(&coupon).items;
        let sharing = self.stage(Stage::Sharing, |plugin, context, catalog| {
            plugin.compose(context, catalog, &segment, &offers, &proposals)
        });
        // Nothing has happened to the parcel yet when a return is decided, and custody is not reported yet.
        let progress = self
            .stage(Stage::Progress, |plugin, context, catalog| {
                plugin.narrate(context, catalog, &segment, &[], &[])
            })
            .pop();
        let answers = Answers { segmentation, recommendation, coupon, sharing, progress };
        (answers, Given { segment, offers, proposals })
    }

    /// Runs every entry of a stage's route, each with its fallback; the answers that stand, in route order.
    fn stage<T: Answer>(
        &mut self,
        stage: Stage,
        run: impl Fn(&Plugin, &Context<'_>, &Arc<dyn Catalog>) -> Report<T>,
    ) -> Vec<Answered<T>> {
        let input = self.input;
        let Some(route) = input.routes.iter().find(|route| route.stage == stage) else { return Vec::new() };
        route.entries.iter().filter_map(|entry| self.entry(route, entry, &run)).collect()
    }

    fn entry<T: Answer>(
        &mut self,
        route: &StageRoute,
        entry: &RouteEntry,
        run: &impl Fn(&Plugin, &Context<'_>, &Arc<dyn Catalog>) -> Report<T>,
    ) -> Option<Answered<T>> {
        match self.call(route, entry, &entry.plugin, &entry.config, false, run) {
            Called::Answered(answered) => Some(answered),
            Called::Declined => None,
            Called::Failed => {
                let fallback = entry.fallback.as_ref()?;
                match self.call(route, entry, &fallback.plugin, &fallback.config, true, run) {
                    Called::Answered(answered) => Some(answered),
                    Called::Declined | Called::Failed => None,
                }
            }
        }
    }

    fn call<T: Answer>(
        &mut self,
        route: &StageRoute,
        entry: &RouteEntry,
        plugin: &PluginRef,
        config: &str,
        fallback: bool,
        run: &impl Fn(&Plugin, &Context<'_>, &Arc<dyn Catalog>) -> Report<T>,
    ) -> Called<T> {
        let input = self.input;
        let published: &Arc<Published> = input
            .control
            .plugins
            .get(plugin)
            .expect("a route names published versions only, and none is removed");
        let mut span = self.watch.call();
        let now = input.situation.now;
        let ticket = match self.watch.admit(plugin, route.stage, now) {
            Admission::Admitted(ticket) => ticket,
            Admission::Refused(refusal) => {
                let why = (QUARANTINED, refusal.to_string());
                self.leave_out(&mut span, left_out(route, plugin, published, why, fallback), None);
                return Called::Failed;
            }
        };
        let pass = self.watch.pass(plugin);
        if let Err(over) = pass.admit() {
            let why = (OVER_QUOTA, over.to_string());
            let spared = Some((ticket, Verdict::Spared));
            self.leave_out(&mut span, left_out(route, plugin, published, why, fallback), spared);
            return Called::Failed;
        }
        // Before the call's clock starts: what loading takes is the host's time, not the strategy's.
        let callee = match self.watch.rack.take(&published.seat) {
            Ok(callee) => callee,
            Err(error) => {
                let why = (NOT_LOADED, error.to_string());
                let spared = Some((ticket, Verdict::Spared));
                self.leave_out(&mut span, left_out(route, plugin, published, why, fallback), spared);
                return Called::Failed;
            }
        };
        let state_key = (route.stage, plugin.name.clone(), published.words.manifest.state_version);
        let context = Context {
            situation: &input.situation,
            slots: entry.slots,
            config,
            state: input.states.get(&state_key).map(Vec::as_slice),
        };
        let with_margin: Arc<dyn Catalog>;
        let catalog = match entry.margin {
            Access::Withheld => self.catalog,
            Access::Granted => {
                with_margin = Arc::new(input.snapshot.at(input.situation.now, Access::Granted));
                &with_margin
            }
        };
        let overheard = self.watch.captures.then(|| Arc::new(Overheard::new(Arc::clone(catalog))));
        let report = match &overheard {
            Some(overheard) => run(&callee, &context, &(Arc::clone(overheard) as Arc<dyn Catalog>)),
            None => run(&callee, &context, catalog),
        };
        self.attended.push(Some((ticket, verdict(&report.outcome))));
        if let Some(overheard) = overheard {
            self.captured.push(CapturedCall {
                stage: route.stage,
                plugin: plugin.clone(),
                digest: published.words.digest,
                fallback,
                slots: entry.slots,
                margin: entry.margin,
                config: config.to_owned(),
                state: context.state.map(<[u8]>::to_vec),
                questions: overheard.take(),
                ended: Ended::of(&report),
                output: kept(&report.outcome),
            });
        }
        let Report { outcome, usage, mut log } = report;
        pass.charge(usage.fuel);
        self.heard.push(pass.hear(&mut log, usage.log_lines));
        for line in log {
            tracing::debug!(%plugin, stage = %route.stage, level = line.level.word(), message = %line.message.escape_debug(), "a strategy logged");
        }
        self.traces.push(StageTrace {
            stage: route.stage,
            plugin: plugin.clone(),
            digest: published.words.digest,
            assignment: route.assignment.clone(),
            outcome: outcome.word().to_owned(),
            detail: outcome.detail(),
            fallback,
            fuel: usage.fuel,
            fuel_max: usage.fuel_max,
            micros: usage.micros,
            memory_bytes: usage.memory_bytes,
            memory_bytes_max: usage.memory_bytes_max,
            output_bytes: usage.output_bytes,
            log_lines: usage.log_lines,
        });
        self.traces.last().into_iter().for_each(|call| tell(&mut span, call));
        drop(span);
        match outcome {
            Outcome::Value(mut answer) => {
                match answer.take_state() {
                    StateChange::Keep => {}
                    change => self.states.push((state_key, change)),
                }
                Called::Answered(Answered { by: published.words.clone(), slots: entry.slots, answer })
            }
            Outcome::Declined(_) => Called::Declined,
            _ => Called::Failed,
        }
    }
}

impl Hop<'_> {
    /// Notes a version that was not called. One that was admitted gives back what it was admitted with.
    fn leave_out(&mut self, span: &mut Follow, trace: StageTrace, attended: Option<(Ticket, Verdict)>) {
        tell(span, &trace);
        self.traces.push(trace);
        self.attended.push(attended);
        self.heard.push(LogCounts::default());
    }
}

/// The trace of a version that was not called.
fn left_out(
    route: &StageRoute,
    plugin: &PluginRef,
    published: &Published,
    (outcome, detail): (&str, String),
    fallback: bool,
) -> StageTrace {
    StageTrace {
        stage: route.stage,
        plugin: plugin.clone(),
        digest: published.words.digest,
        assignment: route.assignment.clone(),
        outcome: outcome.to_owned(),
        detail: Some(detail),
        fallback,
        fuel: 0,
        fuel_max: 0,
        micros: 0,
        memory_bytes: 0,
        memory_bytes_max: 0,
        output_bytes: 0,
        log_lines: 0,
    }
}

/// Writes an answer out, later if at all.
fn kept<T: Answer>(outcome: &Outcome<T>) -> Option<Box<dyn FnOnce() -> Value + Send>> {
    let Outcome::Value(answer) = outcome else { return None };
    let answer = answer.clone();
    Some(Box::new(move || written(&answer)))
}

enum Called<T> {
    Answered(Answered<T>),
    /// Nothing to say: no failure, and no fallback.
    Declined,
    Failed,
}

/// An answer that may want something remembered.
trait Answer: Clone + Serialize + Send + 'static {
    fn take_state(&mut self) -> StateChange;
}

macro_rules! remembers {
    ($($answer:ty),*) => {$(
        impl Answer for $answer {
            fn take_state(&mut self) -> StateChange {
                std::mem::take(&mut self.state)
            }
        }
    )*};
}

remembers!(Classification, Recommendations, Compensation, ShareKit);

/// Progress is told again on each read, so it remembers nothing.
impl Answer for Vec<Step> {
    fn take_state(&mut self) -> StateChange {
        StateChange::Keep
    }
}
