//! The rules of Rebound: plain values in, plain values out.
//!
//! Nothing here is async, opens a file, reads a clock or draws a random number: time, seeds and data come as
//! arguments, so every rule can be tested by a table and replayed years later. `serde` derives describe how a
//! value is recorded in storage; what clients see are the edge's own types.
//!
//! Start reading at [`situation`] (what a strategy knows), [`answer`] (what it may say) and [`plan`] (what the
//! customer gets).

pub mod access;
pub mod answer;
pub mod bucket;
pub mod catalog;
pub mod check;
pub mod claims;
pub mod compose;
pub mod coupon;
pub mod event;
pub mod experiment;
pub mod ids;
pub mod limits;
pub mod manifest;
pub mod money;
pub mod namespace;
pub mod plan;
pub mod policy;
pub mod product;
pub mod quarantine;
pub mod route;
pub mod situation;
#[cfg(test)]
mod testing;
mod text;
pub mod time;
