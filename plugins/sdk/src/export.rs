//! From the component's exports to the traits of a strategy. The same functions serve the tests in
//! [`crate::testing`], so that a strategy runs alike in both.

use std::marker::PhantomData;

use crate::bindings::metadata::exports::rebound::strategy::metadata;
use crate::bindings::{coupon, progress, recommendation, segmentation, sharing};
use crate::catalogue::Host;
use crate::prelude::{Classification, Compensation, CustodyEvent, Recommendations, ShareKit, Step, Usual};
use crate::types::{Context, Failure, Offer, Proposal, Segment};
use crate::{Call, Coupon, Progress, Recommendation, Segmentation, Sharing, Strategy, config, log, template};

/// Exports a strategy from its component: `metadata`, and the named stages.
///
/// ```text
/// rebound_sdk::export!(Upgrade: recommendation);
/// rebound_sdk::export!(Everything: segmentation, recommendation, coupon, sharing, progress);
/// ```
///
/// Outside wasm it exports nothing, so that the crate's tests are ordinary Rust.
#[macro_export]
macro_rules! export {
    ($strategy:ty: $($stage:ident),+ $(,)?) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, reason = "generated: the component's entry points")]
        const _: () = {
            type Component = $crate::export::Component<$strategy>;
            $crate::__export_stage!(metadata, Component);
            $($crate::__export_stage!($stage, Component);)+
        };
        // A strategy that only its component uses is no dead code.
        #[cfg(not(target_arch = "wasm32"))]
        const _: $crate::export::Component<$strategy> = $crate::export::Component::<$strategy>::NEW;
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __export_stage {
    ($stage:ident, $component:ident) => {
        $crate::bindings::$stage::export!($component with_types_in $crate::bindings::$stage);
    };
}

/// The component that a strategy becomes.
pub struct Component<S>(PhantomData<S>);

impl<S> Component<S> {
    /// There is nothing in it.
    pub const NEW: Self = Self(PhantomData);
}

impl<S: Strategy> metadata::Guest for Component<S> {
    fn describe() -> metadata::Manifest {
        report_panics();
        manifest::<S>()
    }
}

impl<S: Segmentation> segmentation::exports::rebound::strategy::segmentation::Guest for Component<S> {
    fn classify(context: Context) -> Result<Classification, Failure> {
        report_panics();
        S::classify(&Call::new(&context, &Host)?)
    }
}

impl<S: Recommendation> recommendation::exports::rebound::strategy::recommendation::Guest for Component<S> {
    fn recommend(context: Context, segment: Segment) -> Result<Recommendations, Failure> {
        report_panics();
        S::recommend(&Call::new(&context, &Host)?, &segment)
    }
}

impl<S: Coupon> coupon::exports::rebound::strategy::coupon::Guest for Component<S> {
    fn compensate(context: Context, segment: Segment, offers: Vec<Offer>) -> Result<Compensation, Failure> {
        report_panics();
        S::compensate(&Call::new(&context, &Host)?, &segment, &offers)
    }
}

impl<S: Sharing> sharing::exports::rebound::strategy::sharing::Guest for Component<S> {
    fn compose(
        context: Context,
        segment: Segment,
        offers: Vec<Offer>,
        proposals: Vec<Proposal>,
    ) -> Result<ShareKit, Failure> {
        report_panics();
        S::compose(&Call::new(&context, &Host)?, &segment, &offers, &proposals)
    }
}

impl<S: Progress> progress::exports::rebound::strategy::progress::Guest for Component<S> {
    fn narrate(
        context: Context,
        segment: Segment,
        timeline: Vec<CustodyEvent>,
        usual: Vec<Usual>,
    ) -> Result<Vec<Step>, Failure> {
        report_panics();
        S::narrate(&Call::new(&context, &Host)?, &segment, &timeline, &usual)
    }
}

pub(crate) fn manifest<S: Strategy>() -> metadata::Manifest {
    metadata::Manifest {
        name: S::NAME.to_string(),
        version: S::VERSION.to_string(),
        summary: S::SUMMARY.to_string(),
        config_schema: config::schema::<S::Config>(),
        state_version: S::STATE_VERSION,
        templates: template::declared(S::TEMPLATES),
        personas: template::personas(S::PERSONAS),
    }
}

/// A panic ends the instance; without this its message would be lost with it.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| log::error(&panic.to_string())));
}
