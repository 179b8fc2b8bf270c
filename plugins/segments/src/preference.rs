//! What a customer looks for, read from what was bought and kept: organic cotton, no fluorescent agent.

use rebound_sdk::prelude::*;

use crate::Segments;

/// A quality tag that much of what was kept carries.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Preference {
    pub(crate) tag: String,
}

/// The configured tags that are a preference, in the configuration's order. Products count, not purchases: who buys one
/// shirt three times has shown a liking for that shirt.
pub(crate) fn all(call: &Call<'_, Segments>) -> Vec<Preference> {
    let kept = kept(&call.context.customer.purchases);
    // A look-up of products costs more than all the rest: none for who has too few to show anything.
    if kept.len() < call.config.preference_kept as usize || call.config.quality_tags.is_empty() {
        return Vec::new();
    }
    let products: Vec<Product> = call.get(&kept).into_iter().flatten().collect();
    let is_preferred = |tag: &&String| {
        let carrying = products.iter().filter(|product| product.tags.contains(tag)).count();
        is_preference(carrying, products.len(), call.config.preference_kept, call.config.preference_bp)
    };
    call.config.quality_tags.iter().filter(is_preferred).map(|tag| Preference { tag: tag.clone() }).collect()
}

/// Products of which nothing was ever sent back, in the order of purchase.
fn kept(purchases: &[Purchase]) -> Vec<ProductId> {
    let mut kept: Vec<ProductId> = Vec::new();
    for purchase in purchases {
        let is_kept = purchases.iter().all(|other| other.product != purchase.product || other.returned == 0);
        if is_kept && !kept.contains(&purchase.product) {
            kept.push(purchase.product);
        }
    }
    kept
}

/// Enough of them, and a large enough share of all that was kept.
fn is_preference(carrying: usize, kept: usize, kept_min: u32, share_min_bp: u32) -> bool {
    carrying > 0
        && carrying >= kept_min as usize
        && carrying as u64 * 10_000 >= kept as u64 * u64::from(share_min_bp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preference_takes_both_a_number_and_a_share_of_what_was_kept() {
        for (carrying, kept, is) in
            [(3, 10, true), (3, 11, false), (2, 2, false), (3, 3, true), (0, 0, false), (15, 50, true)]
        {
            assert_eq!(is_preference(carrying, kept, 3, 3_000), is, "{carrying} of {kept}");
        }
        assert!(!is_preference(0, 5, 0, 0), "nothing shows nothing, whatever the configuration");
    }

    #[test]
    fn a_product_of_which_a_unit_was_sent_back_was_not_kept() {
        let bought = |product, returned| Purchase { product, paid: 100, quantity: 2, at: 0, returned };
        assert_eq!(kept(&[bought(1, 0), bought(2, 1), bought(1, 0), bought(3, 0), bought(2, 0)]), [1, 3]);
    }
}
