//! What crosses crates.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stderr, reason = "what was skipped, and the log of a service that failed")]

mod foreign;
mod harness;
mod online_retail;
mod outside;
mod server;
mod server_access;
mod server_assign;
mod server_backup;
mod server_commands;
mod server_config;
mod server_customers;
mod server_desk;
mod server_doctor;
mod server_files;
mod server_import;
mod server_packaging;
mod server_partners;
mod server_process;
mod server_promises;
mod server_replay;
mod server_telemetry;
mod server_top;
