//! What crosses crates.

mod online_retail;
