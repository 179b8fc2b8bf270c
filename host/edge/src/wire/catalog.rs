//! A product as the merchant's feed reports it.

use std::collections::BTreeMap;

use rebound_domain::event::ProductRequest;
use rebound_domain::ids::Sku;
use rebound_domain::money::Currency;
use serde::Deserialize;
use utoipa::ToSchema;

use super::read::{or_default, texts_by_name};
use super::scalar::{Amount, Count, Margin};

/// One line of a catalogue import.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CatalogLine {
    /// The merchant's own number; a known one is updated.
    #[schema(value_type = String, max_length = 256)]
    sku: Sku,
    /// As customers read it.
    title: String,
    category: Option<String>,
    brand: Option<String>,
    /// The current price, tax included.
    #[schema(minimum = 0)]
    price: Amount,
    /// ISO 4217; the deployment's when left out.
    #[schema(value_type = Option<String>, pattern = "^[A-Z]{3}$")]
    currency: Option<Currency>,
    /// The merchant's own words.
    #[serde(default, deserialize_with = "or_default")]
    #[schema(nullable)]
    tags: Vec<String>,
    /// Products of one style differ only in their options.
    style: Option<String>,
    /// Size, color and the like.
    #[serde(default, deserialize_with = "texts_by_name")]
    #[schema(nullable)]
    options: BTreeMap<String, String>,
    /// Units on hand, when known.
    stock: Option<Count>,
    /// Basis points of the price, may be negative, when known.
    margin: Option<Margin>,
}

impl CatalogLine {
    pub(crate) fn into_request(self, deployment: Currency) -> ProductRequest {
        ProductRequest {
            sku: self.sku,
            title: self.title,
            category: self.category,
            brand: self.brand,
            price: self.price.into(),
            currency: self.currency.unwrap_or(deployment),
            tags: self.tags,
            style: self.style,
            options: self.options.into_iter().collect(),
            stock: self.stock.map(|stock| stock.0),
            margin: self.margin.map(|margin| margin.0),
        }
    }
}
