//! The use cases over storage in memory and a real sandbox.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod control;
mod decide;
mod durability;
mod durable;
mod hooked;
mod house;
mod imports;
mod orders;
mod racing;
mod restart;
mod sizes;
mod watched;
