use super::*;

const PRODUCTS: u32 = 260;
const DAYS: u64 = 100;

/// Few words, so that products share them; some products have none at all.
fn arbitrary_product(id: u32) -> impl Strategy<Value = Product> {
    let word =
        prop::sample::select(vec!["red", "lipstick", "matte", "口红", "哑光口红", "brush", "Set", "3g", "-"]);
    let category = prop::sample::select(vec!["lip", "face", "eye", "tools"]);
    let brand = prop::sample::select(vec!["mac", "nars"]);
    let tag = prop::sample::select(vec!["new", "celebrity", "organic", "gift"]);
    let style = prop::sample::select(vec!["s1", "s2", "s3"]);
    let text = |word: &str| word.to_owned();
    let words = prop::collection::vec(word, 0..5);
    let tags = prop::collection::vec(tag.prop_map(text), 0..4);
    let (category, brand) =
        (prop::option::of(category.prop_map(text)), prop::option::of(brand.prop_map(text)));
    let style = prop::option::weighted(0.3, style.prop_map(text));
    (words, category, brand, tags, style, -5..40_i64).prop_map(move |it| Product {
        title: it.0.join(" "),
        category: it.1,
        brand: it.2,
        tags: it.3,
        style: it.4,
        price: Money(it.5),
        ..product(id)
    })
}

fn upsert(id: u32) -> impl Strategy<Value = Event> {
    let stock = prop::option::of(0..3_u32);
    let margin = prop::option::of(-500..5000_i32);
    (arbitrary_product(id), stock, margin)
        .prop_map(|(product, stock, margin)| Event::Upsert(Item { stock, margin, ..item(product) }))
}

fn instant() -> impl Strategy<Value = Instant> {
    // Whole days, so that windows meet their edges.
    (0..DAYS).prop_map(day)
}

/// Most of what is bought and returned is among a few products, so that they meet.
fn id() -> impl Strategy<Value = ProductId> {
    prop_oneof![0..12_u32, 0..12_u32, 0..PRODUCTS + 5].prop_map(ProductId)
}

fn learned() -> impl Strategy<Value = Event> {
    let lines = prop::collection::vec((id(), 0..4_u32), 0..6);
    let order = (prop::option::of(0..9_u8), instant(), lines);
    let order = order.prop_map(|(customer, at, lines)| Event::Order { customer, at, lines });
    let returned = (0..9_u8, instant(), prop::collection::vec(id(), 0..4));
    let returned = returned.prop_map(|(customer, at, products)| Event::Return { customer, at, products });
    prop_oneof![3 => order, 1 => returned]
}

/// Each product once, with orders and returns before, between and after.
fn history() -> impl Strategy<Value = Vec<Event>> {
    let products: Vec<_> = (0..PRODUCTS).map(upsert).collect();
    let products = (products, 0..=PRODUCTS as usize).prop_map(|(mut products, count)| {
        products.truncate(count);
        products
    });
    (products, prop::collection::vec(learned(), 0..80))
        .prop_map(|(products, learned)| [products, learned].concat())
        .prop_shuffle()
}

/// The same, with products that change.
fn changing_history() -> impl Strategy<Value = Vec<Event>> {
    let changes = prop::collection::vec((0..PRODUCTS).prop_flat_map(upsert), 0..120);
    (history(), changes).prop_map(|(history, changes)| [history, changes].concat())
}

fn query() -> impl Strategy<Value = Query> {
    let some_of = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(|it| (*it).to_owned()).collect();
        prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(prop::sample::select(words), 1..4)]
    };
    let brand = prop::option::weighted(0.3, prop::sample::select(vec!["mac".to_owned(), "dior".to_owned()]));
    let price = || prop::option::weighted(0.4, (-6..41_i64).prop_map(Money));
    let order_by = prop::sample::select(vec![
        OrderBy::Similarity,
        OrderBy::Affinity,
        OrderBy::UnitsSold,
        OrderBy::PriceAsc,
        OrderBy::PriceDesc,
    ]);
    let near = (prop::option::weighted(0.8, id()), prop::option::weighted(0.1, id()));
    let exclude = prop::collection::vec(id(), 0..4);
    let limit = prop::sample::select(vec![0, 1, 3, 10, 60, 200, 1000]);
    (
        some_of(&["lip", "face", "eye", "none"]),
        brand,
        some_of(&["new", "celebrity", "gift", "none"]),
        (price(), price()),
        near,
        exclude,
        any::<bool>(),
        order_by,
        limit,
    )
        .prop_map(|(categories, brand, any_tag, price, near, exclude, in_stock, order_by, limit)| {
            Query {
                categories,
                brand,
                any_tag,
                price_min: price.0,
                price_max: price.1,
                similar_to: near.0,
                style_of: near.1,
                exclude,
                in_stock,
                order_by,
                limit,
            }
        })
}

fn queries() -> impl Strategy<Value = Vec<Query>> {
    prop::collection::vec(query(), 12)
}

/// Pairs that few or most of these small histories meet, and the real bound.
fn pairs_max() -> impl Strategy<Value = Bounds> {
    prop::sample::select(vec![1, 3, 6, PAIRS_MAX])
        .prop_map(|pairs_max| Bounds { pairs_max, ..Bounds::default() })
}

/// The real bounds, within which all of these products are compared, and some within which few are.
fn bounds() -> impl Strategy<Value = Bounds> {
    let small = (
        prop::sample::select(vec![0, 0, 60, 200]),
        prop::sample::select(vec![0, 4, 30]),
        prop::sample::select(vec![0, 3, 20, 100, 1_000]),
        prop::sample::select(vec![3, 30, 1_000]),
        prop::sample::select(vec![1, 4, 30, 300]),
    );
    let small = small.prop_map(|(catalogue_max, source_max, terms_max, read_max, compared_max)| Bounds {
        catalogue_max,
        source_max,
        read_max,
        terms_max,
        baskets_max: terms_max,
        compared_max,
        ..Bounds::default()
    });
    prop_oneof![1 => Just(Bounds::default()), 2 => small]
}

fn moments() -> [Instant; 3] {
    [day(29), day(DAYS / 2), day(DAYS * 2)]
}

fn answers(snapshot: &Snapshot, queries: &[Query]) -> Vec<Vec<Candidate>> {
    let ask = |now| queries.iter().map(move |query| snapshot.at(now, Access::Granted).search(query));
    moments().into_iter().flat_map(ask).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_search_equals_its_recomputation(
        events in changing_history(),
        queries in queries(),
        bounds in bounds(),
    ) {
        let snapshot = super::learned(Catalogue::bounded(bounds), &events).snapshot();
        let model = bounded_model(bounds, &events);
        for (query, now) in queries.iter().zip(moments().into_iter().cycle()) {
            let found = snapshot.at(now, Access::Granted).search(query);
            prop_assert_eq!(found, model.search(query, now), "{:?}", query);
        }
    }

    #[test]
    fn every_switched_share_equals_its_recomputation(
        events in history(),
        pairs in prop::collection::vec((id(), id()), 30),
        bounds in pairs_max(),
    ) {
        let snapshot = super::learned(Catalogue::bounded(bounds), &events).snapshot();
        let model = bounded_model(bounds, &events);
        for ((from, to), now) in pairs.into_iter().zip(moments().into_iter().cycle()) {
            prop_assert_eq!(snapshot.at(now, Access::Withheld).switched(from, to), model.switched(from, to, now));
        }
    }

    #[test]
    fn answers_do_not_depend_on_the_order_of_arrival(
        (events, shuffled) in history().prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle())),
        queries in queries(),
        buyers_max in prop::sample::select(vec![1, 3, 1024]),
        pairs_max in prop::sample::select(vec![1, 3, PAIRS_MAX]),
        bounds in bounds(),
    ) {
        let bounds = Bounds { buyers_max, pairs_max, ..bounds };
        let of = |events: &[Event]| super::learned(Catalogue::bounded(bounds), events).snapshot();
        let (one, other) = (of(&events), of(&shuffled));
        prop_assert_eq!(one.stats(), other.stats());
        prop_assert_eq!(answers(&one, &queries), answers(&other, &queries));
    }

    #[test]
    fn a_changed_catalogue_equals_one_built_anew(events in changing_history(), queries in queries()) {
        let changed = catalogue(&events).snapshot();
        let last: Vec<Event> = model(&events).items().cloned().map(Event::Upsert).collect();
        let learned = events.into_iter().filter(|event| !matches!(event, Event::Upsert(_)));
        let anew = catalogue(&learned.chain(last).collect::<Vec<_>>()).snapshot();
        prop_assert_eq!(changed.stats(), anew.stats());
        prop_assert_eq!(answers(&changed, &queries), answers(&anew, &queries));
    }

    #[test]
    fn a_snapshot_never_changes(before in changing_history(), after in changing_history(), queries in queries()) {
        let mut catalogue = catalogue(&before);
        let snapshot = catalogue.snapshot();
        let (stats, answered) = (snapshot.stats(), answers(&snapshot, &queries));
        learn(&mut catalogue, &after);
        prop_assert_eq!(snapshot.stats(), stats);
        prop_assert_eq!(answers(&snapshot, &queries), answered);
    }

    /// Samples make affinity an estimate; the order of results must still be the estimate's own, each product once.
    /// Only a search for few fills its results early, and only then is anything left unlooked at.
    #[test]
    fn results_ordered_by_affinity_are_the_best_of_all(
        events in history(),
        from in id(),
        limit in prop_oneof![3 => 1..5_u32, 1 => 5..100_u32],
    ) {
        let mut catalogue = Catalogue::bounded(Bounds { buyers_max: 3, ..Bounds::default() });
        learn(&mut catalogue, &events);
        let view = catalogue.snapshot().at(day(DAYS), Access::Withheld);
        let search = |categories: &[&str], order_by, limit| {
            let categories = categories.iter().map(|it| (*it).to_owned()).collect();
            view.search(&Query { categories, similar_to: Some(from), order_by, limit, ..Query::default() })
        };
        let best = search(&[], OrderBy::Affinity, limit);
        let worst = best.last().map_or((0, ProductId(0)), rank);
        prop_assert!(best.is_sorted_by(|one, next| rank(one) < rank(next)));
        for category in ["lip", "face", "eye", "tools"] {
            let all = search(&[category], OrderBy::PriceAsc, 200);
            let missed = all.iter().find(|it| rank(it) < worst && !best.contains(it));
            prop_assert_eq!(missed, None);
        }
    }
}

fn rank(candidate: &Candidate) -> (u32, ProductId) {
    (!candidate.affinity.map_or(0, |it| (it + 1.0).to_bits()), candidate.id)
}
