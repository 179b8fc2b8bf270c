//! The shipped affinity strategy.
