//! Who was served which arm is recorded once per unit and phase, in the decision's own commit, and shown in the plan.

use rebound_domain::experiment::{Arm, Draft, PhaseSeed, Status};
use rebound_domain::ids::{ArmKey, ExperimentKey};
use rebound_domain::manifest::Stage;
use rebound_domain::money::BasisPoints;
use rebound_domain::plan::Plan;
use rebound_domain::route::RouteEntry;
use rebound_engine::Mode;
use rebound_storage::{Batch, Entry, Key, Storage};
use serde_json::Value;

use crate::counter::counter;
use crate::hooked::Hooked;
use crate::house::{House, body, entry, request};

const STAGE: Stage = Stage::Segmentation;

fn split(control_weight: u32, served: RouteEntry) -> Draft {
    let arm = |key: &str, weight, entries| Arm {
        key: ArmKey::new(key).unwrap(),
        weight: BasisPoints(weight),
        entries,
    };
    Draft {
        stage: STAGE,
        status: Status::Running,
        coverage: BasisPoints(10_000),
        arms: vec![
            arm("control", control_weight, vec![]),
            arm("counter", 10_000 - control_weight, vec![served]),
        ],
        seed: PhaseSeed::New,
    }
}

impl House {
    async fn split(&self, control_weight: u32) {
        let plugin = self.publish(counter("tests/counter", "1.0.0", 1)).await;
        let key = ExperimentKey::new("split").unwrap();
        self.engine.set_experiment(key, split(control_weight, entry(&plugin, "{}"))).await.unwrap();
    }

    async fn exposures(&self) -> Vec<(Key, Entry)> {
        self.records().await.into_iter().filter(|(key, _)| key.key.starts_with(b"exposure/")).collect()
    }
}

fn arm(plan: &Plan) -> &str {
    let [given] = &plan.trace.assignments[..] else { panic!("{:?}", plan.trace.assignments) };
    assert_eq!((given.stage, given.assignment.reason.as_str()), (STAGE, "running"));
    assert!((0.0..1.0).contains(&given.assignment.bucket));
    given.assignment.arm.as_ref().unwrap().as_str()
}

#[tokio::test]
async fn every_arm_is_shown_and_recorded_once_also_one_that_serves_nothing() {
    let house = House::with_products(&["a"]).await;
    house.split(5_000).await;
    let customers: Vec<String> = (0..20).map(|index| format!("c-{index}")).collect();
    let mut first = Vec::new();
    for customer in &customers {
        let event = request(&format!("e-{customer}"), &format!("r-{customer}"), customer, &["a"]);
        let plan = house.decide(&event).await.unwrap().plan;
        assert_eq!(plan.trace.assignments[0].assignment.propensity, Some(0.5));
        assert_eq!(plan.trace.stages.len(), usize::from(arm(&plan) == "counter"), "a control calls nothing");
        first.push(arm(&plan).to_owned());
        assert_eq!(house.engine.plan(&event.return_id).await.unwrap(), Some(plan));
    }
    assert!(first.iter().any(|arm| arm == "control") && first.iter().any(|arm| arm == "counter"));

    let once = house.exposures().await;
    assert_eq!(once.len(), customers.len());
    for (key, exposure) in &once {
        let record: Value = serde_json::from_slice(exposure.bytes().unwrap()).unwrap();
        assert_eq!(key.key, "exposure/split/1");
        let served = record["assignment"]["arm"] == "counter";
        assert_eq!(record["digests"].as_array().unwrap().len(), usize::from(served), "{record}");
        let records = house.records().await;
        let plan = records.iter().find(|(it, _)| it.owner == key.owner && it.key.starts_with(b"plan/"));
        assert_eq!(exposure.revision(), plan.unwrap().1.revision(), "one commit");
    }

    for (customer, arm_of) in customers.iter().zip(&first) {
        let event = request(&format!("e2-{customer}"), &format!("r2-{customer}"), customer, &["a"]);
        assert_eq!(arm(&house.decide(&event).await.unwrap().plan), arm_of, "sticky");
    }
    assert_eq!(house.exposures().await, once, "once per unit and phase");

    house.split(4_000).await;
    let event = request("e3", "r3", "c-0", &["a"]);
    house.engine.decide(event.clone(), body(&event), Mode::DryRun).await.unwrap();
    assert_eq!(house.exposures().await, once, "a dry run exposes nobody");
    house.decide(&event).await.unwrap();
    assert_eq!(house.exposures().await.len(), once.len() + 1, "a new phase is a new exposure");
}

#[tokio::test]
async fn an_exposure_recorded_meanwhile_stands() {
    let house = House::with_products(&["a"]).await;
    house.split(5_000).await;
    house.decide(&request("e-1", "r-1", "c-1", &["a"])).await.unwrap();
    let (mut key, _) = house.exposures().await.pop().unwrap();
    key.key = "exposure/split/2".into();
    house.split(4_000).await;

    let (memory, mut batch, expected) = (house.storage.clone(), Batch::new(), key.clone());
    batch.put(key, "another's");
    let act = Box::pin(async move {
        memory.commit(batch).await.unwrap();
    });
    let storage = Hooked::acting(house.storage.clone(), Hooked::AT_COMMIT, act);
    house.fronted(storage.clone()).await.decide(&request("e-2", "r-2", "c-1", &["a"])).await.unwrap();
    let exposures = house.exposures().await;
    let (_, stands) = exposures.iter().find(|(key, _)| *key == expected).unwrap();
    assert_eq!((stands.bytes().unwrap().as_ref(), storage.has_acted()), (&b"another's"[..], true));
}
