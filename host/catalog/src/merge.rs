//! Several ascending sequences read as one.

use std::iter::Peekable;

use rebound_domain::ids::ProductId;
use rebound_domain::money::Money;

use crate::listing::Listing;
use crate::sorted;

/// Ascending, each item once.
pub(crate) struct Merge<I: Iterator>(Vec<Peekable<I>>);

impl<I: Iterator> Merge<I> {
    pub(crate) fn of(sequences: impl Iterator<Item = I>) -> Self {
        Self(sequences.map(Iterator::peekable).collect())
    }
}

impl<I: Iterator<Item: Ord + Copy>> Iterator for Merge<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        if let [only] = self.0.as_mut_slice() {
            return only.next();
        }
        let least = self.0.iter_mut().filter_map(|it| it.peek().copied()).min()?;
        for sequence in &mut self.0 {
            sequence.next_if(|it| *it == least);
        }
        Some(least)
    }
}

/// Products from the dearest down to a price, those of one price by id. A listing holds them by price and id
/// ascending, so this goes price by price: one look-up for the next price below, then upwards through its ids.
pub(crate) struct Falling<'a> {
    listings: Vec<&'a Listing>,
    price_min: Money,
    price: Money,
    same_price: Merge<sorted::Iter<'a, (Money, ProductId)>>,
}

impl<'a> Falling<'a> {
    pub(crate) fn new(listings: Vec<&'a Listing>, price_min: Money, price_max: Money) -> Self {
        let dearest = listings.iter().filter_map(|it| match price_max.0.checked_add(1) {
            Some(above) => it.by_price.before(&(Money(above), ProductId(0))),
            None => it.by_price.last(),
        });
        let price = dearest.max().map(|key| key.0);
        let mut falling =
            Self { listings, price_min, price: price.unwrap_or(price_min), same_price: Merge(Vec::new()) };
        falling.start(price);
        falling
    }

    fn start(&mut self, price: Option<Money>) {
        let price = price.filter(|price| *price >= self.price_min);
        self.price = price.unwrap_or(self.price_min);
        let listings = price.map_or(&[][..], |_| &self.listings);
        let from = (self.price, ProductId(0));
        self.same_price = Merge::of(listings.iter().map(|it| it.by_price.from(&from)));
    }
}

impl Iterator for Falling<'_> {
    type Item = ProductId;

    fn next(&mut self) -> Option<ProductId> {
        loop {
            match self.same_price.next() {
                Some((price, id)) if price == self.price => return Some(id),
                None if self.same_price.0.is_empty() => return None,
                _ => {
                    let below = (self.price, ProductId(0));
                    let next = self.listings.iter().filter_map(|it| it.by_price.before(&below)).max();
                    self.start(next.map(|key| key.0));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_sequences_are_ascending_and_each_item_comes_once() {
        let merge = |sequences: &[&[u32]]| -> Vec<u32> {
            Merge::of(sequences.iter().map(|it| it.iter().copied())).collect()
        };
        assert_eq!(merge(&[]), []);
        assert_eq!(merge(&[&[1, 2]]), [1, 2]);
        assert_eq!(merge(&[&[1, 4, 5], &[], &[1, 2, 5, 9], &[2]]), [1, 2, 4, 5, 9]);
    }
}
