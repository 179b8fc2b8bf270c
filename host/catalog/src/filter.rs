//! A query's conditions, looked up once, and the listings that can lead to what satisfies them.

use rebound_domain::catalog::Query;
use rebound_domain::ids::ProductId;
use rebound_domain::money::Money;

use crate::bits::Flat;
use crate::dictionary::Symbol;
use crate::listing::{Listing, Orders};
use crate::state::{Row, State};
use crate::text::Field;

/// Conditions over products.
#[derive(Debug)]
pub(crate) struct Filter<'a> {
    state: &'a State,
    /// Any of these; empty = all. Sorted, as are tags and excluded.
    categories: Vec<Symbol>,
    brand: Option<Symbol>,
    tags: Vec<Symbol>,
    style: Option<Symbol>,
    pub(crate) price_min: Money,
    pub(crate) price_max: Money,
    excluded: Vec<ProductId>,
    in_stock: bool,
}

/// Listings that together hold every product a filter accepts.
#[derive(Debug, Clone)]
pub(crate) struct Source<'a> {
    pub(crate) listings: Vec<&'a Listing>,
    pub(crate) orders: Orders,
    /// How many products a scan visits: those within the price band where prices are listed.
    pub(crate) count: usize,
}

impl<'a> Filter<'a> {
    /// None when a condition names something that no product has.
    pub(crate) fn new(state: &'a State, query: &Query) -> Option<Self> {
        let find = |field, text: &str| state.dictionary.find(field, text);
        let find_any = |field, texts: &[String]| {
            let mut symbols: Vec<Symbol> = texts.iter().filter_map(|text| find(field, text)).collect();
            symbols.sort_unstable();
            symbols.dedup();
            (texts.is_empty() || !symbols.is_empty()).then_some(symbols)
        };
        let style = |id| state.row(id)?.document.style;
        let mut excluded = query.exclude.clone();
        excluded.extend(query.similar_to.iter().chain(&query.style_of));
        excluded.sort_unstable();
        Some(Self {
            state,
            categories: find_any(Field::Category, &query.categories)?,
            brand: present(query.brand.as_ref().map(|brand| find(Field::Brand, brand)))?,
            tags: find_any(Field::Tag, &query.any_tag)?,
            style: present(query.style_of.map(style))?,
            price_min: query.price_min.unwrap_or(Money(i64::MIN)),
            price_max: query.price_max.unwrap_or(Money(i64::MAX)),
            excluded,
            in_stock: query.in_stock,
        })
    }

    /// The product's row, when it satisfies every condition.
    pub(crate) fn accept(&self, id: ProductId) -> Option<&'a Row> {
        let row = self.state.row(id)?;
        let document = &row.document;
        let is = |wanted: Option<Symbol>, own: Option<Symbol>| wanted.is_none() || wanted == own;
        let category = || document.category.is_some_and(|it| self.categories.binary_search(&it).is_ok());
        let accepted = row.price >= self.price_min
            && row.price <= self.price_max
            && !(self.in_stock && row.sold_out)
            && (self.categories.is_empty() || category())
            && is(self.brand, document.brand)
            && is(self.style, document.style)
            && (self.tags.is_empty() || self.tags.iter().any(|tag| document.tags.binary_search(tag).is_ok()))
            && self.excluded.binary_search(&id).is_err();
        accepted.then_some(row)
    }

    /// All products, and one source per condition that has listings; never empty.
    pub(crate) fn sources(&self) -> Vec<Source<'a>> {
        let of = |symbols: &[Symbol], orders| {
            let listings = symbols.iter().filter_map(|symbol| self.state.dictionary.listing(*symbol));
            self.source(listings.collect(), orders)
        };
        let mut sources = vec![self.source(vec![&self.state.all], Orders::All)];
        for symbols in [&self.categories, &self.tags] {
            sources.extend((!symbols.is_empty()).then(|| of(symbols, Orders::All)));
        }
        sources.extend(self.brand.map(|brand| of(&[brand], Orders::All)));
        sources.extend(self.in_stock.then(|| self.source(vec![&self.state.in_stock], Orders::All)));
        sources.extend(self.style.map(|style| of(&[style], Orders::Id)));
        sources
    }

    /// What satisfies every condition whose products are listed in all orders: all conditions but style, price and
    /// what is excluded. None where there is no such condition, or the numbers of products are so
    /// sparse that bits would be longer than lists.
    pub(crate) fn matches(&self, sources: &[Source<'a>]) -> Option<Flat> {
        let last = self.state.last_of_dense()?;
        let mut matches: Option<Flat> = None;
        // The first source is all products: no condition.
        for source in sources.iter().skip(1).filter(|source| source.orders == Orders::All) {
            let mut any = Flat::new(last);
            source.listings.iter().for_each(|listing| listing.unite_with(&mut any));
            match &mut matches {
                Some(matches) => matches.intersect(&any),
                None => matches = Some(any),
            }
        }
        matches
    }

    /// What may be accepted of one source, as bits.
    pub(crate) fn listed(&self, source: &Source<'a>) -> Option<Flat> {
        let mut listed = Flat::new(self.state.last_of_dense()?);
        self.ids(source).into_iter().for_each(|id| listed.insert(id));
        Some(listed)
    }

    fn source(&self, listings: Vec<&'a Listing>, orders: Orders) -> Source<'a> {
        let counts = listings.iter().map(|listing| match orders {
            Orders::All if self.is_banded() => self.count_in_band(listing),
            _ => listing.by_id.count(),
        });
        let count = counts.sum();
        Source { listings, orders, count }
    }

    pub(crate) fn is_banded(&self) -> bool {
        self.price_min.0 > i64::MIN || self.price_max.0 < i64::MAX
    }

    fn count_in_band(&self, listing: &Listing) -> usize {
        let below = |price: Money| listing.by_price.rank(&(price, ProductId(0)));
        let end = self.price_max.0.checked_add(1).map_or(listing.by_price.count(), |end| below(Money(end)));
        end.saturating_sub(below(self.price_min))
    }

    /// Every product of a source that may be accepted, each once.
    pub(crate) fn ids(&self, source: &Source<'a>) -> Vec<ProductId> {
        let mut ids = Vec::with_capacity(source.count);
        for listing in &source.listings {
            if source.orders == Orders::All && self.is_banded() {
                let band = listing.by_price.from(&(self.price_min, ProductId(0)));
                ids.extend(band.take_while(|key| key.0 <= self.price_max).map(|key| key.1));
            } else {
                ids.extend(listing.by_id.iter());
            }
        }
        if source.listings.len() > 1 {
            ids.sort_unstable();
            ids.dedup();
        }
        ids
    }
}

/// A condition that is not asked for is no condition; one that is and cannot be met is the end of it.
fn present<T>(asked: Option<Option<T>>) -> Option<Option<T>> {
    match asked {
        None => Some(None),
        Some(found) => found.map(Some),
    }
}
