//! Which products a search by a score compares, at the edges of its bounds.

use super::*;

/// Bounds within which only what the test raises is compared.
const NOTHING: Bounds = Bounds {
    buyers_max: 1024,
    pairs_max: 0,
    catalogue_max: 0,
    source_max: 0,
    read_max: 1_000,
    terms_max: 0,
    baskets_max: 0,
    compared_max: 0,
};

fn titled(id: u32, title: &str) -> Product {
    Product { title: title.to_owned(), category: Some("c".to_owned()), ..product(id) }
}

/// By similarity to product 0.
fn nearest(bounds: Bounds, products: &[Product], query: Query) -> Vec<u32> {
    let events: Vec<Event> = products.iter().cloned().map(item).map(Event::Upsert).collect();
    let query = Query { similar_to: Some(ProductId(0)), order_by: OrderBy::Similarity, ..query };
    let view = learned(Catalogue::bounded(bounds), &events).snapshot().at(day(0), Access::Withheld);
    let found = view.search(&query);
    assert_eq!(found, bounded_model(bounds, &events).search(&query, day(0)));
    ids(&found)
}

fn first(limit: u32) -> Query {
    Query { limit, ..Query::default() }
}

#[test]
fn terms_that_fit_are_read_by_what_they_say_and_about_how_few() {
    // The brand weighs more (2.4 to 2.1, squared), but of the word's products there are half as many.
    let branded = |id: u32, title: &str, brand: &str| Product {
        title: title.to_owned(),
        brand: Some(brand.to_owned()),
        ..product(id)
    };
    let mut products: Vec<Product> = (1..=5).map(|id| branded(id, "other", "own")).collect();
    products.extend((6..=9).map(|id| branded(id, "other", "another")));
    products.extend([10, 11].map(|id| branded(id, "word", "another")));
    products.push(branded(0, "word", "own"));
    // The word's products are 0, 10 and 11, the brand's 0 to 5. What does not fit is passed over. Three are compared,
    // the product itself not among them.
    for (terms_max, want) in [(3, [10, 11, 1]), (8, [10, 11, 1]), (9, [1, 2, 3])] {
        let bounds = Bounds { terms_max, compared_max: 3, ..NOTHING };
        assert_eq!(nearest(bounds, &products, first(3)), want, "{terms_max}");
    }
}

#[test]
fn terms_that_do_not_fit_are_looked_for_together() {
    let mut products: Vec<Product> = (1..=9).map(|id| titled(id, "red")).collect();
    products.extend((10..=19).map(|id| titled(id, "matte")));
    products.extend([0, 20, 21].map(|id| titled(id, "red matte")));
    let bounds = |compared_max| Bounds { compared_max, ..NOTHING };
    assert_eq!(nearest(bounds(3), &products, first(3)), [20, 21, 1]);
    // Not so few as that have both: the first of them by number, of which one is the product itself.
    assert_eq!(nearest(bounds(2), &products, first(3)), [20, 1, 2]);
}

#[test]
fn no_more_terms_are_asked_for_together_than_leave_few_products() {
    let mut products: Vec<Product> = (1..=9).map(|id| titled(id, "matte")).collect();
    products.extend([titled(0, "silk matte"), titled(20, "silk")]);
    assert_eq!(nearest(Bounds { compared_max: 2, ..NOTHING }, &products, first(2)), [20, 1]);
}

#[test]
fn each_buyer_whose_basket_was_read_stands_for_others_but_no_product_has_more_buyers_than_it_has() {
    // Forty buyers of product 0, each of one nobody else bought and of 100, which sixty others bought too. Ten
    // baskets are read: 100 was met ten times and stands for forty buyers in common, of its hundred.
    let buy = |customer: u8, products: &[u32]| Event::Order {
        customer: Some(customer),
        at: day(u64::from(customer)),
        lines: products.iter().map(|&id| (ProductId(id), 1)).collect(),
    };
    let mut events: Vec<Event> = (0..=100).map(|id| Event::Upsert(item(product(id)))).collect();
    events.extend((1..=40).map(|customer| buy(customer, &[0, u32::from(customer), 100])));
    events.extend((41..=100).map(|customer| buy(customer, &[100])));
    let bounds = Bounds { baskets_max: 30, compared_max: 1, ..NOTHING };
    let query = Query { similar_to: Some(ProductId(0)), order_by: OrderBy::Affinity, ..first(1) };
    let view = learned(Catalogue::bounded(bounds), &events).snapshot().at(day(0), Access::Withheld);
    assert_eq!(ids(&view.search(&query)), [100]);
}

#[test]
fn few_terms_in_common_count_more_with_a_product_that_has_no_others() {
    let products = [titled(0, "red"), titled(1, "red and a lot of more words"), titled(2, "red")];
    let bounds = Bounds { terms_max: 100, compared_max: 1, ..NOTHING };
    assert_eq!(nearest(bounds, &products, first(2)), [2, 1]);
    let alike = [titled(0, "red"), titled(1, "red"), titled(2, "red")];
    assert_eq!(nearest(bounds, &alike, first(2)), [1, 2]);
}

#[test]
fn conditions_of_few_values_narrow_what_is_counted() {
    // Of fifty reds the last alone is in the other category; ten entries are counted.
    let mut products: Vec<Product> = (0..50).map(|id| titled(id, "red")).collect();
    products.push(Product { category: Some("d".to_owned()), ..titled(50, "red") });
    products.extend((51..60).map(|id| Product { category: Some("d".to_owned()), ..titled(id, "blue") }));
    let elsewhere = |values: &[&str]| Query {
        categories: values.iter().map(|it| (*it).to_owned()).collect(),
        price_min: Some(Money(100)),
        ..first(1)
    };
    let bounds = Bounds { read_max: 60, terms_max: 10, compared_max: 5, ..NOTHING };
    assert_eq!(nearest(bounds, &products, elsewhere(&["d"])), [50]);
}

#[test]
fn few_products_are_all_compared() {
    let products = [titled(0, "red"), titled(1, "blue"), titled(2, "blue red"), titled(3, "red")];
    let catalogue = |catalogue_max| Bounds { catalogue_max, ..NOTHING };
    let source = |source_max| Bounds { source_max, ..NOTHING };
    let category = || Query { categories: vec!["c".to_owned()], ..first(3) };
    assert_eq!(nearest(catalogue(4), &products, first(3)), [3, 2, 1]);
    assert_eq!(nearest(catalogue(3), &products, first(3)), [1, 2, 3]);
    assert_eq!(nearest(source(4), &products, category()), [3, 2, 1]);
    assert_eq!(nearest(source(3), &products, category()), [1, 2, 3]);
}

#[test]
fn those_that_share_most_are_compared() {
    let products = [titled(0, "red matte"), titled(1, "red"), titled(2, "blue"), titled(3, "red matte")];
    for (compared_max, want) in [(3, [3, 1, 2]), (2, [3, 1, 2]), (1, [3, 1, 2]), (0, [1, 2, 3])] {
        let bounds = Bounds { terms_max: 100, compared_max, ..NOTHING };
        assert_eq!(nearest(bounds, &products, first(3)), want, "{compared_max}");
    }
}

#[test]
fn what_is_not_compared_follows_by_id_whatever_it_costs_to_find() {
    // Numbers so sparse that there are no bits, and a price band that few are in, the cheapest last.
    let mut products = vec![titled(0, "red")];
    products.extend((1..60_u32).map(|id| {
        let price = if id >= 50 { 60 - id } else { 1_000 };
        Product { price: Money(price.into()), ..titled(id * 10_000, "red") }
    }));
    let cheap = Query { price_max: Some(Money(10)), ..first(9) };
    let want: Vec<u32> = (50..59).map(|id| id * 10_000).collect();
    assert_eq!(nearest(NOTHING, &products, cheap), want);
}
