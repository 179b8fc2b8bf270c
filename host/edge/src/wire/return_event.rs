//! A return as the merchant reports it.

use rebound_domain::event::{ReturnRequest, ReturnRequestLine};
use rebound_domain::ids::{CustomerId, EventId, OrderId, ReturnId, Sku, Source};
use rebound_domain::money::Currency;
use serde::Deserialize;
use utoipa::ToSchema;

use super::read::objects;
use super::scalar::{Amount, Count, Instant};

/// A return as the merchant reports it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReturnEvent {
    /// The system it comes from.
    #[schema(value_type = String, max_length = 256, example = "shop")]
    source: Source,
    /// Its event id there; with the source it identifies the event.
    #[schema(value_type = String, max_length = 256, example = "evt-1")]
    id: EventId,
    /// The merchant's name for the return; one plan each.
    #[schema(value_type = String, max_length = 256, example = "r-1")]
    return_id: ReturnId,
    /// Who returns.
    #[schema(value_type = String, max_length = 256, example = "c-1")]
    customer_id: CustomerId,
    /// When the customer asked.
    requested_at: Instant,
    /// BCP 47.
    #[schema(max_length = 128, example = "zh-CN")]
    locale: String,
    /// ISO 4217; the deployment's.
    #[schema(value_type = String, pattern = "^[A-Z]{3}$", example = "CNY")]
    currency: Currency,
    /// web, app, store...
    #[schema(max_length = 128)]
    channel: Option<String>,
    /// At least one.
    #[serde(deserialize_with = "objects")]
    #[schema(min_items = 1)]
    lines: Vec<ReturnLine>,
    /// refund, exchange, store-credit, repair or keep-item.
    requested_resolution: Option<String>,
}

/// One line of a return.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReturnLine {
    /// What comes back.
    #[schema(value_type = String, max_length = 256, example = "LIP-01")]
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
    /// color, size-too-small, defective...: a word of the closed list.
    reason: Option<String>,
    /// The merchant's own code.
    #[schema(max_length = 128)]
    reason_code: Option<String>,
    /// The customer's words.
    #[schema(max_length = 4096)]
    note: Option<String>,
}

impl From<ReturnEvent> for ReturnRequest {
    fn from(event: ReturnEvent) -> Self {
        Self {
            source: event.source,
            id: event.id,
            return_id: event.return_id,
            customer_id: event.customer_id,
            requested_at: event.requested_at.0,
            locale: event.locale,
            currency: event.currency,
            channel: event.channel,
            lines: event.lines.into_iter().map(Into::into).collect(),
            requested_resolution: event.requested_resolution,
        }
    }
}

impl From<ReturnLine> for ReturnRequestLine {
    fn from(line: ReturnLine) -> Self {
        Self {
            sku: line.sku,
            quantity: line.quantity.0,
            paid: line.paid.into(),
            order_id: line.order_id,
            reason: line.reason,
            reason_code: line.reason_code,
            note: line.note,
        }
    }
}
