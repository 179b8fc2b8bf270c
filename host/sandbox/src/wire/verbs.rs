//! The five functions a strategy may export, and what each is called with.

use rebound_domain::manifest::Stage;
use wasmtime::Store;
use wasmtime::component::{ComponentExportIndex, Instance};

use super::answer::{Classification, Compensation, Failure, Recommendations, ShareKit, Step};
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

/// Whether a stage's function has the contract's type. Only an instance can tell.
pub(crate) fn check_type<T: 'static>(
    stage: Stage,
    instance: &Instance,
    store: &mut Store<T>,
    export: &ComponentExportIndex,
) -> wasmtime::Result<()> {
    type Answer<A> = (Result<A, Failure>,);
    match stage {
        Stage::Segmentation => {
            instance.get_typed_func::<Classify<'_>, Answer<Classification>>(store, export).map(drop)
        }
        Stage::Recommendation => {
            instance.get_typed_func::<Recommend<'_>, Answer<Recommendations>>(store, export).map(drop)
        }
        Stage::Coupon => {
            instance.get_typed_func::<Compensate<'_>, Answer<Compensation>>(store, export).map(drop)
        }
        Stage::Sharing => instance.get_typed_func::<Compose<'_>, Answer<ShareKit>>(store, export).map(drop),
        Stage::Progress => instance.get_typed_func::<Narrate<'_>, Answer<Vec<Step>>>(store, export).map(drop),
    }
}
