//! A year of orders in which things that go together are bought together.

use serde::{Serialize, Serializer};

use super::catalogue::Catalogue;
use super::customers::Customer;
use super::random::Random;

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) i64);

pub(crate) const MINUTE: i64 = 60;
pub(crate) const DAY: i64 = 24 * 60 * MINUTE;

/// 2025-11-01T00:00:00+08:00.
pub(crate) const START: Moment = Moment(1_761_926_400);
/// A year later, which is left out.
pub(crate) const END: Moment = Moment(START.0 + 365 * DAY);

impl Moment {
    pub(crate) fn plus(self, seconds: i64) -> Self {
        Self(self.0 + seconds)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let timestamp = jiff::Timestamp::from_second(self.0).expect("sample moments lie near the year 2026");
        serializer.collect_str(&timestamp)
    }
}

/// A line of `examples/orders.ndjson`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) customer_id: String,
    pub(crate) ordered_at: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delivered_at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    discount: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coupon: Option<&'static str>,
    pub(crate) lines: Vec<OrderLine>,
    #[serde(skip)]
    pub(crate) customer: usize,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct OrderLine {
    pub(crate) sku: String,
    pub(crate) quantity: u64,
    pub(crate) paid: u64,
    #[serde(skip)]
    pub(crate) product: usize,
}

/// Categories that are worn together, with the percentage of baskets that hold each.
type Look = &'static [(&'static str, u64)];

const EVENING: Look = &[
    ("lipstick", 100),
    ("foundation", 65),
    ("brush", 40),
    ("eyeshadow", 35),
    ("mascara", 30),
    ("blush", 20),
    ("concealer", 15),
    ("dress", 25),
];
const SKINCARE: Look =
    &[("serum", 100), ("cream", 60), ("cleanser", 45), ("sunscreen", 35), ("mask", 30), ("lip-care", 20)];
const CASUAL: Look = &[("jeans", 100), ("t-shirt", 65), ("hoodie", 30), ("lip-care", 10)];
const OFFICE: Look = &[("shirt", 100), ("skirt", 50), ("knitwear", 35), ("coat", 15), ("scarf", 20)];
const NURSERY: Look = &[("baby-bodysuit", 100), ("pyjamas", 50), ("t-shirt", 25), ("cream", 15)];
const WINTER: Look = &[("knitwear", 100), ("scarf", 55), ("coat", 30), ("lip-care", 25)];

const LOOKS: &[(Look, u64)] =
    &[(EVENING, 26), (SKINCARE, 22), (CASUAL, 20), (OFFICE, 14), (NURSERY, 8), (WINTER, 10)];

/// The orders of everyone, in no order.
pub(crate) fn orders(catalogue: &Catalogue, customers: &[Customer], random: &mut Random) -> Vec<Order> {
    let mut orders = Vec::new();
    for (index, customer) in customers.iter().enumerate() {
        let (least, most) = customer.habit.orders();
        // Everyone has two looks, and keeps to them.
        let looks = [random.weighted(LOOKS), random.weighted(LOOKS)];
        for _ in 0..random.between(least, most) {
            let look = random.pick(&looks);
            let products = basket(catalogue, customer, look, random);
            orders.push(order(catalogue, index, customer, moment(random), &products, random));
        }
    }
    orders
}

/// An evening of the year in the shop's time zone. The shop grows: the second half sees more.
fn moment(random: &mut Random) -> Moment {
    let day = random.below(365).max(random.below(365));
    let day = i64::try_from(day).expect("a day of the year");
    let second = i64::try_from(random.between(9 * 3600, 23 * 3600)).expect("a second of the day");
    START.plus(day * DAY + second)
}

fn basket(catalogue: &Catalogue, customer: &Customer, look: Look, random: &mut Random) -> Vec<usize> {
    let kept: Vec<_> = look.iter().filter(|(_, percent)| random.chance(*percent)).collect();
    kept.into_iter().map(|(category, _)| choose(catalogue, customer, category, random)).collect()
}

/// Mostly the style of the customer's tier in the customer's size, so that the same things meet again.
fn choose(catalogue: &Catalogue, customer: &Customer, category: &str, random: &mut Random) -> usize {
    let styles = catalogue.shelf(category);
    let usual = usize::try_from(customer.tier).expect("below a hundred") * styles.len() / 100;
    let style = &styles[if random.chance(70) { usual } else { random.index(styles.len()) }];
    style[customer.variant % style.len()]
}

pub(crate) fn order(
    catalogue: &Catalogue,
    index: usize,
    customer: &Customer,
    ordered_at: Moment,
    products: &[usize],
    random: &mut Random,
) -> Order {
    let coupon = customer.habit.hunts_coupons() && random.chance(50);
    let mut discount = 0;
    let lines = products.iter().map(|&product| {
        let found = &catalogue.products[product];
        let quantity = if found.price < 10_000 && random.chance(15) { 2 } else { 1 };
        let full = found.price * quantity;
        let paid = if coupon { full * 9 / 10 } else { full };
        discount += full - paid;
        OrderLine { sku: found.sku.clone(), quantity, paid, product }
    });
    let lines = lines.collect();
    let delivered_at = ordered_at.plus(random_seconds(random, 2 * DAY, 5 * DAY));
    Order {
        id: String::new(),
        customer_id: customer.customer_id.clone(),
        ordered_at,
        delivered_at: (delivered_at < END).then_some(delivered_at),
        discount: (discount > 0).then_some(discount),
        coupon: (discount > 0).then_some("SAMPLE-10"),
        lines,
        customer: index,
    }
}

/// A span between two, to the minute.
pub(crate) fn random_seconds(random: &mut Random, from: i64, to: i64) -> i64 {
    let minutes = u64::try_from((to - from) / MINUTE).expect("the span runs forwards");
    from + i64::try_from(random.below(minutes + 1)).expect("a span of days") * MINUTE
}
