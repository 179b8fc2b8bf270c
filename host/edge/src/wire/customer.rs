//! What the merchant tells of a customer beside the orders.

use rebound_domain::event::CustomerRequest;
use rebound_domain::ids::CustomerId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::read::or_default;

/// One line of a customer import. It replaces what was said of the customer before.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomerBody {
    /// Who.
    #[schema(value_type = String, max_length = 256)]
    customer_id: CustomerId,
    /// The merchant's own words.
    #[serde(default, deserialize_with = "or_default")]
    #[schema(nullable)]
    traits: Vec<String>,
    /// Channels with consent.
    #[serde(default, deserialize_with = "or_default")]
    #[schema(nullable)]
    consent: Vec<String>,
    /// BCP 47.
    locale: Option<String>,
}

impl From<CustomerBody> for CustomerRequest {
    fn from(body: CustomerBody) -> Self {
        Self {
            customer_id: body.customer_id,
            traits: body.traits,
            consent: body.consent,
            locale: body.locale,
        }
    }
}
