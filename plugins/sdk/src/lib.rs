#![doc = include_str!("../README.md")]

#[doc(hidden)]
pub mod bindings;
mod call;
pub mod catalogue;
mod config;
#[doc(hidden)]
pub mod export;
pub mod log;
mod strategy;
mod template;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

pub use crate::bindings::rebound::strategy::types;
pub use crate::call::Call;
pub use crate::catalogue::Catalogue;
pub use crate::config::NoConfig;
pub use crate::strategy::{Coupon, Progress, Recommendation, Segmentation, Sharing, Strategy};
pub use crate::template::{Persona, Template};
// What `config!` expands to, and what a strategy with state derives.
pub use {schemars, serde};

// The SDK's own tests use its macros the way a strategy does.
extern crate self as rebound_sdk;

/// Everything a strategy names: `use rebound_sdk::prelude::*`.
pub mod prelude {
    pub use crate::bindings::coupon::exports::rebound::strategy::coupon::{Compensation, FollowUp};
    pub use crate::bindings::progress::exports::rebound::strategy::progress::{CustodyEvent, Step, Usual};
    pub use crate::bindings::rebound::strategy::catalog::{Candidate, Query};
    pub use crate::bindings::recommendation::exports::rebound::strategy::recommendation::Recommendations;
    pub use crate::bindings::segmentation::exports::rebound::strategy::segmentation::{Care, Classification};
    pub use crate::bindings::sharing::exports::rebound::strategy::sharing::{Achievement, Card, ShareKit};
    pub use crate::types::*;
    pub use crate::{
        Call, Catalogue, Coupon, NoConfig, Persona, Progress, Recommendation, Segmentation, Sharing,
        Strategy, Template, config, export, log, templates,
    };
}
