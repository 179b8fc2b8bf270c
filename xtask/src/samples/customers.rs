//! The sample shop's customers: no names, only habits that make their returns differ.

use serde::Serialize;

use super::random::Random;

/// A line of `examples/customers.ndjson`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Customer {
    pub(crate) customer_id: String,
    pub(crate) locale: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    traits: Vec<&'static str>,
    consent: Vec<&'static str>,
    /// What the shop does not know; the histories follow from it.
    #[serde(skip)]
    pub(crate) habit: Habit,
    /// 0 buys the cheapest of a shelf, 99 the dearest.
    #[serde(skip)]
    pub(crate) tier: u64,
    /// Which size or shade fits.
    #[serde(skip)]
    pub(crate) variant: usize,
}

/// Why someone returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habit {
    Quality,
    Fit,
    Style,
    Price,
    Impulse,
    Loyal,
    Serial,
}

use Habit::{Fit, Impulse, Loyal, Price, Quality, Serial, Style};

impl Habit {
    /// Orders a year, at least and at most.
    pub(crate) fn orders(self) -> (u64, u64) {
        match self {
            Quality | Style => (3, 5),
            Fit => (3, 5),
            Price => (3, 6),
            Impulse | Serial => (4, 7),
            Loyal => (5, 9),
        }
    }

    /// How many of a hundred delivered lines come back.
    pub(crate) fn returned_percent(self, clothing: bool) -> u64 {
        match (self, clothing) {
            (Quality, _) => 19,
            (Fit, true) => 32,
            (Style, true) | (Impulse, _) => 24,
            (Price, _) => 14,
            (Fit | Style, false) => 8,
            (Loyal, _) => 4,
            (Serial, _) => 52,
        }
    }

    /// Whether half of this customer's orders wait for a coupon.
    pub(crate) fn hunts_coupons(self) -> bool {
        matches!(self, Price | Serial)
    }

    /// Reasons with their weights.
    pub(crate) fn reasons(self, clothing: bool) -> &'static [(Option<&'static str>, u64)] {
        match (self, clothing) {
            (Quality, _) => &[
                (Some("not-as-described"), 5),
                (Some("defective"), 4),
                (Some("damaged"), 2),
                (Some("color"), 1),
            ],
            (Fit, true) => {
                &[(Some("size-too-small"), 6), (Some("size-too-large"), 5), (Some("not-as-described"), 1)]
            }
            (Style, _) => &[(Some("style"), 6), (Some("color"), 4), (None, 1)],
            (Price, _) => &[(Some("price-dropped"), 7), (Some("unwanted"), 2), (Some("other"), 1)],
            (Impulse, _) => &[(Some("unwanted"), 6), (Some("ordered-for-comparison"), 3), (None, 2)],
            (Serial, true) => {
                &[(Some("ordered-for-comparison"), 5), (Some("size-too-large"), 3), (Some("unwanted"), 4)]
            }
            (Serial, false) => &[(Some("unwanted"), 5), (Some("color"), 3), (None, 2)],
            (Fit, false) => &[(Some("color"), 5), (Some("not-as-described"), 2), (None, 1)],
            (Loyal, _) => &[
                (Some("damaged"), 3),
                (Some("wrong-item"), 2),
                (Some("late"), 2),
                (Some("missing-parts"), 1),
            ],
        }
    }
}

const HABITS: &[(Habit, u64)] =
    &[(Quality, 17), (Fit, 20), (Style, 16), (Price, 17), (Impulse, 10), (Loyal, 12), (Serial, 8)];

const CONSENT: &[&[&str]] =
    &[&["email"], &["sms"], &["email", "sms"], &["wechat"], &["email", "wechat"], &["app"], &[]];

/// `count` customers.
pub(crate) fn customers(count: usize, random: &mut Random) -> Vec<Customer> {
    (1..=count).map(|number| customer(number, random)).collect()
}

fn customer(number: usize, random: &mut Random) -> Customer {
    let habit = random.weighted(HABITS);
    let spread = |random: &mut Random, from, to| random.between(from, to);
    let tier = match habit {
        Price => spread(random, 0, 45),
        Loyal | Quality => spread(random, 35, 99),
        Fit | Style | Impulse | Serial => spread(random, 0, 99),
    };
    Customer {
        customer_id: format!("SC-{number:03}"),
        locale: if random.chance(60) { "zh-CN" } else { "en" },
        traits: traits(habit, random),
        consent: random.pick(CONSENT).to_vec(),
        habit,
        tier,
        variant: random.index(3),
    }
}

/// What a shop would know and write down; it gives no habit away.
fn traits(habit: Habit, random: &mut Random) -> Vec<&'static str> {
    let mut traits = Vec::new();
    if random.chance(if habit == Loyal { 90 } else { 12 }) {
        traits.push("gold-member");
    }
    if random.chance(if habit == Quality { 50 } else { 8 }) {
        traits.push(random.pick(&["new-parent", "sensitive-skin"]));
    }
    if random.chance(if habit == Price { 45 } else { 10 }) {
        traits.push("student");
    }
    traits
}
