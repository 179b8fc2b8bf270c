//! A running split of one stage's traffic.

use rebound_domain::experiment as domain;
use rebound_domain::ids::{ArmKey, ExperimentKey};
use rebound_domain::money::BasisPoints;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::read::{objects, or_default};
use super::route::{self, RouteEntry};
use super::scalar::{Count, Share, Stage};
use crate::code::Code;
use crate::problem::Problem;

/// An experiment as an operator wants it to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExperimentDraft {
    /// The key in the path, so that an answer can be sent back.
    #[schema(value_type = Option<String>, max_length = 256)]
    key: Option<ExperimentKey>,
    /// The phase that is known to go on. It is read and never written: another one is refused.
    #[schema(minimum = 1)]
    phase: Option<Count>,
    /// The seed of that phase; another one is refused.
    seed: Option<String>,
    /// The stage it splits; it never changes.
    stage: Stage,
    /// Whether it assigns anyone; running when left out.
    #[serde(default, deserialize_with = "or_default")]
    #[schema(nullable)]
    status: Status,
    /// Share of each arm's range that is served; 10,000 when left out. It only widens within a phase.
    #[schema(maximum = 10_000)]
    coverage: Option<Share>,
    /// Whether a new phase keeps the seed, so that customers stay in the same part of the traffic.
    #[serde(default, deserialize_with = "or_default")]
    #[schema(nullable)]
    keep_seed: bool,
    /// At least two; weights sum to 10,000.
    #[serde(deserialize_with = "objects")]
    #[schema(min_items = 2)]
    arms: Vec<Arm>,
}

/// One arm: a whole route. Without entries it serves nothing, a control that sees the plain refund path.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arm {
    /// Its key.
    #[schema(value_type = String, max_length = 256)]
    key: ArmKey,
    /// Its share of the covered traffic.
    #[schema(maximum = 10_000)]
    weight: Share,
    /// The route it serves.
    #[serde(deserialize_with = "objects")]
    entries: Vec<RouteEntry>,
}

/// Whether an experiment assigns anyone.
#[derive(Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Status {
    #[default]
    Running,
    Stopped,
}

/// An experiment as it stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct Experiment {
    /// Its key.
    key: String,
    /// The stage it splits.
    stage: Stage,
    /// Whether it assigns anyone.
    status: Status,
    /// Counts from 1; a change of weights, arms or versions opens the next.
    phase: u32,
    /// What the bucket hash starts with.
    seed: String,
    /// Share of each arm's range that is served.
    coverage: Share,
    /// The arms.
    arms: Vec<Arm>,
}

/// Every experiment, by key.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExperimentList {
    /// By key.
    pub(crate) experiments: Vec<Experiment>,
}

impl ExperimentDraft {
    /// Checks that what only the host decides is said as it stands.
    ///
    /// # Errors
    /// A problem naming what differs.
    pub(crate) fn check(
        &self,
        key: &ExperimentKey,
        current: Option<&domain::Experiment>,
    ) -> Result<(), Problem> {
        let differs = |field: &str, given: String, stands: Option<String>| {
            let stands = stands.map_or_else(|| "there is none yet".to_owned(), |it| format!("it is {it}"));
            let given = given.escape_debug();
            let detail = format!("`{field}` is {given}, but {stands}; the host decides it, leave it out");
            Err(Problem::new(Code::InvalidField, detail).field(field))
        };
        match (&self.key, self.phase, &self.seed) {
            (Some(given), ..) if given != key => differs("key", given.to_string(), Some(key.to_string())),
            (_, Some(Count(given)), _) if current.is_none_or(|it| it.phase != given) => {
                differs("phase", given.to_string(), current.map(|it| it.phase.to_string()))
            }
            (.., Some(given)) if current.is_none_or(|it| it.seed != *given) => {
                differs("seed", given.clone(), current.map(|it| it.seed.clone()))
            }
            _ => Ok(()),
        }
    }
}

impl From<ExperimentDraft> for domain::Draft {
    fn from(draft: ExperimentDraft) -> Self {
        Self {
            stage: draft.stage.into(),
            status: match draft.status {
                Status::Running => domain::Status::Running,
                Status::Stopped => domain::Status::Stopped,
            },
            coverage: draft.coverage.map_or(BasisPoints::WHOLE, Into::into),
            arms: draft.arms.into_iter().map(Into::into).collect(),
            seed: if draft.keep_seed { domain::PhaseSeed::Same } else { domain::PhaseSeed::New },
        }
    }
}

impl From<Arm> for domain::Arm {
    fn from(arm: Arm) -> Self {
        Self { key: arm.key, weight: arm.weight.into(), entries: route::into_domain(arm.entries) }
    }
}

impl From<domain::Arm> for Arm {
    fn from(arm: domain::Arm) -> Self {
        Self { key: arm.key, weight: arm.weight.into(), entries: route::from_domain(arm.entries) }
    }
}

impl From<domain::Experiment> for Experiment {
    fn from(experiment: domain::Experiment) -> Self {
        Self {
            key: experiment.key.into(),
            stage: experiment.stage.into(),
            status: match experiment.status {
                domain::Status::Running => Status::Running,
                domain::Status::Stopped => Status::Stopped,
            },
            phase: experiment.phase,
            seed: experiment.seed,
            coverage: experiment.coverage.into(),
            arms: experiment.arms.into_iter().map(Into::into).collect(),
        }
    }
}
