//! The routes, called as a service: no socket but where serving itself is tested.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod claims;
mod contract;
mod control;
mod errors;
mod faults;
mod guest;
mod holds;
mod imports;
mod plugins;
mod publishing;
mod quarantine;
mod returns;
mod serving;
mod speaker;
mod support;
