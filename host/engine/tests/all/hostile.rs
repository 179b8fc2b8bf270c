//! A strategy that misbehaves costs its own stage, and nothing else: every behaviour of the hostile guest in one
//! table, each held to its outcome, to the plan that goes out all the same, and to the return after it.

use rebound_domain::ids::PluginRef;
use rebound_domain::limits::Limits;
use rebound_domain::manifest::Stage;
use rebound_domain::money::{BasisPoints, Money};
use rebound_domain::plan::Plan;
use rebound_domain::policy::Policy;
use rebound_domain::time::Duration;

use crate::house::{House, budget, currency, entry, request};

#[path = "../../../../tests/guests/behaviours.rs"]
mod behaviours;

use behaviours::{BEHAVIOURS, Behaviour};

/// A house where all five stages are served honestly, by one component.
struct Served {
    house: House,
    hostile: PluginRef,
    events: u32,
    /// What a plan holds of stages that gave nothing.
    nothing: [String; 5],
}

impl Served {
    async fn new() -> Self {
        // On a busy machine a call may wait long for its turn: only what the table is about may end one. And a version
        // that fails so often would be left out: quarantine has tests of its own.
        let limits =
            Limits { deadline: Duration(60_000), quarantine_failures: u32::MAX, ..Limits::default() };
        let house = House::limited(limits).await;
        house.stock(&["a", "b", "c"]).await;
        let mut policy = Policy::standard(currency());
        policy.incentive_share_max = BasisPoints(10_000);
        house.engine.set_policy(policy).await.unwrap();
        house.engine.set_budget(budget()).await.unwrap();
        let hostile = house.hostile().await;
        let mut served = Self { house, hostile, events: 0, nothing: Default::default() };
        served.nothing = sections(&served.plan().await);
        for stage in Stage::ALL {
            served.route(stage, "serve").await;
        }
        served
    }

    async fn route(&self, stage: Stage, config: &str) {
        let config = format!("\"{config}\"");
        self.house.engine.set_route(stage, vec![entry(&self.hostile, &config)]).await.unwrap();
    }

    /// The plan of the next customer's return, as it is stored.
    async fn plan(&mut self) -> Plan {
        self.events += 1;
        let name = |kind: &str| format!("{kind}-{}", self.events);
        let event = request(&name("e"), &name("r"), &name("c"), &["a"]);
        let plan = self.house.decide(&event).await.unwrap().plan;
        assert_eq!(self.house.engine.plan(&event.return_id).await.unwrap().as_ref(), Some(&plan));
        plan
    }

    async fn plan_of(&mut self, stage: Stage, config: &str) -> Plan {
        self.route(stage, config).await;
        let plan = self.plan().await;
        self.route(stage, "serve").await;
        plan
    }

    /// How many states are remembered, of all customers.
    async fn state_count(&self) -> usize {
        self.house.records().await.iter().filter(|(key, _)| key.key.starts_with(b"state/")).count()
    }
}

/// What each stage gave to a plan, in the order of the stages. Recommendation ids and codes name
/// their plan, so offers and coupons are told by what they say.
fn sections(plan: &Plan) -> [String; 5] {
    let offers: Vec<_> = plan.offers.iter().map(|offer| (&offer.sku, &offer.kind, &offer.copy)).collect();
    let coupons: Vec<_> = plan.coupons.iter().map(|coupon| &coupon.copy).collect();
    [
        format!("{:?} {:?} {:?}", plan.segment, plan.acknowledgement, plan.care),
        format!("{offers:?}"),
        format!("{coupons:?} {:?} {:?}", plan.trace.proposals, plan.follow_ups),
        format!("{:?}", plan.sharing),
        format!("{:?}", plan.progress),
    ]
}

fn outcomes(plan: &Plan) -> Vec<(Stage, &str)> {
    plan.trace.stages.iter().map(|call| (call.stage, call.outcome.as_str())).collect()
}

async fn hold_to_the_table(stage: Stage) {
    let mut served = Served::new().await;
    let honest = served.plan().await;
    assert_eq!(outcomes(&honest), Stage::ALL.map(|stage| (stage, "value")));
    let expected = sections(&honest);
    let behaviours: Vec<&Behaviour> = BEHAVIOURS.iter().filter(|it| it.stage == stage).collect();
    for Behaviour { config, outcome, detail, .. } in behaviours {
        let states = served.state_count().await;
        let plan = served.plan_of(stage, config).await;
        let call = plan.trace.stages.iter().find(|call| call.stage == stage).unwrap();
        let said = call.detail.as_deref().unwrap_or_default();
        assert_eq!(&call.outcome, outcome, "{stage} {config}: {said}");
        assert!(said.contains(detail), "{stage} {config}: {said}");
        // Whatever one stage does, the others answered, the refund stands, and what was said before stays so.
        let all = Stage::ALL.map(|it| (it, if it == stage { *outcome } else { "value" }));
        assert_eq!(outcomes(&plan), all, "{stage} {config}");
        assert_eq!(plan.refund, honest.refund, "{stage} {config}");
        let (given, index) = (sections(&plan), stage as usize);
        for other in (0..Stage::ALL.len()).filter(|other| *other != index) {
            assert_eq!(given[other], expected[other], "{stage} {config}");
        }
        if *outcome != "value" {
            assert_eq!(given[index], served.nothing[index], "{stage} {config} left something behind");
        }
        let remembered = states + usize::from(*config == "state 4096");
        assert_eq!(served.state_count().await, remembered, "{stage} {config}");
        let after = served.plan().await;
        assert_eq!(sections(&after), expected, "the return after {stage} {config}");
        assert_eq!(outcomes(&after), outcomes(&honest), "the return after {stage} {config}");
    }
}

#[tokio::test]
async fn a_hostile_segmenter_costs_its_own_stage() {
    hold_to_the_table(Stage::Segmentation).await;
}

#[tokio::test]
async fn a_hostile_recommender_costs_its_own_stage() {
    hold_to_the_table(Stage::Recommendation).await;
}

#[tokio::test]
async fn a_hostile_coupon_strategy_costs_its_own_stage() {
    hold_to_the_table(Stage::Coupon).await;
}

#[tokio::test]
async fn a_hostile_sharing_strategy_costs_its_own_stage() {
    hold_to_the_table(Stage::Sharing).await;
}

#[tokio::test]
async fn a_hostile_progress_strategy_costs_its_own_stage() {
    hold_to_the_table(Stage::Progress).await;
}

#[tokio::test]
async fn five_hostile_stages_at_once_leave_the_refund() {
    let mut served = Served::new().await;
    for (stage, config) in
        Stage::ALL.into_iter().zip(["spin", "offers 1000000", "panic", "overflow", "decline 10485760"])
    {
        served.route(stage, config).await;
    }
    let plan = served.plan().await;
    let want = ["out-of-fuel", "memory", "unreachable", "trap", "output-too-large"];
    assert_eq!(outcomes(&plan), Stage::ALL.into_iter().zip(want).collect::<Vec<_>>());
    assert_eq!(plan.refund.amount, Money(250));
    assert_eq!(sections(&plan), served.nothing);
}
