//! What a strategy implements: [`Strategy`] once, and one trait per stage it takes part in.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::prelude::{Classification, Compensation, CustodyEvent, Recommendations, ShareKit, Step, Usual};
use crate::types::{Failure, Offer, Proposal, Segment};
use crate::{Call, Persona, Template};

/// What a strategy says of itself, read once when it is published.
pub trait Strategy: Sized {
    /// `namespace/name`, lower case: `rebound/upgrade`.
    const NAME: &'static str;
    /// Semantic version; usually `env!("CARGO_PKG_VERSION")`.
    const VERSION: &'static str;
    /// One sentence for the operator; usually `env!("CARGO_PKG_DESCRIPTION")`.
    const SUMMARY: &'static str;
    /// Versions with the same number share state: raise it when the shape of `State` changes.
    const STATE_VERSION: u32 = 1;
    /// What [`templates!`](crate::templates) declared.
    const TEMPLATES: &'static [Template];
    /// Who speaks; only progress steps name them.
    const PERSONAS: &'static [Persona] = &[];

    /// What a route may set; see [`config!`](macro@crate::config) and [`NoConfig`](crate::NoConfig).
    type Config: DeserializeOwned + JsonSchema;
    /// What is kept for each customer from one return to the next, at most 4 KiB; `()` for nothing.
    type State: Serialize + DeserializeOwned;
}

/// Stage 1: who is this, and what does the return tell.
pub trait Segmentation: Strategy {
    /// # Errors
    /// A [`Failure`] makes the stage fall back; the return itself goes on.
    fn classify(call: &Call<'_, Self>) -> Result<Classification, Failure>;
}

/// Stage 2: what to take instead.
pub trait Recommendation: Strategy {
    /// # Errors
    /// A [`Failure`] makes the stage fall back; having nothing to offer is an empty answer.
    fn recommend(call: &Call<'_, Self>, segment: &Segment) -> Result<Recommendations, Failure>;
}

/// Stage 3: which coupon.
pub trait Coupon: Strategy {
    /// # Errors
    /// A [`Failure`] makes the stage fall back; having nothing to give is an empty answer.
    fn compensate(
        call: &Call<'_, Self>,
        segment: &Segment,
        offers: &[Offer],
    ) -> Result<Compensation, Failure>;
}

/// Stage 4: something to share.
pub trait Sharing: Strategy {
    /// # Errors
    /// A [`Failure`] makes the stage fall back; having nothing to share is an empty answer.
    fn compose(
        call: &Call<'_, Self>,
        segment: &Segment,
        offers: &[Offer],
        proposals: &[Proposal],
    ) -> Result<ShareKit, Failure>;
}

/// Stage 5: the return's real progress. Called again on every read, so it keeps no state.
pub trait Progress: Strategy {
    /// # Errors
    /// A [`Failure`] leaves the reader with the custody events alone.
    fn narrate(
        call: &Call<'_, Self>,
        segment: &Segment,
        timeline: &[CustodyEvent],
        usual: &[Usual],
    ) -> Result<Vec<Step>, Failure>;
}
