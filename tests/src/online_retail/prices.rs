//! What the catalogue says a product costs, from what was known at that moment. The files carry no price list, and
//! the median of a year would tell a decision of its spring what happened in the autumn.
//!
//! A product enters the catalogue with the first document that names it, at that line's price per unit. Its price
//! becomes another one when [`STANDS_AFTER`] sale lines in a row stand at that other price: what a whole shop pays, and
//! not one customer's discount. Guests do not count, they are a marketplace with prices of its own.

use std::collections::BTreeMap;

/// Sale lines in a row after which a price is the product's.
pub const STANDS_AFTER: usize = 3;

/// The price of every product named so far.
#[derive(Debug, Default)]
pub struct Prices<'a> {
    standings: BTreeMap<&'a str, Standing>,
}

#[derive(Debug)]
struct Standing {
    price: i64,
    /// The price of the last sale to a known customer, and how often it came in a row.
    last: i64,
    in_a_row: usize,
}

impl<'a> Prices<'a> {
    /// A document names a product; answers its price when it is new.
    pub fn named(&mut self, sku: &'a str, unit: i64) -> Option<i64> {
        if self.standings.contains_key(sku) {
            return None;
        }
        self.standings.insert(sku, Standing { price: unit, last: unit, in_a_row: 0 });
        Some(unit)
    }

    /// A known customer bought a product that was named; answers its price when it has become another one.
    pub fn sold(&mut self, sku: &str, unit: i64) -> Option<i64> {
        let standing = self.standings.get_mut(sku)?;
        standing.in_a_row = if unit == standing.last { standing.in_a_row + 1 } else { 1 };
        standing.last = unit;
        if standing.in_a_row < STANDS_AFTER || standing.price == unit {
            return None;
        }
        standing.price = unit;
        Some(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::Prices;

    #[test]
    fn a_price_changes_when_three_sales_in_a_row_stand_at_another() {
        let mut prices = Prices::default();
        assert_eq!((prices.named("a", 250), prices.named("a", 999)), (Some(250), None));
        let sold = [210, 210, 250, 210, 210, 210, 210, 250, 250, 250].map(|unit| prices.sold("a", unit));
        let mut want = [None; 10];
        (want[5], want[9]) = (Some(210), Some(250));
        assert_eq!(sold, want);
        assert_eq!(prices.sold("unheard of", 1), None);
    }
}
