//! The shipped segments strategy.
