//! The catalogue in memory: snapshots, search, similarity, affinity, switched share.
//!
//! One task owns the [`Catalogue`] and applies products, orders and returns as they arrive; readers hold a
//! [`Snapshot`], which never changes, and ask it through a [`View`] of one moment. Writer and readers never wait
//! for each other: everything a snapshot holds is persistent (a change copies the few nodes it touches, see
//! [`sorted`] and [`trie`]), so taking one costs a few pointers.
//!
//! Formulas, complexity and memory: `docs/catalogue.md`. Start reading at [`search`], then [`plan`].

mod bits;
mod bounds;
mod buyers;
mod catalogue;
mod dictionary;
mod document;
mod filter;
mod former;
mod listing;
mod merge;
mod plan;
mod search;
mod snapshot;
mod sorted;
mod state;
mod switching;
mod tally;
mod text;
mod top;
mod trie;

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

pub use buyers::CustomerKey;
pub use catalogue::{Catalogue, Sale};
pub use former::Former;
pub use snapshot::{Snapshot, Stats, View};
pub use state::Item;
