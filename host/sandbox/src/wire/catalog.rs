//! What a strategy asks the catalogue, and what it is told.

use rebound_domain::catalog;
use rebound_domain::ids::ProductId;
use rebound_domain::money::Money;
use wasmtime::component::{ComponentType, Lift, Lower};

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Query {
    categories: Vec<String>,
    brand: Option<String>,
    #[component(name = "any-tag")]
    any_tag: Vec<String>,
    #[component(name = "price-min")]
    price_min: Option<i64>,
    #[component(name = "price-max")]
    price_max: Option<i64>,
    #[component(name = "similar-to")]
    similar_to: Option<u32>,
    #[component(name = "style-of")]
    style_of: Option<u32>,
    exclude: Vec<u32>,
    #[component(name = "in-stock")]
    in_stock: bool,
    #[component(name = "order-by")]
    order_by: String,
    limit: u32,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Candidate {
    id: u32,
    price: i64,
    similarity: Option<f32>,
    affinity: Option<f32>,
    #[component(name = "switched-share")]
    switched_share: Option<u32>,
    stock: Option<u32>,
    #[component(name = "units-sold")]
    units_sold: Option<u32>,
    margin: Option<i32>,
}

impl Query {
    /// How many categories and tags it names, and how many products it excludes: what the catalogue has to look at
    /// beside the products.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.categories.len() + self.any_tag.len(), self.exclude.len())
    }

    /// The catalogue's own query, asking for at most `limit_max`.
    pub(crate) fn clamped(self, limit_max: u32) -> catalog::Query {
        catalog::Query {
            categories: self.categories,
            brand: self.brand,
            any_tag: self.any_tag,
            price_min: self.price_min.map(Money),
            price_max: self.price_max.map(Money),
            similar_to: self.similar_to.map(ProductId),
            style_of: self.style_of.map(ProductId),
            exclude: self.exclude.into_iter().map(ProductId).collect(),
            in_stock: self.in_stock,
            order_by: catalog::OrderBy::from_word(&self.order_by),
            limit: self.limit.min(limit_max),
        }
    }
}

impl From<catalog::Candidate> for Candidate {
    fn from(candidate: catalog::Candidate) -> Self {
        Self {
            id: candidate.id.0,
            price: candidate.price.0,
            similarity: candidate.similarity,
            affinity: candidate.affinity,
            switched_share: candidate.switched_share.map(|share| share.0),
            stock: candidate.stock,
            units_sold: candidate.units_sold,
            margin: candidate.margin,
        }
    }
}
