//! Strategies under wasmtime: loading, limits, linking, one call.
//!
//! [`Sandbox::publish`] takes a component in, [`Sandbox::load`] brings it back after a restart, and a [`Plugin`]
//! is called stage by stage. Start reading at [`Plugin`], then [`Outcome`].
//!
//! What is not here: no HTTP, no storage, no business rules beyond calling [`rebound_domain::check`]; no WASI,
//! and so no clock, entropy, network or files for any guest; no state kept between two calls; no compiled code
//! from outside.

mod artefact;
mod cache;
mod call;
mod class;
mod compile;
mod deadline;
mod engine;
mod host;
mod inspect;
mod invoke;
mod limiter;
mod meter;
mod outcome;
mod plugin;
#[cfg(feature = "reuse")]
mod reuse;
mod runtime;
mod sandbox;
mod wire;

pub use cache::CacheOptions;
pub use class::Class;
pub use compile::{CompileError, Compiler, compile_child};
pub use inspect::{Exports, RefuseError};
pub use meter::METER;
pub use outcome::{Level, LogLine, Outcome, Report, Trap, Usage};
pub use plugin::{Origin, Plugin};
pub use rebound_domain::check::InvalidOutput;
#[cfg(feature = "reuse")]
pub use reuse::Reused;
pub use sandbox::{LoadError, PublishError, Sandbox, SandboxOptions, StartError};
