//! Experiment statistics as pure functions of sufficient statistics: numbers in, numbers out.
//!
//! There is one so far: whether traffic is split as it should be ([`srm_p_value`]).

mod srm;

pub use srm::{SrmError, srm_p_value};
