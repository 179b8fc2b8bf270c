//! A catalogue in a test: it applies a query the way the host does.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::Catalogue;
use crate::bindings::rebound::strategy::catalog::{Candidate, Query};
use crate::catalogue::{CONDITIONS_MAX, EXCLUDED_MAX, RESULTS_MAX};
use crate::types::{Attribute, BasisPoints, Money, Product, ProductId};

/// A product as it lies on the shelf.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// What strategies see of it.
    pub product: Product,
    stock: Option<u32>,
    units_sold: Option<u32>,
    margin: Option<i32>,
}

impl Item {
    /// A product of which nothing but title and price (minor units) is known.
    pub fn new(id: ProductId, title: &str, price: Money) -> Item {
        let product = Product {
            id,
            sku: format!("sku-{id}"),
            title: title.to_string(),
            category: None,
            brand: None,
            price,
            tags: Vec::new(),
            style: None,
            options: Vec::new(),
            extra: Vec::new(),
        };
        Item { product, stock: None, units_sold: None, margin: None }
    }

    /// Its category.
    pub fn category(mut self, category: &str) -> Item {
        self.product.category = Some(category.to_string());
        self
    }

    /// Its brand.
    pub fn brand(mut self, brand: &str) -> Item {
        self.product.brand = Some(brand.to_string());
        self
    }

    /// One more tag.
    pub fn tag(mut self, tag: &str) -> Item {
        self.product.tags.push(tag.to_string());
        self
    }

    /// The style it is a variant of.
    pub fn style(mut self, style: &str) -> Item {
        self.product.style = Some(style.to_string());
        self
    }

    /// One more option: size, color...
    pub fn option(mut self, key: &str, value: &str) -> Item {
        self.product.options.push(Attribute { key: key.to_string(), value: value.to_string() });
        self
    }

    /// Units known to be on hand.
    pub fn stock(mut self, units: u32) -> Item {
        self.stock = Some(units);
        self
    }

    /// Units sold so far.
    pub fn units_sold(mut self, units: u32) -> Item {
        self.units_sold = Some(units);
        self
    }

    /// Basis points of the price.
    pub fn margin(mut self, margin: i32) -> Item {
        self.margin = Some(margin);
        self
    }
}

/// A merchant's catalogue. What was not said is unknown.
#[derive(Debug, Clone, Default)]
pub struct Shop {
    items: Vec<Item>,
    similarity: HashMap<(ProductId, ProductId), f32>,
    affinity: HashMap<(ProductId, ProductId), f32>,
    switched: HashMap<(ProductId, ProductId), BasisPoints>,
}

impl Shop {
    /// Puts an item on the shelf.
    pub fn add(&mut self, item: Item) -> &mut Shop {
        self.items.retain(|other| other.product.id != item.product.id);
        self.items.push(item);
        self
    }

    /// Says how alike two products are, 0 to 1.
    pub fn alike(&mut self, one: ProductId, other: ProductId, similarity: f32) -> &mut Shop {
        self.similarity.extend([((one, other), similarity), ((other, one), similarity)]);
        self
    }

    /// Says how often two products are bought by the same customer, 0 to 1.
    pub fn together(&mut self, one: ProductId, other: ProductId, affinity: f32) -> &mut Shop {
        self.affinity.extend([((one, other), affinity), ((other, one), affinity)]);
        self
    }

    /// Says which share of those who returned `from` bought `to` instead.
    pub fn switched(&mut self, from: ProductId, to: ProductId, share: BasisPoints) -> &mut Shop {
        self.switched.insert((from, to), share);
        self
    }

    fn find(&self, id: ProductId) -> Option<&Item> {
        self.items.iter().find(|item| item.product.id == id)
    }

    fn satisfies(&self, item: &Item, query: &Query) -> bool {
        let Product { id, category, brand, price, tags, style, .. } = &item.product;
        let is_variant = |of: ProductId| {
            let origin = self.find(of).and_then(|item| item.product.style.as_ref());
            of != *id && origin.is_some() && origin == style.as_ref()
        };
        let in_category = |wanted: &[String]| wanted.iter().any(|word| category.as_ref() == Some(word));
        (query.categories.is_empty() || in_category(&query.categories))
            && query.brand.as_ref().is_none_or(|wanted| brand.as_ref() == Some(wanted))
            && (query.any_tag.is_empty() || query.any_tag.iter().any(|tag| tags.contains(tag)))
            && query.price_min.is_none_or(|least| *price >= least)
            && query.price_max.is_none_or(|most| *price <= most)
            && query.similar_to != Some(*id)
            && query.style_of.is_none_or(is_variant)
            && !query.exclude.contains(id)
            && !(query.in_stock && item.stock == Some(0))
    }

    fn candidate(&self, item: &Item, similar_to: Option<ProductId>) -> Candidate {
        let id = item.product.id;
        let pair = similar_to.map(|origin| (origin, id));
        Candidate {
            id,
            price: item.product.price,
            similarity: pair.and_then(|pair| self.similarity.get(&pair).copied()),
            affinity: pair.and_then(|pair| self.affinity.get(&pair).copied()),
            switched_share: pair.and_then(|pair| self.switched.get(&pair).copied()),
            stock: item.stock,
            units_sold: item.units_sold,
            margin: item.margin,
        }
    }
}

impl Catalogue for Shop {
    fn search(&self, query: &Query) -> Vec<Candidate> {
        let conditions = query.categories.len() + query.any_tag.len();
        assert!(
            conditions <= CONDITIONS_MAX,
            "the host ends a call that names {conditions} categories and tags"
        );
        let excluded = query.exclude.len();
        assert!(excluded <= EXCLUDED_MAX, "the host ends a call that excludes {excluded} products");
        let items = self.items.iter().filter(|item| self.satisfies(item, query));
        let mut found: Vec<Candidate> = items.map(|item| self.candidate(item, query.similar_to)).collect();
        found.sort_by(|a, b| compare(a, b, &query.order_by).then(a.id.cmp(&b.id)));
        found.truncate(query.limit.min(RESULTS_MAX) as usize);
        found
    }

    fn get(&self, ids: &[ProductId]) -> Vec<Option<Product>> {
        assert!(
            ids.len() <= RESULTS_MAX as usize,
            "the host ends a call that asks for {} products",
            ids.len()
        );
        ids.iter().map(|id| self.find(*id).map(|item| item.product.clone())).collect()
    }
}

fn compare(a: &Candidate, b: &Candidate, order_by: &str) -> Ordering {
    // Nothing known is 0 or less than known zeros, so unknown comes last.
    let falling = |a: Option<f32>, b: Option<f32>| b.unwrap_or(-1.0).total_cmp(&a.unwrap_or(-1.0));
    match order_by {
        "similarity" => falling(a.similarity, b.similarity),
        "affinity" => falling(a.affinity, b.affinity),
        "price-asc" => a.price.cmp(&b.price),
        "price-desc" => b.price.cmp(&a.price),
        _ => b.units_sold.cmp(&a.units_sold),
    }
}

#[cfg(test)]
mod tests {
    use super::{Item, Shop};
    use crate::Catalogue;
    use crate::bindings::rebound::strategy::catalog::Query;

    fn shop() -> Shop {
        let mut shop = Shop::default();
        shop.add(Item::new(1, "Coat", 100).category("coats").brand("A").style("s").units_sold(1));
        shop.add(Item::new(2, "Coat M", 100).category("coats").style("s").stock(0));
        shop.add(Item::new(3, "Hat", 50).category("hats").tag("wool").stock(2).units_sold(9));
        shop.add(Item::new(4, "Scarf", 70).tag("silk").units_sold(9));
        shop.alike(1, 2, 0.9).alike(1, 3, 0.1).together(1, 4, 0.5).switched(1, 3, 1_200);
        shop
    }

    #[track_caller]
    fn check(query: Query, want: &[u32]) {
        let found: Vec<u32> = shop().search(&query).iter().map(|candidate| candidate.id).collect();
        assert_eq!(found, want, "{query:?}");
    }

    #[test]
    fn every_condition_of_a_query_holds_of_its_results() {
        let all = Query::default;
        check(Query { categories: vec!["coats".into(), "hats".into()], ..all() }, &[3, 1, 2]);
        check(Query { brand: Some("A".into()), ..all() }, &[1]);
        check(Query { any_tag: vec!["silk".into(), "wool".into()], ..all() }, &[3, 4]);
        check(Query { price_min: Some(70), price_max: Some(70), ..all() }, &[4]);
        check(Query { similar_to: Some(1), ..all() }, &[3, 4, 2]);
        check(Query { style_of: Some(1), ..all() }, &[2]);
        check(Query { style_of: Some(3), ..all() }, &[]);
        check(Query { exclude: vec![1, 3], ..all() }, &[4, 2]);
        check(Query { in_stock: true, ..all() }, &[3, 4, 1]);
        check(Query { limit: 1, ..all() }, &[3]);
    }

    #[test]
    fn results_stand_in_the_order_asked_for_unknown_last_and_ties_by_id() {
        let by =
            |order_by: &str| Query { order_by: order_by.into(), similar_to: Some(1), ..Query::default() };
        check(by("similarity"), &[2, 3, 4]);
        check(by("affinity"), &[4, 2, 3]);
        check(by("price-asc"), &[3, 4, 2]);
        check(by("price-desc"), &[2, 4, 3]);
        check(by("no such order"), &[3, 4, 2]);
    }

    #[test]
    fn what_is_relative_is_relative_to_the_product_asked_for() {
        let query = Query { similar_to: Some(1), categories: vec!["hats".into()], ..Query::default() };
        let hat = shop().search(&query)[0];
        assert_eq!((hat.similarity, hat.affinity, hat.switched_share), (Some(0.1), None, Some(1_200)));
        let hat = shop().search(&Query { similar_to: None, ..query })[0];
        assert_eq!((hat.similarity, hat.switched_share), (None, None));
    }

    #[test]
    fn get_answers_once_per_id_in_the_order_asked() {
        let titles: Vec<_> =
            shop().get(&[3, 99, 1]).into_iter().map(|found| found.map(|p| p.title)).collect();
        assert_eq!(titles, [Some("Hat".to_string()), None, Some("Coat".to_string())]);
    }
}
