//! What an operator's monitoring reads: counters and histograms in the Prometheus text format.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use rebound_domain::ids::PluginRef;
use rebound_domain::plan::{Plan, StageTrace};
use rebound_domain::quarantine::{Change, State};
use rebound_sandbox::Origin;

use crate::timings::Timings;
use crate::wards::{QuarantineStatus, WardRecord};

/// The figures of one engine.
pub(crate) struct Figures {
    registry: Registry,
    decisions: Family<Decision, Counter>,
    duration: Histogram,
    calls: Family<Call, Counter>,
    fuel: Family<Version, Counter>,
    retries: Counter,
    coupons: Family<Proposed, Counter>,
    draws: Family<Decision, Counter>,
    holds: Counter,
    quarantine: Family<Version, Gauge>,
    after: AfterFigures,
    pub(crate) timings: Timings,
    rack: RackFigures,
}

/// The figures of what is loaded. Cheap to clone; every clone counts for the same engine.
#[derive(Clone, Default)]
pub(crate) struct RackFigures {
    loads: Family<Loaded, Counter>,
    unloads: Counter,
    mends: Counter,
    versions: Gauge,
    code_bytes: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Loaded {
    origin: &'static str,
}

/// The figures of what is written after decisions. Cheap to clone; every clone counts for the same engine.
#[derive(Clone)]
pub(crate) struct AfterFigures {
    trips: Family<Version, Counter>,
    recordings: Family<Recorded, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Recorded {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Decision {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    stage: &'static str,
    plugin: String,
    outcome: String,
    arm: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Proposed {
    plugin: String,
    outcome: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Version {
    stage: &'static str,
    plugin: String,
}

impl Figures {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("rebound");
        let decisions = Family::default();
        registry.register("decisions", "Return events by what became of them", decisions.clone());
        // 0.25 ms to about 4 s: a decision has a budget of 100 ms.
        let duration = Histogram::new(exponential_buckets(0.000_25, 2.0, 15));
        registry.register_with_unit(
            "decision_duration",
            "From the parsed event to the durable plan",
            Unit::Seconds,
            duration.clone(),
        );
        let calls = Family::default();
        registry.register("strategy_calls", "Calls of strategies by outcome and arm", calls.clone());
        let fuel = Family::default();
        registry.register("strategy_fuel", "Fuel used by strategies", fuel.clone());
        let retries = Counter::default();
        registry.register(
            "decision_retries",
            "Decisions made again because others wrote first",
            retries.clone(),
        );
        let coupons = Family::default();
        registry.register("coupons", "Coupons proposed, by what became of them", coupons.clone());
        let draws = Family::default();
        registry.register("draws", "Surprises drawn, by whether there was a prize", draws.clone());
        let holds = Counter::default();
        registry.register("price_holds", "Price holds made", holds.clone());
        let quarantine = Family::default();
        registry.register(
            "quarantine_state",
            "Versions by whether they run: 0 as usual, 1 tried again, 2 left out, 3 held by an operator",
            quarantine.clone(),
        );
        let after = AfterFigures { trips: Family::default(), recordings: Family::default() };
        registry.register(
            "quarantine_trips",
            "How often versions were left out, failed probes included",
            after.trips.clone(),
        );
        registry.register(
            "recordings",
            "Decisions to be recorded by what became of the recording",
            after.recordings.clone(),
        );
        let timings = Timings::register(&mut registry);
        let rack = RackFigures::default();
        rack.register(&mut registry);
        Self {
            timings,
            registry,
            decisions,
            duration,
            calls,
            fuel,
            retries,
            coupons,
            draws,
            holds,
            quarantine,
            after,
            rack,
        }
    }

    pub(crate) fn decided(&self, outcome: &'static str, took: Duration) {
        self.decisions.get_or_create(&Decision { outcome }).inc();
        self.duration.observe(took.as_secs_f64());
    }

    pub(crate) fn ran(&self, plan: &Plan) {
        plan.trace.stages.iter().for_each(|call| self.called(call));
        self.timings.ran(plan);
        let proposed = |plugin: &PluginRef, outcome: &str| {
            let (plugin, outcome) = (plugin.to_string(), outcome.to_owned());
            self.coupons.get_or_create(&Proposed { plugin, outcome }).inc();
        };
        plan.coupons.iter().for_each(|coupon| proposed(&coupon.plugin, "issued"));
        plan.sharing.rewards().for_each(|reward| proposed(&reward.plugin, "promised"));
        plan.trace.proposals.iter().for_each(|refused| proposed(&refused.plugin, &refused.reason));
        for draw in &plan.draws {
            let prize = draw.drawn.and_then(|drawn| draw.prizes.get(drawn as usize)?.terms.as_ref());
            let outcome = if prize.is_some() { "prize" } else { "nothing" };
            self.draws.get_or_create(&Decision { outcome }).inc();
        }
        self.holds.inc_by(plan.offers.iter().filter(|offer| offer.hold.is_some()).count() as u64);
    }

    pub(crate) fn retried(&self) {
        self.retries.inc();
    }

    fn called(&self, call: &StageTrace) {
        let (stage, plugin) = (call.stage.word(), call.plugin.to_string());
        let arm = call
            .assignment
            .as_ref()
            .and_then(|it| it.arm.as_ref())
            .map_or_else(String::new, ToString::to_string);
        self.fuel.get_or_create(&Version { stage, plugin: plugin.clone() }).inc_by(call.fuel);
        self.calls.get_or_create(&Call { stage, plugin, outcome: call.outcome.clone(), arm }).inc();
    }

    pub(crate) fn after(&self) -> AfterFigures {
        self.after.clone()
    }

    pub(crate) fn rack(&self) -> RackFigures {
        self.rack.clone()
    }

    /// The figures as text, the quarantines as they are now.
    pub(crate) fn text(&self, quarantines: &[QuarantineStatus]) -> String {
        for QuarantineStatus { plugin, stage, quarantine, .. } in quarantines {
            let level = match (&quarantine.hold, quarantine.state) {
                (Some(_), _) => 3,
                (None, State::Open { .. }) => 2,
                (None, State::HalfOpen { .. }) => 1,
                (None, State::Closed) => 0,
            };
            let version = Version { stage: stage.word(), plugin: plugin.to_string() };
            self.quarantine.get_or_create(&version).set(level);
        }
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("a string takes all text");
        text
    }
}

impl RackFigures {
    fn register(&self, registry: &mut Registry) {
        registry.register(
            "version_loads",
            "Versions loaded by where their code came from",
            self.loads.clone(),
        );
        registry.register("version_unloads", "Versions unloaded to make room", self.unloads.clone());
        registry.register(
            "version_mends",
            "Versions compiled again because a call found none that could be loaded",
            self.mends.clone(),
        );
        registry.register("versions_loaded", "Versions that are loaded", self.versions.clone());
        registry.register_with_unit(
            "versions_loaded_code",
            "Machine code of the versions that are loaded",
            Unit::Bytes,
            self.code_bytes.clone(),
        );
    }

    pub(crate) fn loaded(&self, origin: Origin) {
        self.loads.get_or_create(&Loaded { origin: origin.word() }).inc();
    }

    pub(crate) fn mending(&self) {
        self.mends.inc();
    }

    pub(crate) fn unloaded(&self) {
        self.unloads.inc();
    }

    pub(crate) fn stands(&self, version_count: usize, code_bytes: u64) {
        self.versions.set(i64::try_from(version_count).unwrap_or(i64::MAX));
        self.code_bytes.set(i64::try_from(code_bytes).unwrap_or(i64::MAX));
    }
}

impl AfterFigures {
    pub(crate) fn changed(&self, record: &WardRecord, change: Change) {
        if change == Change::Tripped {
            let version = Version { stage: record.stage.word(), plugin: record.plugin.to_string() };
            self.trips.get_or_create(&version).inc();
        }
    }

    /// What became of a recording: kept, truncated, dropped, failed.
    pub(crate) fn recorded(&self, outcome: &'static str) {
        self.recordings.get_or_create(&Recorded { outcome }).inc();
    }
}
