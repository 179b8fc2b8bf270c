//! What a plan may say at one moment, recomputed from the data alone and in the plainest way there is.

use std::collections::{BTreeMap, BTreeSet};

use super::data::{Line, OnlineRetail, Order, Product, Return};
use super::prices::STANDS_AFTER;

const THIRTY_DAYS_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// Returns without which a share is not said.
const SHARE_RETURNS_MIN: usize = 30;

/// Purchases that a strategy is shown.
const PURCHASES_SHOWN: usize = 50;

/// What has happened so far.
pub struct Ledger<'a> {
    products: &'a BTreeMap<String, Product>,
    by_category: BTreeMap<&'a str, Vec<&'a str>>,
    /// Price per unit where a product was first named.
    first_price: BTreeMap<&'a str, i64>,
    /// Prices per unit of every sale to a known customer.
    sale_prices: BTreeMap<&'a str, Vec<i64>>,
    /// When each order was placed, and whose it is.
    orders: BTreeMap<&'a str, (i64, &'a str)>,
    /// When each customer bought, and the price per unit paid.
    purchases: BTreeMap<&'a str, Vec<(i64, i64)>>,
    /// When each customer bought each product.
    bought: BTreeMap<(&'a str, &'a str), Vec<i64>>,
    /// Who returned each product, and when.
    returned: BTreeMap<&'a str, Vec<(i64, &'a str)>>,
    /// How many returns each customer has asked for.
    documents: BTreeMap<&'a str, usize>,
}

impl<'a> Ledger<'a> {
    /// A ledger before anything happened.
    #[must_use]
    pub fn new(data: &'a OnlineRetail) -> Self {
        let mut by_category: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for product in data.products.values() {
            if let Some(category) = &product.category {
                by_category.entry(category).or_default().push(&product.sku);
            }
        }
        Self {
            products: &data.products,
            by_category,
            first_price: BTreeMap::new(),
            sale_prices: BTreeMap::new(),
            orders: BTreeMap::new(),
            purchases: BTreeMap::new(),
            bought: BTreeMap::new(),
            returned: BTreeMap::new(),
            documents: BTreeMap::new(),
        }
    }

    /// Takes in an order.
    pub fn ordered(&mut self, order: &'a Order) {
        self.named(&order.lines);
        let Some(customer) = &order.customer else { return };
        self.orders.insert(&order.id, (order.at, customer));
        for line in &order.lines {
            self.sale_prices.entry(&line.sku).or_default().push(line.unit);
            self.purchases.entry(customer).or_default().push((order.at, per_unit(line)));
            self.bought.entry((customer, &line.sku)).or_default().push(order.at);
        }
    }

    /// Takes in that a return is asked for, before its plan is made.
    pub fn asked(&mut self, document: &'a Return) {
        self.named(&document.lines);
    }

    /// Takes in a return, after its plan was made.
    pub fn returned(&mut self, document: &'a Return) {
        *self.documents.entry(&document.customer).or_default() += 1;
        let products: BTreeSet<&str> = document.lines.iter().map(|line| line.sku.as_str()).collect();
        for sku in products {
            self.returned.entry(sku).or_default().push((document.at, &document.customer));
        }
    }

    fn named(&mut self, lines: &'a [Line]) {
        for line in lines {
            self.first_price.entry(&line.sku).or_insert(line.unit);
        }
    }

    /// The title of a product that is in the catalogue.
    #[must_use]
    pub fn title(&self, sku: &str) -> Option<&'a str> {
        self.first_price.get(sku)?;
        self.products.get(sku).map(|product| product.title.as_str())
    }

    /// The category of a product.
    #[must_use]
    pub fn category(&self, sku: &str) -> Option<&'a str> {
        self.products.get(sku)?.category.as_deref()
    }

    /// The price of a product that is in the catalogue, pence: the latest that enough sales in a row stood at, else the
    /// first.
    #[must_use]
    pub fn price(&self, sku: &str) -> Option<i64> {
        let first = *self.first_price.get(sku)?;
        let sales = self.sale_prices.get(sku).map_or(&[][..], Vec::as_slice);
        let settled = |sales: &&[i64]| sales.iter().all(|price| *price == sales[0]);
        Some(sales.windows(STANDS_AFTER).rev().find(settled).map_or(first, |sales| sales[0]))
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
        let (Some(category), Some(price)) = (self.category(sku), self.price(sku)) else {
            return BTreeSet::new();
        };
        let range = price + 1..=price * 6 / 5;
        let is_back = |sku: &str| document.lines.iter().any(|line| line.sku == sku);
        let fits =
            |other: &&str| self.price(other).is_some_and(|price| range.contains(&price)) && !is_back(other);
        self.by_category[category].iter().copied().filter(fits).collect()
    }

    /// Whether the customer bought a product and has asked to return none of it since.
    #[must_use]
    pub fn kept(&self, customer: &str, sku: &str) -> bool {
        let back = self.returned.get(sku).into_iter().flatten().filter(|(_, who)| *who == customer);
        let last_back = back.map(|(at, _)| *at).max();
        let bought = self.bought.get(&(customer, sku)).into_iter().flatten();
        bought.into_iter().any(|at| last_back.is_none_or(|back| back < *at))
    }

    /// Orders of the customer so far.
    #[must_use]
    pub fn orders_of(&self, customer: &str) -> usize {
        self.orders.values().filter(|(_, who)| *who == customer).count()
    }

    /// Returns the customer has asked for so far, the one at hand not counted.
    #[must_use]
    pub fn returns_of(&self, customer: &str) -> usize {
        self.documents.get(customer).copied().unwrap_or(0)
    }

    /// Whether the customer has one order, and all that comes back was bought on it.
    #[must_use]
    pub fn comes_from_only_order(&self, document: &Return) -> bool {
        let mut own = self.orders.iter().filter(|(_, (_, who))| *who == document.customer);
        let (Some((only, _)), None) = (own.next(), own.next()) else { return false };
        document.lines.iter().all(|line| line.order.as_deref() == Some(*only))
    }

    /// The first line whose order is one of the customer's, placed at most `within` milliseconds before.
    #[must_use]
    pub fn soon_back<'d>(&self, document: &'d Return, within: i64) -> Option<&'d Line> {
        document.lines.iter().find(|line| {
            let order = line.order.as_deref().and_then(|id| self.orders.get(id));
            order.is_some_and(|(at, who)| {
                *who == document.customer && (0..=within).contains(&(document.at - at))
            })
        })
    }

    /// The median (the upper of two) price per unit of the latest purchases that a strategy is shown. Unknown when an
    /// order stands at their end with only some of its lines: which ones is the host's affair.
    #[must_use]
    pub fn usual_price(&self, customer: &str) -> Option<i64> {
        // Orders came by time.
        let all = self.purchases.get(customer)?;
        let (older, shown) = all.split_at(all.len().saturating_sub(PURCHASES_SHOWN));
        if older.last().is_some_and(|(at, _)| *at == shown[0].0) {
            return None;
        }
        let mut units: Vec<i64> = shown.iter().map(|(_, unit)| *unit).collect();
        units.sort_unstable();
        units.get(units.len() / 2).copied()
    }
}

/// What was paid for a unit, as the strategies reckon.
#[must_use]
pub fn per_unit(line: &Line) -> i64 {
    line.paid / i64::from(line.quantity.max(1))
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
