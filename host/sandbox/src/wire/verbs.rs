//! The five functions a strategy may export, and what each is called with.

use rebound_domain::manifest::Stage;

use super::context::Context;
use super::handed::{CustodyEvent, Offer, Proposal, Segment, Usual};

pub(crate) type Classify<'a> = (Context<'a>,);
pub(crate) type Recommend<'a> = (Context<'a>, Segment<'a>);
pub(crate) type Compensate<'a> = (Context<'a>, Segment<'a>, Vec<Offer<'a>>);
pub(crate) type Compose<'a> = (Context<'a>, Segment<'a>, Vec<Offer<'a>>, Vec<Proposal<'a>>);
pub(crate) type Narrate<'a> = (Context<'a>, Segment<'a>, Vec<CustodyEvent<'a>>, Vec<Usual<'a>>);

/// The one function of a stage's interface.
pub(crate) fn verb(stage: Stage) -> &'static str {
    match stage {
        Stage::Segmentation => "classify",
        Stage::Recommendation => "recommend",
        Stage::Coupon => "compensate",
        Stage::Sharing => "compose",
        Stage::Progress => "narrate",
    }
}
