//! The writer. Every change lands in the one state; a snapshot is a clone of it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use rebound_domain::ids::ProductId;
use rebound_domain::product::Product;
use rebound_domain::time::Instant;

use crate::bounds::Bounds;
use crate::buyers::{Buyer, CustomerKey, basket_hash, customer_hash, guest_hash};
use crate::dictionary::{Symbol, hash};
use crate::document::Document;
use crate::listing::{Orders, Place};
use crate::snapshot::Snapshot;
use crate::state::{Item, Row, State};
use crate::switching::History;
use crate::text::{self, Field};

/// An order as the catalogue learns from it.
#[derive(Debug, Clone, Copy)]
pub struct Sale<'a> {
    /// Who bought; none for a guest.
    pub customer: Option<CustomerKey>,
    /// When it was placed.
    pub at: Instant,
    /// Products and units. A line of no units is no purchase.
    pub lines: &'a [(ProductId, u32)],
}

/// The writer: owned by one task. Products, orders and returns may arrive in any order; what was learned
/// depends only on which have arrived. Telling an order or return from its repeat is the caller's.
#[derive(Debug)]
pub struct Catalogue {
    state: State,
    customers: HashMap<CustomerKey, Customer>,
    /// How often the same basket was bought by a guest at the same instant: each is a buyer of its own.
    guests: HashMap<u64, u32>,
    returns: u32,
}

#[derive(Debug)]
struct Customer {
    buyer: Buyer,
    history: History,
}

impl Default for Catalogue {
    fn default() -> Self {
        Self::new()
    }
}

impl Catalogue {
    /// An empty catalogue.
    #[must_use]
    pub fn new() -> Self {
        Self::bounded(Bounds::default())
    }

    /// An empty catalogue whose searches by a score compare all that match, however long that takes: to measure
    /// what the usual bounds leave out.
    #[must_use]
    pub fn exhaustive() -> Self {
        Self::bounded(Bounds { catalogue_max: usize::MAX, ..Bounds::default() })
    }

    /// An empty catalogue with other bounds than usual.
    pub(crate) fn bounded(bounds: Bounds) -> Self {
        let state = State { bounds, ..State::default() };
        Self { state, customers: HashMap::new(), guests: HashMap::new(), returns: 0 }
    }

    /// The catalogue as it is now, for readers. O(1); what a later change touches is copied then.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.state.clone())
    }

    /// Adds the product, or replaces the one of the same id.
    pub fn upsert(&mut self, item: Item) {
        let id = item.product.id;
        let units = self.state.sales.get(id.0).map_or(0, |sales| sales.units);
        let place = Place { id, price: item.product.price, units };
        let old = self.state.rows.slot(id.0).take();
        let document = match &old {
            None => self.enter(&item.product, place),
            Some(old) => self.replace(old, &item.product, place),
        };
        let sold_out = item.stock == Some(0);
        let before = old.filter(|old| !old.sold_out).map(|old| Place { price: old.price, ..place });
        self.restock(before, (!sold_out).then_some(place));
        let row = Row { price: place.price, sold_out, document, item: Arc::new(item) };
        *self.state.lengths.slot(id.0) = row.document.terms.iter().map(|term| term.1 * term.1).sum();
        *self.state.rows.slot(id.0) = Some(row);
    }

    /// Keeps the listing of what is in stock: from where a product stood in it, if it did, to where it stands.
    fn restock(&mut self, before: Option<Place>, after: Option<Place>) {
        let in_stock = &mut self.state.in_stock;
        match (before, after) {
            (Some(from), Some(to)) => in_stock.shift(from, to),
            (Some(from), None) => in_stock.leave(from, Orders::All),
            (None, Some(to)) => in_stock.join(to, Orders::All),
            (None, None) => {}
        }
    }

    fn enter(&mut self, product: &Product, place: Place) -> Arc<Document> {
        self.state.skus.insert((hash((), product.sku.as_str()), place.id));
        self.state.all.join(place, Orders::All);
        Arc::new(self.join(product, place, &[]))
    }

    fn replace(&mut self, old: &Row, product: &Product, place: Place) -> Arc<Document> {
        let former = &old.item.product;
        if former.sku != product.sku {
            self.state.skus.remove(&(hash((), former.sku.as_str()), place.id));
            self.state.skus.insert((hash((), product.sku.as_str()), place.id));
        }
        let old_place = Place { price: old.price, ..place };
        self.shift(&old.document, old_place, place);
        if says_the_same(former, product) {
            return Arc::clone(&old.document);
        }
        let before = old.document.symbols();
        let document = self.join(product, place, &before);
        let kept = document.symbols();
        for symbol in before.into_iter().filter(|symbol| kept.binary_search(symbol).is_err()) {
            self.state.dictionary.leave(symbol, place);
        }
        Arc::new(document)
    }

    /// Enters a product under every term it has and is not under already: entering it again would change nothing,
    /// and copy what snapshots share all the same.
    fn join(&mut self, product: &Product, place: Place, already: &[Symbol]) -> Document {
        let dictionary = &mut self.state.dictionary;
        let mut join = |field, text: &str| match dictionary.find(field, text) {
            Some(symbol) if already.binary_search(&symbol).is_ok() => symbol,
            _ => dictionary.join(field, text, place),
        };
        let terms = text::terms(product);
        let mut tags: Vec<Symbol> = product.tags.iter().map(|tag| join(Field::Tag, tag)).collect();
        tags.sort_unstable();
        tags.dedup();
        Document {
            terms: terms.iter().map(|(field, text, weight)| (join(*field, text), *weight)).collect(),
            tags: tags.into(),
            category: product.category.as_deref().map(|category| join(Field::Category, category)),
            brand: product.brand.as_deref().map(|brand| join(Field::Brand, brand)),
            style: product.style.as_deref().map(|style| join(Field::Style, style)),
        }
    }

    /// Moves a product within the listings that it stays in.
    fn shift(&mut self, document: &Document, from: Place, to: Place) {
        if from == to {
            return;
        }
        self.state.all.shift(from, to);
        for symbol in document.tags.iter().copied().chain(document.category).chain(document.brand) {
            self.state.dictionary.shift(symbol, from, to);
        }
    }

    /// Learns from an order: units sold, affinity, and what customers who returned something bought instead.
    pub fn order(&mut self, sale: &Sale<'_>) {
        let lines = merged(sale.lines);
        if lines.is_empty() {
            return;
        }
        self.state.orders += 1;
        for &(product, units) in &lines {
            self.sell(product, units);
        }
        let products: Vec<ProductId> = lines.iter().map(|line| line.0).collect();
        let buyer = match sale.customer {
            Some(key) => {
                let customer = customer(&mut self.customers, key, &mut self.state.buyers);
                customer.history.bought(sale.at, &products, &mut self.state.switching);
                customer.buyer
            }
            None => self.guest(sale.at, &lines),
        };
        self.fill_basket(buyer, &products);
    }

    fn sell(&mut self, id: ProductId, units: u32) {
        let sales = self.state.sales.slot(id.0);
        let before = sales.units;
        sales.units = before.saturating_add(units);
        let after = sales.units;
        if let Some(row) = self.state.row(id) {
            let (document, price, sold_out) = (Arc::clone(&row.document), row.price, row.sold_out);
            let (from, to) = (Place { id, price, units: before }, Place { id, price, units: after });
            self.shift(&document, from, to);
            if !sold_out {
                self.state.in_stock.shift(from, to);
            }
        }
    }

    /// A guest's order is a buyer of its own, sampled by what was bought and when.
    fn guest(&mut self, at: Instant, lines: &[(ProductId, u32)]) -> Buyer {
        let basket = basket_hash(at, lines);
        let twin = self.guests.entry(basket).or_default();
        let hash = guest_hash(basket, *twin);
        *twin = twin.saturating_add(1);
        number(hash, &mut self.state.buyers)
    }

    fn fill_basket(&mut self, buyer: Buyer, products: &[ProductId]) {
        let basket = self.state.baskets.slot(buyer.number());
        let mut new = products.to_vec();
        new.retain(|product| basket.binary_search(product).is_err());
        if new.is_empty() {
            return;
        }
        let mut all = [basket, new.as_slice()].concat();
        all.sort_unstable();
        *basket = all.into();
        for product in new {
            let buyers = &mut self.state.sales.slot(product.0).buyers;
            buyers.insert(buyer, self.state.bounds.buyers_max);
            let kept = u32::try_from(buyers.sample().len()).expect("a sample is bounded");
            *self.state.kept.slot(product.0) = kept;
        }
    }

    /// Learns of one return document; a product named twice in it is returned once.
    pub fn returned(&mut self, customer: CustomerKey, at: Instant, products: &[ProductId]) {
        let mut products = products.to_vec();
        products.sort_unstable();
        products.dedup();
        let customer = self::customer(&mut self.customers, customer, &mut self.state.buyers);
        let (pairs_max, switching) = (self.state.bounds.pairs_max, &mut self.state.switching);
        customer.history.returned(at, self.returns, &products, pairs_max, switching);
        self.returns = self.returns.checked_add(1).expect("4 billion returns exceed memory first");
    }
}

fn customer<'a>(
    customers: &'a mut HashMap<CustomerKey, Customer>,
    key: CustomerKey,
    buyers: &mut u32,
) -> &'a mut Customer {
    match customers.entry(key) {
        Entry::Occupied(customer) => customer.into_mut(),
        Entry::Vacant(vacant) => {
            let buyer = number(customer_hash(key), buyers);
            vacant.insert(Customer { buyer, history: History::default() })
        }
    }
}

/// Gives a buyer the next number.
fn number(hash: u32, buyers: &mut u32) -> Buyer {
    let number = *buyers;
    *buyers = number.checked_add(1).expect("4 billion buyers exceed memory first");
    Buyer::new(hash, number)
}

/// Whether two versions of a product stand under the same terms.
fn says_the_same(one: &Product, other: &Product) -> bool {
    one.title == other.title
        && one.category == other.category
        && one.brand == other.brand
        && one.tags == other.tags
        && one.style == other.style
}

/// One line per product with all of its units, sorted; lines of no units left out.
fn merged(lines: &[(ProductId, u32)]) -> Vec<(ProductId, u32)> {
    let mut lines: Vec<_> = lines.iter().copied().filter(|line| line.1 > 0).collect();
    lines.sort_unstable();
    lines.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 = kept.1.saturating_add(next.1);
        }
        same
    });
    lines
}
