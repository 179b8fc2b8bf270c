//! The sandbox from outside: what it takes in, what it refuses, and what hostile guests get out of it.

#![expect(clippy::unwrap_used, reason = "tests")]

mod bombs;
mod cache;
mod damage;
mod determinism;
mod fixture;
mod guests;
mod handwritten;
mod hostile;
mod inspect;
mod limits;
mod memory;
mod neighbour;
mod publish;
