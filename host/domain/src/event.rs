//! What reaches the host from the merchant: returns, orders and customers, as given.
//!
//! These are requests: skus are not yet products. [`crate::situation`] holds what strategies see.

use serde::{Deserialize, Serialize};

use crate::ids::{CustomerId, EventId, OrderId, ReturnId, Sku, Source};
use crate::money::{Currency, Money};
use crate::time::Instant;

/// A return as the merchant reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnRequest {
    /// The system it comes from.
    pub source: Source,
    /// Its event id there.
    pub id: EventId,
    /// The merchant's name for the return.
    pub return_id: ReturnId,
    /// Who returns.
    pub customer_id: CustomerId,
    /// When the customer asked.
    pub requested_at: Instant,
    /// BCP 47.
    pub locale: String,
    /// Must be the deployment's.
    pub currency: Currency,
    /// web, app, store...
    pub channel: Option<String>,
    /// At least one.
    pub lines: Vec<ReturnRequestLine>,
    /// refund, exchange, store-credit, repair, keep-item.
    pub requested_resolution: Option<String>,
}

/// One line of a return as the merchant reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnRequestLine {
    /// What comes back.
    pub sku: Sku,
    /// Units, at least 1.
    pub quantity: u32,
    /// Paid for these units after discounts, tax included.
    pub paid: Money,
    /// The order it was bought in.
    pub order_id: Option<OrderId>,
    /// A category of the closed list.
    pub reason: Option<String>,
    /// The merchant's own code.
    pub reason_code: Option<String>,
    /// The customer's words.
    pub note: Option<String>,
}

/// The closed list of return reasons.
pub const REASONS: [&str; 17] = [
    "unknown",
    "color",
    "size-too-small",
    "size-too-large",
    "style",
    "not-as-described",
    "defective",
    "wrong-item",
    "missing-parts",
    "damaged",
    "late",
    "not-received",
    "counterfeit",
    "ordered-for-comparison",
    "price-dropped",
    "unwanted",
    "other",
];

/// The closed list of resolutions.
pub const RESOLUTIONS: [&str; 5] = ["refund", "exchange", "store-credit", "repair", "keep-item"];

/// A return that was dealt with before this host: it is counted and learned from, and gets no plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastReturnRequest {
    /// The merchant's name for it.
    pub return_id: ReturnId,
    /// Who returned.
    pub customer_id: CustomerId,
    /// When the customer asked.
    pub requested_at: Instant,
    /// Must be the deployment's.
    pub currency: Currency,
    /// At least one.
    pub lines: Vec<PastReturnLine>,
}

/// One line of a past return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastReturnLine {
    /// What came back.
    pub sku: Sku,
    /// Units, at least 1.
    pub quantity: u32,
    /// Paid for these units after discounts, tax included.
    pub paid: Money,
    /// The order it was bought in.
    pub order_id: Option<OrderId>,
}

/// An order as the merchant reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRequest {
    /// The merchant's name for it.
    pub id: OrderId,
    /// Who bought; none for a guest.
    pub customer_id: Option<CustomerId>,
    /// When it was placed.
    pub ordered_at: Instant,
    /// When it arrived, if it has.
    pub delivered_at: Option<Instant>,
    /// Must be the deployment's.
    pub currency: Currency,
    /// At least one.
    pub lines: Vec<OrderRequestLine>,
    /// Taken off the whole order, when the message says it.
    pub discount: Option<Money>,
    /// The coupon code used on it.
    pub coupon: Option<String>,
}

/// One line of an order as the merchant reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRequestLine {
    /// What was bought.
    pub sku: Sku,
    /// Units, at least 1.
    pub quantity: u32,
    /// Paid for the line after discounts, tax included.
    pub paid: Money,
}

/// What the merchant tells of a customer beside the orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerRequest {
    /// Who.
    pub customer_id: CustomerId,
    /// The merchant's own words.
    pub traits: Vec<String>,
    /// Channels with consent.
    pub consent: Vec<String>,
    /// BCP 47.
    pub locale: Option<String>,
}

/// A product as the merchant's feed reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductRequest {
    /// The merchant's own number.
    pub sku: Sku,
    /// As customers read it.
    pub title: String,
    /// Its category, when known.
    pub category: Option<String>,
    /// Its brand, when known.
    pub brand: Option<String>,
    /// The current price, tax included.
    pub price: Money,
    /// Must be the deployment's.
    pub currency: Currency,
    /// The merchant's own words.
    pub tags: Vec<String>,
    /// Products of one style differ only in their options.
    pub style: Option<String>,
    /// Size, color and the like, as (name, value).
    pub options: Vec<(String, String)>,
    /// Units on hand, when known.
    pub stock: Option<u32>,
    /// Basis points of the price, may be negative, when known.
    pub margin: Option<i32>,
}
