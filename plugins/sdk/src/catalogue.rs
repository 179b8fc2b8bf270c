//! The merchant's catalogue as a strategy reaches it: the host's in a component, a fake in a test.

use crate::bindings::rebound::strategy::catalog::{self, Candidate, Query};
use crate::types::{Product, ProductId};

/// The most candidates one search answers with, and the most ids one `get` takes.
pub const RESULTS_MAX: u32 = 200;
/// The most categories and tags one search names, together.
pub const CONDITIONS_MAX: usize = 32;
/// The most products one search excludes.
pub const EXCLUDED_MAX: usize = 400;

/// One unchanging snapshot of the catalogue. Each call costs fuel: a base, and a price per result.
pub trait Catalogue {
    /// Candidates that satisfy every given condition, in the order asked for; at most 200.
    fn search(&self, query: &Query) -> Vec<Candidate>;

    /// One answer per id, in the same order; `None` for an id that the catalogue does not hold.
    fn get(&self, ids: &[ProductId]) -> Vec<Option<Product>>;
}

impl Default for Query {
    /// Everything, best sellers first, as many as one search may answer.
    fn default() -> Query {
        Query {
            categories: Vec::new(),
            brand: None,
            any_tag: Vec::new(),
            price_min: None,
            price_max: None,
            similar_to: None,
            style_of: None,
            exclude: Vec::new(),
            in_stock: false,
            order_by: String::from("units-sold"),
            limit: RESULTS_MAX,
        }
    }
}

/// The host's catalogue, through the component's import.
pub(crate) struct Host;

impl Catalogue for Host {
    fn search(&self, query: &Query) -> Vec<Candidate> {
        catalog::search(query)
    }

    fn get(&self, ids: &[ProductId]) -> Vec<Option<Product>> {
        catalog::get(ids)
    }
}
