//! What came back in the last four months, and three products that came back too often.

use serde::Serialize;

use super::catalogue::{Catalogue, is_clothing};
use super::customers::Customer;
use super::notes;
use super::orders::{self, DAY, END, Moment, Order, START, random_seconds};
use super::random::Random;

/// A line of `examples/returns.ndjson`: the body of a `POST /v1/returns`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Return {
    source: &'static str,
    pub(crate) id: String,
    pub(crate) return_id: String,
    pub(crate) customer_id: String,
    pub(crate) requested_at: Moment,
    locale: &'static str,
    currency: &'static str,
    channel: &'static str,
    pub(crate) lines: Vec<ReturnLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requested_resolution: Option<&'static str>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct ReturnLine {
    pub(crate) sku: String,
    pub(crate) quantity: u64,
    pub(crate) paid: u64,
    pub(crate) order_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

/// A product that came back too often, and what many of its buyers took instead: a share of those who switched
/// is said only of a product with thirty returns that are older than thirty days.
struct Story {
    returned: &'static str,
    taken_instead: &'static str,
    reason: &'static str,
}

const STORIES: [Story; 3] = [
    Story { returned: "LIP-VELVET-ROSEWOOD", taken_instead: "LIP-SATIN-ROSEWOOD", reason: "color" },
    Story { returned: "FND-AIR-IVORY", taken_instead: "FND-SERUM-IVORY", reason: "not-as-described" },
    Story { returned: "JEA-STRAIGHT-M", taken_instead: "JEA-RELAXED-M", reason: "size-too-small" },
];

/// Returns of one story, those who took the other product, and the days on which the orders fell.
const STORY_RETURNS: usize = 46;
const SWITCHED_PERCENT: u64 = 38;
const STORY_DAYS: (i64, i64) = (248, 346);

/// The day of the first sample return.
const FIRST_DAY: i64 = 245;

/// Adds the stories' orders, numbers all of them by time, and answers with what came back, by time.
pub(crate) fn returns(
    catalogue: &Catalogue,
    customers: &[Customer],
    orders: &mut Vec<Order>,
    random: &mut Random,
) -> Vec<Return> {
    let mut returns: Vec<Pending> =
        orders.iter().filter_map(|order| came_back(catalogue, customers, order, random)).collect();
    for story in &STORIES {
        returns.extend(tell(story, catalogue, customers, orders, random));
    }
    orders.sort_by_key(|order| (order.ordered_at, order.customer));
    for (index, order) in orders.iter_mut().enumerate() {
        order.id = format!("SO-{:04}", index + 1);
    }
    returns.sort_by_key(|it| (it.requested_at, it.customer));
    let numbered = returns.into_iter().enumerate();
    numbered.map(|(index, it)| it.finish(index + 1, orders, customers, random)).collect()
}

/// A return whose order has no number yet.
struct Pending {
    customer: usize,
    ordered_at: Moment,
    requested_at: Moment,
    /// Indices of the order's lines, with units and reason.
    lines: Vec<(usize, u64, Option<&'static str>)>,
}

fn came_back(
    catalogue: &Catalogue,
    customers: &[Customer],
    order: &Order,
    random: &mut Random,
) -> Option<Pending> {
    let delivered_at = order.delivered_at?;
    let requested_at = delivered_at.plus(random_seconds(random, DAY / 4, 9 * DAY));
    let habit = customers[order.customer].habit;
    let mut lines = Vec::new();
    for (index, line) in order.lines.iter().enumerate() {
        let clothing = is_clothing(catalogue.products[line.product].category);
        if random.chance(habit.returned_percent(clothing)) {
            let quantity = random.between(1, line.quantity);
            lines.push((index, quantity, random.weighted(habit.reasons(clothing))));
        }
    }
    let in_time = (START.plus(FIRST_DAY * DAY)..END).contains(&requested_at);
    let (customer, ordered_at) = (order.customer, order.ordered_at);
    (in_time && !lines.is_empty()).then_some(Pending { customer, ordered_at, requested_at, lines })
}

/// One product sent back by many, each a different customer, most of them early enough to count.
fn tell(
    story: &Story,
    catalogue: &Catalogue,
    customers: &[Customer],
    orders: &mut Vec<Order>,
    random: &mut Random,
) -> Vec<Pending> {
    let returned = catalogue.by_sku(story.returned);
    let taken_instead = catalogue.by_sku(story.taken_instead);
    let first = random.index(customers.len());
    let mut returns = Vec::new();
    for teller in 0..STORY_RETURNS {
        // 7 shares no factor with the number of customers, so nobody comes twice.
        let index = (first + teller * 7) % customers.len();
        let customer = &customers[index];
        let (from, to) = STORY_DAYS;
        let early = to - (to - from) / 2;
        let day = if teller < STORY_RETURNS * 4 / 5 { (from, early) } else { (early, to) };
        let ordered_at = START.plus(random_seconds(random, day.0 * DAY, day.1 * DAY));
        let order = orders::order(catalogue, index, customer, ordered_at, &[returned], random);
        let Some(delivered_at) = order.delivered_at else { continue };
        let requested_at = delivered_at.plus(random_seconds(random, DAY / 2, 4 * DAY));
        let quantity = order.lines[0].quantity;
        orders.push(order);
        returns.push(Pending {
            customer: index,
            ordered_at,
            requested_at,
            lines: vec![(0, quantity, Some(story.reason))],
        });
        let bought_at = requested_at.plus(random_seconds(random, DAY / 12, 20 * DAY));
        if random.chance(SWITCHED_PERCENT) && bought_at < END {
            orders.push(orders::order(catalogue, index, customer, bought_at, &[taken_instead], random));
        }
    }
    returns
}

impl Pending {
    fn finish(self, number: usize, orders: &[Order], customers: &[Customer], random: &mut Random) -> Return {
        let customer = &customers[self.customer];
        let order = orders.iter().find(|it| it.customer == self.customer && it.ordered_at == self.ordered_at);
        let order = order.expect("a return comes from an order of its customer");
        let lines = self.lines.iter().map(|&(index, quantity, reason)| {
            let line = &order.lines[index];
            let note = random.chance(45).then(|| notes::note(reason, customer.locale, random)).flatten();
            let paid = line.paid * quantity / line.quantity;
            ReturnLine { sku: line.sku.clone(), quantity, paid, order_id: order.id.clone(), reason, note }
        });
        Return {
            source: "sample-shop",
            id: format!("SE-{number:04}"),
            return_id: format!("SR-{number:04}"),
            customer_id: customer.customer_id.clone(),
            requested_at: self.requested_at,
            locale: customer.locale,
            currency: "CNY",
            lines: lines.collect(),
            channel: random.pick(&["web", "app", "app", "store"]),
            requested_resolution: random.weighted(&[
                (Some("refund"), 60),
                (Some("exchange"), 15),
                (Some("store-credit"), 5),
                (None, 20),
            ]),
        }
    }
}
