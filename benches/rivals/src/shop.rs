//! The shop and the return that the sandbox's own tests decide.

#![allow(
    clippy::unwrap_used,
    dead_code,
    unused_imports,
    reason = "a test's module, of which this takes a part"
)]

#[path = "../../../host/sandbox/tests/all/fixture.rs"]
mod fixture;

pub(crate) use fixture::{catalog, context, patient, publish, sandbox_in, situation, unknown};
