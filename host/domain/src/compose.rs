//! From the strategies' answers to one plan.
//!
//! Answers come in checked ([`crate::check`]); [`plan`] merges them, says every sentence with the host's facts and
//! records what could not be said. The refund is made from the request alone: nothing an answer holds can reach it.
//!
//! Between stages, [`merge_offers`] and [`merge_proposals`] make the lists that later stages see, and that the
//! indices of their sentences refer to.

mod coupons;
mod merge;
mod scribe;
mod sections;

use std::sync::Arc;

use crate::answer::{
    Classification, Compensation, CustodyEvent, Offer, Proposal, Recommendations, ShareKit, Step,
};
use crate::catalog::Catalog;
use crate::claims::{Book, Ledger, Templates};
use crate::coupon::{self, Minted, Minting, Secrets};
use crate::event::ReturnRequest;
use crate::ids::{Digest, PluginRef, ProductId, ReturnId};
use crate::manifest::Manifest;
use crate::money::Money;
use crate::plan::{Dropped, Plan, PlanStep, StageAssignment, StageTrace, Trace};
use crate::policy::Policy;
use crate::situation::Situation;
use crate::time::Zone;

use scribe::Scribe;

pub use merge::{LeftOut, Merged, merge_offers, merge_proposals};
pub use sections::refund_lines;

/// A published version, as its answers are read.
#[derive(Debug, Clone)]
pub struct Published {
    /// What it says of itself.
    pub manifest: Arc<Manifest>,
    /// Its templates, compiled.
    pub templates: Arc<Templates>,
    /// Its component.
    pub digest: Digest,
}

impl Published {
    /// Its name and version.
    #[must_use]
    pub fn plugin(&self) -> &PluginRef {
        &self.manifest.plugin
    }
}

/// One route entry's answer.
#[derive(Debug, Clone)]
pub struct Answered<T> {
    /// The version that answered: the fallback, where it stood in.
    pub by: Published,
    /// How many answers its route entry gives it room for. Segmentation and progress give one whole answer, so
    /// theirs is not read.
    pub slots: u32,
    /// What it said.
    pub answer: T,
}

/// All stages' answers, checked, each stage's entries in route order. A stage that fell back to nothing has none.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// Who.
    pub segmentation: Option<Answered<Classification>>,
    /// What to take instead.
    pub recommendation: Vec<Answered<Recommendations>>,
    /// Which coupon. Its sentences' offers are those of [`merge_offers`].
    pub coupon: Vec<Answered<Compensation>>,
    /// What to share. Its sentences' offers and proposals are those of [`merge_offers`] and [`merge_proposals`].
    pub sharing: Vec<Answered<ShareKit>>,
    /// How far the return is.
    pub progress: Option<Answered<Vec<Step>>>,
}

/// Everything a plan is made from.
#[derive(Clone, Copy)]
pub struct Decision<'a> {
    /// The return as the merchant reported it.
    pub request: &'a ReturnRequest,
    /// What the strategies knew.
    pub situation: &'a Situation,
    /// The merchant's policy.
    pub policy: &'a Policy,
    /// What the operator answers for.
    pub book: &'a Book,
    /// The same snapshot that the strategies saw.
    pub catalog: &'a dyn Catalog,
    /// What happened to the parcel and the money so far.
    pub timeline: &'a [CustodyEvent],
    /// What the strategies said.
    pub answers: &'a Answers,
    /// What this customer may still use of earlier coupons and credit of a fixed amount.
    pub unused_benefits: Money,
    /// The merchant's clock.
    pub zone: &'a dyn Zone,
    /// What draws and codes come from; none in a dry run, which makes neither.
    pub secrets: Option<&'a dyn Secrets>,
}

/// Makes the plan. `stages` is the trace of every call that was made, in order, and `assignments` says where an
/// experiment chose the route.
///
/// Coupons and price holds of the plan exist once it is committed. An offer the catalogue no longer holds is left out;
/// a card, an achievement or a step without its title, and a follow-up without a sentence, too.
#[must_use]
pub fn plan(decision: &Decision<'_>, assignments: Vec<StageAssignment>, stages: Vec<StageTrace>) -> Plan {
    let Decision { request, situation, catalog, timeline, answers, .. } = *decision;
    let offers = merge_offers(&answers.recommendation);
    let proposals = merge_proposals(&answers.coupon);
    let rewards = sections::rewards(&answers.sharing);
    let minting = coupon::mint(situation, catalog, &proposals.items, &rewards, decision.secrets);
    let mut scribe = Scribe::new(
        decision.ledger(&offers.items, &proposals.items, &minting),
        decision.policy,
        decision.book,
    );

    let segmentation = answers.segmentation.as_ref();
    let segment = sections::segment(&mut scribe, segmentation);
    let acknowledgement = sections::acknowledgement(&mut scribe, segmentation);
    let care = sections::care(&mut scribe, segmentation, situation);
    let plan_offers =
        sections::offers(&mut scribe, &answers.recommendation, &offers, &request.return_id, decision);
    let (coupons, draws) = coupons::coupons(&mut scribe, &answers.coupon, &proposals, &minting);
    let follow_ups = coupons::follow_ups(&mut scribe, &answers.coupon, &proposals, &minting, situation);
    let sharing = sections::sharing(&mut scribe, &answers.sharing, situation, &minting);
    let progress = answers.progress.as_ref();
    let progress = progress.map_or_else(Vec::new, |steps| sections::progress(&mut scribe, steps, timeline));
    Plan {
        return_id: request.return_id.clone(),
        source: request.source.clone(),
        event_id: request.id.clone(),
        customer_id: request.customer_id.clone(),
        decided_at: situation.now,
        locale: situation.locale.clone(),
        currency: situation.currency,
        refund: sections::refund(request, situation),
        segment,
        acknowledgement,
        offers: plan_offers,
        coupons,
        draws,
        care,
        follow_ups,
        sharing,
        progress,
        dropped: scribe.dropped,
        trace: Trace {
            assignments,
            stages,
            proposals: coupons::refused(answers, &proposals, &minting),
            violations: scribe.violations,
        },
    }
}

impl<'a> Decision<'a> {
    fn ledger(&self, offers: &'a [Offer], proposals: &'a [Proposal], minting: &'a Minting) -> Ledger<'a> {
        let new = minting.proposals.iter().map(|minted| match minted {
            Minted::Coupon { coupon, .. } => coupon.fixed_amount(),
            Minted::Nothing { .. } | Minted::Undrawn | Minted::Refused(_) => Money::ZERO,
        });
        Ledger {
            situation: self.situation,
            catalog: self.catalog,
            low_stock: self.policy.low_stock,
            offers,
            proposals,
            minted: &minting.proposals,
            unused_benefits: self.unused_benefits + new.sum(),
            zone: self.zone,
        }
    }
}

/// Tells the progress anew, as it is on each read of a plan, with what could not be said. `decision.answers` is not
/// read.
#[must_use]
pub fn progress(decision: &Decision<'_>, steps: &Answered<Vec<Step>>) -> (Vec<PlanStep>, Vec<Dropped>) {
    let nothing = Minting::default();
    let mut scribe = Scribe::new(decision.ledger(&[], &[], &nothing), decision.policy, decision.book);
    let steps = sections::progress(&mut scribe, steps, decision.timeline);
    (steps, scribe.dropped)
}

/// What an acceptance names: the same return, plugin version and product always give the same id, `r-` and 16
/// hex digits of a SHA-256.
#[must_use]
pub fn recommendation_id(return_id: &ReturnId, plugin: &PluginRef, product: ProductId) -> String {
    // None of the parts can hold the separator.
    let digest = Digest::of(format!("{return_id}\0{plugin}\0{product}").as_bytes());
    digest.as_bytes()[..8].iter().fold("r-".to_owned(), |id, byte| format!("{id}{byte:02x}"))
}

#[cfg(test)]
mod tests;
