//! How searches, upserts and memory grow with the catalogue: `cargo bench -p rebound-catalog --bench curves --
//! [PRODUCTS...] [ORDERS...]`.
//!
//! Every filter is crossed with every order, hostile ones included, over a market of each size given (1,000 and
//! 10,000 when none is; a million takes minutes), for the orders named (`similarity`, `affinity`, `units`, `cheapest`,
//! `dearest`, and `changes` for upserts; all when none is). Limits go round 1, 50 and 200. Every query is
//! asked three times and its median counts; the percentiles are over queries. A search is timed by the processor time
//! of its thread, so that what else the machine does counts little; rates and the reader beside the writer are timed
//! by the clock.

#![allow(clippy::print_stdout, clippy::print_stderr, missing_docs, reason = "a program that prints tables")]

mod market;

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant as Clock};

use rebound_catalog::{Catalogue, Former, Item, Snapshot};
use rebound_domain::catalog::{Candidate, Catalog, OrderBy, Query};
use rebound_domain::ids::{ProductId, Sku};
use rebound_domain::money::Money;
use rebound_domain::product::Product;
use rebound_domain::route::Access;

use mimalloc::MiMalloc;
use rustix::time::ClockId;

use market::{Market, Random};

/// The service's allocator: what a search frees costs otherwise with another, beside millions of small pieces.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const SIZES: [u32; 2] = [1_000, 10_000];
const QUERIES: usize = 300;
const RUNS: usize = 3;
/// For as long a kind of query is held against one that compares all that match.
const TIME_PER_RECALL: Duration = Duration::from_secs(2);
/// A kind of query that is slow is asked fewer times, at least this often: its p99 is then its maximum.
const QUERIES_MIN: usize = 12;
const TIME_PER_KIND: Duration = Duration::from_millis(400);
/// Upserts a second that readers have to live with.
const UPSERTS_PER_SECOND: u32 = 10_000;
const UPSERTING: Duration = Duration::from_secs(3);

const ORDERS: [(&str, OrderBy); 5] = [
    ("similarity", OrderBy::Similarity),
    ("affinity", OrderBy::Affinity),
    ("units sold", OrderBy::UnitsSold),
    ("cheapest", OrderBy::PriceAsc),
    ("dearest", OrderBy::PriceDesc),
];

type Kind = (&'static str, fn(&Market, &mut Random, ProductId) -> Query);

const KINDS: &[Kind] = &[
    ("no filter", |_, _, _| Query::default()),
    ("no filter, similar to a product at random", |market, random, _| Query {
        similar_to: Some(ProductId(random.below(market.size))),
        ..Query::default()
    }),
    ("no filter, similar to one never sold", |market, _, _| Query {
        similar_to: Some(ProductId(market.size - 1)),
        ..Query::default()
    }),
    ("no filter, similar to the best-seller", |_, _, _| Query {
        similar_to: Some(ProductId(0)),
        ..Query::default()
    }),
    ("one category", |market, random, _| Query {
        categories: vec![category(market, random)],
        ..Query::default()
    }),
    ("the commonest category", |_, _, _| Query { categories: vec!["category 0".into()], ..Query::default() }),
    ("12 categories and 20 tags, the commonest", |_, _, _| Query {
        categories: (0..12).map(|rank| format!("category {rank}")).collect(),
        any_tag: (0..20).map(|rank| format!("tag {rank}")).collect(),
        ..Query::default()
    }),
    ("32 tags, the commonest", |_, _, _| Query {
        any_tag: (0..32).map(|rank| format!("tag {rank}")).collect(),
        ..Query::default()
    }),
    ("the commonest brand", |_, _, _| Query { brand: Some("brand 0".into()), ..Query::default() }),
    ("narrow price band", |market, _, id| {
        let price = market.items[id.0 as usize].product.price.0;
        Query {
            price_min: Some(Money(price)),
            price_max: Some(Money(price + price / 100)),
            ..Query::default()
        }
    }),
    ("wide price band", |_, _, _| Query { price_min: Some(Money(500)), ..Query::default() }),
    ("empty price band", |_, _, _| Query {
        price_min: Some(Money(600)),
        price_max: Some(Money(599)),
        ..Query::default()
    }),
    ("price tail in the commonest category", |_, _, _| Query {
        price_min: Some(Money(450_000)),
        categories: vec!["category 0".into()],
        ..Query::default()
    }),
    ("style", |_, _, id| Query { style_of: Some(id), ..Query::default() }),
    ("exclude 400", |_, _, _| Query { exclude: (0..400).map(ProductId).collect(), ..Query::default() }),
    ("in stock", |_, _, _| Query { in_stock: true, ..Query::default() }),
    ("the rarest tag in the commonest category", |_, _, _| Query {
        categories: vec!["category 0".into()],
        any_tag: vec!["tag 19999".into(), "tag 19998".into(), "tag 19997".into()],
        ..Query::default()
    }),
    ("two common terms that hardly meet", |_, _, _| Query {
        categories: vec!["category 0".into()],
        any_tag: vec!["tag 1".into()],
        ..Query::default()
    }),
    ("two common terms that meet at the cheap end", |_, _, _| Query {
        categories: vec!["category 1".into()],
        any_tag: vec!["tag 2".into()],
        ..Query::default()
    }),
];

fn category(market: &Market, random: &mut Random) -> String {
    format!("category {}", random.zipf(20 + market.size / 5_000))
}

/// Percentiles in microseconds.
struct Took {
    p50: f64,
    p99: f64,
    max: f64,
}

/// Rows of cells, one a size.
#[derive(Default)]
struct Table {
    rows: Vec<(String, Vec<String>)>,
}

impl Table {
    /// Says it at once too: a run of a million products that is broken off has still measured something.
    fn add(&mut self, row: String, cell: String) {
        eprintln!("{row} | {cell}");
        match self.rows.iter_mut().find(|it| it.0 == row) {
            Some(known) => known.1.push(cell),
            None => self.rows.push((row, vec![cell])),
        }
    }

    fn print(&self, what: &str, sizes: &[u32]) {
        let mut text = format!("| {what} |");
        sizes.iter().for_each(|size| write!(text, " {size} |").expect("a string takes all"));
        text += "\n|---|";
        sizes.iter().for_each(|_| text += "---:|");
        for (row, cells) in &self.rows {
            write!(text, "\n| {row} | {} |", cells.join(" | ")).expect("a string takes all");
        }
        println!("{text}\n");
    }
}

fn main() {
    let sizes: Vec<u32> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if sizes.is_empty() { SIZES.to_vec() } else { sizes };
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let named = |name: &str| asked.iter().any(|word| name.split(' ').any(|it| it == word));
    let orders: Vec<_> = ORDERS.into_iter().filter(|order| named(order.0)).collect();
    let changes = asked.iter().any(|word| word == "changes");
    let is_partial = changes || !orders.is_empty();
    let orders = if is_partial { orders } else { ORDERS.to_vec() };
    let (mut searches, mut growth, mut found) = (Table::default(), Table::default(), Table::default());
    for &size in &sizes {
        eprintln!("{size} products");
        let market = Market::new(size);
        let mut catalogue = learn(&market, &mut growth);
        let snapshot = catalogue.snapshot();
        for (kind, query) in KINDS {
            for &order in &orders {
                search(&market, &snapshot, (kind, *query), order, &mut searches);
            }
        }
        if orders.iter().any(|it| is_score(it.1)) {
            recall(&market, &snapshot, &orders, &mut found);
        }
        if changes || !is_partial {
            drop(snapshot);
            change(&market, &mut catalogue, &mut growth);
        }
        if is_partial {
            continue;
        }
        sell_out(&market, &mut catalogue, &mut growth);
        let nearly_none: Kind =
            ("in stock, when one of 2,000 is", |_, _, _| Query { in_stock: true, ..Query::default() });
        for order in ORDERS {
            search(&market, &catalogue.snapshot(), nearly_none, order, &mut searches);
        }
    }
    searches.print("search, us of processor time: p50 / p99 / max", &sizes);
    found.print("of the ten best of all, in percent, found on average / at worst", &sizes);
    growth.print("learning, memory, and readers beside the writer", &sizes);
}

fn learn(market: &Market, growth: &mut Table) -> Catalogue {
    let mut catalogue = Catalogue::new();
    let items = market.items.clone();
    let before = resident_bytes();
    rate(growth, "products entered, a second", market.items.len(), || {
        items.into_iter().for_each(|item| catalogue.upsert(item));
    });
    let entered = resident_bytes();
    let bytes = entered.saturating_sub(before) / u64::from(market.size);
    growth.add("resident bytes per product, beside its record".into(), bytes.to_string());
    let start = Clock::now();
    let lines = market.teach(&mut catalogue);
    growth.add(
        "order lines learned, a second".into(),
        format!("{:.0}", lines as f64 / start.elapsed().as_secs_f64()),
    );
    let bytes = resident_bytes().saturating_sub(entered) / lines as u64;
    growth.add("resident bytes per order line".into(), bytes.to_string());
    catalogue
}

fn search(market: &Market, snapshot: &Snapshot, kind: Kind, order: (&str, OrderBy), searches: &mut Table) {
    let mut random = Random(11);
    let started = Clock::now();
    let view = snapshot.at(market::NOW, Access::Granted);
    let mut took = Vec::with_capacity(QUERIES);
    while took.len() < QUERIES && (took.len() < QUERIES_MIN || started.elapsed() < TIME_PER_KIND) {
        let limit = [1, 50, 200][took.len() % 3];
        // Returned products are mostly popular ones.
        let id = ProductId(random.flattened(20, market.size));
        let query = (kind.1)(market, &mut random, id);
        let query = Query { limit, order_by: order.1, similar_to: query.similar_to.or(Some(id)), ..query };
        let mut runs: Vec<Duration> = (0..RUNS).map(|_| worked(|| view.search(&query))).collect();
        runs.sort();
        took.push(runs[RUNS / 2]);
    }
    let took = percentiles(took);
    searches.add(
        format!("{}; {}", kind.0, order.0),
        format!("{:.0} / {:.0} / {:.0}", took.p50, took.p99, took.max),
    );
}

/// Of the ten best of all that match, how many a search for ten finds; equals of the tenth count as found.
fn recall(market: &Market, snapshot: &Snapshot, orders: &[(&str, OrderBy)], found: &mut Table) {
    let mut exhaustive = Catalogue::exhaustive();
    market.items.iter().cloned().for_each(|item| exhaustive.upsert(item));
    market.teach(&mut exhaustive);
    let (view, all) = (snapshot.at(market::NOW, Access::Granted), exhaustive.snapshot());
    let all = all.at(market::NOW, Access::Granted);
    for (kind, query) in KINDS {
        for order in orders.iter().filter(|it| is_score(it.1)) {
            let mut random = Random(17);
            let (mut sum, mut worst, mut count) = (0.0, 1.0, 0);
            let started = Clock::now();
            while count < QUERIES && (count < QUERIES_MIN || started.elapsed() < TIME_PER_RECALL) {
                let id = ProductId(random.flattened(20, market.size));
                let query = query(market, &mut random, id);
                let query = Query {
                    limit: 10,
                    order_by: order.1,
                    similar_to: query.similar_to.or(Some(id)),
                    ..query
                };
                let share = share_found(
                    &scores(&view.search(&query), order.1),
                    &scores(&all.search(&query), order.1),
                );
                (sum, worst, count) = (sum + share, share.min(worst), count + 1);
            }
            let cell = format!("{:.1} / {:.0}", 100.0 * sum / count as f64, 100.0 * worst);
            found.add(format!("{kind}; {}", order.0), cell);
        }
    }
}

fn is_score(order: OrderBy) -> bool {
    matches!(order, OrderBy::Similarity | OrderBy::Affinity)
}

fn scores(found: &[Candidate], order: OrderBy) -> Vec<f32> {
    let score = |it: &Candidate| if order == OrderBy::Similarity { it.similarity } else { it.affinity };
    found.iter().filter_map(score).filter(|score| *score > 0.0).collect()
}

fn share_found(found: &[f32], best: &[f32]) -> f64 {
    let Some(last) = best.last() else { return 1.0 };
    let met = found.iter().filter(|score| *score >= last).count();
    met as f64 / best.len() as f64
}

/// Upserts alone and in batches, and readers alone and beside a writer that holds a feed's rate.
fn change(market: &Market, catalogue: &mut Catalogue, growth: &mut Table) {
    let mut random = Random(7);
    let shared = Arc::new(Mutex::new(catalogue.snapshot()));
    let former = Former::new();
    for batch in [1, 100] {
        for (what, change) in CHANGES {
            rate(growth, &format!("{what}, a second, a snapshot every {batch}"), 20_000, || {
                for step in 0..20_000 {
                    catalogue.upsert(change(market, &mut random));
                    if step % batch == 0 {
                        former.retire(publish(&shared, catalogue));
                    }
                }
            });
        }
    }
    let stop = AtomicBool::new(false);
    let reader = || readers(market, &shared, &stop);
    let alone = thread::scope(|scope| {
        let reading = scope.spawn(reader);
        thread::sleep(UPSERTING);
        stop.store(true, Ordering::Relaxed);
        reading.join().expect("a reader does not panic")
    });
    stop.store(false, Ordering::Relaxed);
    let (beside, held) = thread::scope(|scope| {
        let reading = scope.spawn(reader);
        let start = Clock::now();
        let mut count = 0_u32;
        while start.elapsed() < UPSERTING {
            for _ in 0..100 {
                catalogue.upsert(fed(market, &mut random));
            }
            count += 100;
            former.retire(publish(&shared, catalogue));
            let due = Duration::from_secs(1) * count / UPSERTS_PER_SECOND;
            thread::sleep(due.saturating_sub(start.elapsed()));
        }
        let held = f64::from(count) / start.elapsed().as_secs_f64();
        stop.store(true, Ordering::Relaxed);
        (reading.join().expect("a reader does not panic"), held)
    });
    growth.add(
        "a feed's upserts a second held beside a reader, batches of 100, at most 10,000".into(),
        format!("{held:.0}"),
    );
    for (what, took) in [("alone", alone), ("beside them", beside)] {
        let cell = format!("{:.0} / {:.0} / {:.0}", took.p50, took.p99, took.max);
        growth.add(format!("a reader's search {what}, us: p50 / p99 / max"), cell);
    }
}

/// Shows the catalogue as it is now, and gives back what was shown before.
fn publish(shared: &Mutex<Snapshot>, catalogue: &Catalogue) -> Snapshot {
    std::mem::replace(&mut *shared.lock().expect("nobody panics"), catalogue.snapshot())
}

/// Searches of a strategy on the newest snapshot until told to stop.
fn readers(market: &Market, shared: &Mutex<Snapshot>, stop: &AtomicBool) -> Took {
    let mut random = Random(13);
    let mut took = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let id = ProductId(random.flattened(20, market.size));
        let product = &market.items[id.0 as usize].product;
        let query = Query {
            categories: product.category.iter().cloned().collect(),
            price_min: Some(Money(product.price.0 + 1)),
            price_max: Some(product.price.upgrade_bound()),
            in_stock: true,
            similar_to: Some(id),
            order_by: OrderBy::UnitsSold,
            limit: 50,
            ..Query::default()
        };
        took.push(timed(|| {
            let snapshot = shared.lock().expect("nobody panics").clone();
            snapshot.at(market::NOW, Access::Granted).search(&query)
        }));
    }
    percentiles(took)
}

type Change = fn(&Market, &mut Random) -> Item;

/// What feeds send, and at last what none does: a product that becomes another one in everything.
const CHANGES: [(&str, Change); 4] = [
    ("prices changed", repriced),
    ("titles edited", retitled),
    ("new products", entering),
    ("products rewritten", rewritten),
];

fn repriced(market: &Market, random: &mut Random) -> Item {
    let item = market.items[random.below(market.size) as usize].clone();
    let product = Product { price: Money(100 + i64::from(random.below(9_000))), ..(*item.product).clone() };
    Item { product: Arc::new(product), ..item }
}

/// A feed: of ten upserts eight change a price, one edits a title and one adds a product.
fn fed(market: &Market, random: &mut Random) -> Item {
    let change = match random.below(10) {
        0 => retitled,
        1 => entering,
        _ => repriced,
    };
    change(market, random)
}

/// One word more.
fn retitled(market: &Market, random: &mut Random) -> Item {
    let item = market.items[random.below(market.size) as usize].clone();
    let title = format!("{} word{}", item.product.title, random.zipf(2_000));
    Item { product: Arc::new(Product { title, ..(*item.product).clone() }), ..item }
}

/// Numbers that new products may have.
const NEW_MAX: u32 = 1 << 16;

/// Like one that is there, under a number of its own.
fn entering(market: &Market, random: &mut Random) -> Item {
    let item = market.items[random.below(market.size) as usize].clone();
    let id = market.size + random.below(NEW_MAX);
    let sku = Sku::new(format!("new-{id}")).expect("printable");
    Item { product: Arc::new(Product { id: ProductId(id), sku, ..(*item.product).clone() }), ..item }
}

fn rewritten(market: &Market, random: &mut Random) -> Item {
    let item = market.items[random.below(market.size) as usize].clone();
    let other = &market.items[random.below(market.size) as usize].product;
    let product = Product { id: item.product.id, sku: item.product.sku.clone(), ..(**other).clone() };
    Item { product: Arc::new(product), ..item }
}

/// Of 2,000 products one stays in stock, and none of those that came later.
fn sell_out(market: &Market, catalogue: &mut Catalogue, growth: &mut Table) {
    rate(growth, "products sold out, a second", market.items.len(), || {
        for item in &market.items {
            let stock = u32::from(item.product.id.0 % 2_000 == 0);
            catalogue.upsert(Item { stock: Some(stock), ..item.clone() });
        }
    });
    let snapshot = catalogue.snapshot();
    for later in (market.size..market.size + NEW_MAX).filter_map(|id| snapshot.get(ProductId(id))) {
        catalogue.upsert(Item { stock: Some(0), ..(*later).clone() });
    }
}

/// Processor time of this thread.
fn worked<T>(work: impl FnOnce() -> T) -> Duration {
    let start = rustix::time::clock_gettime(ClockId::ThreadCPUTime);
    black_box(work());
    let took = rustix::time::clock_gettime(ClockId::ThreadCPUTime) - start;
    Duration::try_from(took).expect("processor time does not run back")
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Clock::now();
    black_box(work());
    start.elapsed()
}

fn percentiles(mut took: Vec<Duration>) -> Took {
    took.sort();
    let micros = |index: usize| took[index].as_nanos() as f64 / 1000.0;
    let count = took.len();
    Took { p50: micros(count / 2), p99: micros(count * 99 / 100), max: micros(count - 1) }
}

fn rate(growth: &mut Table, what: &str, count: usize, work: impl FnOnce()) {
    let start = Clock::now();
    work();
    growth.add(what.into(), format!("{:.0}", count as f64 / start.elapsed().as_secs_f64()));
}

fn resident_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|it| it.parse::<u64>().ok()).unwrap_or_default() * 4096
}
