//! Returns that were dealt with before this host.

use rebound_domain::event::{PastReturnLine, PastReturnRequest};
use rebound_domain::ids::{CustomerId, OrderId, ReturnId, Sku};
use rebound_domain::money::Currency;
use serde::Deserialize;
use utoipa::ToSchema;

use super::read::objects;
use super::scalar::{Amount, Count, Instant};

/// One line of an import of past returns: a whole return.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PastReturnBody {
    /// The merchant's name for it.
    #[schema(value_type = String, max_length = 256)]
    return_id: ReturnId,
    /// Who returned.
    #[schema(value_type = String, max_length = 256)]
    customer_id: CustomerId,
    /// When the customer asked.
    requested_at: Instant,
    /// ISO 4217; the deployment's when left out.
    #[schema(value_type = Option<String>, pattern = "^[A-Z]{3}$")]
    currency: Option<Currency>,
    /// At least one.
    #[serde(deserialize_with = "objects")]
    #[schema(min_items = 1)]
    lines: Vec<PastReturnBodyLine>,
}

/// One line of a past return.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PastReturnBodyLine {
    /// What came back.
    #[schema(value_type = String, max_length = 256)]
    sku: Sku,
    /// Units, at least 1.
    #[schema(minimum = 1)]
    quantity: Count,
    /// Paid for these units after discounts, tax included.
    #[schema(minimum = 0)]
    paid: Amount,
    /// The order it was bought in.
    #[schema(value_type = Option<String>, max_length = 256)]
    order_id: Option<OrderId>,
}

impl PastReturnBody {
    pub(crate) fn into_request(self, deployment: Currency) -> PastReturnRequest {
        PastReturnRequest {
            return_id: self.return_id,
            customer_id: self.customer_id,
            requested_at: self.requested_at.0,
            currency: self.currency.unwrap_or(deployment),
            lines: self.lines.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<PastReturnBodyLine> for PastReturnLine {
    fn from(line: PastReturnBodyLine) -> Self {
        Self { sku: line.sku, quantity: line.quantity.0, paid: line.paid.into(), order_id: line.order_id }
    }
}
