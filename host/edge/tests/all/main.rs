//! The routes, called as a service: no socket but where serving itself is tested.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod claims;
mod contract;
mod control;
mod customers;
mod errors;
mod events;
mod faults;
mod guest;
mod holds;
mod imports;
mod namespaces;
mod plugins;
mod publishing;
mod quarantine;
mod returns;
mod serving;
mod speaker;
mod support;
