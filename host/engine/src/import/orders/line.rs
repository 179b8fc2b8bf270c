//! One line of an import of orders.

use rebound_domain::event::OrderRequest;
use rebound_domain::ids::ProductId;
use rebound_storage::VALUE_BYTES_MAX;

use crate::error::LineError;
use crate::import::Imported;
use crate::records::{OrderRecord, encode};

/// Most orders of one buyer in one batch: four operations each, of 1,024.
const GROUP_COUNT: usize = 48;
/// Bytes of one batch's orders; with the profile and all keys it stays below the 1 MiB that a batch may have.
const GROUP_BYTES: usize = 768 * 1024;
/// Room for an order beside its lines: its id (256 bytes) and its coupon (1 KiB), each of which JSON may write as
/// six times as much, the times, the discount and the seal.
const REST_BYTES: usize = 8 * 1024;

/// An order that passed its checks, and the line it came on.
pub(super) struct Line {
    pub(super) index: usize,
    pub(super) order: OrderRecord,
    /// Whether the line says a discount: a message without one leaves what is known.
    says_discount: bool,
    /// As much as the order can ever take when it is stored.
    bytes: usize,
}

impl Line {
    pub(super) fn new(
        index: usize,
        request: &OrderRequest,
        products: &[ProductId],
    ) -> Result<Self, LineError> {
        let order = OrderRecord::new(request, products);
        // Units that come back are counted in the order, so it can still grow.
        let all_back: Vec<_> =
            order.lines.iter().map(|&(product, units, _, paid)| (product, units, units, paid)).collect();
        let (lines_bytes, lines_bytes_max) = (encode(&all_back).len(), VALUE_BYTES_MAX - REST_BYTES);
        if lines_bytes > lines_bytes_max {
            return Err(LineError::Invalid {
                field: "lines".to_owned(),
                problem: format!(
                    "take {lines_bytes} bytes as stored, over the limit of {lines_bytes_max}; send one line per product, or the order in parts"
                ),
            });
        }
        Ok(Self { index, order, says_discount: request.discount.is_some(), bytes: lines_bytes + REST_BYTES })
    }

    /// Adds what the line says to the order as it is known.
    ///
    /// # Errors
    /// [`LineError::OrderConflict`] when it tells of another sale.
    pub(super) fn update(&self, known: &mut OrderRecord) -> Result<Imported, LineError> {
        if !known.same_sale(&self.order) {
            return Err(self.conflict());
        }
        let updated = OrderRecord {
            delivered_at: self.order.delivered_at.or(known.delivered_at),
            coupon: self.order.coupon.clone().or_else(|| known.coupon.clone()),
            discount: if self.says_discount { self.order.discount } else { known.discount },
            ..known.clone()
        };
        if updated == *known {
            return Ok(Imported::Unchanged);
        }
        *known = updated;
        Ok(Imported::Updated)
    }

    pub(super) fn conflict(&self) -> LineError {
        LineError::OrderConflict { id: self.order.id.to_string() }
    }
}

/// Lines that fit into one batch each.
pub(super) fn groups(mut lines: &[Line]) -> Vec<&[Line]> {
    let mut groups = Vec::new();
    while !lines.is_empty() {
        let mut bytes = 0;
        let fits = |line: &&Line| {
            bytes += line.bytes;
            bytes <= GROUP_BYTES
        };
        let (group, rest) = lines.split_at(lines.iter().take(GROUP_COUNT).take_while(fits).count());
        groups.push(group);
        lines = rest;
    }
    groups
}

const _: () = assert!(VALUE_BYTES_MAX <= GROUP_BYTES, "every order fits into a batch");
