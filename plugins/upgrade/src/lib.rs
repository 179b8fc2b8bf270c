//! The shipped upgrade strategy.
