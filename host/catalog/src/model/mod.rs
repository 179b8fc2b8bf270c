//! Everything the catalogue answers, recomputed from all that arrived: slow, and plainly what is meant.

mod compared;

use std::collections::{BTreeMap, BTreeSet};

use rebound_domain::catalog::{Candidate, OrderBy, Query, Switched};
use rebound_domain::ids::ProductId;
use rebound_domain::time::{Duration, Instant};

use crate::bounds::Bounds;
use crate::buyers::{CustomerKey, basket_hash, customer_hash, guest_hash};
use crate::state::Item;
use crate::text::{self, Field};

#[derive(Debug, Clone)]
pub(crate) struct Model {
    bounds: Bounds,
    items: BTreeMap<ProductId, Item>,
    orders: Vec<Order>,
    returns: Vec<(CustomerKey, Instant, BTreeSet<ProductId>)>,
}

#[derive(Debug, Clone)]
struct Order {
    customer: Option<CustomerKey>,
    at: Instant,
    /// Without those of no units.
    lines: Vec<(ProductId, u32)>,
}

/// A customer, or the number of a guest's order.
type Buyer = Result<CustomerKey, usize>;
type Terms = BTreeMap<(Field, String), f64>;

impl Model {
    pub(crate) fn bounded(bounds: Bounds) -> Self {
        Self { bounds, items: BTreeMap::new(), orders: Vec::new(), returns: Vec::new() }
    }

    pub(crate) fn upsert(&mut self, item: Item) {
        self.items.insert(item.product.id, item);
    }

    pub(crate) fn order(&mut self, customer: Option<CustomerKey>, at: Instant, lines: &[(ProductId, u32)]) {
        let lines: Vec<_> = lines.iter().copied().filter(|line| line.1 > 0).collect();
        if !lines.is_empty() {
            self.orders.push(Order { customer, at, lines });
        }
    }

    pub(crate) fn returned(&mut self, customer: CustomerKey, at: Instant, products: &[ProductId]) {
        self.returns.push((customer, at, products.iter().copied().collect()));
    }

    pub(crate) fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.values()
    }

    pub(crate) fn search(&self, query: &Query, now: Instant) -> Vec<Candidate> {
        let vectors = self.vectors();
        let matching = || self.items.values().filter(|item| self.satisfies(item, query));
        let mut found: Vec<Candidate> =
            matching().map(|item| self.candidate(item, query.similar_to, now, &vectors)).collect();
        let matching: BTreeSet<ProductId> = matching().map(|item| item.product.id).collect();
        let compared = match query.similar_to {
            Some(from) if !self.compares_all(query) => match query.order_by {
                OrderBy::Similarity => {
                    self.sharing_terms(from, self.scope(query).as_ref(), &matching, &vectors)
                }
                _ => self.sharing_buyers(from, &matching),
            },
            _ => matching,
        };
        // What was compared and has something in common comes first, then the rest of what is known.
        let score = |it: &Candidate, score: Option<f32>| match score {
            Some(score) if score > 0.0 && compared.contains(&it.id) => score,
            Some(_) => 0.0,
            None => -1.0,
        };
        found.sort_by(|a, b| {
            match query.order_by {
                OrderBy::Similarity => score(b, b.similarity).total_cmp(&score(a, a.similarity)),
                OrderBy::Affinity => score(b, b.affinity).total_cmp(&score(a, a.affinity)),
                OrderBy::UnitsSold => b.units_sold.cmp(&a.units_sold),
                OrderBy::PriceAsc => a.price.cmp(&b.price),
                OrderBy::PriceDesc => b.price.cmp(&a.price),
            }
            .then(a.id.cmp(&b.id))
        });
        found.truncate(query.limit.min(200) as usize);
        found
    }

    fn satisfies(&self, item: &Item, query: &Query) -> bool {
        let product = &item.product;
        let category = product.category.as_ref();
        let style = query.style_of.map(|id| self.items.get(&id).and_then(|it| it.product.style.as_ref()));
        (query.categories.is_empty() || category.is_some_and(|it| query.categories.contains(it)))
            && (query.brand.is_none() || query.brand == product.brand)
            && (query.any_tag.is_empty() || product.tags.iter().any(|tag| query.any_tag.contains(tag)))
            && query.price_min.is_none_or(|min| product.price >= min)
            && query.price_max.is_none_or(|max| product.price <= max)
            && style.is_none_or(|style| style.is_some() && style == product.style.as_ref())
            && ![query.similar_to, query.style_of].contains(&Some(product.id))
            && !query.exclude.contains(&product.id)
            && !(query.in_stock && item.stock == Some(0))
    }

    fn candidate(
        &self,
        item: &Item,
        from: Option<ProductId>,
        now: Instant,
        vectors: &BTreeMap<ProductId, Terms>,
    ) -> Candidate {
        let id = item.product.id;
        Candidate {
            id,
            price: item.product.price,
            similarity: from.and_then(|from| cosine(vectors.get(&from)?, vectors.get(&id)?)),
            affinity: from.and_then(|from| self.affinity(from, id)),
            switched_share: from.and_then(|from| self.switched(from, id, now)?.share()),
            stock: item.stock,
            units_sold: self.units_sold(id),
            margin: item.margin,
        }
    }

    fn units_sold(&self, id: ProductId) -> Option<u32> {
        let lines = self.orders.iter().flat_map(|order| &order.lines).filter(|line| line.0 == id);
        (!self.orders.is_empty()).then(|| lines.map(|line| line.1).fold(0, u32::saturating_add))
    }

    fn vectors(&self) -> BTreeMap<ProductId, Terms> {
        let documents: Vec<_> =
            self.items.iter().map(|(&id, item)| (id, text::terms(&item.product))).collect();
        let mut frequency: BTreeMap<(Field, &str), usize> = BTreeMap::new();
        for (field, text, _) in documents.iter().flat_map(|(_, terms)| terms) {
            *frequency.entry((*field, text)).or_default() += 1;
        }
        let ln = |count: usize| (count as f64).ln();
        let weigh = |(field, text, weight): &(Field, String, f32)| {
            let idf = ln(1 + documents.len()) - ln(frequency[&(*field, text.as_str())]);
            ((*field, text.clone()), f64::from(*weight) * idf)
        };
        documents.iter().map(|(id, terms)| (*id, terms.iter().map(weigh).collect())).collect()
    }

    /// Customers, and the numbers of guests' orders.
    fn buyers(&self, id: ProductId) -> BTreeSet<Buyer> {
        let orders = self.orders.iter().enumerate();
        let orders = orders.filter(|(_, order)| order.lines.iter().any(|line| line.0 == id));
        orders.map(|(number, order)| order.customer.ok_or(number)).collect()
    }

    /// What all buyers bought, each product once, by buyer.
    fn baskets(&self) -> BTreeMap<Buyer, BTreeSet<ProductId>> {
        let mut baskets: BTreeMap<Buyer, BTreeSet<ProductId>> = BTreeMap::new();
        for (number, order) in self.orders.iter().enumerate() {
            let basket = baskets.entry(order.customer.ok_or(number)).or_default();
            basket.extend(order.lines.iter().map(|line| line.0));
        }
        baskets
    }

    fn hash(&self, buyer: Buyer) -> u32 {
        match buyer {
            Ok(customer) => customer_hash(customer),
            Err(number) => {
                let basket = |order: &Order| {
                    let mut units: BTreeMap<ProductId, u32> = BTreeMap::new();
                    for (id, count) in &order.lines {
                        let sum = units.entry(*id).or_default();
                        *sum = sum.saturating_add(*count);
                    }
                    basket_hash(order.at, &units.into_iter().collect::<Vec<_>>())
                };
                let own = basket(&self.orders[number]);
                let before = self.orders[..number].iter().filter(|it| it.customer.is_none());
                let twin = before.filter(|it| basket(it) == own).count();
                guest_hash(own, u32::try_from(twin).expect("fewer orders than that"))
            }
        }
    }

    fn affinity(&self, a: ProductId, b: ProductId) -> Option<f32> {
        let (a, b) = (self.buyers(a), self.buyers(b));
        nearest(a.intersection(&b).count() as f64 / (a.len() as f64 * b.len() as f64).sqrt())
    }

    pub(crate) fn switched(&self, from: ProductId, to: ProductId, now: Instant) -> Option<Switched> {
        let window = Duration::days(30);
        let mut count = Switched { switched: 0, returns: 0 };
        for (customer, at, products) in &self.returns {
            if products.contains(&from) && *at + window <= now {
                let bought = self.orders.iter().any(|order| {
                    order.customer == Some(*customer)
                        && (*at..*at + window).contains(&order.at)
                        && self.counted(order, products.len()).contains(&to)
                });
                count.returns += 1;
                count.switched += u32::from(bought);
            }
        }
        (count.returns > 0).then_some(count)
    }

    /// What counts of an order for a return of so many products: as many of the order's, by id, as keep the pairs
    /// within their bound.
    fn counted(&self, order: &Order, returned: usize) -> BTreeSet<ProductId> {
        let products: BTreeSet<ProductId> = order.lines.iter().map(|line| line.0).collect();
        products.into_iter().take(self.bounds.pairs_max / returned.max(1)).collect()
    }
}

fn cosine(a: &Terms, b: &Terms) -> Option<f32> {
    let norm = |terms: &Terms| terms.values().map(|weight| weight * weight).sum::<f64>().sqrt();
    let dot: f64 = a.iter().filter_map(|(term, weight)| Some(weight * b.get(term)?)).sum();
    nearest((dot / (norm(a) * norm(b))).clamp(0.0, 1.0))
}

/// None for what is not a number: a division by zero.
#[allow(clippy::cast_possible_truncation, reason = "the nearest f32 is meant")]
fn nearest(number: f64) -> Option<f32> {
    (!number.is_nan()).then_some(number as f32)
}
