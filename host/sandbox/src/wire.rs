//! The contract's types (`wit/0.1.0`) as they cross the boundary.
//!
//! Written out rather than generated, because what goes in borrows from the situation (no text is copied on the
//! host's side) and what comes out is counted. A name or a type that strays from the contract is a link error
//! of every component, which the tests over real components would show at once.

pub(crate) mod answer;
pub(crate) mod catalog;
pub(crate) mod context;
pub(crate) mod handed;
pub(crate) mod manifest;
pub(crate) mod shared;
pub(crate) mod size;
pub(crate) mod verbs;

/// The contract's package.
pub(crate) const PACKAGE: &str = "rebound:strategy";
/// The contract's version.
pub(crate) const VERSION: &str = "0.1.0";

/// An interface's name as components import and export it: `rebound:strategy/catalog@0.1.0`.
pub(crate) fn interface(name: &str) -> String {
    format!("{PACKAGE}/{name}@{VERSION}")
}
