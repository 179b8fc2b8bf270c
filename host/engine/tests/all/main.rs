//! The use cases over storage in memory and a real sandbox.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod audit;
mod carried_over;
mod control;
mod counter;
mod decide;
mod doctor;
mod durability;
mod durable;
mod emitted;
mod erasure;
mod exposures;
mod hooked;
mod hostile;
mod house;
mod imports;
mod loading;
mod orders;
mod partners;
mod past_returns;
mod plan_size;
mod promises;
mod quarantine;
mod racing;
mod recordings;
mod restart;
mod schemas;
mod secrecy;
mod sizes;
mod strategies;
mod tokens;
mod watched;
