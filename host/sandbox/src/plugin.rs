//! A published strategy, ready to be called.

use std::sync::Arc;

use rebound_domain::answer::{
    Classification, Compensation, CustodyEvent, Offer, Proposal, Recommendations, Segment, ShareKit, Step,
    Usual,
};
use rebound_domain::catalog::Catalog;
use rebound_domain::check::{self, InvalidOutput};
use rebound_domain::ids::Digest;
use rebound_domain::limits::Limits;
use rebound_domain::manifest::{Manifest, Stage};
use rebound_domain::situation::Context;
use wasmtime::component::{
    ComponentExportIndex, ComponentNamedList, ComponentType, InstancePre, Lift, Lower,
};

use crate::call::Call;
use crate::class::Class;
use crate::invoke::invoke;
use crate::outcome::{Outcome, Report, Usage};
use crate::runtime::Runtime;
use crate::wire::answer::{self, Failure};
use crate::wire::handed::all;
use crate::wire::size::Size;
use crate::wire::verbs::{Classify, Compensate, Compose, Narrate, Recommend};

/// One version of a strategy, compiled and linked. Cheap to clone; calls may run at the same time.
///
/// Every call gets an instance of its own, so nothing of one customer is left for the next, and the same inputs
/// give the same answer for the same fuel. A call never fails: whatever a strategy does becomes an [`Outcome`].
#[derive(Clone)]
pub struct Plugin {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) digest: Digest,
    pub(crate) origin: Origin,
    pub(crate) code_bytes: u64,
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) component: InstancePre<Call>,
    /// By stage, in their order.
    pub(crate) exports: [Option<ComponentExportIndex>; Stage::ALL.len()],
}

/// Where a plugin's machine code came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It was compiled before.
    Cache,
    /// It was compiled for the first time.
    Compiled,
    /// It was compiled again, because what was kept is of another wasmtime or of other settings.
    Stale,
    /// It was compiled again, because what was kept was not what this host had written.
    Tampered,
}

impl Origin {
    /// The stable word that figures carry.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Origin::Cache => "cache",
            Origin::Compiled => "compiled",
            Origin::Stale => "stale",
            Origin::Tampered => "tampered",
        }
    }
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Shared { digest, manifest, .. } = &*self.shared;
        write!(f, "Plugin({} {digest})", manifest.plugin)
    }
}

impl Plugin {
    pub(crate) fn new(shared: Shared) -> Self {
        Self { shared: Arc::new(shared) }
    }

    /// SHA-256 of the component.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.shared.digest
    }

    /// The class it was published in.
    #[must_use]
    pub fn class(&self) -> Class {
        self.shared.runtime.class
    }

    /// The stages it can serve.
    #[must_use]
    pub fn stages(&self) -> &[Stage] {
        &self.shared.manifest.stages
    }

    /// What it says of itself.
    #[must_use]
    pub fn manifest(&self) -> &Arc<Manifest> {
        &self.shared.manifest
    }

    /// Size of its machine code, bytes: most of what it takes while it is loaded.
    #[must_use]
    pub fn code_bytes(&self) -> u64 {
        self.shared.code_bytes
    }

    /// Where its machine code came from.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.shared.origin
    }

    /// Stage 1: who is this, and what does the return tell.
    #[must_use]
    pub fn classify(&self, context: &Context<'_>, catalog: &Arc<dyn Catalog>) -> Report<Classification> {
        let params: Classify<'_> = (context.into(),);
        self.call(Stage::Segmentation, catalog, params, |answer: answer::Classification, manifest, limits| {
            let answer = answer.into();
            check::classification(context.situation, &**catalog, manifest, limits, &answer)?;
            Ok(answer)
        })
    }

    /// Stage 2: what to take instead.
    #[must_use]
    pub fn recommend(
        &self,
        context: &Context<'_>,
        catalog: &Arc<dyn Catalog>,
        segment: &Segment,
    ) -> Report<Recommendations> {
        let params: Recommend<'_> = (context.into(), segment.into());
        self.call(
            Stage::Recommendation,
            catalog,
            params,
            |answer: answer::Recommendations, manifest, limits| {
                let answer = answer.into();
                check::recommendations(context.situation, &**catalog, manifest, limits, &answer)?;
                Ok(answer)
            },
        )
    }

    /// Stage 3: which coupon.
    #[must_use]
    pub fn compensate(
        &self,
        context: &Context<'_>,
        catalog: &Arc<dyn Catalog>,
        segment: &Segment,
        offers: &[Offer],
    ) -> Report<Compensation> {
        let params: Compensate<'_> = (context.into(), segment.into(), all(offers));
        self.call(Stage::Coupon, catalog, params, |answer: answer::Compensation, manifest, limits| {
            let answer = answer.into();
            check::compensation(context.situation, &**catalog, manifest, limits, offers, &answer)?;
            Ok(answer)
        })
    }

    /// Stage 4: something to share.
    #[must_use]
    pub fn compose(
        &self,
        context: &Context<'_>,
        catalog: &Arc<dyn Catalog>,
        segment: &Segment,
        offers: &[Offer],
        proposals: &[Proposal],
    ) -> Report<ShareKit> {
        let params: Compose<'_> = (context.into(), segment.into(), all(offers), all(proposals));
        self.call(Stage::Sharing, catalog, params, |answer: answer::ShareKit, manifest, limits| {
            let answer = answer.into();
            check::share_kit(context.situation, &**catalog, manifest, limits, offers, proposals, &answer)?;
            Ok(answer)
        })
    }

    /// Stage 5: the return's real progress.
    #[must_use]
    pub fn narrate(
        &self,
        context: &Context<'_>,
        catalog: &Arc<dyn Catalog>,
        segment: &Segment,
        timeline: &[CustodyEvent],
        usual: &[Usual],
    ) -> Report<Vec<Step>> {
        let params: Narrate<'_> = (context.into(), segment.into(), all(timeline), all(usual));
        self.call(Stage::Progress, catalog, params, |answer: Vec<answer::Step>, manifest, limits| {
            let answer: Vec<Step> = answer.into_iter().map(Step::from).collect();
            check::steps(context.situation, &**catalog, manifest, limits, &answer)?;
            Ok(answer)
        })
    }

    fn call<P, R, T>(
        &self,
        stage: Stage,
        catalog: &Arc<dyn Catalog>,
        params: P,
        accept: impl FnOnce(R, &Manifest, &Limits) -> Result<T, InvalidOutput>,
    ) -> Report<T>
    where
        P: ComponentNamedList + Lower,
        R: ComponentType + Lift + Size + 'static,
    {
        let Shared { manifest, runtime, component, exports, .. } = &*self.shared;
        let Some(export) = &exports[stage as usize] else {
            let reason = format!("{} does not export the stage {stage}", manifest.plugin);
            return Report { outcome: Outcome::Link(reason), usage: Usage::default(), log: Vec::new() };
        };
        let limits = &runtime.limits;
        let finish = |answer: Result<R, Failure>| match answer {
            Ok(answer) => match accept(answer, manifest, limits) {
                Ok(value) => Outcome::Value(value),
                Err(invalid) => Outcome::InvalidOutput(invalid),
            },
            Err(Failure::Declined(reason)) => Outcome::Declined(cut(reason, limits)),
            Err(Failure::InvalidConfig(reason)) => Outcome::InvalidConfig(cut(reason, limits)),
            Err(Failure::Internal(reason)) => Outcome::Internal(cut(reason, limits)),
        };
        invoke(runtime, component, export, Arc::clone(catalog), limits.output_bytes, params, finish)
    }
}

/// A reason is for the operator's eyes, and stays in the plan's trace: as long as a log line may be.
fn cut(mut reason: String, limits: &Limits) -> String {
    reason.truncate(reason.floor_char_boundary(limits.log_line_bytes as usize));
    reason
}
