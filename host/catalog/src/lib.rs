//! The catalogue in memory: snapshots, search, similarity, affinity, switched share.
//!
//! One task owns the [`Catalogue`] and applies products, orders and returns as they arrive; readers hold a
//! [`Snapshot`], which never changes, and ask it through a [`View`] of one moment.

mod catalogue;
mod model;
mod text;

pub use catalogue::{Catalogue, CustomerKey, Item, Sale, Snapshot, Stats, View};
