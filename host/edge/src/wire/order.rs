//! An order as the merchant reports it.

use rebound_domain::event::{OrderRequest, OrderRequestLine};
use rebound_domain::ids::{CustomerId, OrderId, Sku};
use rebound_domain::money::Currency;
use serde::Deserialize;
use utoipa::ToSchema;

use super::read::objects;
use super::scalar::{Amount, Count, Instant};

/// One line of an order import: a whole order.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderBody {
    /// The merchant's name for it.
    #[schema(value_type = String, max_length = 256)]
    id: OrderId,
    /// Who bought; left out for a guest.
    #[schema(value_type = Option<String>, max_length = 256)]
    customer_id: Option<CustomerId>,
    /// When it was placed.
    ordered_at: Instant,
    /// When it arrived, if it has.
    delivered_at: Option<Instant>,
    /// ISO 4217; the deployment's when left out.
    #[schema(value_type = Option<String>, pattern = "^[A-Z]{3}$")]
    currency: Option<Currency>,
    /// Taken off the whole order.
    #[schema(minimum = 0)]
    discount: Option<Amount>,
    /// The coupon code used on it.
    coupon: Option<String>,
    /// At least one.
    #[serde(deserialize_with = "objects")]
    #[schema(min_items = 1)]
    lines: Vec<OrderBodyLine>,
}

/// One line of an order.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderBodyLine {
    /// What was bought.
    #[schema(value_type = String, max_length = 256)]
    sku: Sku,
    /// Units, at least 1.
    #[schema(minimum = 1)]
    quantity: Count,
    /// Paid for the line after discounts, tax included.
    #[schema(minimum = 0)]
    paid: Amount,
}

impl OrderBody {
    pub(crate) fn into_request(self, deployment: Currency) -> OrderRequest {
        OrderRequest {
            id: self.id,
            customer_id: self.customer_id,
            ordered_at: self.ordered_at.0,
            delivered_at: self.delivered_at.map(|instant| instant.0),
            currency: self.currency.unwrap_or(deployment),
            lines: self.lines.into_iter().map(Into::into).collect(),
            discount: self.discount.map(Into::into),
            coupon: self.coupon,
        }
    }
}

impl From<OrderBodyLine> for OrderRequestLine {
    fn from(line: OrderBodyLine) -> Self {
        Self { sku: line.sku, quantity: line.quantity.0, paid: line.paid.into() }
    }
}
