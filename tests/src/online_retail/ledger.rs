//! What a plan may say at one moment, recomputed from the data alone and in the plainest way there is.

use std::collections::{BTreeMap, BTreeSet};

use super::data::{OnlineRetail, Order, Return};

const THIRTY_DAYS_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// Returns without which a share is not said.
const SHARE_RETURNS_MIN: usize = 30;

/// What has happened so far.
pub struct Ledger<'a> {
    data: &'a OnlineRetail,
    /// When each customer bought each product.
    bought: BTreeMap<(&'a str, &'a str), Vec<i64>>,
    /// Who returned each product, and when.
    returned: BTreeMap<&'a str, Vec<(i64, &'a str)>>,
}

impl<'a> Ledger<'a> {
    /// A ledger before anything happened.
    #[must_use]
    pub fn new(data: &'a OnlineRetail) -> Self {
        Self { data, bought: BTreeMap::new(), returned: BTreeMap::new() }
    }

    /// Takes in an order.
    pub fn ordered(&mut self, order: &'a Order) {
        let Some(customer) = &order.customer else { return };
        for line in &order.lines {
            self.bought.entry((customer, &line.sku)).or_default().push(order.at);
        }
    }

    /// Takes in a return, after its plan was made.
    pub fn returned(&mut self, document: &'a Return) {
        let products: BTreeSet<&str> = document.lines.iter().map(|line| line.sku.as_str()).collect();
        for sku in products {
            self.returned.entry(sku).or_default().push((document.at, &document.customer));
        }
    }

    /// The title of a product.
    #[must_use]
    pub fn title(&self, sku: &str) -> Option<&'a str> {
        self.data.products.get(sku).map(|product| product.title.as_str())
    }

    /// The price of a product, pence.
    #[must_use]
    pub fn price(&self, sku: &str) -> Option<i64> {
        self.data.products.get(sku).map(|product| product.price)
    }

    /// Of the returns of `from` older than 30 days, the whole percent whose customer bought `to` within 30 days
    /// of returning; none from fewer than 30 returns.
    #[must_use]
    pub fn switched_percent(&self, from: &str, to: &str, now: i64) -> Option<u64> {
        let returns = self.returned.get(from)?.iter().filter(|(at, _)| at + THIRTY_DAYS_MS <= now);
        let (mut count, mut switched) = (0_usize, 0_usize);
        for (at, customer) in returns {
            let bought = self.bought.get(&(*customer, to));
            let within =
                |times: &Vec<i64>| times.iter().any(|time| (*at..at + THIRTY_DAYS_MS).contains(time));
            count += 1;
            switched += usize::from(bought.is_some_and(within));
        }
        (count >= SHARE_RETURNS_MIN).then(|| (switched * 100 / count) as u64)
    }

    /// Every product the upgrade rule allows in place of one that comes back: the same category, dearer by at most
    /// a fifth, and not coming back itself.
    #[must_use]
    pub fn upgrades(&self, document: &Return, sku: &str) -> BTreeSet<&'a str> {
        let Some(product) = self.data.products.get(sku) else { return BTreeSet::new() };
        let range = product.price + 1..=product.price * 6 / 5;
        let back: BTreeSet<&str> = document.lines.iter().map(|line| line.sku.as_str()).collect();
        let allowed = self.data.products.values().filter(|other| {
            product.category.is_some()
                && other.category == product.category
                && range.contains(&other.price)
                && !back.contains(other.sku.as_str())
        });
        allowed.map(|other| other.sku.as_str()).collect()
    }
}

/// GrowthBook's hash version 2, written out from its description: which of 10,000 buckets a unit falls into.
#[must_use]
pub fn bucket(seed: &str, unit: &str) -> u32 {
    let first = fnv1a32(&format!("{seed}{unit}"));
    fnv1a32(&first.to_string()) % 10_000
}

fn fnv1a32(text: &str) -> u32 {
    text.encode_utf16().fold(0x811c_9dc5, |hash, unit| (hash ^ u32::from(unit)).wrapping_mul(0x0100_0193))
}
