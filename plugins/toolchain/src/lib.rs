//! Turns a strategy crate into a component: what rebound build and cargo xtask share.
