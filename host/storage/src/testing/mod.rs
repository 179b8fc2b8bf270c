//! For tests only, behind the feature `testing`: what every backend must show, and a storage that fails on
//! command.

pub mod conformance;
mod faulty;

pub use faulty::{Fault, FaultyStorage};
