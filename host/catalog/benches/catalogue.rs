//! How fast the catalogue learns and answers: `cargo bench -p rebound-catalog -- [PRODUCTS...]`.
//!
//! Generated shops with a fixed seed, shaped like Online Retail: a few wholesale buyers with orders of hundreds
//! of lines, a fifth of all orders by guests, popularity falling steeply. Prints medians and 99th percentiles of
//! single calls; memory is the growth of the resident set.

#![allow(clippy::print_stdout, missing_docs, reason = "a program that prints a table")]

mod shop;

use std::hint::black_box;
use std::time::{Duration, Instant as Clock};

use mimalloc::MiMalloc;
use rebound_catalog::{Catalogue, Snapshot};
use rebound_domain::catalog::{Catalog, OrderBy, Query};
use rebound_domain::ids::ProductId;
use rebound_domain::money::Money;
use rebound_domain::product::Product;
use rebound_domain::route::Access;

use shop::{Random, Shop};

/// The service's allocator.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const SIZES: [u32; 2] = [4_000, 100_000];
/// Queries per kind of search, each about another product. The quickest of three runs counts, so that the 99th
/// percentile tells of the costliest queries and not of what else the machine does.
const QUERIES: usize = 2_000;
const RUNS: usize = 3;

fn main() {
    let sizes: Vec<u32> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if sizes.is_empty() { SIZES.to_vec() } else { sizes };
    for size in sizes {
        println!("\n{size} products");
        let shop = Shop::new(size);
        let mut catalogue = learn(&shop);
        for (kind, query) in KINDS {
            search(&shop, &catalogue.snapshot(), kind, *query);
        }
        change(&shop, &mut catalogue);
        println!("{:?}", catalogue.snapshot().stats());
    }
}

fn learn(shop: &Shop) -> Catalogue {
    let mut catalogue = Catalogue::new();
    let before = resident_bytes();
    rate("products entered", shop.items.len(), || {
        shop.items.iter().for_each(|item| catalogue.upsert(item.clone()));
    });
    let entered = resident_bytes();
    let orders = shop.orders();
    let lines: usize = orders.iter().map(|order| order.lines.len()).sum();
    rate("orders learned", orders.len(), || {
        for order in &orders {
            order.teach(&mut catalogue);
        }
    });
    let products = shop.items.len() as u64;
    println!("{:<44} {:>10} bytes", "memory per product", (entered.saturating_sub(before)) / products);
    let learned = resident_bytes().saturating_sub(entered);
    println!(
        "{:<44} {:>10} bytes ({lines} lines)",
        "memory per order line, and its copy here",
        learned / lines as u64
    );
    catalogue
}

/// Changes with a snapshot after each, as a server that shows every change at once would take.
fn change(shop: &Shop, catalogue: &mut Catalogue) {
    let mut random = Random::new(7);
    let mut held = catalogue.snapshot();
    for every in [1, 100] {
        rate(&format!("prices changed, a snapshot every {every}"), 20_000, || {
            for step in 0..20_000 {
                let mut item = shop.any(&mut random).clone();
                let product = Product { price: Money(random.below(9_000).into()), ..(*item.product).clone() };
                item.product = product.into();
                catalogue.upsert(item);
                if step % every == 0 {
                    held = catalogue.snapshot();
                }
            }
        });
        rate(&format!("products rewritten, a snapshot every {every}"), 20_000, || {
            for step in 0..20_000 {
                let (mut item, other) = (shop.any(&mut random).clone(), shop.any(&mut random));
                let (id, sku) = (item.product.id, item.product.sku.clone());
                item.product = Product { id, sku, ..(*other.product).clone() }.into();
                catalogue.upsert(item);
                if step % every == 0 {
                    held = catalogue.snapshot();
                }
            }
        });
    }
    let orders = shop.orders();
    let orders = &orders[..orders.len().min(10_000)];
    rate("orders learned, a snapshot after each", orders.len(), || {
        for order in orders {
            order.teach(catalogue);
            held = catalogue.snapshot();
        }
    });
    black_box(held);
}

type Kind = (&'static str, fn(&Shop, &Product) -> Query);

const KINDS: &[Kind] = &[
    ("upgrade: category, price band, similarity, 3", |_, it| Query { limit: 3, ..upgrade(it) }),
    ("upgrade, 50", |_, it| Query { limit: 50, ..upgrade(it) }),
    ("bundle: 3 other categories, units sold, 20", |shop, it| Query {
        categories: (1..4).map(|step| shop.category_after(it, step)).collect(),
        limit: 20,
        ..near(it, OrderBy::UnitsSold)
    }),
    ("tag, units sold, 50", |_, it| Query {
        any_tag: it.tags.clone(),
        limit: 50,
        in_stock: true,
        ..near(it, OrderBy::UnitsSold)
    }),
    ("units sold, 200", |_, it| Query { limit: 200, ..near(it, OrderBy::UnitsSold) }),
    ("units sold without a relation, 200", |_, _| Query { limit: 200, ..Query::default() }),
    ("category, similarity, 50", |_, it| Query {
        categories: it.category.iter().cloned().collect(),
        limit: 50,
        ..near(it, OrderBy::Similarity)
    }),
    ("similarity, 10", |_, it| Query { limit: 10, ..near(it, OrderBy::Similarity) }),
    ("similarity, 200", |_, it| Query { limit: 200, ..near(it, OrderBy::Similarity) }),
    ("category, affinity, 20", |_, it| Query {
        categories: it.category.iter().cloned().collect(),
        limit: 20,
        ..near(it, OrderBy::Affinity)
    }),
    ("affinity, 10", |_, it| Query { limit: 10, ..near(it, OrderBy::Affinity) }),
    ("affinity, 200", |_, it| Query { limit: 200, ..near(it, OrderBy::Affinity) }),
    ("price band, cheapest, 50", |_, it| Query {
        order_by: OrderBy::PriceAsc,
        similar_to: None,
        categories: Vec::new(),
        limit: 50,
        ..upgrade(it)
    }),
    ("brand, dearest, 50", |_, it| Query {
        brand: it.brand.clone(),
        limit: 50,
        ..near(it, OrderBy::PriceDesc)
    }),
    ("category and another's brand, units sold, 50", |shop, it| Query {
        categories: vec![shop.category_after(it, 1)],
        brand: it.brand.clone(),
        limit: 50,
        ..near(it, OrderBy::UnitsSold)
    }),
    ("style", |_, it| Query { style_of: Some(it.id), limit: 50, ..near(it, OrderBy::UnitsSold) }),
];

fn near(product: &Product, order_by: OrderBy) -> Query {
    Query { similar_to: Some(product.id), order_by, ..Query::default() }
}

fn upgrade(product: &Product) -> Query {
    Query {
        categories: product.category.iter().cloned().collect(),
        price_min: Some(Money(product.price.0 + 1)),
        price_max: Some(product.price.upgrade_bound()),
        in_stock: true,
        ..near(product, OrderBy::Similarity)
    }
}

fn search(shop: &Shop, snapshot: &Snapshot, kind: &str, query: fn(&Shop, &Product) -> Query) {
    let mut random = Random::new(11);
    let view = snapshot.at(shop::NOW, Access::Granted);
    let mut results = 0;
    let mut took: Vec<Duration> = (0..QUERIES)
        .map(|_| {
            // Returned products are mostly popular ones.
            let id = ProductId(random.skewed(shop.items.len()));
            let query = query(shop, &shop.items[id.0 as usize].product);
            let run = |_| {
                let start = Clock::now();
                results += black_box(view.search(&query)).len();
                start.elapsed()
            };
            (0..RUNS).map(run).min().unwrap_or_default()
        })
        .collect();
    took.sort();
    let micros = |share: usize| took[QUERIES * share / 1000].as_nanos() as f64 / 1000.0;
    println!(
        "{kind:<44} {:>10.1} us p50 {:>9.1} us p99 {:>9.1} us p99.9 {:>7.1} results",
        micros(500),
        micros(990),
        micros(999),
        results as f64 / (QUERIES * RUNS) as f64,
    );
}

fn rate(what: &str, count: usize, work: impl FnOnce()) {
    let start = Clock::now();
    work();
    println!("{what:<44} {:>10.0} /s", count as f64 / start.elapsed().as_secs_f64());
}

fn resident_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|it| it.parse::<u64>().ok()).unwrap_or_default() * 4096
}
