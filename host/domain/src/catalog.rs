//! What can be asked of the catalogue: the vocabulary of a search, and the one trait behind it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::ProductId;
use crate::money::{BasisPoints, Money};
use crate::product::Product;

/// A search. All given conditions hold together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Query {
    /// Any of these; empty = all.
    pub categories: Vec<String>,
    /// This brand only.
    pub brand: Option<String>,
    /// Any of these; empty = all.
    pub any_tag: Vec<String>,
    /// Inclusive.
    pub price_min: Option<Money>,
    /// Inclusive.
    pub price_max: Option<Money>,
    /// What similarity, affinity and switched share are relative to; never a result.
    pub similar_to: Option<ProductId>,
    /// Only products of this product's style; never itself.
    pub style_of: Option<ProductId>,
    /// Never these.
    pub exclude: Vec<ProductId>,
    /// Leaves out only what is known to be zero.
    pub in_stock: bool,
    /// Unknown values come last; ties by id.
    pub order_by: OrderBy,
    /// At most this many results.
    pub limit: u32,
}

/// The order of a search's results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrderBy {
    /// Most similar to `similar_to` first.
    Similarity,
    /// Highest affinity with `similar_to` first.
    Affinity,
    /// Most units sold first; what an unknown word means too.
    #[default]
    UnitsSold,
    /// Cheapest first.
    PriceAsc,
    /// Dearest first.
    PriceDesc,
}

impl OrderBy {
    /// Reads the contract's word; an unknown one means units sold.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word {
            "similarity" => Self::Similarity,
            "affinity" => Self::Affinity,
            "price-asc" => Self::PriceAsc,
            "price-desc" => Self::PriceDesc,
            _ => Self::UnitsSold,
        }
    }
}

/// One result: numbers only. `None` is unknown, never zero.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Which product.
    pub id: ProductId,
    /// Its current catalogue price.
    pub price: Money,
    /// 0 to 1: cosine of title, brand, tags and category.
    pub similarity: Option<f32>,
    /// 0 to 1: how often customers who bought the one bought the other too.
    pub affinity: Option<f32>,
    /// Switched share from `similar_to` to this.
    pub switched_share: Option<BasisPoints>,
    /// Units known to be on hand.
    pub stock: Option<u32>,
    /// Units sold in all orders so far.
    pub units_sold: Option<u32>,
    /// Basis points of the price, may be negative; only where the route grants it.
    pub margin: Option<i32>,
}

/// Of one product's returns older than 30 days, how many customers bought another within 30 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switched {
    /// Those who bought the other product.
    pub switched: u32,
    /// All those returns.
    pub returns: u32,
}

impl Switched {
    /// In basis points, rounded down; none without returns.
    #[must_use]
    pub fn share(self) -> Option<BasisPoints> {
        let share = (u64::from(self.switched) * 10_000).checked_div(u64::from(self.returns))?;
        u32::try_from(share).ok().map(BasisPoints)
    }
}

/// The catalogue as one decision sees it: it does not change while the decision runs.
pub trait Catalog: Send + Sync {
    /// Products that satisfy the query, in its order.
    fn search(&self, query: &Query) -> Vec<Candidate>;
    /// One product.
    fn get(&self, id: ProductId) -> Option<Arc<Product>>;
    /// Units known to be on hand.
    fn stock(&self, id: ProductId) -> Option<u32>;
    /// How often a return of `from` was followed by a purchase of `to`; none when nothing is known of `from`.
    fn switched(&self, from: ProductId, to: ProductId) -> Option<Switched>;
}
