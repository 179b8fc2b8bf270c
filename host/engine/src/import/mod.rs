//! Bulk imports: products, orders, past returns, customers. Good lines are kept, bad ones are answered one by one.

mod check;
mod customers;
mod orders;
mod products;
mod returns;

pub(crate) use products::item;

use crate::error::LineError;

/// What became of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// It was new.
    Created,
    /// It changed what was known.
    Updated,
    /// It was known already.
    Unchanged,
}

/// One answer per line, in the order of the lines.
pub type LineResults = Vec<Result<Imported, LineError>>;

/// Most tries of a commit that others keep changing.
const ATTEMPTS_MAX: usize = 32;
