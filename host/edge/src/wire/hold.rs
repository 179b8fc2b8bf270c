//! Price holds, as a checkout asks for them.

use rebound_domain::money::Currency;
use serde::Serialize;
use utoipa::ToSchema;

use super::scalar::{Amount, Instant};

/// The prices a customer was promised and that hold now.
#[derive(Serialize, ToSchema)]
pub(crate) struct HoldList {
    /// Cheapest first.
    holds: Vec<Hold>,
}

/// A price that a customer was promised.
#[derive(Serialize, ToSchema)]
pub(crate) struct Hold {
    /// Of which offer.
    recommendation_id: String,
    /// Of which return.
    return_id: String,
    /// The product.
    sku: String,
    /// What a unit costs this customer at most.
    price: Amount,
    /// ISO 4217, of `price`.
    #[schema(value_type = String, pattern = "^[A-Z]{3}$", example = "CNY")]
    currency: Currency,
    /// For so many units.
    quantity: u32,
    /// From then on the catalogue's price counts again.
    until: Instant,
}

impl From<Vec<rebound_engine::Hold>> for HoldList {
    fn from(holds: Vec<rebound_engine::Hold>) -> Self {
        Self { holds: holds.into_iter().map(Into::into).collect() }
    }
}

impl From<rebound_engine::Hold> for Hold {
    fn from(hold: rebound_engine::Hold) -> Self {
        Self {
            recommendation_id: hold.recommendation_id,
            return_id: hold.return_id.to_string(),
            sku: hold.sku.to_string(),
            price: hold.price.into(),
            currency: hold.currency,
            quantity: hold.quantity,
            until: hold.until.into(),
        }
    }
}
