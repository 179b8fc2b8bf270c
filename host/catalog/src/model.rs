//! Everything the catalogue answers, recomputed from all that arrived: slow, and plainly what is meant.

use std::collections::{BTreeMap, BTreeSet};

use rebound_domain::catalog::{Candidate, OrderBy, Query, Switched};
use rebound_domain::ids::ProductId;
use rebound_domain::time::{Duration, Instant};

use crate::catalogue::CustomerKey;
use crate::state::Item;
use crate::text::{self, Field};

#[derive(Debug, Clone)]
pub(crate) struct Model {
    pairs_max: usize,
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

type Terms = BTreeMap<(Field, String), f64>;

impl Model {
    pub(crate) fn bounded(pairs_max: usize) -> Self {
        Self { pairs_max, items: BTreeMap::new(), orders: Vec::new(), returns: Vec::new() }
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
        let mut found: Vec<Candidate> = self
            .items
            .values()
            .filter(|item| self.satisfies(item, query))
            .map(|item| self.candidate(item, query.similar_to, now, &vectors))
            .collect();
        found.sort_by(|a, b| {
            let descending = |a: Option<f32>, b: Option<f32>| b.unwrap_or(-1.0).total_cmp(&a.unwrap_or(-1.0));
            match query.order_by {
                OrderBy::Similarity => descending(a.similarity, b.similarity),
                OrderBy::Affinity => descending(a.affinity, b.affinity),
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
    fn buyers(&self, id: ProductId) -> BTreeSet<Result<CustomerKey, usize>> {
        let orders = self.orders.iter().enumerate();
        let orders = orders.filter(|(_, order)| order.lines.iter().any(|line| line.0 == id));
        orders.map(|(number, order)| order.customer.ok_or(number)).collect()
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
        products.into_iter().take(self.pairs_max / returned.max(1)).collect()
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
