//! What crosses crates.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod foreign;
mod harness;
mod online_retail;
mod server;
mod server_commands;
mod server_process;
