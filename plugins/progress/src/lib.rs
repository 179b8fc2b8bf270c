//! The shipped progress strategy.
