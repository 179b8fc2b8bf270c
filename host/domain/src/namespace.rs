//! What a namespace may use, and what its versions did: the rules behind a partner's quotas and figures.
//!
//! Values in, values out; time is an argument, in microseconds of any clock that never goes back. Start reading at
//! [`Quotas`]; an [`Allowance`] is what of a rate is left, a [`Spread`] how values lie.

mod allowance;
mod quota;
mod spread;

pub use allowance::Allowance;
pub use quota::{Bound, Quota, QuotaSettings, Quotas};
pub use spread::Spread;
