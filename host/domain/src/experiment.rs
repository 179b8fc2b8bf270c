//! A running split of one stage's traffic.
//!
//! What an experiment says never changes within a phase, but that it may reach more customers: widening moves nobody
//! from one arm to another. Everything else opens the next phase, so that no analysis pools what was never the same.

use serde::{Deserialize, Serialize};

use crate::bucket::{bucket, ranges};
use crate::ids::{ArmKey, ExperimentKey};
use crate::manifest::Stage;
use crate::money::BasisPoints;
use crate::plan::Assignment;
use crate::route::{self, RouteEntry, RouteError};

/// Arms of one experiment at most.
pub const ARMS_MAX: usize = 32;

/// An experiment on one stage. An arm is a whole route list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Experiment {
    /// Its key.
    pub key: ExperimentKey,
    /// The stage it splits.
    pub stage: Stage,
    /// Whether it assigns anyone.
    pub status: Status,
    /// Counts from 1; a change of weights, arms or versions opens the next.
    pub phase: u32,
    /// What the bucket hash starts with; new with each phase unless asked otherwise.
    pub seed: String,
    /// Share of each arm's range that is served; only ever widens within a phase.
    pub coverage: BasisPoints,
    /// At least two; weights sum to 10,000.
    pub arms: Vec<Arm>,
}

/// Whether an experiment assigns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It does.
    Running,
    /// It no longer does.
    Stopped,
}

/// One arm. Without entries it serves nothing: a control that sees the plain refund path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arm {
    /// Its key.
    pub key: ArmKey,
    /// Its share of the covered traffic.
    pub weight: BasisPoints,
    /// The route it serves.
    pub entries: Vec<RouteEntry>,
}

/// An experiment as an operator wants it to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The stage it splits.
    pub stage: Stage,
    /// Whether it assigns anyone.
    pub status: Status,
    /// Share of each arm's range that is served.
    pub coverage: BasisPoints,
    /// The arms.
    pub arms: Vec<Arm>,
    /// What becomes of the seed, should this open a new phase.
    pub seed: PhaseSeed,
}

/// Whether a new phase shuffles the customers anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhaseSeed {
    /// It does, so that what an arm did to its customers before is spread evenly over all arms (no carry-over).
    #[default]
    New,
    /// It does not: customers stay in the same part of the traffic.
    Same,
}

/// Why an experiment does not stand, as the rest of a sentence about [`ExperimentError::field`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExperimentError {
    /// Nothing to compare, or more than anyone can.
    #[error("holds {count} arms; give 2 to {ARMS_MAX}")]
    ArmCount {
        /// How many there are.
        count: usize,
    },
    /// Two arms with one key.
    #[error("is `{key}` a second time; give each arm a key of its own")]
    ArmTwice {
        /// The later of the two.
        index: usize,
        /// Their key.
        key: ArmKey,
    },
    /// The weights are not a whole.
    #[error("have weights that sum to {sum}; make it 10000 basis points")]
    WeightSum {
        /// What they sum to.
        sum: u64,
    },
    /// More than all.
    #[error("is {}; give at most 10000 basis points", .coverage.0)]
    Coverage {
        /// What was asked for.
        coverage: BasisPoints,
    },
    /// An arm's route does not stand.
    #[error("{error}")]
    Route {
        /// Which arm.
        index: usize,
        /// What is wrong with its route.
        error: RouteError,
    },
    /// An experiment stays at its stage.
    #[error("is {wanted}, and this experiment splits {current}; start another experiment for it")]
    StageChanged {
        /// The stage it has.
        current: Stage,
        /// The stage that was asked for.
        wanted: Stage,
    },
    /// Narrowing would take customers out of their arms.
    #[error("is {}, below the {} of this phase; it only widens within a phase", .wanted.0, .current.0)]
    CoverageNarrowed {
        /// What the phase covers.
        current: BasisPoints,
        /// What was asked for.
        wanted: BasisPoints,
    },
    /// Stopping stops, and changes nothing else.
    #[error("is stopped while the arms or the coverage change; stop it as it is, or start it with them")]
    ChangedWhileStopped,
}

impl ExperimentError {
    /// The path to what does not stand: `arms[1].entries[0].plugin`.
    #[must_use]
    pub fn field(&self) -> String {
        match self {
            Self::ArmCount { .. } | Self::WeightSum { .. } => "arms".to_owned(),
            Self::ArmTwice { index, .. } => format!("arms[{index}].key"),
            Self::Coverage { .. } | Self::CoverageNarrowed { .. } => "coverage".to_owned(),
            Self::Route { index, error } => format!("arms[{index}].entries{}", error.field()),
            Self::StageChanged { .. } => "stage".to_owned(),
            Self::ChangedWhileStopped => "status".to_owned(),
        }
    }
}

impl Experiment {
    /// The first phase of a new experiment.
    ///
    /// # Errors
    /// [`ExperimentError`] naming what does not stand.
    pub fn start(key: ExperimentKey, wanted: Draft) -> Result<Self, ExperimentError> {
        let Draft { stage, status, coverage, arms, seed: _ } = wanted;
        let seed = phase_seed(&key, 1);
        let experiment = Self { key, stage, status, phase: 1, seed, coverage, arms };
        experiment.check()?;
        Ok(experiment)
    }

    /// The experiment as an operator wants it from now on.
    ///
    /// With the same arms (weights, versions, configs and all) a running experiment stays in its phase and may widen;
    /// with other arms it opens the next one, and so does a stopped experiment that runs again. Stopping changes
    /// nothing else.
    ///
    /// # Errors
    /// [`ExperimentError`] naming what does not stand, or what a phase does not allow.
    pub fn revise(current: &Self, wanted: Draft) -> Result<Self, ExperimentError> {
        let Draft { stage, status, coverage, arms, seed } = wanted;
        if stage != current.stage {
            return Err(ExperimentError::StageChanged { current: current.stage, wanted: stage });
        }
        let same_arms = arms == current.arms;
        let revised = match (current.status, status) {
            (_, Status::Stopped) if same_arms && coverage == current.coverage => {
                Self { status, ..current.clone() }
            }
            (_, Status::Stopped) => return Err(ExperimentError::ChangedWhileStopped),
            (Status::Running, Status::Running) if same_arms => {
                if coverage < current.coverage {
                    return Err(ExperimentError::CoverageNarrowed {
                        current: current.coverage,
                        wanted: coverage,
                    });
                }
                Self { coverage, ..current.clone() }
            }
            (_, Status::Running) => {
                let phase = current.phase + 1;
                let seed = match seed {
                    PhaseSeed::New => phase_seed(&current.key, phase),
                    PhaseSeed::Same => current.seed.clone(),
                };
                Self { status, phase, seed, coverage, arms, ..current.clone() }
            }
        };
        revised.check()?;
        Ok(revised)
    }

    /// Whether it stands by itself.
    ///
    /// # Errors
    /// [`ExperimentError`] naming what does not.
    pub fn check(&self) -> Result<(), ExperimentError> {
        if !(2..=ARMS_MAX).contains(&self.arms.len()) {
            return Err(ExperimentError::ArmCount { count: self.arms.len() });
        }
        for (index, arm) in self.arms.iter().enumerate() {
            if self.arms[..index].iter().any(|earlier| earlier.key == arm.key) {
                return Err(ExperimentError::ArmTwice { index, key: arm.key.clone() });
            }
            route::check_entries(self.stage, &arm.entries)
                .map_err(|error| ExperimentError::Route { index, error })?;
        }
        let sum = self.arms.iter().map(|arm| u64::from(arm.weight.0)).sum();
        if sum != u64::from(BasisPoints::WHOLE.0) {
            return Err(ExperimentError::WeightSum { sum });
        }
        if self.coverage > BasisPoints::WHOLE {
            return Err(ExperimentError::Coverage { coverage: self.coverage });
        }
        Ok(())
    }

    /// Which arm a unit gets; always the same one within a phase. A stopped experiment covers nobody, and neither
    /// does any for a unit without a name.
    #[must_use]
    pub fn assign(&self, unit: &str) -> Assignment {
        let assignment = |bucket, arm: Option<&Arm>| Assignment {
            experiment: self.key.clone(),
            phase: self.phase,
            arm: arm.map(|arm| arm.key.clone()),
            bucket,
            propensity: arm.map(|arm| arm.weight.fraction()),
            reason: if arm.is_some() { "running" } else { "not-covered" }.to_owned(),
        };
        let Ok(bucket) = bucket(&self.seed, unit) else { return assignment(0.0, None) };
        let weights = self.arms.iter().map(|arm| arm.weight.fraction());
        let ranges = ranges(weights, self.coverage.fraction());
        let is_running = self.status == Status::Running;
        let mut arms = self.arms.iter().zip(ranges).filter(|_| is_running);
        let arm = arms.find(|(_, range)| range.holds(bucket.fraction()));
        assignment(bucket.fraction(), arm.map(|(arm, _)| arm))
    }
}

/// What a phase's bucket hash starts with. No key holds a colon, so no two phases of any experiments share a seed, and
/// none begins with another.
fn phase_seed(key: &ExperimentKey, phase: u32) -> String {
    format!("{key}:{phase}:")
}

#[cfg(test)]
mod tests;
