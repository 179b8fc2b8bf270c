//! Everything the catalogue answers, recomputed from all that arrived: slow, and plainly what is meant.

use std::collections::{BTreeMap, BTreeSet};

use rebound_domain::catalog::{Candidate, OrderBy, Query, Switched};
use rebound_domain::ids::ProductId;
use rebound_domain::time::{Duration, Instant};

use crate::catalogue::{CustomerKey, Item};
use crate::text::{self, Field};

#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(crate) items: BTreeMap<ProductId, Item>,
    pub(crate) sales: Vec<(Option<CustomerKey>, Instant, Vec<(ProductId, u32)>)>,
    pub(crate) returns: Vec<(CustomerKey, Instant, BTreeSet<ProductId>)>,
}

impl Model {
    pub(crate) fn search(&self, query: &Query, now: Instant) -> Vec<Candidate> {
        let style = query.style_of.map(|id| self.items.get(&id).and_then(|item| item.product.style.as_ref()));
        let mut found: Vec<Candidate> = self
            .items
            .values()
            .filter(|item| {
                let product = &item.product;
                let category = product.category.as_ref();
                (query.categories.is_empty() || category.is_some_and(|it| query.categories.contains(it)))
                    && (query.brand.is_none() || query.brand == product.brand)
                    && (query.any_tag.is_empty()
                        || product.tags.iter().any(|tag| query.any_tag.contains(tag)))
                    && query.price_min.is_none_or(|min| product.price >= min)
                    && query.price_max.is_none_or(|max| product.price <= max)
                    && style.is_none_or(|style| style.is_some() && style == product.style.as_ref())
                    && ![query.similar_to, query.style_of].contains(&Some(product.id))
                    && !query.exclude.contains(&product.id)
                    && !(query.in_stock && item.stock == Some(0))
            })
            .map(|item| self.candidate(item, query.similar_to, now))
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

    fn candidate(&self, item: &Item, similar_to: Option<ProductId>, now: Instant) -> Candidate {
        let id = item.product.id;
        Candidate {
            id,
            price: item.product.price,
            similarity: similar_to.and_then(|from| self.similarity(from, id)),
            affinity: similar_to.and_then(|from| self.affinity(from, id)),
            switched_share: similar_to
                .and_then(|from| self.switched(from, id, now))
                .and_then(Switched::share),
            stock: item.stock,
            units_sold: self.units_sold(id),
            margin: item.margin,
        }
    }

    fn units_sold(&self, id: ProductId) -> Option<u32> {
        let lines = self.sales.iter().flat_map(|(_, _, lines)| lines).filter(|line| line.1 > 0);
        let mut lines = lines.peekable();
        lines.peek()?;
        Some(lines.filter(|line| line.0 == id).map(|line| line.1).fold(0, u32::saturating_add))
    }

    pub(crate) fn similarity(&self, a: ProductId, b: ProductId) -> Option<f32> {
        let documents: BTreeMap<ProductId, Vec<(Field, String, f32)>> =
            self.items.iter().map(|(&id, item)| (id, text::terms(&item.product))).collect();
        let mut frequency: BTreeMap<(Field, &str), usize> = BTreeMap::new();
        for (field, text, _) in documents.values().flatten() {
            *frequency.entry((*field, text)).or_default() += 1;
        }
        let vector = |id: ProductId| -> Option<BTreeMap<(Field, &str), f64>> {
            let terms = documents.get(&id)?;
            let idf = |key: (Field, &str)| ((1 + documents.len()) as f64 / frequency[&key] as f64).ln();
            let weigh =
                |(field, text, weight): &(Field, String, f32)| f64::from(*weight) * idf((*field, text));
            Some(terms.iter().map(|term| ((term.0, term.1.as_str()), weigh(term))).collect())
        };
        let (a, b) = (vector(a)?, vector(b)?);
        let norm = |v: &BTreeMap<_, f64>| v.values().map(|w| w * w).sum::<f64>().sqrt();
        let dot: f64 = a.iter().filter_map(|(key, weight)| Some(weight * b.get(key)?)).sum();
        let norms = norm(&a) * norm(&b);
        (norms > 0.0).then(|| (dot / norms).min(1.0) as f32)
    }

    fn buyers(&self, id: ProductId) -> BTreeSet<(Option<CustomerKey>, usize)> {
        let sales = self.sales.iter().enumerate();
        let sales = sales.filter(|(_, (_, _, lines))| lines.iter().any(|line| line.0 == id && line.1 > 0));
        sales.map(|(number, (customer, ..))| (*customer, customer.map_or(number, |_| 0))).collect()
    }

    pub(crate) fn affinity(&self, a: ProductId, b: ProductId) -> Option<f32> {
        let (a, b) = (self.buyers(a), self.buyers(b));
        let sizes = (a.len() as f64 * b.len() as f64).sqrt();
        (sizes > 0.0).then(|| (a.intersection(&b).count() as f64 / sizes) as f32)
    }

    pub(crate) fn switched(&self, from: ProductId, to: ProductId, now: Instant) -> Option<Switched> {
        let window = Duration::days(30);
        let mut count = Switched { switched: 0, returns: 0 };
        for (customer, at, products) in &self.returns {
            if products.contains(&from) && *at + window <= now {
                count.returns += 1;
                count.switched += u32::from(self.sales.iter().any(|(buyer, bought, lines)| {
                    *buyer == Some(*customer)
                        && (*at..*at + window).contains(bought)
                        && lines.iter().any(|line| line.0 == to && line.1 > 0)
                }));
            }
        }
        (count.returns > 0).then_some(count)
    }
}
