use proptest::prelude::*;

use super::*;
use crate::route::Access;

fn entry(plugin: &str) -> RouteEntry {
    RouteEntry {
        plugin: plugin.parse().unwrap(),
        config: "{}".to_owned(),
        slots: 3,
        margin: Access::Withheld,
        fallback: None,
    }
}

fn arm(key: &str, weight: u32, plugin: &str) -> Arm {
    Arm { key: ArmKey::new(key).unwrap(), weight: BasisPoints(weight), entries: vec![entry(plugin)] }
}

fn draft() -> Draft {
    Draft {
        stage: Stage::Recommendation,
        status: Status::Running,
        coverage: BasisPoints(2_000),
        arms: vec![
            arm("upgrade", 5_000, "rebound/upgrade@0.1.0"),
            arm("affinity", 5_000, "rebound/affinity@0.1.0"),
        ],
        seed: PhaseSeed::New,
    }
}

fn started() -> Experiment {
    Experiment::start(ExperimentKey::new("offers").unwrap(), draft()).unwrap()
}

fn stopped() -> Experiment {
    Experiment::revise(&started(), Draft { status: Status::Stopped, ..draft() }).unwrap()
}

#[test]
fn an_experiment_starts_in_phase_one_with_a_seed_of_its_own() {
    let experiment = started();
    assert_eq!((experiment.phase, experiment.seed.as_str()), (1, "offers:1:"));
    assert_eq!(experiment.check(), Ok(()));
}

#[test]
fn what_is_no_experiment_is_refused_by_field() {
    let weights = |weights: &[u32]| {
        weights
            .iter()
            .enumerate()
            .map(|(i, &w)| arm(&format!("arm-{i}"), w, "rebound/upgrade@0.1.0"))
            .collect()
    };
    let mut cases: Vec<(&str, &str, Draft)> = Vec::new();
    let mut case = |field, message, change: &dyn Fn(&mut Draft)| {
        let mut wanted = draft();
        change(&mut wanted);
        cases.push((field, message, wanted));
    };
    case("arms", "holds 1 arms; give 2 to 32", &|it| it.arms = weights(&[10_000]));
    case("arms", "holds 33 arms; give 2 to 32", &|it| it.arms = weights(&[0; 33]));
    case("arms", "have weights that sum to 9999; make it 10000 basis points", &|it| {
        it.arms = weights(&[5_000, 4_999])
    });
    case("arms", "have weights that sum to 10001; make it 10000 basis points", &|it| {
        it.arms = weights(&[5_000, 5_001])
    });
    case("coverage", "is 10001; give at most 10000 basis points", &|it| it.coverage = BasisPoints(10_001));
    case("arms[1].key", "is `upgrade` a second time; give each arm a key of its own", &|it| {
        it.arms[1].key = it.arms[0].key.clone();
    });
    case("arms[1].entries[0].slots", "is 0; give 1 to 32", &|it| it.arms[1].entries[0].slots = 0);
    for (field, message, wanted) in cases {
        let error = Experiment::start(ExperimentKey::new("offers").unwrap(), wanted).unwrap_err();
        assert_eq!((error.field().as_str(), error.to_string().as_str()), (field, message));
    }
}

#[test]
fn an_arm_may_serve_nothing_and_weigh_nothing() {
    let mut wanted = draft();
    wanted.arms[0].entries.clear();
    wanted.arms[0].weight = BasisPoints(0);
    wanted.arms[1].weight = BasisPoints(10_000);
    wanted.coverage = BasisPoints::WHOLE;
    let experiment = Experiment::start(ExperimentKey::new("offers").unwrap(), wanted).unwrap();
    for unit in 0..200 {
        let assignment = experiment.assign(&format!("c-{unit}"));
        assert_eq!(assignment.arm.as_ref().map(ArmKey::as_str), Some("affinity"));
    }
}

#[test]
fn the_same_arms_stay_in_their_phase_and_may_widen() {
    let wider = Draft { coverage: BasisPoints(5_000), ..draft() };
    let revised = Experiment::revise(&started(), wider).unwrap();
    assert_eq!(revised, Experiment { coverage: BasisPoints(5_000), ..started() });
    assert_eq!(Experiment::revise(&started(), draft()).unwrap(), started());
}

#[test]
fn a_phase_never_narrows() {
    let narrower = Draft { coverage: BasisPoints(1_999), ..draft() };
    let error = Experiment::revise(&started(), narrower).unwrap_err();
    assert_eq!(error.field(), "coverage");
    assert_eq!(error.to_string(), "is 1999, below the 2000 of this phase; it only widens within a phase");
}

#[test]
fn any_other_arms_open_the_next_phase_with_a_new_seed() {
    let changes: [&dyn Fn(&mut Draft); 6] = [
        &|it| (it.arms[0].weight, it.arms[1].weight) = (BasisPoints(4_000), BasisPoints(6_000)),
        &|it| it.arms[0].entries = vec![entry("rebound/upgrade@0.1.1")],
        &|it| it.arms[0].entries[0].config = r#"{"offers_max":1}"#.to_owned(),
        &|it| it.arms[0].entries[0].slots = 2,
        &|it| it.arms.push(arm("third", 0, "rebound/upgrade@0.1.0")),
        &|it| it.arms.swap(0, 1),
    ];
    for (index, change) in changes.iter().enumerate() {
        let mut wanted = draft();
        change(&mut wanted);
        // A new phase may cover less: nobody is in it yet.
        wanted.coverage = BasisPoints(100);
        let revised = Experiment::revise(&started(), wanted.clone()).unwrap();
        assert_eq!((revised.phase, revised.seed.as_str()), (2, "offers:2:"), "change {index}");
        assert_eq!((revised.coverage, &revised.arms), (wanted.coverage, &wanted.arms), "change {index}");
    }
}

#[test]
fn a_new_phase_keeps_the_seed_when_asked() {
    let mut wanted = Draft { seed: PhaseSeed::Same, ..draft() };
    wanted.arms[0].entries = vec![entry("rebound/upgrade@0.1.1")];
    let revised = Experiment::revise(&started(), wanted).unwrap();
    assert_eq!((revised.phase, revised.seed.as_str()), (2, "offers:1:"));
}

#[test]
fn stopping_stops_and_changes_nothing_else() {
    assert_eq!(stopped(), Experiment { status: Status::Stopped, ..started() });
    let stop = Draft { status: Status::Stopped, ..draft() };
    assert_eq!(Experiment::revise(&stopped(), stop.clone()).unwrap(), stopped());
    for current in [started(), stopped()] {
        let wider = Draft { coverage: BasisPoints(3_000), ..stop.clone() };
        let error = Experiment::revise(&current, wider).unwrap_err();
        assert_eq!((error.field().as_str(), &error), ("status", &ExperimentError::ChangedWhileStopped));
        let mut other_arms = stop.clone();
        other_arms.arms.swap(0, 1);
        assert_eq!(Experiment::revise(&current, other_arms), Err(ExperimentError::ChangedWhileStopped));
    }
}

#[test]
fn a_stopped_experiment_runs_again_as_a_new_phase() {
    let again = Experiment::revise(&stopped(), draft()).unwrap();
    assert_eq!((again.phase, again.seed.as_str(), again.status), (2, "offers:2:", Status::Running));
}

#[test]
fn an_experiment_stays_at_its_stage() {
    let error = Experiment::revise(&started(), Draft { stage: Stage::Coupon, ..draft() }).unwrap_err();
    assert_eq!(error.field(), "stage");
    assert_eq!(
        error.to_string(),
        "is coupon, and this experiment splits recommendation; start another experiment for it"
    );
}

#[test]
fn a_revision_is_checked_like_a_start() {
    let mut wanted = draft();
    wanted.arms[0].weight = BasisPoints(1);
    assert_eq!(Experiment::revise(&started(), wanted), Err(ExperimentError::WeightSum { sum: 5_001 }));
}

#[test]
fn an_assignment_tells_all_that_an_exposure_records() {
    let mut experiment = started();
    experiment.seed = "exp".to_owned();
    // Buckets of these units by the hash's own table: 0.2223 and 0.5748.
    let outside = experiment.assign("c-1");
    assert_eq!(
        outside,
        Assignment {
            experiment: ExperimentKey::new("offers").unwrap(),
            phase: 1,
            arm: None,
            bucket: 0.2223,
            propensity: None,
            reason: "not-covered".to_owned(),
        }
    );
    let inside = experiment.assign("customer-é");
    assert_eq!(inside.arm.as_ref().map(ArmKey::as_str), Some("affinity"));
    assert_eq!((inside.bucket, inside.propensity, inside.reason.as_str()), (0.5748, Some(0.5), "running"));
}

#[test]
fn a_stopped_experiment_and_a_nameless_unit_get_no_arm() {
    let mut experiment = stopped();
    experiment.coverage = BasisPoints::WHOLE;
    let assignment = experiment.assign("c-1");
    assert_eq!((assignment.arm, assignment.reason.as_str()), (None, "not-covered"));
    experiment.status = Status::Running;
    assert!(experiment.assign("c-1").arm.is_some());
    assert_eq!(experiment.assign("").arm, None);
}

#[test]
fn no_phase_shares_a_seed_with_a_unit_of_another() {
    // Without a closing mark, phase 1 with unit "2x" would hash like phase 12 with unit "x".
    let key = ExperimentKey::new("e").unwrap();
    assert_ne!(format!("{}2x", phase_seed(&key, 1)), format!("{}x", phase_seed(&key, 12)));
    assert!(ExperimentKey::new("e:1").is_err(), "a key holds no colon");
}

proptest! {
    #[test]
    fn widening_moves_nobody(
        unit in "[a-z0-9]{1,10}",
        weight in 0_u32..=10_000,
        narrow in 0_u32..=10_000,
        wide in 0_u32..=10_000,
    ) {
        let (narrow, wide) = (narrow.min(wide), narrow.max(wide));
        let mut wanted = draft();
        wanted.arms[0].weight = BasisPoints(weight);
        wanted.arms[1].weight = BasisPoints(10_000 - weight);
        wanted.coverage = BasisPoints(narrow);
        let before = Experiment::start(ExperimentKey::new("offers").unwrap(), wanted.clone()).unwrap();
        wanted.coverage = BasisPoints(wide);
        let after = Experiment::revise(&before, wanted).unwrap();
        if let Some(arm) = before.assign(&unit).arm {
            prop_assert_eq!(after.assign(&unit).arm, Some(arm));
        }
    }

    #[test]
    fn whole_coverage_leaves_nobody_out(unit in ".{1,10}", weight in 0_u32..=10_000) {
        let mut experiment = started();
        experiment.coverage = BasisPoints::WHOLE;
        experiment.arms[0].weight = BasisPoints(weight);
        experiment.arms[1].weight = BasisPoints(10_000 - weight);
        prop_assert!(experiment.assign(&unit).arm.is_some());
    }
}
