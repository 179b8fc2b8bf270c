//! `/v1/customers/{customer_id}`: a person has what is held of them, or has it gone.

use axum::http::StatusCode;
use axum::response::Response;
use rebound_domain::ids::CustomerId;
use serde::Serialize;
use utoipa::ToSchema;

use super::json;
use crate::caller::Acting;
use crate::code::Code;
use crate::path::{NoParams, PathPart};
use crate::problem::Problem;

/// Export a customer.
///
/// Everything that is held of this person: profile, orders, plans, past returns, coupons, price holds, states of strategies, exposures to
/// experiments and recordings. One who was erased is answered like one who never was. That it was shown, and to whom, is
/// in the audit log, which names the customer by a keyed hash.
#[utoipa::path(
    get,
    path = "/v1/customers/{customer_id}",
    tag = "customers",
    operation_id = "export_customer",
    params(("customer_id" = String, Path, description = "The merchant's name for the customer")),
    responses((status = 200, description = "Everything held of the customer", body = serde_json::Value)),
    extensions(("x-problems" = json!(["not_found", "busy", "storage_unavailable"]))),
)]
pub(super) async fn get(
    Acting(engine): Acting,
    PathPart(customer): PathPart<CustomerId>,
    _: NoParams,
) -> Result<Response, Problem> {
    match engine.export_customer(&customer).await? {
        Some(document) => Ok(json(StatusCode::OK, &document)),
        // The id is not repeated: a problem may be logged where a person's id must not be.
        None => Err(Problem::new(Code::NotFound, "nothing is held of this customer; check the id")),
    }
}

/// What an erasure did.
#[derive(Serialize, ToSchema)]
pub(super) struct Erasure {
    /// Records deleted; 0 when nothing was known of the customer.
    records: u64,
}

/// Erase a customer.
///
/// Once this is answered, nothing that was sealed for this person opens any more, here or in a copy of the storage. Sums
/// stay. Coupons that were issued stay valid to whoever shows their code. Events decided before answer 410 `erased`; a new
/// event starts a new person. Again, it does nothing and answers the same way. Who erased is in the audit log, which names
/// the customer by a keyed hash.
#[utoipa::path(
    delete,
    path = "/v1/customers/{customer_id}",
    tag = "customers",
    operation_id = "erase_customer",
    params(("customer_id" = String, Path, description = "The merchant's name for the customer")),
    responses((status = 200, description = "The customer is erased", body = Erasure)),
    extensions(("x-problems" = json!(["busy", "storage_unavailable"]))),
)]
pub(super) async fn delete(
    Acting(engine): Acting,
    PathPart(customer): PathPart<CustomerId>,
    _: NoParams,
) -> Result<Response, Problem> {
    let erased = engine.erase_customer(&customer).await?;
    Ok(json(StatusCode::OK, &Erasure { records: erased.records }))
}
