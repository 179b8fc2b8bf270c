//! Every backend against the one conformance suite, and the wrapper that fails on command.

mod faulty;
mod memory;
mod sled;
