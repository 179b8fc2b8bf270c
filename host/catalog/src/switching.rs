//! Switched share: what customers bought after they returned something.
//!
//! One entry per return of a product, and one per return and product bought within its window. Both are sets
//! that each order and return adds to, whichever comes first, so what they hold does not depend on the order of
//! arrival; and both are sorted by time within a product, so any moment's answer is the difference of two ranks.

use rebound_domain::catalog::Switched;
use rebound_domain::ids::ProductId;
use rebound_domain::time::{Duration, Instant};

use crate::sorted::Sorted;

/// How long after a return a purchase counts as a switch, and how old a return must be to be counted.
pub(crate) const WINDOW: Duration = Duration::days(30);

/// Most pairs that one return and one order make: a return of `f` products counts the first `PAIRS_MAX / f` of an
/// order, by id. Unbounded, a return of 200 lines and an order of 2,000 would be 400,000 inserts while everybody
/// waits for the writer; the largest such product in Online Retail is 5,529. What is left out makes a share smaller,
/// never larger, and depends on that return and that order alone.
pub(crate) const PAIRS_MAX: usize = 8_192;

/// Persistent: cloning it is O(1).
#[derive(Debug, Clone, Default)]
pub(crate) struct Switching {
    /// What was returned, when, and the return's number.
    returns: Sorted<(ProductId, Instant, u32)>,
    /// What was returned, what was bought within the window, when it was returned, and the return's number.
    switches: Sorted<(ProductId, ProductId, Instant, u32)>,
}

/// One customer's purchases and returns. The writer keeps them for orders and returns that arrive late.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// When, at which place among the order's products, and what.
    purchases: Sorted<(Instant, u32, ProductId)>,
    returns: Vec<Return>,
}

#[derive(Debug)]
struct Return {
    at: Instant,
    number: u32,
    products: Box<[ProductId]>,
    /// How many of an order's products count for this return.
    places: usize,
}

impl Return {
    /// `[at, at + WINDOW)`.
    fn covers(&self, bought: Instant) -> bool {
        self.at <= bought && bought < self.at + WINDOW
    }
}

impl History {
    /// `products` are those of one order, each once, by id.
    pub(crate) fn bought(&mut self, at: Instant, products: &[ProductId], switching: &mut Switching) {
        for (place, &product) in (0..).zip(products) {
            self.purchases.insert((at, place, product));
        }
        for returned in self.returns.iter().filter(|it| it.covers(at)) {
            let counted = &products[..products.len().min(returned.places)];
            returned.products.iter().for_each(|&from| switching.add(from, returned, counted.iter().copied()));
        }
    }

    /// `number` tells returns apart; `products` has each once. Of each order, as many products count as make at
    /// most `pairs_max` pairs with them.
    pub(crate) fn returned(
        &mut self,
        at: Instant,
        number: u32,
        products: &[ProductId],
        pairs_max: usize,
        switching: &mut Switching,
    ) {
        let places = pairs_max / products.len().max(1);
        let returned = Return { at, number, products: products.into(), places };
        let bought = self.purchases.from(&(at, 0, ProductId(0))).take_while(|it| returned.covers(it.0));
        let counted = bought.filter(|it| (it.1 as usize) < returned.places);
        let mut bought: Vec<ProductId> = counted.map(|it| it.2).collect();
        bought.sort_unstable();
        bought.dedup();
        for &from in products {
            switching.returns.insert((from, at, number));
            switching.add(from, &returned, bought.iter().copied());
        }
        self.returns.push(returned);
    }
}

impl Switching {
    fn add(&mut self, from: ProductId, returned: &Return, bought: impl Iterator<Item = ProductId>) {
        for to in bought {
            self.switches.insert((from, to, returned.at, returned.number));
        }
    }

    /// Products returned, counted once per return.
    pub(crate) fn returns(&self) -> usize {
        self.returns.count()
    }

    /// Pairs of a return and a product bought within its window.
    pub(crate) fn switches(&self) -> usize {
        self.switches.count()
    }

    /// Returns of `from` whose whole window is over at `now`.
    pub(crate) fn returned(&self, from: ProductId, now: Instant) -> u32 {
        let Some(end) = settled_before(now) else { return 0 };
        let count = self.returns.rank(&(from, end, 0)) - self.returns.rank(&(from, Instant::default(), 0));
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// How many of those returns were followed by a purchase of `to` within the window.
    pub(crate) fn switched(&self, from: ProductId, to: ProductId, now: Instant) -> u32 {
        let Some(end) = settled_before(now) else { return 0 };
        let count =
            self.switches.rank(&(from, to, end, 0)) - self.switches.rank(&(from, to, Instant::default(), 0));
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Both; none without such returns.
    pub(crate) fn count(&self, from: ProductId, to: ProductId, now: Instant) -> Option<Switched> {
        let returns = self.returned(from, now);
        (returns > 0).then(|| Switched { switched: self.switched(from, to, now), returns })
    }
}

/// The first moment whose returns are too young to be counted at `now`: one past `now - WINDOW`, so that a
/// return exactly as old as the window counts (its window is half-open, and over).
fn settled_before(now: Instant) -> Option<Instant> {
    now.0.checked_sub(WINDOW.0).map(|last| Instant(last.saturating_add(1)))
}
