//! What the merchant does for a customer who minds quality: the same again, ahead of the queue, and inspected.

use rebound_sdk::prelude::*;

use crate::Segments;
use crate::signal::{self, Signal};
use crate::wording::{INSPECTION_REPORT, PRIORITY_RESHIP, PRIORITY_RESHIP_IF};

/// What is done for the first line that spoke for the segment, as far as policy and stock go.
pub(crate) fn all(call: &Call<'_, Segments>, segment: &Segment, signals: &[Signal]) -> Vec<Care> {
    let spoke = signals.iter().find(|signal| signal.key == signal::QUALITY);
    let Some(about) = spoke.filter(|_| segment.key == signal::QUALITY).map(|signal| signal.about) else {
        return Vec::new();
    };
    let Subject::Returned(line) = about else { return Vec::new() };
    let care = |action: &str, words: Option<Template>| {
        let words = words.filter(|_| call.context.policy.care.iter().any(|word| word == action))?;
        let copy = vec![words.about(about)];
        Some(Care { action: action.to_string(), line: Some(line), after: 0, copy })
    };
    let returned = &call.context.event.lines[line as usize];
    let reship = match stock(call, &returned.product) {
        Some(stock) if stock >= returned.quantity => Some(PRIORITY_RESHIP),
        Some(_) => None,
        None => Some(PRIORITY_RESHIP_IF),
    };
    // What is known not to be there is not sent again, and nothing comes with it.
    let report = reship.map(|_| INSPECTION_REPORT);
    [care("priority-reship", reship), care("inspection-report", report)].into_iter().flatten().collect()
}

const TAGS_MAX: usize = 16;

/// Units on hand, where the catalogue tells. There is no look-up of a product's stock in the contract: it is searched
/// for among those of its category, brand and price, and unknown where too many share them.
fn stock(call: &Call<'_, Segments>, product: &Product) -> Option<u32> {
    let found = call.search(&Query {
        categories: product.category.iter().cloned().collect(),
        brand: product.brand.clone(),
        // It has them all: some are as good, and a search may name 32.
        any_tag: product.tags.iter().take(TAGS_MAX).cloned().collect(),
        price_min: Some(product.price),
        price_max: Some(product.price),
        order_by: "price-asc".to_string(),
        limit: 200,
        ..Query::default()
    });
    found.into_iter().find(|candidate| candidate.id == product.id)?.stock
}
