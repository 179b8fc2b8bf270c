//! A product as the merchant's catalogue describes it.

use serde::{Deserialize, Serialize};

use crate::ids::{ProductId, Sku};
use crate::money::Money;

/// A pair of the growth hatch, and a product's option (size, color).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// What strategies may know of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// The host's own number for it.
    pub id: ProductId,
    /// The merchant's own.
    pub sku: Sku,
    /// As customers read it.
    pub title: String,
    /// The merchant's category, when known.
    pub category: Option<String>,
    /// The brand, when known.
    pub brand: Option<String>,
    /// The current catalogue price, tax included.
    pub price: Money,
    /// The merchant's own words.
    pub tags: Vec<String>,
    /// Products of one style differ only in their options.
    pub style: Option<String>,
    /// Size, color and the like.
    pub options: Vec<Attribute>,
    /// For keys of a later contract.
    pub extra: Vec<Attribute>,
}
