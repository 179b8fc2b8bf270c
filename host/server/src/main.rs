//! The rebound binary.
fn main() {}
