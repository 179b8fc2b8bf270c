//! Write a strategy in a page of Rust.
