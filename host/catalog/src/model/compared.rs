//! Which products a search by a score compares.

use std::collections::{BTreeMap, BTreeSet};

use rebound_domain::catalog::Query;
use rebound_domain::ids::ProductId;
use rebound_domain::product::Product;

use super::{Field, Item, Model, Terms, nearest};
use crate::bounds::Bounds;
use crate::document::ONE;
use crate::plan::{FEW_VALUES, listed_max};
use crate::text;

impl Model {
    /// Whether the catalogue is small, or one of the conditions leaves few products.
    pub(super) fn compares_all(&self, query: &Query) -> bool {
        self.items.len() <= self.bounds.catalogue_max
            || self.conditions(query).iter().any(|left| left.len() <= self.bounds.source_max)
    }

    /// Among which products similar ones are looked for, if not among all: what the condition that leaves fewest leaves, when it is few,
    /// else what satisfies all conditions that are not about price or style.
    pub(super) fn scope(&self, query: &Query) -> Option<BTreeSet<ProductId>> {
        let conditions = self.conditions(query);
        let fewest = conditions.iter().min_by_key(|left| left.len()).expect("all products are one");
        let is_banded = query.price_min.is_some() || query.price_max.is_some();
        if fewest.len() <= listed_max(is_banded) {
            return (conditions.len() > 1 || is_banded).then(|| fewest.iter().copied().collect());
        }
        let few = |values: &[String], has: &dyn Fn(&Product, &String) -> bool| {
            let known = |it: &&String| self.items.values().any(|item| has(&item.product, it));
            let known: BTreeSet<&String> = values.iter().filter(known).collect();
            if known.len() <= FEW_VALUES { values.to_vec() } else { Vec::new() }
        };
        let rest = Query {
            categories: few(&query.categories, &|it, value| it.category.as_ref() == Some(value)),
            any_tag: few(&query.any_tag, &|it, value| it.tags.contains(value)),
            brand: query.brand.clone(),
            in_stock: query.in_stock,
            ..Query::default()
        };
        let narrows =
            !rest.categories.is_empty() || !rest.any_tag.is_empty() || rest.brand.is_some() || rest.in_stock;
        let matching = self.items.values().filter(|item| self.satisfies(item, &rest));
        narrows.then(|| matching.map(|item| item.product.id).collect())
    }

    /// What each condition leaves, a product once for each of the tags asked for that it has; within the price band,
    /// except for the style. The first is all products.
    fn conditions(&self, query: &Query) -> Vec<Vec<ProductId>> {
        let in_band = |item: &Item| {
            query.price_min.is_none_or(|min| item.product.price >= min)
                && query.price_max.is_none_or(|max| item.product.price <= max)
        };
        let left = |times: &dyn Fn(&Item) -> usize| -> Vec<ProductId> {
            self.items.values().flat_map(|it| vec![it.product.id; times(it)]).collect()
        };
        let banded = |times: &dyn Fn(&Item) -> usize| left(&|it| if in_band(it) { times(it) } else { 0 });
        let tags: BTreeSet<&String> = query.any_tag.iter().collect();
        let category =
            |it: &Item| it.product.category.as_ref().is_some_and(|it| query.categories.contains(it));
        let tagged = |it: &Item| tags.iter().filter(|tag| it.product.tags.contains(tag)).count();
        let style = query.style_of.and_then(|id| self.items.get(&id)?.product.style.clone());
        let mut all = vec![banded(&|_| 1)];
        all.extend((!query.categories.is_empty()).then(|| banded(&|it| usize::from(category(it)))));
        all.extend((!query.any_tag.is_empty()).then(|| banded(&tagged)));
        all.extend(query.brand.is_some().then(|| banded(&|it| usize::from(it.product.brand == query.brand))));
        all.extend(query.in_stock.then(|| banded(&|it| usize::from(it.stock != Some(0)))));
        all.extend(style.map(|style| left(&|it| usize::from(it.product.style.as_ref() == Some(&style)))));
        all
    }

    /// Those that share most of the telling terms.
    pub(super) fn sharing_terms(
        &self,
        from: ProductId,
        scope: Option<&BTreeSet<ProductId>>,
        matching: &BTreeSet<ProductId>,
        vectors: &BTreeMap<ProductId, Terms>,
    ) -> BTreeSet<ProductId> {
        let Some(own) = vectors.get(&from) else { return BTreeSet::new() };
        let holders = |term| vectors.values().filter(|it| it.contains_key(term)).count();
        let mut terms: Vec<(&(Field, String), f64, usize)> =
            own.iter().map(|(term, weight)| (term, weight * weight, holders(term))).collect();
        terms.sort_by(|a, b| (b.1 / b.2 as f64).total_cmp(&(a.1 / a.2 as f64)));
        let norm = own.values().map(|weight| weight * weight).sum::<f64>().sqrt();
        let Bounds { read_max, terms_max, compared_max, .. } = self.bounds;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 2^31")]
        let points_of = |square: f64| ((square / (norm * norm) * ONE) as u32).max(1);
        let mut left = if scope.is_some() { read_max } else { terms_max };
        let (mut entries, mut others) = (Vec::new(), Vec::new());
        for (term, square, holders) in terms {
            let having: BTreeSet<ProductId> =
                vectors.iter().filter(|(_, it)| it.contains_key(term)).map(|it| *it.0).collect();
            if holders <= left {
                left -= holders;
                entries.extend(having.into_iter().map(|id| (id, points_of(square))));
            } else {
                others.push((having, points_of(square)));
            }
        }
        entries.retain(|it| scope.is_none_or(|scope| scope.contains(&it.0)));
        let mut points = BTreeMap::<ProductId, u32>::new();
        for (id, more) in entries.into_iter().take(terms_max) {
            *points.entry(id).or_default() += more;
        }
        if points.len() < compared_max {
            let mut together = scope.cloned();
            let mut sum = 0;
            for (having, more) in others {
                let next: BTreeSet<ProductId> = match &together {
                    Some(together) => having.intersection(together).copied().collect(),
                    None => having,
                };
                if next.is_empty() {
                    continue;
                }
                (together, sum) = (Some(next), sum + more);
                if together.as_ref().is_some_and(|it| it.len() <= compared_max) {
                    break;
                }
            }
            for id in together.into_iter().flatten().take(if sum > 0 { compared_max } else { 0 }) {
                *points.entry(id).or_default() += sum;
            }
        }
        // Few terms in common count more with a product that has no others.
        let worth = |(id, points): (ProductId, u32)| {
            let terms = self.items.get(&id).map(|item| text::terms(&item.product)).unwrap_or_default();
            let length = f64::from(terms.iter().map(|term| term.2 * term.2).sum::<f32>()).max(1.0);
            (id, nearest(f64::from(points) * f64::from(points) / length))
        };
        self.most(points.into_iter().map(worth), matching)
    }

    /// Those whose buyers are most like these, as far as baskets are read.
    pub(super) fn sharing_buyers(
        &self,
        from: ProductId,
        matching: &BTreeSet<ProductId>,
    ) -> BTreeSet<ProductId> {
        let mut buyers: Vec<_> = self.buyers(from).into_iter().map(|it| (self.hash(it), it)).collect();
        buyers.sort_unstable();
        let baskets = self.baskets();
        let (mut left, mut read) = (self.bounds.baskets_max, 0.0);
        let mut points: BTreeMap<ProductId, f64> = BTreeMap::new();
        for basket in buyers.iter().map(|it| &baskets[&it.1]) {
            if left == 0 {
                break;
            }
            basket.iter().take(left).for_each(|id| *points.entry(*id).or_default() += 1.0);
            left -= left.min(basket.len());
            read += 1.0;
        }
        // Each buyer whose basket was read stands for so many.
        let scale = buyers.len() as f64 / f64::max(read, 1.0);
        let worth = |(id, both): (ProductId, f64)| {
            let kept = self.buyers(id).len() as f64;
            let both = (both * scale).min(kept);
            (id, nearest(both * both / kept))
        };
        self.most(points.into_iter().map(worth), matching)
    }

    fn most(
        &self,
        points: impl Iterator<Item = (ProductId, Option<f32>)>,
        matching: &BTreeSet<ProductId>,
    ) -> BTreeSet<ProductId> {
        let mut most: Vec<_> = points.filter(|it| matching.contains(&it.0)).collect();
        most.sort_by(|a, b| b.1.partial_cmp(&a.1).expect("numbers").then(a.0.cmp(&b.0)));
        most.into_iter().take(self.bounds.compared_max).map(|it| it.0).collect()
    }
}
