//! Every backend against the one conformance suite, and the wrapper that fails on command.

mod backup;
mod faulty;
mod memory;
mod sled;
