//! Counts after many orders and returns, against one plain pass over all of them.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::buyers::mix;

/// One search shows all of them but one.
const PRODUCTS: u32 = 200;
const ORDERS: u64 = 20_000;
/// Together fewer than the buyers a product keeps, so that affinity is exact.
const CUSTOMERS: u64 = 900;
const GUESTS: u64 = 100;
const DAYS: u64 = 120;

/// Small whole numbers, the same in every run; `what` tells draws of one event apart.
fn draw(event: u64, what: u64, end: u64) -> u64 {
    mix(mix(3, event), what) % end
}

/// Popular products have low numbers.
fn any_product(event: u64, what: u64) -> u32 {
    let (one, other) = (draw(event, what, u64::from(PRODUCTS)), draw(event, what + 100, u64::from(PRODUCTS)));
    u32::try_from(one.min(other)).unwrap()
}

fn customer_key(number: u64) -> CustomerKey {
    CustomerKey(u128::from(number).to_be_bytes())
}

struct Order {
    customer: Option<u64>,
    at: Instant,
    products: BTreeSet<u32>,
}

struct Return {
    customer: u64,
    at: Instant,
    products: BTreeSet<u32>,
}

fn order(event: u64) -> Order {
    let products = (0..=draw(event, 1, 5)).map(|line| any_product(event, 10 + line)).collect();
    let customer = (event >= GUESTS).then(|| draw(event, 2, CUSTOMERS));
    Order { customer, at: day(draw(event, 3, DAYS)), products }
}

/// Whole days, so that several fall on one day and windows meet their edges.
fn returned(event: u64) -> Return {
    let products = (0..=draw(event, 4, 2)).map(|line| any_product(event, 50 + line)).collect();
    Return { customer: draw(event, 5, CUSTOMERS), at: day(draw(event, 6, DAYS)), products }
}

fn retitled(id: u32, title: u64) -> Item {
    item(Product {
        title: format!("title {title}"),
        price: Money(i64::try_from(title).unwrap()),
        ..product(id)
    })
}

#[test]
fn counts_of_20_000_orders_equal_a_recount_whatever_came_late_or_between() {
    let orders: Vec<Order> = (0..ORDERS).map(order).collect();
    let returns: Vec<Return> = (0..ORDERS / 5).map(returned).collect();
    let mut catalogue = Catalogue::new();
    // Events of all days arrive in no order; every fifth is followed by a return, every seventh by a change.
    for (number, order) in (0..).zip(&orders) {
        let lines: Vec<_> = order.products.iter().map(|&id| (ProductId(id), 2)).collect();
        catalogue.order(&Sale { customer: order.customer.map(customer_key), at: order.at, lines: &lines });
        if number % 5 == 0 {
            let back = &returns[number / 5];
            let products: Vec<_> = back.products.iter().map(|&id| ProductId(id)).collect();
            catalogue.returned(customer_key(back.customer), back.at, &products);
        }
        if number % 7 == 0 {
            catalogue.upsert(retitled(any_product(number as u64, 7), draw(number as u64, 8, 50)));
        }
    }
    (0..PRODUCTS).for_each(|id| catalogue.upsert(retitled(id, 1)));
    let now = day(DAYS);
    let view = catalogue.snapshot().at(now, Access::Withheld);
    let (switched, settled) = recount_switches(&orders, &returns, now);
    let buyers = recount_buyers(&orders);
    let (mut met, mut switches) = (0, 0);
    for from in 0..PRODUCTS {
        let query = Query {
            similar_to: Some(ProductId(from)),
            order_by: OrderBy::Affinity,
            limit: PRODUCTS,
            ..Query::default()
        };
        let found = view.search(&query);
        assert_eq!(found.len(), PRODUCTS as usize - 1);
        for candidate in found {
            let to = candidate.id.0;
            let returns = settled.get(&from).copied().unwrap_or(0);
            let count = switched.get(&(from, to)).copied().unwrap_or(0);
            let want = (returns > 0).then_some(Switched { switched: count, returns });
            assert_eq!(view.switched(ProductId(from), candidate.id), want, "{from} to {to}");
            assert_eq!(candidate.switched_share, want.and_then(Switched::share), "{from} to {to}");
            let affinity = match (buyers.get(&from), buyers.get(&to)) {
                (Some(a), Some(b)) => {
                    let both = a.intersection(b).count();
                    met += both;
                    let cosine = both as f64 / (a.len() as f64 * b.len() as f64).sqrt();
                    #[allow(clippy::cast_possible_truncation, reason = "the nearest f32 is meant")]
                    Some(cosine as f32)
                }
                _ => None,
            };
            assert_eq!(candidate.affinity, affinity, "{from} with {to}");
            switches += count;
        }
    }
    assert!(met > 100_000 && switches > 1_000, "the history says nothing: {met} met, {switches} switched");
}

/// How many settled returns of one product were followed by another, and how many there were of each.
fn recount_switches(
    orders: &[Order],
    returns: &[Return],
    now: Instant,
) -> (BTreeMap<(u32, u32), u32>, BTreeMap<u32, u32>) {
    let window = Duration::days(30);
    let mut bought: BTreeMap<u64, Vec<&Order>> = BTreeMap::new();
    for order in orders {
        order.customer.into_iter().for_each(|customer| bought.entry(customer).or_default().push(order));
    }
    let (mut switched, mut settled) = (BTreeMap::new(), BTreeMap::new());
    for back in returns.iter().filter(|back| back.at + window <= now) {
        let own = bought.get(&back.customer).into_iter().flatten();
        let within = own.filter(|order| back.at <= order.at && order.at < back.at + window);
        let next: BTreeSet<u32> = within.flat_map(|order| order.products.iter().copied()).collect();
        for &from in &back.products {
            *settled.entry(from).or_default() += 1;
            next.iter().for_each(|&to| *switched.entry((from, to)).or_default() += 1);
        }
    }
    (switched, settled)
}

/// Who bought each product: customers, and guests' orders by number.
fn recount_buyers(orders: &[Order]) -> BTreeMap<u32, BTreeSet<Result<u64, usize>>> {
    let mut buyers: BTreeMap<u32, BTreeSet<_>> = BTreeMap::new();
    for (number, order) in orders.iter().enumerate() {
        for &product in &order.products {
            buyers.entry(product).or_default().insert(order.customer.ok_or(number));
        }
    }
    buyers
}
