//! What crosses crates: the real binary, real data, hostile guests, browsers.
//!
//! The library holds what a test and a command share; the tests themselves are in `all/`.

pub mod client;
pub mod online_retail;
pub mod service;
