//! The shipped share strategy.
