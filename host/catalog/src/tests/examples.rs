use super::*;

fn titled(id: u32, title: &str) -> Event {
    Event::Upsert(item(Product { title: title.to_owned(), ..product(id) }))
}

fn order(customer: Option<u8>, at: Instant, products: &[u32]) -> Event {
    Event::Order { customer, at, lines: products.iter().map(|&id| (ProductId(id), 1)).collect() }
}

fn returned(customer: u8, at: Instant, product: u32) -> Event {
    Event::Return { customer, at, products: vec![ProductId(product)] }
}

fn view(events: &[Event]) -> View {
    catalogue(events).snapshot().at(day(1000), Access::Withheld)
}

fn near(id: u32, order_by: OrderBy) -> Query {
    Query { similar_to: Some(ProductId(id)), order_by, limit: 10, ..Query::default() }
}

#[track_caller]
fn check_switched(events: &[Event], now: Instant, want: Option<(u32, u32)>) {
    let view = catalogue(events).snapshot().at(now, Access::Withheld);
    let want = want.map(|(switched, returns)| Switched { switched, returns });
    assert_eq!(view.switched(ProductId(1), ProductId(2)), want);
}

#[test]
fn a_purchase_counts_from_the_return_on_and_for_less_than_30_days() {
    let back = returned(7, day(40), 1);
    let late = Instant(day(70).0 - 1);
    for (bought, switched) in [(Instant(day(40).0 - 1), 0), (day(40), 1), (late, 1), (day(70), 0)] {
        let bought = order(Some(7), bought, &[2]);
        check_switched(&[back.clone(), bought.clone()], day(100), Some((switched, 1)));
        check_switched(&[bought, back.clone()], day(100), Some((switched, 1)));
    }
}

#[test]
fn a_return_counts_once_its_30_days_are_over_however_late_it_is_learned() {
    let events = [order(Some(7), day(41), &[2]), returned(7, day(40), 1)];
    check_switched(&events, Instant(day(70).0 - 1), None);
    check_switched(&events, day(70), Some((1, 1)));
    check_switched(&events, day(29), None);
}

#[test]
fn returns_are_counted_and_purchases_are_not() {
    let twice = [order(Some(7), day(41), &[2]), order(Some(7), day(42), &[2, 2])];
    let back = [returned(7, day(40), 1), returned(7, day(40), 1), returned(8, day(40), 1)];
    check_switched(&[&twice[..], &back].concat(), day(100), Some((2, 3)));
    let same_document =
        Event::Return { customer: 7, at: day(40), products: vec![ProductId(1), ProductId(1)] };
    check_switched(&[same_document], day(100), Some((0, 1)));
}

#[test]
fn what_another_customer_or_a_guest_buys_is_no_switch() {
    let others = [order(Some(8), day(41), &[2]), order(None, day(41), &[2])];
    check_switched(&[&others[..], &[returned(7, day(40), 1)]].concat(), day(100), Some((0, 1)));
}

/// A return of 200 lines and an order of 2,000 made 400,000 entries while everybody waited for the writer.
#[test]
fn a_large_return_and_a_large_order_make_a_bounded_number_of_pairs() {
    let products: Vec<_> = (0..2_000).collect();
    let bought = order(Some(7), day(41), &products);
    let back = Event::Return { customer: 7, at: day(40), products: (0..200).map(ProductId).collect() };
    for events in [[bought.clone(), back.clone()], [back, bought.clone()]] {
        let switches = catalogue(&events).snapshot().stats().switches;
        assert_eq!(switches, 200 * (PAIRS_MAX / 200), "of at most {PAIRS_MAX}");
    }
    // A return of few products counts all of the order.
    let few = Event::Return { customer: 7, at: day(40), products: (0..4).map(ProductId).collect() };
    assert_eq!(catalogue(&[bought, few]).snapshot().stats().switches, 4 * 2_000);
}

#[test]
fn a_share_is_told_with_a_search_relative_to_the_returned_product() {
    let mut events = vec![titled(1, "a"), titled(2, "b"), titled(3, "c")];
    events.extend((0..3).map(|customer| returned(customer, day(40), 1)));
    events.push(order(Some(0), day(41), &[2]));
    let found = view(&events).search(&near(1, OrderBy::PriceAsc));
    let shares: Vec<_> = found.iter().map(|it| it.switched_share).collect();
    assert_eq!(shares, [Some(BasisPoints(3_333)), Some(BasisPoints(0))]);
    assert_eq!(view(&events).search(&near(2, OrderBy::PriceAsc))[0].switched_share, None);
}

#[test]
fn affinity_is_the_cosine_of_the_sets_of_buyers() {
    let mut events: Vec<Event> = (1..5).map(|id| titled(id, "")).collect();
    events.extend([
        order(Some(1), day(1), &[1]),
        order(Some(1), day(9), &[2]),
        order(Some(2), day(1), &[1, 2]),
        order(None, day(1), &[1]),
        order(None, day(1), &[1]),
        order(None, day(1), &[2, 3]),
    ]);
    let found = view(&events).search(&near(1, OrderBy::Affinity));
    let affinity: Vec<_> = found.iter().map(|it| it.affinity).collect();
    // Two of product 1's four buyers are among product 2's three; product 4 was never bought.
    assert_eq!(affinity, [Some(2.0 / f32::sqrt(12.0)), Some(0.0), None]);
    assert!(view(&events).search(&near(4, OrderBy::Affinity)).iter().all(|it| it.affinity.is_none()));
}

#[test]
fn equal_products_have_similarity_one_and_unrelated_ones_zero() {
    let events =
        [titled(1, "matte lipstick"), titled(2, "Lipstick, matte"), titled(3, "brush"), titled(4, "!")];
    let found = view(&events).search(&near(1, OrderBy::Similarity));
    let similarity: Vec<_> = found.iter().map(|it| it.similarity).collect();
    assert_eq!((ids(&found), similarity), (vec![2, 3, 4], vec![Some(1.0), Some(0.0), None]));
}

#[test]
fn a_word_that_few_products_have_weighs_more() {
    let events = [
        titled(1, "red lipstick"),
        titled(2, "red brush"),
        titled(3, "blue lipstick"),
        titled(4, "red bag"),
        titled(5, "red sponge"),
    ];
    assert_eq!(ids(&view(&events).search(&near(1, OrderBy::Similarity)))[0], 3);
}

#[test]
fn units_sold_are_unknown_until_the_first_order_and_then_known_of_all() {
    let products = [titled(1, "a"), titled(2, "b")];
    let units = |events: &[Event]| -> Vec<_> {
        let found = view(events).search(&Query { limit: 9, ..Query::default() });
        found.iter().map(|it| (it.id.0, it.units_sold)).collect()
    };
    assert_eq!(units(&products), [(1, None), (2, None)]);
    let nothing = Event::Order { customer: None, at: day(1), lines: vec![(ProductId(2), 0)] };
    assert_eq!(units(&[&products[..], &[nothing]].concat()), [(1, None), (2, None)]);
    assert_eq!(units(&[&products[..], &[order(None, day(1), &[2])]].concat()), [(2, Some(1)), (1, Some(0))]);
}

#[test]
fn units_sold_stop_at_the_largest_number() {
    let lines = vec![(ProductId(1), u32::MAX), (ProductId(1), 2)];
    let events = [titled(1, "a"), Event::Order { customer: None, at: day(1), lines }];
    let found = view(&events).search(&Query { limit: 1, ..Query::default() });
    assert_eq!(found[0].units_sold, Some(u32::MAX));
}

#[test]
fn a_search_gives_at_most_200() {
    let events: Vec<Event> = (0..300).map(|id| titled(id, "a")).collect();
    for order_by in
        [OrderBy::Similarity, OrderBy::Affinity, OrderBy::UnitsSold, OrderBy::PriceAsc, OrderBy::PriceDesc]
    {
        let found = view(&events).search(&Query { order_by, limit: u32::MAX, ..Query::default() });
        assert!(ids(&found).into_iter().eq(0..200), "{order_by:?}");
    }
}

#[test]
fn only_what_is_known_to_be_sold_out_is_left_out() {
    let stocked = |id, stock| Event::Upsert(Item { stock, ..item(product(id)) });
    let events = [stocked(1, Some(0)), stocked(2, None), stocked(3, Some(4))];
    let found = view(&events).search(&Query { in_stock: true, limit: 9, ..Query::default() });
    assert_eq!(ids(&found), [2, 3]);
    assert_eq!(found.iter().map(|it| it.stock).collect::<Vec<_>>(), [None, Some(4)]);
    assert_eq!([1, 2, 3, 9].map(|id| view(&events).stock(ProductId(id))), [Some(0), None, Some(4), None]);
}

#[test]
fn a_product_without_a_style_has_no_siblings() {
    let styled = |id, style: Option<&str>| {
        Event::Upsert(item(Product { style: style.map(str::to_owned), ..product(id) }))
    };
    let events =
        [styled(1, Some("s")), styled(2, Some("s")), styled(3, Some("t")), styled(4, None), styled(5, None)];
    let siblings = |id| {
        ids(&view(&events).search(&Query { style_of: Some(ProductId(id)), limit: 9, ..Query::default() }))
    };
    assert_eq!([1, 3, 4, 9].map(siblings), [vec![2], vec![], vec![], vec![]]);
}

#[test]
fn margins_are_told_only_where_they_are_granted() {
    let mut catalogue = Catalogue::new();
    catalogue.upsert(Item { margin: Some(-250), ..item(product(1)) });
    let query = Query { limit: 1, ..Query::default() };
    for (access, margin) in [(Access::Granted, Some(-250)), (Access::Withheld, None)] {
        assert_eq!(catalogue.snapshot().at(day(1), access).search(&query)[0].margin, margin);
    }
}

#[test]
fn a_product_is_found_by_its_current_sku() {
    let mut catalogue = Catalogue::new();
    let sku = |text: &str| Sku::new(text).unwrap();
    catalogue.upsert(item(product(1)));
    catalogue.upsert(item(Product { sku: sku("new"), ..product(1) }));
    let snapshot = catalogue.snapshot();
    assert_eq!(snapshot.by_sku(&sku("new")).map(|it| it.product.id), Some(ProductId(1)));
    assert_eq!(snapshot.by_sku(&sku("sku-1")), None);
    assert_eq!((snapshot.len(), snapshot.is_empty()), (1, false));
    assert_eq!(snapshot.get(ProductId(1)), snapshot.by_sku(&sku("new")));
    assert_eq!(snapshot.get(ProductId(2)), None);
}

#[test]
fn prices_at_the_ends_of_their_range_are_found() {
    let priced = |id, price| Event::Upsert(item(Product { price: Money(price), ..product(id) }));
    let mut events = vec![priced(500, i64::MAX), priced(501, i64::MIN)];
    events.extend((0..300).map(|id| priced(id, 0)));
    let first = |order_by, price_min| {
        let found = view(&events).search(&Query { order_by, price_min, limit: 1, ..Query::default() });
        found[0].id.0
    };
    assert_eq!([OrderBy::PriceAsc, OrderBy::PriceDesc].map(|it| first(it, None)), [501, 500]);
    assert_eq!(first(OrderBy::PriceAsc, Some(Money(1))), 500);
    let none = Query { price_min: Some(Money(2)), price_max: Some(Money(1)), limit: 9, ..Query::default() };
    assert_eq!(view(&events).search(&none), []);
}

#[test]
fn readers_on_other_threads_hold_snapshots() {
    fn shared<T: Send + Sync + Clone + 'static>() {}
    shared::<Snapshot>();
    shared::<View>();
}
