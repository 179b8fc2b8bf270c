//! A running split of one stage's traffic.

use serde::{Deserialize, Serialize};

use crate::ids::{ArmKey, ExperimentKey};
use crate::manifest::Stage;
use crate::money::BasisPoints;
use crate::route::RouteEntry;

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

/// One arm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arm {
    /// Its key.
    pub key: ArmKey,
    /// Its share of the covered traffic.
    pub weight: BasisPoints,
    /// The route it serves.
    pub entries: Vec<RouteEntry>,
}
